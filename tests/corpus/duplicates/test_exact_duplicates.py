"""Exact duplicates against a plain Python grouping, in any order of rows."""

import random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.duplicates import exact_duplicates

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
    kept = exact_duplicates.duplicates(table(rows))
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
    assert exact_duplicates.keeper_order(rows).tolist() == [0, 2, 1]
    assert exact_duplicates.keeper_order(rows, first=np.array([False, True, False])).tolist() == [1, 0, 2]


def test_no_rows():
    assert exact_duplicates.duplicates(table([])).tolist() == []


def named(rows: list[dict], admitted: list[bool] | None = None) -> list[dict]:
    """For each row the row that is kept for it."""
    mask = None if admitted is None else np.array(admitted, bool)
    return [rows[k] for k in exact_duplicates.duplicates(table(rows), mask)]


@settings(max_examples=50, deadline=None)
@given(st.lists(row, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, rng):
    """Each row is kept for by an equal row, wherever it stands; and what is kept is kept when asked again."""
    places = rng.sample(range(len(rows)), len(rows))
    before, after = named(rows), named([rows[i] for i in places])
    assert [before[i] for i in places] == after
    kept = sorted(set(exact_duplicates.duplicates(table(rows)).tolist()))
    assert exact_duplicates.duplicates(table([rows[k] for k in kept])).tolist() == list(range(len(kept)))


@settings(max_examples=50, deadline=None)
@given(st.lists(row, min_size=1, max_size=12), st.data())
def test_one_more_copy_is_one_more_drop_and_the_unrelated_none(rows, data):
    place = data.draw(st.integers(0, len(rows)))
    copied = data.draw(st.sampled_from(rows))
    more = named([*rows[:place], copied, *rows[place:]])
    assert more.pop(place) == named(rows)[rows.index(copied)]
    assert more == named(rows)
    other = {**copied, "doc_id": "another"}
    more = named([*rows[:place], other, *rows[place:]])
    assert more.pop(place) == other
    assert more == named(rows)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(row, st.booleans()), min_size=1, max_size=12))
def test_what_is_admitted_keeps_its_text(drawn):
    """Where any copy is admitted an admitted one stays: oracle, `min` with that before the keeper order."""
    rows, admitted = [r for r, _ in drawn], [ok for _, ok in drawn]
    for mine, keeper in zip(rows, exact_duplicates.duplicates(table(rows), np.array(admitted)), strict=True):
        alike = [(not ok, order(r)) for r, ok in drawn if r["doc_id"] == mine["doc_id"]]
        assert (not admitted[keeper], order(rows[keeper])) == min(alike)
