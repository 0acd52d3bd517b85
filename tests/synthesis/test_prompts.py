"""Snippets and extraction. Oracles: the document's own lines; answers as the models really write them."""

from __future__ import annotations

import inspect
import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from neve.synthesis import prompts
from neve.synthesis.prompts import MAX_CHARACTERS, MAX_LINES, code_blocks, extract, snippet, telling

SOURCE = inspect.getsource(textwrap)
IDS = [f"{i:032x}" for i in range(200)]


def test_a_snippet_is_1_to_15_consecutive_lines_that_tell_something() -> None:
    lengths = set()
    for doc_id in IDS:
        lines = snippet(SOURCE, doc_id, 1).splitlines()
        assert "\n".join(lines) in SOURCE
        assert not lines[0].lstrip().startswith(("#", "import", "from ", '"""'))
        lengths.add(len(lines))
    assert lengths == set(range(1, MAX_LINES + 1))


def test_a_snippet_depends_on_the_document_and_the_seed_alone() -> None:
    assert snippet(SOURCE, IDS[0], 1) == snippet(SOURCE, IDS[0], 1)
    assert len({snippet(SOURCE, IDS[0], seed) for seed in range(20)}) > 10
    assert len({snippet(SOURCE, doc_id, 1) for doc_id in IDS}) > 100


def test_imports_comments_and_docstrings_are_passed_over() -> None:
    text = '"""About\nthis\nmodule.\n"""\n\n# a note\nimport os\nfrom sys import path\n\nx = os.sep\n'
    assert telling(text.splitlines()).tolist() == [False] * 9 + [True]
    assert all("x = os.sep" in snippet(text, doc_id, 1) for doc_id in IDS)
    c = "/* a\n * b\n */\n#include <stdio.h>\n#define N 3\n// c\nint x;".splitlines()
    assert telling(c).tolist() == [False, False, False, False, True, False, True]


@given(st.text(), st.sampled_from(IDS))
@settings(max_examples=100)
def test_any_text_gives_a_snippet(text: str, doc_id: str) -> None:
    lines = snippet(text, doc_id, 1)
    assert len(lines) <= MAX_CHARACTERS and len(lines.splitlines()) <= MAX_LINES
    assert bool(text.splitlines()) or lines == ""


def test_the_question_holds_the_snippet_and_the_language() -> None:
    asked = prompts.prompt("Jupyter Notebook", 'x = {"a": 1}')
    assert '```jupyter-notebook\nx = {"a": 1}\n```' in asked and "Jupyter Notebook program" in asked


def test_fences() -> None:
    assert code_blocks("no code") == []
    assert code_blocks("```\na\n```\ntext\n~~~js\nb\n```\n~~~") == ["a\n", "b\n```\n"]
    assert code_blocks("````md\n```py\nx\n```\n````") == ["```py\nx\n```\n"]
    assert code_blocks("```python\nx = 1") == ["x = 1\n"]  # STOP cuts the closing fence off
    assert code_blocks("use ```x``` here\n    ```\nindented code is no fence") == []


def test_extraction_takes_the_longest_block_else_the_whole_text() -> None:
    answer = "Sure!\n```bash\npip install x\n```\n```python\n\nimport x   \nx.go()\n\n```\nThat is it."
    assert extract(answer) == ("import x\nx.go()\n", True)
    assert extract("x = 1\n") == ("x = 1\n", False)
    assert extract("```python\n\n```") == ("```python\n\n```\n", False)
    assert extract(" \n") == ("", False)


def test_a_turn_shows_other_lines() -> None:
    assert len({snippet(SOURCE, IDS[0], 1, turn) for turn in range(20)}) > 10
    assert snippet(SOURCE, IDS[0], 1) == snippet(SOURCE, IDS[0], 1, 0)
