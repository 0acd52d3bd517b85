"""Selections of rows, and the keys that name rows. Oracle: a plain filter, row by row."""

import hashlib

import numpy as np
import pyarrow as pa

from neve import engine
from neve.corpus.steps.row_filter import (
    RowFilter,
    numbers,
    pick,
    places,
    row_key,
)
from neve.corpus.text import decoded, doc_ids


def test_numbers_tell_equal_places_apart() -> None:
    place = places(pa.array(["s"]), pa.array(["r"]), pa.array(["p"]))[0]
    keys = [row_key(place, hashlib.sha256(bytes([i])).digest()) for i in range(50)]
    assert len(np.unique(numbers(pa.array(keys, pa.binary(16))))) == 50
    assert row_key(place, None) != row_key(place, hashlib.sha256(b"").digest())


def test_pick_gives_the_chosen_rows_alone(tmp_path) -> None:
    """Oracle: a plain filter by key; rows at one place with different texts are told apart."""
    rows = [("s", "r", f"p{i if i > 60 else i % 20}", f"text {i}" if i % 3 else None) for i in range(120)]
    table = pa.table(
        {
            **{name: [row[i] for row in rows] for i, name in enumerate(("source", "repo", "path"))},
            "language": pa.nulls(len(rows), pa.string()),
            "content": pa.array(
                [None if row[3] is None else row[3].encode() for row in rows], pa.large_binary()
            ),
        }
    )
    at = places(table["source"], table["repo"], table["path"])
    ids = doc_ids(decoded(table["content"].combine_chunks())[0])
    keys = [row_key(a, i) for a, i in zip(at, ids, strict=True)]
    chosen = [i for i in range(120) if i % 7 == 1 and rows[i][3] is not None]
    codes, alone = np.array(chosen) * 10, np.array([at.count(at[i]) == 1 for i in chosen])
    assert alone.any() and not alone.all()
    chosen_keys = pa.array([keys[i] for i in chosen], pa.binary(16))
    wanted = RowFilter.write(tmp_path / "keys", chosen_keys, codes, alone)
    found = pick(engine.frame(table), wanted).to_arrow().sort_by("code").to_pylist()
    assert [(row["key"], row["code"], row["path"], row["content"]) for row in found] == [
        (keys[i], 10 * i, rows[i][2], rows[i][3]) for i in chosen
    ]
    nothing = np.empty(0, np.int64)
    none = RowFilter.write(tmp_path / "none", pa.array([], pa.binary(16)), nothing, nothing.astype(bool))
    assert pick(engine.frame(table), none).count_rows() == 0
