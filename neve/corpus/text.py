"""Raw bytes as text, and columns of text as the buffers that compiled kernels read.

Nearly all code is UTF-8. What is not is decoded by what it declares in its first lines (PEP 263's cookie,
`charset=`, a Vim or Emacs line), else by chardetng, Firefox's detector, which was right most often on source
files of eight languages in their old encodings (`docs/curation-corpus.md` has the figures). A text that
decodes into control characters, or that is damaged UTF-8, stays undecodable. A stray NUL is kept: programs
have them in literals.

A kernel gets a column's own memory, without a copy and without a Python object for each document. The
trade-off: it works on bytes of UTF-8 and has to decode what is not ASCII itself. Kernels in several files
hold a decoder for that, on purpose: numba caches compiled code by its file and would not notice a change in
another.
"""

from __future__ import annotations

import codecs
import hashlib
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HEAD_BYTES = 1024
"""Bytes of a file that are searched for a declaration of its encoding, in the first DECLARING lines."""
DECLARING = 5
NUL_SHARE = 0.02
"""A text with a larger share of NUL is binary."""
CONTROL_SHARE = 0.005
"""What is not UTF-8 and decodes to a larger share of control characters is no text."""
DAMAGED = 0.8
"""A text of which so large a share of what is not ASCII is well-formed UTF-8 is damaged UTF-8, no other
encoding."""

HALVES = 8
"""So many characters show how wide they are."""
LATIN = 0.5
"""Of a text in UTF-16 without a mark so many characters at least are below U+0100, as in any code."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_WIDE = (
    ("utf-32-le", (0,), (1, 2, 3)), ("utf-32-be", (3,), (0, 1, 2)), ("utf-16-le", (0, 2), (1, 3)), ("utf-16-be", (1, 3), (0, 2)),
)  # fmt: skip
"""Codec, and of four bytes those that are never NUL, and those that are in Latin text."""
_JAPANESE = (b"\x1b$B", b"\x1b$@")
"""How ISO-2022-JP, which is 7-bit, goes over from ASCII."""
_FIRST_OF_MARKS = [mark[0] for mark in (codecs.BOM_UTF8, *_UTF16, *_UTF32)]
_DECLARED = re.compile(rb"(?i)(?:(?:coding|charset|fenc)[ \t]*[:=]|@charset)[ \t]*[\"']?([a-z][\w.:-]+)")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_DOS_LETTER = re.compile(rb"(?<=[a-z])[\x81-\x84\x86-\x8d\xa0-\xa4](?=[a-z])")
_WINDOWS_LETTER = re.compile(
    rb"(?<=[a-z])[\xdf-\xf6\xf8-\xff]|(?<![A-Za-z\x80-\xff])[\xc0-\xd6\xd8-\xde](?=[a-z])"
)
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_CODECS = {
    **{f"cp{page}": f"windows-{page}" for page in range(1250, 1259)},
    **{f"iso8859-{part}": f"ISO-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"cp{page}": f"IBM{page}" for page in (437, 737, 775, 850, 852, 855, 857, 858, 862, 866)},
    "iso8859-1": "windows-1252", "koi8-r": "KOI8-R", "koi8-u": "KOI8-U", "mac-roman": "macintosh",
    "mac-cyrillic": "x-mac-cyrillic", "gb2312": "GB18030", "gbk": "GB18030", "gb18030": "GB18030", "big5": "Big5",
    "big5hkscs": "Big5", "cp950": "Big5", "shift_jis": "Shift_JIS", "cp932": "Shift_JIS", "euc_jp": "EUC-JP",
    "euc_kr": "EUC-KR", "cp949": "EUC-KR", "iso2022_jp": "ISO-2022-JP", "tis-620": "windows-874", "cp874": "windows-874",
}  # fmt: skip
"""Python's name of a codec -> the encoding's name in the WHATWG's standard, which takes supersets for their
subsets."""
_CODEC_OF = {
    "GB18030": "gb18030", "Big5": "big5hkscs", "Shift_JIS": "cp932", "EUC-KR": "cp949", "IBM737": "cp737", "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
}  # fmt: skip
"""Python's codec, where it has another name or a superset does better."""


# --- from bytes to text


def decode(data: bytes) -> tuple[bytes, str | None] | None:
    """(text as UTF-8 without a byte order mark, its encoding or None where that was UTF-8), or None for what
    is no text.

    >>> decode(b"\\xef\\xbb\\xbfx"), decode("é".encode("utf-16")), decode(b"\\xff\\x01")
    ((b'x', None), (b'\\xc3\\xa9', 'UTF-16'), None)
    >>> decode("# -*- coding: latin-1 -*-\\ncafé".encode("latin-1"))[1]
    'windows-1252'
    """
    for wide, marks in (("UTF-32", _UTF32), ("UTF-16", _UTF16)):
        if data.startswith(marks):
            try:
                return data.decode(wide).encode(), wide
            except UnicodeDecodeError:
                return None
    if wide_text := _unmarked_text(data):
        return wide_text
    if any(mark in data for mark in _JAPANESE) and data.isascii():
        try:
            return data.decode("iso2022_jp").encode(), "ISO-2022-JP"
        except UnicodeDecodeError:
            pass  # a program that writes such a sequence
    text = data.removeprefix(codecs.BOM_UTF8)
    try:
        text.decode()
        return text, None
    except UnicodeDecodeError:
        pass
    if sum(map(len, _UTF8_SEQUENCE.findall(data))) > DAMAGED * len(_BEYOND_ASCII.findall(data)):
        return None
    for name in (_declared(data), _detected(data)):
        if name is None:
            continue
        try:
            decoded = data.decode(_CODEC_OF.get(name, name))
        except (UnicodeDecodeError, LookupError):
            continue
        if _is_text(decoded):
            return decoded.encode(), name
    return None


def _is_text(decoded: str) -> bool:
    return len(_NO_TEXT.findall(decoded)) <= CONTROL_SHARE * len(decoded)


def _unmarked_text(data: bytes) -> tuple[bytes, str] | None:
    codec = unmarked(data)
    try:
        decoded = data.decode(codec) if codec else ""
    except UnicodeDecodeError:
        return None
    return (
        (decoded.encode(), re.sub(r"-(?=[LB]E)", "", codec.upper())) if codec and _is_text(decoded) else None
    )


def unmarked(data: bytes) -> str | None:
    """The codec of UTF-16 or UTF-32 without a mark, by where NUL stands among its first characters; None for
    another.

    >>> unmarked("int x;\\n".encode("utf-16-le")), unmarked(b"int x;\\n\\0")
    ('utf-16-le', None)
    """
    if b"\0" not in data[:2] or len(data) < 2 * HALVES or len(data) % 2:
        return None
    head = data[:HEAD_BYTES]
    zero = [head[place::4].count(0) / max(1, len(head[place::4])) for place in range(4)]
    for codec, full, empty in _WIDE:
        if all(zero[place] <= NUL_SHARE for place in full) and all(zero[place] >= LATIN for place in empty):
            return codec
    return None


def readable(data: bytes) -> str:
    """A text that somebody wrote for people, in whatever encoding; what cannot be decoded is replaced."""
    found = decode(data)
    return (found[0] if found else data).decode("utf-8", "replace")


def _declared(data: bytes) -> str | None:
    """The encoding that a text's first or last lines name, where it is a known one."""
    lines = (
        data[:HEAD_BYTES].split(b"\n")[:DECLARING],
        data[HEAD_BYTES:][-HEAD_BYTES:].rstrip().split(b"\n")[-DECLARING:],
    )
    head = b"\n".join(line for part in lines for line in part)
    for found in _DECLARED.finditer(head):
        try:
            name = codecs.lookup(re.sub(r"-(unix|dos|mac)$", "", found[1].decode().lower())).name
        except LookupError:
            continue
        if name in _CODECS:
            return _CODECS[name]
    return None


def _detected(data: bytes) -> str | None:
    """The encoding by chardetng, which does not know that of DOS: there are letters where
    Windows has signs."""
    from chardetng_py import detect

    name = _CODECS.get(codecs.lookup(detect(data)).name)
    dos, others = len(_DOS_LETTER.findall(data)), len(_WINDOWS_LETTER.findall(data))
    if name != "windows-1252":
        others = max(others, len(_BEYOND_ASCII.findall(data)) // 2)
    return "IBM850" if dos > others else name


def decoded(contents: pa.Array) -> tuple[pa.Array, pa.Array]:
    """(texts, encodings) of raw contents: large_string, null where there is no text; string, null where it
    was UTF-8.

    What is plain UTF-8 is one cast. Rows that may have a mark, or are not UTF-8, are decoded by themselves.
    """
    contents = contents.cast(pa.large_binary())
    valid = np.asarray(contents.is_valid())
    values, offsets = _views(contents)
    firsts = (
        values[np.minimum(offsets[:-1], len(values) - 1)] if len(values) else np.zeros(len(valid), np.uint8)
    )
    long = np.diff(offsets) > 1
    seconds = values[np.where(long, offsets[:-1] + 1, 0)] if len(values) else firsts
    odd = np.isin(firsts, _FIRST_OF_MARKS) & (np.diff(offsets) > 0) | _holding(values, offsets, 0x1B)
    odd |= ((firsts == 0) | (seconds == 0)) & long
    odd[_not_utf8(contents)] = True
    odd &= valid
    if not odd.any():
        return contents.cast(pa.large_string()), pa.nulls(len(contents), pa.string())
    mask = pa.array(odd)
    found = [decode(data) or (None, None) for data in contents.filter(mask).to_pylist()]
    texts = pa.array([text for text, _ in found], pa.large_binary())
    names = pa.array([name for _, name in found], pa.string())
    made = pc.replace_with_mask(contents, mask, texts).cast(pa.large_string())
    return made, pc.replace_with_mask(pa.nulls(len(contents), pa.string()), mask, names)


def _not_utf8(contents: pa.Array) -> list[int]:
    """Rows that are not UTF-8, found by halving."""
    try:
        contents.cast(pa.large_string())
    except pa.ArrowInvalid:
        half = len(contents) // 2
        if not half:
            return [0]
        return _not_utf8(contents.slice(0, half)) + [half + row for row in _not_utf8(contents.slice(half))]
    return []


def _views(contents: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(bytes, n + 1 offsets) of a column of large_binary, whatever lies in the place of nulls."""
    _, starts, data = contents.buffers()
    if not len(contents) or starts is None:
        return np.zeros(0, np.uint8), np.zeros(len(contents) + 1, np.int64)
    offsets = np.frombuffer(starts, np.int64)[contents.offset : contents.offset + len(contents) + 1]
    return np.frombuffer(data or b"", np.uint8), offsets


def _holding(values: np.ndarray, offsets: np.ndarray, byte: int) -> np.ndarray:
    """Which texts have a byte in them: one comparison of all bytes, faster than a search in each text."""
    hits = values[offsets[0] : offsets[-1]] == byte
    found = np.zeros(len(offsets) - 1, bool)
    if hits.any():
        filled = np.flatnonzero(np.diff(offsets))
        found[filled] = np.logical_or.reduceat(hits, offsets[:-1][filled] - offsets[0])
    return found


def is_binary(data: bytes) -> bool:
    """Whether the beginning of a file, or all of it, is no text: NUL in it, unless they are few and the rest
    decodes."""
    if b"\0" not in data or data.startswith((*_UTF16, codecs.BOM_UTF32_BE)):
        return False
    if _unmarked_text(data) or _unmarked_text(data[:-2]):  # a character may be cut at the end
        return False
    if data.count(0) > NUL_SHARE * len(data):
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)  # a character that is cut at the end is no error
    except UnicodeDecodeError:
        return decode(data.replace(b"\0", b"")) is None
    return False


def binary(contents: pa.Array) -> pa.Array:
    """`is_binary` of each content (booleans, false for null); only those with a NUL are looked at one by
    one."""
    contents = contents.cast(pa.large_binary())
    suspect = pa.array(_holding(*_views(contents), 0) & np.asarray(contents.is_valid()))
    each = pa.array([is_binary(data) for data in contents.filter(suspect).to_pylist()], pa.bool_())
    return pc.replace_with_mask(suspect, suspect, each)


# --- from columns to buffers


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array; one without a type is a column of strings."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def only(texts: pa.Array, wanted: np.ndarray) -> pa.Array:
    """A column of large_string or large_binary with null for what is not wanted; no byte of it is copied."""
    kept = wanted & np.asarray(texts.is_valid())
    if kept.all():
        return texts
    _, starts, data = texts.buffers()
    bitmap = pa.array(kept).buffers()[1]
    return pa.Array.from_buffers(texts.type, len(texts), [bitmap, starts.slice(8 * texts.offset), data])


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
    values, offsets = _views(array)
    return values, offsets, valid


def read_only(array: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`buffers`, read-only wherever Arrow has them from, so that numba compiles a kernel for one
    type alone."""
    views = tuple(view.view() for view in buffers(array))
    for view in views:
        view.flags.writeable = False
    return views  # type: ignore[return-value]


# --- identity


def doc_ids(texts: pa.Array) -> list[bytes | None]:
    """The 16 bytes of each text's doc_id, None for null. The loop is hashlib's: it has no call for many
    texts."""
    values, offsets, valid = buffers(texts)
    data = memoryview(values)  # type: ignore[arg-type]
    return [
        hashlib.sha256(data[offsets[i] : offsets[i + 1]]).digest()[:16] if valid[i] else None
        for i in range(len(valid))
    ]
