"""Keys and tokens by betterleaks' rules, and blocks of private keys.

betterleaks (Go, MIT; 454 of its 465 rules are asked) reads 12 to 15 MB a second of processor time, so it
gets only the windows of sieve.py, 1 % of ordinary code, cut out by whole lines; lines left out become `~`,
so that rules over several lines (an AWS id and its secret) count right. On 718 MB of code (63,397 distinct
texts, largely tests and documentation) 345 of the 346 findings in whole texts remained; the lost one was a
run of letters. Not asked: `generic-password` and `generic-credential-uri` (without a path they take
`password = password` in code for a leak: 2 of 60 read were plausible), `mongodb-connection-string` (it takes
the whole URL), `private-key`, for which there is a rule of our own below, and rules that need a path.

A value lies within one literal: a finding that crosses quotes or lines is none. What LOOSE rules find by the
words around it has to be a value, too, and not the code that uses one, an integrity hash or a public key.

The library validates nothing over the network here (its command line alone can), logs nothing, writes no
files, releases the GIL and may be called from threads. Its Go runtime does not survive a fork: call it in
processes that are spawned.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from neve.corpus.secrets import passwords

Place = tuple[int, int]
"""(start, end)"""

LOOSE = frozenset(["generic-api-key", "curl-auth-user", "curl-auth-header"])
"""Rules of betterleaks that know a secret by the words around it alone."""

UNUSED = frozenset(["generic-password", "generic-credential-uri", "mongodb-connection-string", "private-key"])
"""Rules of betterleaks that do not count here."""

_COMPANIONS = re.compile(r"-(?:id|name|username|url|host|domain|address|public-key)(?:\.\d)?$")
"""Rules that find what goes with a secret and is none."""

HARMLESS = re.compile(
    rb"(?i)\.(?:js|css|json|html?|map|svg|png|lock)\b|sha\d|public|fingerprint|nonce|digest|checksum|hash|signature|salt|(?:websocket|request|response|accept)[-_]?key|challenge|certificate id|spreadsheet[_-]?(?:key|id)|\b(?:m|node|disco)key:|gpg|pgp|proof|\bh1:|(?<!key)(?<!secret)_id[\"']?\s{0,3}[:=]|(?-i:(?<!Key)(?<!Secret)[a-z]Id[\"']?\s{0,3}[:=])|(?:product|site|website|publishable)[_-]?key"
)
"""Before a random value: it is an integrity hash, a public key or a part of a protocol."""

_LINES = 40
"""Lines between two windows, at most; no rule of betterleaks reaches further."""

_TYPE = re.compile(rb"""[ \t]*:[ \t]{0,3}&?(?:'\w{1,9} )?\w{1,20}[ \t]{0,3}(?==[ \t]{0,3}["'`])""")
"""The type in `token: &str = "…"`, which betterleaks does not expect."""

_CROSSES = re.compile(rb"[\r\n\"'`]")
_MADE_UP = re.compile(rb"^pk_(?:test|live)_|(.)\1{7}|X{6}|x{4}\Z|(?i:x{12}|0123456789|abcdefgh)")
_NAME = re.compile(
    rb"[A-Za-z]+\d?(?:[_./-][A-Za-z]+)+\d{0,2}|[A-Za-z\d]*(?:With|Hmac)[A-Z][A-Za-z\d]*|0x[0-9a-fA-F]{40}|[0-9A-F]{40}|AAAA[A-Z]3Nz.*|M(?:FwwDQYJKoZIhvcNAQEBBQADSwAw|IGfMA0GCSqGSIb3DQEBAQUAA4|II[BC]IjANBgkqhkiG9w0BAQEFAAOC)[A-Za-z0-9+/=]*"
)
"""A name in code or of an algorithm, a wallet's public address, GnuPG's fingerprint, a public key of SSH or
RSA."""
_UUID = re.compile(rb"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRET = re.compile(rb"(?i)token|secret|api|auth|passw|credential")
"""Without such a word before it a UUID is a name, as the keys of tables are."""
_COLUMN = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
"""A member, or a column of a table, which stands outside quotes."""
_CONSTANT = re.compile(rb"[A-Za-z]\w*_\w+")
"""A name in code, where a semicolon follows."""
_QUOTES = (b'"', b"'", b"`")
_MEMBER = re.compile(rb"(?:->|[.@$])\Z")
_USED = re.compile(rb"[(\[.]|\s*(?:[=!]=|[-+*/%<>?]\s|->)")
_EXPRESSION = re.compile(rb"[\s(){}]")

_BLOCK = re.compile(
    rb"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----(.{64,20000}?)-----END[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
    re.DOTALL,
)
_HEADER = re.compile(rb"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [^\n\\\"']*")
_LITERALS = re.compile(rb"[A-Za-z0-9+/=\s\"'`.,;:|&_\\()*#-]*")
"""The inside of a private key, which may be put together from string literals or stand in a comment."""
_MASK = re.compile(rb"([A-Za-z0-9])\1{24}")
_DISTINCT = 32
"""Different bytes of a private key at least; `privatekeyprivatekey` has fewer."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]{16,}")


def private_key(text: bytes, start: int) -> Iterator[Place]:
    """The private key that begins at `start`, whole; where it is made of string literals, its base64 within
    them."""
    if (block := _BLOCK.match(text, start)) is None:
        return
    body = _HEADER.sub(b"", block[1])
    if (
        _MASK.search(body)
        or len(set(body)) < _DISTINCT
        or not any(len(run) >= 40 for run in _BASE64.findall(body))
        or not _LITERALS.fullmatch(body)
    ):
        return  # the two marks, but no key
    if not re.search(rb"[\"'`]", block[1]):
        yield block.span()
        return
    headers = [header.span() for header in _HEADER.finditer(block[1])]
    for run in _BASE64.finditer(block[1]):
        if not any(first <= run.start() < last for first, last in headers):
            yield block.start(1) + run.start(), block.start(1) + run.end()


def in_windows(text: bytes, windows: list[Place], kept: re.Pattern[bytes]) -> Iterator[Place]:
    """betterleaks' findings in windows of a text; those that hold a match of `kept` are none."""
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
        rule, full = finding["rule_id"], finding["match"]["full"].encode()
        value = finding["match"]["value"].encode()
        if rule in UNUSED or kept.search(value) or _CROSSES.search(value) or _MADE_UP.search(value):
            continue
        line = lines[finding["location"]["start_line"] - 1]
        at = data.find(value, max(line, data.find(full, line + finding["location"]["start_column"] - 1)))
        if at < 0:
            continue  # decoded from something else
        before, after = data[max(line, at - 60) : at], data[at + len(value) : at + len(value) + 8]
        if rule in LOOSE and _is_no_value(before, value, after):
            continue
        position, start = places[bisect_left(places, (at + 1,)) - 1]
        yield start + at - position, start + at - position + len(value)


def _is_no_value(before: bytes, value: bytes, after: bytes) -> bool:
    """Whether what a loose rule found between `before` and `after` is code, or no secret by its name."""
    if HARMLESS.search(before) or _NAME.fullmatch(value) or re.search(rb"://[\w.-]+:\Z", before):
        return True
    if _UUID.search(value) and not _SECRET.search(before):
        return True
    if value.isalpha() and (value.islower() or value.isupper()):
        return True  # a word (`Bearer masterkey`)
    user, colon, password = value.partition(b":")
    if colon and passwords.is_common(password, user):
        return True
    if before.endswith(_QUOTES) or after.startswith(_QUOTES):
        return bool(_EXPRESSION.search(value))
    if after.startswith(b";") and _CONSTANT.fullmatch(value):
        return True
    return bool(
        _COLUMN.fullmatch(value) or _MEMBER.search(before) or _USED.match(after) or _EXPRESSION.search(value)
    )


def _betterleaks(data: bytes) -> Iterator[dict[str, Any]]:
    """Findings and their components as betterleaks gives them. Raises RuntimeError, without a word of the
    text."""
    import betterleaks

    try:
        findings = [finding.raw for finding in betterleaks.scan_string(data.decode())]
    except (betterleaks.BetterleaksError, UnicodeDecodeError) as error:
        raise RuntimeError(f"betterleaks failed on {len(data)} bytes: {type(error).__name__}") from None
    for finding in findings:
        yield finding
        for components in finding.get("component_sets") or ():
            yield from (part for part in components["components"] if not _COMPANIONS.search(part["rule_id"]))
