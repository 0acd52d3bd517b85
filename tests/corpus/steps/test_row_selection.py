"""Reading of texts in passes. Oracles: Python's own codecs and hashlib, row by row."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve import engine
from neve.corpus.steps.row_selection import (
    Selection,
    decode,
    decoded,
    doc_ids,
    numbers,
    pick,
    places,
    row_key,
)
from neve.documents import doc_id

CONTENTS = [
    b"plain",
    "é ü".encode(),
    b"\xef\xbb\xbfmarked",
    "wide é".encode("utf-16"),
    b"\xff\xfe\x00",
    b"\xe9",
    b"",
    None,
]


def expected(raw: bytes | None) -> str | None:
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw is not None and raw.startswith(mark):
            try:
                return raw.decode(codec)
            except UnicodeDecodeError:
                return None
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("chosen", [CONTENTS, CONTENTS[:2], [CONTENTS[-1]], []])
def test_decoded(chosen) -> None:
    texts = decoded(pa.array(chosen, pa.large_binary()))
    assert texts.to_pylist() == [expected(raw) for raw in chosen]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_decoded_like_decode(raws) -> None:
    texts = decoded(pa.array(raws, pa.large_binary()))
    assert [None if t is None else t.encode() for t in texts.to_pylist()] == [decode(raw) for raw in raws]


def test_doc_ids_are_hashes_of_texts_in_slices_too() -> None:
    texts = pa.array(["a", None, "bé", ""], pa.large_string())
    for array in (texts, texts.slice(1), texts.slice(2, 1)):
        wanted = [None if t is None else bytes.fromhex(doc_id(t.encode())) for t in array.to_pylist()]
        assert doc_ids(array) == wanted


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
            "content": pa.array(
                [None if row[3] is None else row[3].encode() for row in rows], pa.large_binary()
            ),
        }
    )
    at = places(table["source"], table["repo"], table["path"])
    ids = doc_ids(decoded(table["content"].combine_chunks()))
    keys = [row_key(a, i) for a, i in zip(at, ids, strict=True)]
    chosen = [i for i in range(120) if i % 7 == 1 and rows[i][3] is not None]
    codes, alone = np.array(chosen) * 10, np.array([at.count(at[i]) == 1 for i in chosen])
    assert alone.any() and not alone.all()
    chosen_keys = pa.array([keys[i] for i in chosen], pa.binary(16))
    selection = Selection.write(tmp_path / "keys", chosen_keys, codes, alone)
    found = pick(engine.frame(table), selection).to_arrow().sort_by("code").to_pylist()
    assert [(row["key"], row["code"], row["path"], row["content"]) for row in found] == [
        (keys[i], 10 * i, rows[i][2], rows[i][3]) for i in chosen
    ]
    nothing = np.empty(0, np.int64)
    none = Selection.write(tmp_path / "none", pa.array([], pa.binary(16)), nothing, nothing.astype(bool))
    assert pick(engine.frame(table), none).count_rows() == 0
