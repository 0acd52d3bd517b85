"""Secrets and personal data are found and replaced by sentinels; what is found is counted, never shown.

    <KEY>         keys and tokens by betterleaks' rules, private key blocks by our own
    <PASSWORD>    literals assigned to a password, and passwords in URLs
    <EMAIL> <IP_ADDRESS>    see addresses.py

The sentinels are StarCoder's (arXiv 2305.06161, section 4). The trade-off is precision: a corpus is made worse by every
identifier that is taken for a secret, so what only looks random stays (digests, UUIDs, integrity hashes, base64 data),
and so does a password that is a common word (`secret`, `guest`, `password1`).

**Keys.** betterleaks (Go, MIT; 454 of its 465 rules are asked) reads 12 to 15 MB a CPU second, so it is given only the windows
of candidates.py, 1 % of ordinary code, cut out by whole lines; lines left out become `~`, so that rules over several lines
(an AWS id and its secret) count right. On 718 MB of code (63,397 distinct texts, largely tests and documentation) 345 of the
346 findings in whole texts remained; the lost one was a run of letters. Not asked: `generic-password` and
`generic-credential-uri` (without a path they take `password = password` in code for a leak: 2 of 60 read were plausible),
`mongodb-connection-string` (it takes the whole URL) and `private-key`, for which there are rules of our own below, and rules
that need a path. From `generic-api-key` what follows HARMLESS words is left out. In all 317 keys and 206 passwords were found
there; of 50 read, drawn with a seed, 46 had the form of a secret, most of them made up for tests, as no reader could know.

The library validates nothing over the network here (its command line alone can), logs nothing, writes no files, lets go of the
GIL and may be called from threads. Its Go runtime does not survive a fork: call it in processes that are spawned.

**Nothing leaks**: counts hold kinds and numbers; an error of the library is raised anew without its text. **Idempotent**: what
was changed is looked through again until nothing is found, and no finding cuts into a sentinel. The loops in Python are over
findings and over texts with candidates, one in seven; the rest is whole columns.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from neve.corpus.secrets import addresses, sieve
from neve.corpus.text import buffers


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
    Kind("password", "<PASSWORD>", "literal assigned to a password, or password in a URL", "StarCoder"),
)  # fmt: skip
"""What is looked for, in the order of the kinds' numbers; names sort as they stand."""

EMAIL, IP, KEY, PASSWORD = range(4)

COUNTS = pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int32())]))

WORDS = frozenset(
    str.split(
    "abc admin adminadmin administrator bar baz changeit changeme demo dummy example fake foo foobar foopass guest hello hunter "
    "letmein login my mypass mypassword mysecret none null pass passphrase passw passwd password passwordpassword passwort pw pwd "
    "qwerty root sample secret some somepass somepassword string test testing testpass testpassword testtest tiger token "
    "topsecret user username welcome x xxx your yourpassword"
    )
)  # fmt: skip
"""Passwords of documentation and tests; digits and signs around them make no secret of them."""

_ASSIGNED = re.compile(
    rb"""(?i:passw(?:or)?d|passphrase|pwd)["']?\]?(?:[ \t]{1,8}\w{1,20})?[ \t]{0,8}"""  # a name that ends so
    rb"""(?::[ \t]{0,4}[A-Za-z&][\w&' ]{0,20}=|:=|=>|={1,3}|[:(])[ \t]{0,8}"""  # typed or not, or a call
    rb"""[bBuUrR@L]?(["'`])([^\s"'`\\]{6,64})\1"""
)
_SHELL = re.compile(
    rb"""(?:PASSWORD|PASSWD|PASSPHRASE|PWD)=([^\s"'`$(){}<>;,|&\\]{6,64})[ \t]*\r?(?:\n|\Z)"""
)
_URL = re.compile(
    rb"""(?i)[a-z][a-z0-9+.-]{1,20}://([^\s:/@"'`<>{}()]{0,64}):([^\s/@"'`<>{}()$\\]{3,128})@[a-z0-9\[]"""
)
_PLACEHOLDER = re.compile(rb"""[<>{}]|^[$%./~&:]|\$\(|%[sd(]|\*\*|\.\.|xxx""")
_SNAKE = re.compile(rb"[A-Za-z]+(?:[_.-][A-Za-z]+)+\d{0,2}")
_BLOCK = re.compile(
    rb"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----(.{64,20000}?)-----END[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
    re.DOTALL,
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]{16,}")
_PIECE = re.compile(rb"[^\r\n\"'`]{4,}")
HARMLESS = re.compile(
    rb"(?i)\.(?:js|css|json|html?|map|svg|png|lock)\b|sha\d|public|fingerprint|nonce|digest|checksum|hash|websocket-key"
)
"""Before a random value: it is an integrity hash, a public key or a part of a protocol."""

UNUSED = frozenset(["generic-password", "generic-credential-uri", "mongodb-connection-string", "private-key"])
"""Rules of betterleaks that do not count here."""

_LINES = 40
"""Lines between two windows, at most; no rule of betterleaks reaches further."""

_TYPE = re.compile(rb"""[ \t]*:[ \t]{0,3}&?(?:'\w{1,9} )?\w{1,20}[ \t]{0,3}(?==[ \t]{0,3}["'`])""")
"""The type in `token: &str = "…"`, which betterleaks does not expect."""

_NAMES = re.compile(r"-(?:id|name|username|url|host|domain|address|public-key)(?:\.\d)?$")
"""Rules that find what goes with a secret and is none."""

_SENTINEL = re.compile("|".join(kind.sentinel for kind in KINDS).encode())

Span = tuple[int, int, int]
"""(start, end, number of its kind)"""


def redact(contents: pa.Array | pa.ChunkedArray) -> tuple[pa.LargeStringArray, pa.Array]:
    """Replace what is found in a column of UTF-8 texts (large_string, large_binary or their small kin).

    Returns the texts (large_string) and a list of {kind, count} a text, sorted by kind, empty where nothing was found.
    A null text stays null. `redact(redact(x)[0])[0] == redact(x)[0]`, and rows do not depend on each other.
    """
    values, offsets, valid = buffers(contents)
    values, offsets = _read_only(values), _read_only(offsets)
    counts = np.zeros((len(valid), len(KINDS)), np.int32)
    rows = np.flatnonzero(valid)
    while len(rows) and (spans := _find(values, offsets, rows)):
        values, offsets, rows = _replace(values, offsets, spans, counts)
    return _column(values, offsets, valid), _lists(counts)


def _find(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> list[Span]:
    """What is to be replaced in the texts of `rows`, as places in `values`, in order; of what overlaps the longest."""
    spans = set(zip(*(column.tolist() for column in addresses.find(values, offsets, rows)), strict=True))
    found = sieve.find(values, offsets, rows)
    firsts = np.flatnonzero(np.diff(found[:, 0], prepend=-1)).tolist()
    for first, last in zip(firsts, [*firsts[1:], len(found)][: len(firsts)], strict=True):
        low, high = offsets[found[first, 0]], offsets[found[first, 0] + 1]
        places = found[first:last, 1:] - [low, low, 0]
        text = values[low:high].tobytes()
        spans.update(
            (int(low) + start, int(low) + end, kind) for start, end, kind in _in_text(text, places.tolist())
        )
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        at = bisect_left(chosen, span)
        if (at == 0 or chosen[at - 1][1] <= span[0]) and (at == len(chosen) or span[1] <= chosen[at][0]):
            chosen.insert(at, span)
    return chosen


def _in_text(text: bytes, places: list[list[int]]) -> Iterator[Span]:
    """Keys and passwords at the candidates (start, end, flag) of one text."""
    windows = []
    for start, end, flag in places:
        if flag == sieve.WINDOW:
            windows.append((start, end))
        elif flag == sieve.BLOCK:
            if block := _BLOCK.match(text, start):
                yield from _private_key(block)
        elif flag == sieve.URL:
            if (url := _URL.search(text, start, end)) and not _common(url[2], url[1]):
                yield *url.span(2), PASSWORD
        else:
            for rule, group in ((_ASSIGNED, 2), (_SHELL, 1)):
                if (match := rule.search(text, start, end)) and _is_password(match[group]):
                    yield *match.span(group), PASSWORD
    if windows:
        yield from _keys(text, windows)


def _private_key(block: re.Match[bytes]) -> Iterator[Span]:
    """The whole block; where it is put together from string literals, its base64 within them."""
    body = block[1]
    if not any(len(run) >= 40 for run in _BASE64.findall(body)):
        return  # the two marks, but no key
    if not re.search(rb"[\"'`]", body):
        yield *block.span(), KEY
        return
    for run in _BASE64.finditer(body):
        yield block.start(1) + run.start(), block.start(1) + run.end(), KEY


def _common(value: bytes, user: bytes = b"") -> bool:
    """Whether a password is a placeholder or a common word, or the user's name."""
    word = re.sub(r"[^a-z]", "", value.decode(errors="replace").lower())
    return bool(_PLACEHOLDER.search(value)) or value == user or not word or word in WORDS


def _is_password(value: bytes) -> bool:
    """Whether a literal has a password's look: letters with digits, or with signs and both cases; no common word or name."""
    if _common(value) or _SNAKE.fullmatch(value):
        return False
    digits, signs = re.search(rb"\d", value), re.findall(rb"[!@#$%^&*+=?~/]", value)
    mixed = re.search(rb"[a-z]", value) and re.search(rb"[A-Z]", value)
    return bool(digits or len(signs) > 1 or (signs and mixed))


def _keys(text: bytes, windows: list[tuple[int, int]]) -> Iterator[Span]:
    """betterleaks' findings in windows of a text."""
    scanned, places = bytearray(), []
    previous = 0
    for start, end in windows:
        skipped = min(_LINES, text.count(b"\n", previous, start))
        scanned += b"~\n" * skipped or b"\n~\n"
        places.append((len(scanned), start))
        scanned += text[start:end]
        previous = end
    data = _TYPE.sub(lambda match: b" " * len(match[0]), bytes(scanned).replace(b"\0", b" "))
    if not (findings := list(_betterleaks(data))):
        return
    lines = [0, *(match.end() for match in re.finditer(b"\n", data))]
    for finding in findings:
        full, value = finding["match"]["full"].encode(), finding["match"]["value"].encode()
        if finding["rule_id"] in UNUSED or _SENTINEL.search(value):
            continue
        line = lines[finding["location"]["start_line"] - 1]
        at = data.find(value, max(line, data.find(full, line + finding["location"]["start_column"] - 1)))
        if finding["rule_id"] == "generic-api-key" and HARMLESS.search(data[max(line, at - 60) : max(0, at)]):
            continue
        if at < 0:
            continue  # decoded from something else
        position, start = places[bisect_left(places, (at + 1,)) - 1]
        for piece in _PIECE.finditer(value):
            yield start + at - position + piece.start(), start + at - position + piece.end(), KEY


def _betterleaks(data: bytes) -> Iterator[dict[str, Any]]:
    """Findings and their components as betterleaks gives them. Raises RuntimeError, without a word of the text."""
    import betterleaks

    try:
        findings = [finding.raw for finding in betterleaks.scan_string(data.decode())]
    except (betterleaks.BetterleaksError, UnicodeDecodeError) as error:
        raise RuntimeError(f"betterleaks failed on {len(data)} bytes: {type(error).__name__}") from None
    for finding in findings:
        yield finding
        for components in finding.get("component_sets") or ():
            yield from (part for part in components["components"] if not _NAMES.search(part["rule_id"]))


def _replace(
    values: np.ndarray, offsets: np.ndarray, spans: list[Span], counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(bytes, offsets, rows that changed) with sentinels in the place of spans, which are added to `counts`."""
    starts, ends, kinds = np.array(spans, np.int64).T
    rows = np.searchsorted(offsets, starts, side="right") - 1
    np.add.at(counts, (rows, kinds), 1)
    sentinels = [kind.sentinel.encode() for kind in KINDS]
    text = memoryview(values)  # type: ignore[arg-type]
    pieces: list[memoryview | bytes] = []
    at = int(offsets[0])
    for start, end, kind in spans:
        pieces += [text[at:start], sentinels[kind]]
        at = end
    pieces.append(text[at : int(offsets[-1])])
    grown = np.zeros(len(offsets), np.int64)
    np.add.at(grown, rows + 1, np.array([len(s) for s in sentinels])[kinds] - (ends - starts))
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
