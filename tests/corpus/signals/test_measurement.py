"""The passes put together: which column is null, what paths say, columns of every kind, bytes of every kind.

The passes have tests of their own beside this one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.signals import lexing, measurement
from neve.corpus.signals import table as signal_table


def measured(texts: list[str], language: str | None, path: str = "src/a") -> list[dict[str, float]]:
    table = measurement.measure(
        pa.array(texts, pa.large_string()),
        pa.array([language] * len(texts), pa.string()),
        pa.array([path] * len(texts)),
    )
    return table.to_pylist()


def test_paths() -> None:
    """What a path tells: tests by name or folder, headers; a path that is not known is null, not "no"."""
    paths = [
        "tests/a.py",
        "a/test_b.py",
        "a_test.go",
        "FooTest.java",
        "x.spec.ts",
        "contest.py",
        "src/latest/a.py",
        "Contest.java",
        None,
    ]
    text = pa.array(["x = 1\n"] * len(paths), pa.large_string())
    table = measurement.measure(text, pa.array(["Python"] * len(paths)), pa.array(paths, pa.string()))
    assert table["test_file"].to_pylist() == [1, 1, 1, 1, 1, 0, 0, 0, None]
    includes = pa.array(["#include <a>\n"] * 2, pa.large_string())
    table = measurement.measure(includes, pa.array(["C", "C"]), pa.array(["a.c", "a.h"]))
    assert table["preprocessor_line_share"].to_pylist() == [1, 0]


def test_columns_are_those_of_the_passes() -> None:
    """Each pass's rows arrive under their own names, whatever the company."""
    text = "# todo\nprint('a b')\n"
    row = measured([text, "x"], "Python")[0]
    expected = {
        "bytes": 20,
        "words": 4,
        "code_lines": 1,
        "todo_line_share": 0.5,
        "print_line_share": 1,
        "test_file": 0,
    }
    assert {name: row[name] for name in expected} == expected
    assert measured(["<p>a</p>"], "HTML")[0]["visible_characters"] == 1


def test_what_does_not_apply_is_null() -> None:
    """A language without a dialect, or none at all, has no signals of comments; every language has those of characters."""
    for language in ("Brainfuck", None, "Jupyter Notebook"):
        row = measured(["x = 1 # y\n"], language)[0]
        for signal in signal_table.SIGNALS:
            assert (row[signal.name] is None) == (signal.languages is not None), signal.name


def test_slices_nulls_chunks_and_small_types() -> None:
    """A sliced, chunked or small column gives the rows of the whole one; null in, null out."""
    texts = ["a\n", None, "héllo # x\nworld", "", "x" * 2000]
    languages, paths = pa.array(["Python"] * 5), pa.array(["a.py"] * 5)
    whole = measurement.measure(pa.array(texts, pa.large_string()), languages, paths)
    assert whole["bytes"].to_pylist() == [2, None, 16, 0, 2000]
    sliced = measurement.measure(pa.array(texts, pa.large_string())[2:], languages[2:], paths[2:])
    assert sliced.equals(whole.slice(2).combine_chunks())
    chunked = pa.chunked_array([pa.array(texts[:2]), pa.array(texts[2:])])
    assert measurement.measure(chunked, languages, paths).equals(whole)
    binary = pa.array([t and t.encode() for t in texts], pa.binary())
    assert measurement.measure(binary, languages, paths).equals(whole)
    empty = measurement.measure(
        pa.array([], pa.large_string()), pa.array([], pa.string()), pa.array([], pa.string())
    )
    assert empty.num_rows == 0 and tuple(empty.column_names) == signal_table.NAMES


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([*sorted(lexing.DIALECTS), "HTML"]))
def test_any_bytes(raw: bytes, language: str) -> None:
    """What is no UTF-8 is measured too: shares stay shares, counts stay counts."""
    table = measurement.measure(pa.array([raw], pa.large_binary()), pa.array([language]), pa.array(["a"]))
    row = table.to_pylist()[0]
    assert row["bytes"] == len(raw)
    for name, value in row.items():
        if value is not None:
            assert np.isfinite(value) and value >= 0
            if name.endswith("_share"):
                assert value <= 1, name
