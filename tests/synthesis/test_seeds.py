"""Snippets. Oracle: the document's own lines."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.errors import Fault
from neve.synthesis import seeds
from neve.synthesis.seeds import MAX_CHARACTERS, MAX_LINES, snippet, telling

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


def test_a_turn_shows_other_lines() -> None:
    assert len({snippet(SOURCE, IDS[0], 1, turn) for turn in range(20)}) > 10
    assert snippet(SOURCE, IDS[0], 1) == snippet(SOURCE, IDS[0], 1, 0)


def test_a_seed_that_is_no_document_is_a_fault(tmp_path: Path, inputs: dict[str, Path]) -> None:
    pa.parquet.write_table(
        pa.table({"doc_id": ["f" * 32], "turn": [0], "quantile": [0.5]}), tmp_path / "seeds.parquet"
    )
    with pytest.raises(Fault, match=r"the seed f+ is not among the documents"):
        seeds.read(tmp_path, inputs["documents"] / "documents", 10, 1)
