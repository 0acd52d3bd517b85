"""Exact duplicates against a plain Python grouping, in any order of rows."""

import random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus import exact

row = st.fixed_dictionaries(
    {
        "doc_id": st.sampled_from(["a", "b", "c"]),
        "source": st.sampled_from(["s", "t"]),
        "repo": st.sampled_from(["r", "q", "é"]),
        "path": st.sampled_from(["x", "y", "long/path", "ü"]),
        "license": st.sampled_from([None, "MIT"]),
        "language": st.just("Python"),
        "source_id": st.none(),
    }
)
kinds = dict.fromkeys(["doc_id", "source", "repo", "path", "license", "language", "source_id"], pa.string())


def table(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(kinds))


def order(r: dict) -> tuple:
    return (
        r["license"] is None,
        len(r["path"]),
        r["repo"].encode(),
        r["path"].encode(),
        r["source"].encode(),
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(row, min_size=1, max_size=12), st.integers(0, 9))
def test_the_first_in_keeper_order_stays(rows, seed):
    """Oracle: `min` over the rows of each doc_id by a Python key; the law holds for shuffled rows too."""
    random.Random(seed).shuffle(rows)
    kept = exact.duplicates(table(rows))
    for mine, keeper in zip(rows, kept, strict=True):
        alike = [r for r in rows if r["doc_id"] == mine["doc_id"]]
        assert order(rows[keeper]) == min(order(r) for r in alike)
        assert rows[keeper]["doc_id"] == mine["doc_id"]
        assert kept[keeper] == keeper
    assert len(set(kept.tolist())) == len({r["doc_id"] for r in rows})


def test_held_out_rows_come_first():
    rows = table(
        [
            {"doc_id": d, "source": "s", "repo": "r", "path": p, "license": x}
            for d, p, x in [("a", "a", "MIT"), ("b", "bbb", None), ("c", "cc", "MIT")]
        ]
    )
    assert exact.keeper_order(rows).tolist() == [0, 2, 1]
    assert exact.keeper_order(rows, first=np.array([False, True, False])).tolist() == [1, 0, 2]


def test_no_rows():
    assert exact.duplicates(table([])).tolist() == []
