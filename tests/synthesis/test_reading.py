"""Code out of answers. Oracle: answers as models really write them."""

from __future__ import annotations

from neve.synthesis import reading
from neve.synthesis.reading import Reading
from neve.synthesis.seeds import Seed


def longest_block(answer: str) -> Reading:
    return reading.longest_block(answer, Seed("", "", "", "Python", "", ""))


def test_the_longest_block_else_the_whole_text() -> None:
    answer = "Sure!\n```bash\npip install x\n```\n```python\n\nimport x   \nx.go()\n\n```\nThat is it."
    assert longest_block(answer) == ("import x\nx.go()\n", True)
    assert longest_block("x = 1\n") == ("x = 1\n", False)
    assert longest_block("```python\n\n```") == ("```python\n\n```\n", False)
    assert longest_block(" \n") == ("", False)


def test_a_block_in_a_list_or_a_quote_loses_their_marks() -> None:
    assert longest_block("1. Do this:\n\n   ```python\n   def f():\n       return 1\n   ```") == (
        "def f():\n    return 1\n",
        True,
    )
    assert longest_block("> ```\n> x = 1\n> y = 2\n> ```") == ("x = 1\ny = 2\n", True)
