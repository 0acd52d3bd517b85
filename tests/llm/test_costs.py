"""The ledger in numbers. Oracle: rows put in by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from neve.llm import costs
from neve.llm.ledger import Ledger

ROWS = [
    ("a", "x", "stop", {"prompt_tokens": 100, "completion_tokens": 10}, None),
    ("a", "x", "eos_token", {"prompt_tokens": 100, "completion_tokens": 20}, None),
    ("a", "x", "length", {}, None),
    ("a", "x", None, {"prompt_tokens": 1, "completion_tokens": 1}, None),
    ("a", "", None, {}, "status 400: 5121 tokens are more than 4096"),
    ("a", "", None, {}, "status 400: 6000 tokens are more than 4096"),
    ("b", "", None, {}, "refused: no"),
]


def filled(path: Path) -> Ledger:
    ledger = Ledger(path)
    for n, (model, text, finish, usage, error) in enumerate(ROWS):
        answer = {"text": text, "finish": finish, "usage": usage, "error": error}
        ledger.put({"model": model, "n": n}, answer)
    return ledger


def test_counts_and_money_by_model_with_failures_apart(tmp_path: Path) -> None:
    with filled(tmp_path / "l") as ledger:
        found = costs.report(ledger, input_price=1e4, output_price=1e5)
    assert found["a"] == {
        "questions": 6, "ended": 2, "cut": 1, "refused": 0, "unknown": 1, "failed": 2, "uncounted": 1,
        "input_tokens": 201, "output_tokens": 31, "money": pytest.approx(2.01 + 3.1),
        "reasons": {"status 400: # tokens are more than #": 2},
    }  # fmt: skip
    assert found["b"]["failed"] == 1 and found["b"]["reasons"] == {"refused: no": 1}


def test_all_rows_go_to_parquet(tmp_path: Path) -> None:
    with filled(tmp_path / "l") as ledger:
        assert costs.export(ledger, tmp_path / "l.parquet") == 7
        table = pq.read_table(tmp_path / "l.parquet")
    assert table.num_rows == 7 and table["key"].to_pylist() == sorted(table["key"].to_pylist())
    rows = {row["payload"]: row for row in table.to_pylist()}
    first = rows['{"model":"a","n":0}']
    assert (first["text"], first["ending"], first["input_tokens"], first["error"]) == (
        "x",
        "ended",
        100,
        None,
    )
    assert rows['{"model":"b","n":6}']["ending"] == "failed"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
