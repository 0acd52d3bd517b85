"""Code out of answers. Oracle: answers as models really write them."""

from __future__ import annotations

from neve.synthesis import reading
from neve.synthesis.seeds import Seed

SEED = Seed("", "", "", "Python", "", "")


def longest_block(answer: str) -> tuple[str, bool]:
    return reading.longest_block(answer, SEED)[:2]


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


def test_the_word_of_the_block_is_kept() -> None:
    assert reading.longest_block("```js\nx = 1\n```", SEED).word == "js"


def test_a_chapter_is_the_whole_answer_and_its_program_what_its_blocks_hold() -> None:
    answer = "# Sums\n\nLook:\n```python\nx = 1\n```\nor\n```bash\nls\n```\nand\n```py\ny = x\n```\n"
    found = reading.chapter(answer, SEED)
    assert found.code == answer and found.program == "x = 1\n\n\ny = x\n" and found.fenced
    cut = reading.chapter("# Sums\n```python\nx = 1\n", SEED)
    assert (cut.code, cut.program, cut.fenced) == ("", "", False)
