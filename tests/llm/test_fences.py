"""Fences as models write them. Oracle: CommonMark's rules, example by example, and markdown-it-py's full parse."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from neve.llm.fences import Fence, fences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no code", []),
        ("", []),
        ("```\na\n```\ntext\n~~~js\nb\n```\n~~~", [Fence("", "a\n"), Fence("js", "b\n```\n")]),
        ("````md\n```py\nx\n```\n````", [Fence("md", "```py\nx\n```\n")]),
        ("```python\nx = 1", [Fence("python", "x = 1\n")]),  # the stop sequence took the closing fence
        ("use ```x``` here\n    ```\nindented code is no fence", []),
        ("> ```py\n> x = 1\n> ```", [Fence("py", "x = 1\n")]),
        ("1. First:\n\n   ```python title=a.py\n   def f():\n       return 1\n   ```", [Fence("python", "def f():\n    return 1\n")]),
        ("  ```c\n  int a;\n    int b;\n  ```", [Fence("c", "int a;\n  int b;\n")]),
        ("```\n```", [Fence("", "")]),
        ("```python\r\na = 1\r\nb = 2\r\n```", [Fence("python", "a = 1\nb = 2\n")]),
        ("```py\nx = '\u2028\x0c\x85'\n```", [Fence("py", "x = '\u2028\x0c\x85'\n")]),
    ],
)  # fmt: skip
def test_fences(text: str, expected: list[Fence]) -> None:
    assert fences(text) == expected


@given(st.text(alphabet="`~ \n>-1.ab[]*\t", max_size=60))
@settings(max_examples=200, deadline=None)
def test_leaving_inline_markdown_out_changes_no_fence(text: str) -> None:
    whole = [t for t in MarkdownIt("commonmark").parse(text) if t.type == "fence"]
    assert [f.code.rstrip("\n") for f in fences(text)] == [t.content.rstrip("\n") for t in whole]


HOSTILE = ["[" * 300_000, "> " * 100_000, "- " * 20_000, "*_" * 150_000, "```\n" * 50_000]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_takes_no_time(hostile: str) -> None:
    started = time.process_time()
    fences(hostile)
    assert time.process_time() - started < 5
