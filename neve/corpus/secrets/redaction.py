"""Secrets and personal data are found and replaced by sentinels; what is found is counted, never shown.

    <EMAIL> <IP_ADDRESS>    see addresses.py, emails.py, ip_addresses.py
    <KEY>                   keys, tokens and private keys: keys.py, forms.py
    <PASSWORD>              literals assigned to a password, and passwords in URLs: passwords.py;
                            in settings and on command lines: unquoted.py

The sentinels are StarCoder's (arXiv 2305.06161, section 4). The trade-off is precision: a corpus is made
worse by every identifier that is taken for a secret, so what only looks random stays (digests, UUIDs,
integrity hashes, base64 data), and so does what names nobody.

**Code stays code.** Where a sentinel would be syntax (`<EMAIL>` is a tag in JSX and a redirection in a
shell), the file gets its name alone (`EMAIL`). Whether it would be is not guessed: each file that changes is
parsed, and what then has errors as it was before, too.

**Nothing leaks**: counts hold kinds and numbers; an error of the library is raised without its text.
**Idempotent**: what was changed is searched again until nothing is found, and no finding cuts into a
sentinel. The loops in Python are over findings and over texts with candidates, one in seven; the rest is
whole columns.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.secrets import addresses, forms, keys, passwords, sieve, unquoted
from neve.corpus.text import buffers, plain


@dataclass(frozen=True)
class Kind:
    name: str
    sentinel: str
    meaning: str
    source: str


KINDS = (
    Kind("email", "<EMAIL>", "e-mail address, but of example domains, of roles (git@, noreply@), in URLs", "StarCoder"),
    Kind("ip_address", "<IP_ADDRESS>", "public IPv4 or IPv6 address, but of name servers, and versions", "StarCoder"),
    Kind("key", "<KEY>", "API key, token, or private key block", "StarCoder; betterleaks 2.0.0"),
    Kind("password", "<PASSWORD>", "value assigned to a password, password in a URL or a command", "StarCoder"),
)  # fmt: skip
"""What is looked for, in the order of the kinds' numbers; names sort as they stand."""

EMAIL, IP, KEY, PASSWORD = range(4)

COUNTS = pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int32())]))

SENTINELS = tuple(kind.sentinel.encode() for kind in KINDS)
NAMES = tuple(sentinel.strip(b"<>") for sentinel in SENTINELS)
"""What stands for a sentinel where it would be syntax."""

_SENTINEL = re.compile(b"|".join(SENTINELS))

Span = tuple[int, int, int]
"""(start, end, number of its kind)"""


def redact(
    contents: pa.Array | pa.ChunkedArray, languages: pa.Array | pa.ChunkedArray | None = None
) -> tuple[pa.LargeStringArray, pa.Array]:
    """Replace what is found in a column of UTF-8 texts (large_string, large_binary or their small kin).

    Returns the texts (large_string) and a list of {kind, count} for each text, sorted by kind, empty where
    nothing was found. A null text stays null. `redact(redact(x)[0])[0] == redact(x)[0]`, and rows do not
    depend on each other. With `languages` (Linguist names or null) no text of a language that has a parser
    gets more errors.
    """
    if languages is None:
        texts, counts = _replaced(contents, SENTINELS, np.zeros(len(contents), bool))
        return texts, _lists(counts)
    languages = plain(languages)
    bare = pc.is_in(languages, value_set=pa.array([*unquoted.FORMATS], languages.type))
    bare = bare.to_numpy(zero_copy_only=False)
    texts, counts = _replaced(contents, SENTINELS, bare)
    texts = _still_parsing(plain(contents), texts, np.flatnonzero(counts.any(axis=1)), languages, bare)
    return texts, _lists(counts)


def _replaced(
    contents: pa.Array | pa.ChunkedArray, by: tuple[bytes, ...], bare: np.ndarray
) -> tuple[pa.LargeStringArray, np.ndarray]:
    """(the texts with `by`, one for each of KINDS, in the place of findings; int32 [texts, kinds], how many
    there were); `bare` says which texts need no quotes around values."""
    values, offsets, valid = buffers(contents)
    values, offsets = _read_only(values), _read_only(offsets)
    counts = np.zeros((len(valid), len(KINDS)), np.int32)
    rows = np.flatnonzero(valid)
    while len(rows) and (spans := _find(values, offsets, rows, bare)):
        values, offsets, rows = _replace(values, offsets, spans, counts, by)
    return _column(values, offsets, valid), counts


def _still_parsing(
    contents: pa.Array, texts: pa.LargeStringArray, changed: np.ndarray, languages: pa.Array, bare: np.ndarray
) -> pa.LargeStringArray:
    """`texts` with NAMES for SENTINELS in those of the `changed` rows that have more errors than
    `contents`."""
    from neve.corpus.syntax import parsing

    def errors(column: pa.Array, rows: np.ndarray) -> np.ndarray:
        column, spoken = column.take(pa.array(rows)), languages.take(pa.array(rows))
        size = pc.binary_length(column.cast(pa.large_binary())).to_numpy(zero_copy_only=False)
        return parsing.parse_errors(column, spoken) * size  # NaN where there is no parser

    left = errors(texts, changed)
    wrong = left > 0  # in few, so that few are parsed as they were
    changed, left = changed[wrong], left[wrong]
    broken = changed[left > errors(contents, changed)]
    if not len(broken):
        return texts
    named, _ = _replaced(contents.take(pa.array(broken)), NAMES, bare[broken])
    mask = np.zeros(len(texts), bool)
    mask[broken] = True
    return pc.replace_with_mask(texts, pa.array(mask), named)


def _find(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray, bare: np.ndarray) -> list[Span]:
    """What is to be replaced in the texts of `rows`, as places in `values`, in order; of what overlaps the
    longest."""
    spans = set(zip(*(column.tolist() for column in addresses.find(values, offsets, rows)), strict=True))
    found = sieve.find(values, offsets, rows)
    firsts = np.flatnonzero(np.diff(found[:, 0], prepend=-1)).tolist()
    for first, last in zip(firsts, [*firsts[1:], len(found)][: len(firsts)], strict=True):
        low, high = offsets[found[first, 0]], offsets[found[first, 0] + 1]
        places = found[first:last, 1:] - [low, low, 0]
        text = values[low:high].tobytes()
        spans.update(
            (int(low) + start, int(low) + end, kind)
            for start, end, kind in _in_text(text, places.tolist(), bare[found[first, 0]])
        )
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        at = bisect_left(chosen, span)
        if (at == 0 or chosen[at - 1][1] <= span[0]) and (at == len(chosen) or span[1] <= chosen[at][0]):
            chosen.insert(at, span)
    return chosen


def _in_text(text: bytes, candidates: list[list[int]], bare: bool) -> Iterator[Span]:
    """Keys and passwords at the candidates (start, end, flag) of one text, with `bare` values or not."""
    windows = [(start, end) for start, end, flag in candidates if flag == sieve.WINDOW]
    for start, end, flag in candidates:
        if flag == sieve.BLOCK:
            yield from ((*place, KEY) for place in keys.private_key(text, start))
        elif flag == sieve.URL:
            if place := passwords.in_url(text, start, end):
                yield *place, PASSWORD
        elif flag == sieve.FORM:
            yield from ((*place, KEY) for place in forms.find(text, start, end))
        elif flag in (sieve.PASSWORD, sieve.LINE):
            named = end if flag == sieve.LINE else min(end, start + sieve.NAMED)
            yield from ((*place, PASSWORD) for place in passwords.assigned(text, start, end, named))
            if bare:
                yield from ((*place, PASSWORD) for place in unquoted.assigned(text, start, end, named))
        if flag == sieve.LINE or (flag == sieve.WINDOW and b"curl" in text[start:end]):
            yield from ((*place, PASSWORD) for place in unquoted.on_lines(text, start, end))
    if windows:
        yield from ((*place, KEY) for place in keys.in_windows(text, windows, _SENTINEL))


def _replace(
    values: np.ndarray, offsets: np.ndarray, spans: list[Span], counts: np.ndarray, by: tuple[bytes, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(bytes, offsets, rows that changed) with `by` in the place of spans, which are added to `counts`."""
    starts, ends, kinds = np.array(spans, np.int64).T
    rows = np.searchsorted(offsets, starts, side="right") - 1
    np.add.at(counts, (rows, kinds), 1)
    text = memoryview(values)  # type: ignore[arg-type]
    pieces: list[memoryview | bytes] = []
    at = int(offsets[0])
    for start, end, kind in spans:
        pieces += [text[at:start], by[kind]]
        at = end
    pieces.append(text[at : int(offsets[-1])])
    grown = np.zeros(len(offsets), np.int64)
    np.add.at(grown, rows + 1, np.array([len(s) for s in by])[kinds] - (ends - starts))
    offsets = offsets - offsets[0] + np.cumsum(grown)
    return np.frombuffer(b"".join(pieces), np.uint8), _read_only(offsets), np.unique(rows)


def _read_only(array: np.ndarray) -> np.ndarray:
    """A view that cannot be written to: kernels are compiled for one type."""
    array = array.view()
    array.flags.writeable = False
    return array


def _column(values: np.ndarray, offsets: np.ndarray, valid: np.ndarray) -> pa.LargeStringArray:
    bitmap = None if valid.all() else pa.array(valid).buffers()[1]
    data = pa.py_buffer(np.ascontiguousarray(values[offsets[0] : offsets[-1]]))
    return pa.LargeStringArray.from_buffers(len(valid), pa.py_buffer(offsets - offsets[0]), data, bitmap)


def _lists(counts: np.ndarray) -> pa.Array:
    rows, kinds = np.nonzero(counts)
    names = pa.array([kind.name for kind in KINDS]).take(pa.array(kinds))
    items = pa.StructArray.from_arrays([names, pa.array(counts[rows, kinds])], fields=list(COUNTS.value_type))
    return pa.ListArray.from_arrays(
        pa.array(np.searchsorted(rows, np.arange(len(counts) + 1)), pa.int32()), items
    )
