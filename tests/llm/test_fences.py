"""Fences as models write them. Oracle: CommonMark's rules, example by example, and markdown-it-py's full parse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from neve.llm.fences import fences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no code", []),
        ("", []),
        ("```\na\n```\ntext\n~~~js\nb\n```\n~~~", [("", "a\n"), ("js", "b\n```\n")]),
        ("````md\n```py\nx\n```\n````", [("md", "```py\nx\n```\n")]),
        ("```python\nx = 1", [("python", "x = 1\n")]),  # the stop sequence took the closing fence
        ("use ```x``` here\n    ```\nindented code is no fence", []),
        ("> ```py\n> x = 1\n> ```", [("py", "x = 1\n")]),
        ("1. First:\n\n   ```python title=a.py\n   def f():\n       return 1\n   ```", [("python", "def f():\n    return 1\n")]),
        ("  ```c\n  int a;\n    int b;\n  ```", [("c", "int a;\n  int b;\n")]),
        ("```\n```", [("", "")]),
        ("```python\r\na = 1\r\nb = 2\r\n```", [("python", "a = 1\nb = 2\n")]),
        ("```py\nx = '\u2028\x0c\x85'\n```", [("py", "x = '\u2028\x0c\x85'\n")]),
    ],
)  # fmt: skip
def test_fences(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(fence.word, fence.code) for fence in fences(text)] == expected


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("```\na\n```\n", [True]),
        ("```\na\n```", [True]),
        ("```\na", [False]),
        ("```\na\n", [False]),
        ("```\n```", [True]),
        ("```", [False]),
        ("> ```\n> a\nafter the quote", [False]),
        ("- ```\n  a\n  ```\n\n```\nb\n\n", [True, False]),
    ],
)
def test_whether_a_fence_was_closed(text: str, closed: list[bool]) -> None:
    assert [fence.closed for fence in fences(text)] == closed


@given(st.text(alphabet="`~ \n>-1.ab[]*\t", max_size=60))
@settings(max_examples=200, deadline=None)
def test_leaving_inline_markdown_out_changes_no_fence(text: str) -> None:
    whole = [t for t in MarkdownIt("commonmark").parse(text) if t.type == "fence"]
    assert [f.code.rstrip("\n") for f in fences(text)] == [t.content.rstrip("\n") for t in whole]


HOSTILE = [("[", 300_000), ("> ", 100_000), ("- ", 20_000), ("*_", 150_000), ("```\n", 50_000)]


@pytest.mark.parametrize(("piece", "times"), HOSTILE)
def test_hostile_text_takes_linear_time(piece: str, times: int, linear) -> None:
    linear(lambda size: fences(piece * size), times)
