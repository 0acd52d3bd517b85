"""What became of each row. Oracle: six rows whose verdicts are given by hand, and counting."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.steps.row_status import Rows, ordered
from neve.documents import VERDICTS


def rows_of(paths: list[str]) -> Rows:
    n = len(paths)
    keys = [hashlib.sha256(path.encode()).digest()[:16] for path in paths]
    return Rows(
        pa.table(
            {
                "doc_id": [key.hex() for key in keys],
                "source": ["s"] * n,
                "repo": ["r"] * n,
                "path": paths,
                "language": ["Python"] * n,
                "license": ["MIT"] * n,
                "size": [1] * n,
                "key": pa.array(keys, pa.binary(16)),
            }
        )
    )


@pytest.fixture
def rows() -> Rows:
    """Six rows, given out of order."""
    return rows_of(["d", "a", "f", "c", "b", "e"])


def test_rows_are_in_the_order_of_their_paths(rows: Rows) -> None:
    assert len(rows) == 6 and rows.column("path", np.arange(6)).to_pylist() == list("abcdef")
    assert rows.take(np.array([2, 0]))["path"].to_pylist() == ["c", "a"]
    assert ordered(rows.table.take([5, 0]))["path"].to_pylist() == ["a", "f"]


def test_what_stops_has_a_verdict_and_is_no_longer_alive(rows: Rows) -> None:
    rows.stop(np.array([1, 3]), "filters", "size", value=np.array([4.0, 5.0]), limit=9.0)
    rows.stop(np.array([4]), "near", "near-duplicate", kept=0, value=0.8, limit=0.7)
    assert rows.alive().tolist() == [0, 2, 5]
    verdicts = rows.verdicts()
    assert verdicts.schema == VERDICTS
    shown = ["path", "stage", "rule", "value", "limit", "kept_path", "detail"]
    assert [tuple(row.values()) for row in verdicts.select(shown).to_pylist()] == [
        ("b", "filters", "size", 4.0, 9.0, None, None),
        ("d", "filters", "size", 5.0, 9.0, None, None),
        ("e", "near", "near-duplicate", 0.8, 0.7, "a", None),
    ]


def test_what_a_pass_found_stops_rows_and_an_error_comes_before_a_rule(rows: Rows) -> None:
    text = pa.string()
    found = pa.table(
        {
            "stage": pa.array(["filters", None, None], text),
            "rule": pa.array(["size", None, None], text),
            "value": pa.array([1.0, None, None], pa.float64()),
            "limit": pa.array([2.0, None, None], pa.float64()),
            "detail": pa.array(["x", None, None], text),
            "error": pa.array([None, "ValueError: no", None], text),
        }
    )
    rows.stop_where(np.array([5, 2, 0]), found)
    said = rows.verdicts().select(["path", "stage", "rule", "value", "detail"]).to_pylist()
    assert [tuple(row.values()) for row in said] == [
        ("c", "curate", "quarantined", None, "ValueError: no"),
        ("f", "filters", "size", 1.0, "x"),
    ]
    assert rows.alive().tolist() == [0, 1, 3, 4]


def test_a_sample_holds_a_few_of_every_rule() -> None:
    """At most so many of each, no row twice, the same for the same seed, others for another."""
    rows = rows_of([f"{i:03}" for i in range(200)])
    rows.stop(np.arange(0, 150), "filters", "size")
    rows.stop(np.arange(150, 153), "exact", "exact-duplicate", kept=199)
    drawn = rows.sample(8, seed=1)
    assert Counter(rows.rule[drawn]) == {"size": 8, "exact-duplicate": 3} and len(set(drawn.tolist())) == 11
    assert rows.sample(8, seed=1).tolist() == drawn.tolist() != rows.sample(8, seed=2).tolist()
    assert len(rows_of(["a"]).sample(8, seed=1)) == 0


def test_clusters_are_the_largest_first() -> None:
    rows = rows_of(list("abcdef"))
    rows.stop(np.array([1]), "near", "near-duplicate", kept=0)
    rows.stop(np.array([3, 4]), "near", "near-duplicate", kept=2)
    found = rows.clusters(largest=20)
    assert found["component"].to_pylist() == [0, 0, 0, 1, 1]
    assert found["path"].to_pylist() == ["c", "d", "e", "a", "b"]
    assert found["kept"].to_pylist() == [True, False, False, True, False]
    ids = dict(zip(found["path"].to_pylist(), found["doc_id"].to_pylist(), strict=True))
    assert found["kept_doc_id"].to_pylist() == [None, ids["c"], ids["c"], None, ids["a"]]
    assert rows.clusters(largest=1)["path"].to_pylist() == ["c", "d", "e"]
