"""Yields by a column. Oracle: sums worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from neve.report import grown


def test_yields_add_up_by_any_column(tmp_path: Path) -> None:
    rows = [
        {"kind": "rewrite", "language": "Go", "tenth": 0, "outcome": "accepted", "answers": 2, "answer_tokens": 100,
         "question_tokens": 10, "tokens": 80},
        {"kind": "rewrite", "language": "Go", "tenth": None, "outcome": "syntax", "answers": 3, "answer_tokens": 300,
         "question_tokens": 10, "tokens": 0},
        {"kind": "tests", "language": "Python", "tenth": 9, "outcome": "lint", "answers": 1, "answer_tokens": 50,
         "question_tokens": 10, "tokens": 0},
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "yields.parquet")
    by_kind = grown.yields(tmp_path / "yields.parquet", "kind")
    assert by_kind == [
        {"kind": "rewrite", "answers": 5, "accepted": 2, "tokens": 80, "answered_for_each": 5.0},
        {"kind": "tests", "answers": 1, "accepted": 0, "tokens": 0, "answered_for_each": None},
    ]
    assert [row["tenth"] for row in grown.yields(tmp_path / "yields.parquet", "tenth")] == [0, 9, None]
