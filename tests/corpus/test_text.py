"""Bytes as text, and columns as buffers. Oracles: Python's own codecs and hashlib, row by row."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve.corpus.text import buffers, decode, decoded, doc_ids, read_only
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


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
def test_buffers_are_the_column_itself(kind) -> None:
    """In slices, chunks and columns without a type too; a null has no bytes though the column has some in its place."""
    texts = ["one", None, "", "zwölf"]
    raw = [None if t is None else t.encode() for t in texts]
    array = pa.array(texts if kind in (pa.string(), pa.large_string()) else raw, kind)
    for column, wanted in (
        (array, raw),
        (array.slice(1), raw[1:]),
        (pa.chunked_array([array, array.slice(3)]), [*raw, raw[3]]),
        (array.slice(0, 0), []),
        (pa.nulls(2), [None, None]),
    ):
        values, offsets, valid = buffers(column)
        found = [
            values[offsets[i] : offsets[i + 1]].tobytes() if valid[i] else None for i in range(len(valid))
        ]
        assert found == wanted and all(
            len(view) == len(column) + more for view, more in ((offsets, 1), (valid, 0))
        )


def test_a_null_has_no_bytes() -> None:
    """Arrow's if_else leaves the bytes of what it hides in the column."""
    texts = pa.array(["hidden", "seen"], pa.large_string())
    hidden = pc.if_else(pa.array([False, True]), texts, None)
    values, offsets, valid = buffers(hidden)
    assert valid.tolist() == [False, True] and values[offsets[0] : offsets[2]].tobytes() == b"seen"


def test_read_only_whoever_owns_the_memory() -> None:
    owned = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, 1])), pa.py_buffer(bytearray(b"x")))
    assert not any(view.flags.writeable for view in read_only(owned))
