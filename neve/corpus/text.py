"""Raw bytes as text, and columns of text as the buffers that compiled kernels read.

A kernel gets a column's own memory, without a copy and without a Python object for each document. The trade-off: it
works on bytes of UTF-8 and has to decode what is not ASCII itself. Kernels in several files hold a decoder for that,
on purpose: numba caches compiled code by the file it stands in and would not notice a change in another.
"""

from __future__ import annotations

import codecs
import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


# --- from bytes to text ------------------------------------------------------------------------------------------


def decode(data: bytes) -> bytes | None:
    """Text as UTF-8, or None: UTF-8, or UTF-16 with a byte order mark; the mark is taken off.

    >>> decode(b"\\xef\\xbb\\xbfx"), decode("é".encode("utf-16")), decode(b"\\xff")
    (b'x', b'\\xc3\\xa9', None)
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16").encode()
        text = data.removeprefix(codecs.BOM_UTF8)
        text.decode()
    except UnicodeDecodeError:
        return None
    return text


def decoded(contents: pa.Array) -> pa.Array:
    """Texts (large_string) of raw contents, null where there is none; row by row only where a row is not plain UTF-8."""
    contents = contents.cast(pa.large_binary())
    marked = pc.starts_with(contents, _MARKS[0])
    for mark in _MARKS[1:]:
        marked = pc.or_(marked, pc.starts_with(contents, mark))
    if not pc.any(marked).as_py():
        try:
            return contents.cast(pa.large_string())
        except pa.ArrowInvalid:  # one of them is not UTF-8
            pass
    texts = [None if raw is None else decode(raw) for raw in contents.to_pylist()]
    return pa.array(texts, pa.large_binary()).cast(pa.large_string())


# --- from columns to buffers -------------------------------------------------------------------------------------


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array; one without a type is a column of strings."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def buffers(array: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views on a column of texts: (bytes as uint8, n + 1 offsets as int64, n times whether a text is there).

    A null has no bytes, whatever lies in the column in its place.
    """
    array = plain(array)
    if not (pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)):
        array = array.cast(pa.large_string() if pa.types.is_string(array.type) else pa.large_binary())
    valid = np.asarray(array.is_valid())
    if not valid.all():
        array = array.fill_null("" if pa.types.is_large_string(array.type) else b"")
    _, offset_buffer, value_buffer = array.buffers()
    if len(array) == 0 or offset_buffer is None:
        return np.zeros(0, np.uint8), np.zeros(len(array) + 1, np.int64), valid
    offsets = np.frombuffer(offset_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    values = np.frombuffer(value_buffer, np.uint8) if value_buffer else np.zeros(0, np.uint8)
    return values, offsets, valid


def read_only(array: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`buffers`, read-only wherever Arrow has them from, so that numba compiles a kernel for one type alone."""
    views = tuple(view.view() for view in buffers(array))
    for view in views:
        view.flags.writeable = False
    return views  # type: ignore[return-value]


# --- identity ----------------------------------------------------------------------------------------------------


def doc_ids(texts: pa.Array) -> list[bytes | None]:
    """The 16 bytes of each text's doc_id, None for null. The loop is hashlib's: it has no call for many texts."""
    values, offsets, valid = buffers(texts)
    data = memoryview(values)  # type: ignore[arg-type]
    return [
        hashlib.sha256(data[offsets[i] : offsets[i + 1]]).digest()[:16] if valid[i] else None
        for i in range(len(valid))
    ]
