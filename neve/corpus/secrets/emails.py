"""Whether what has the form of an e-mail address is one, judged by the address and by its surroundings.

Code is full of `name@name.name` that is no address: labels (`this@Outer.name`), slots and products
(`a@b.id`), names of protocols (`aes256-gcm@openssh.com`), handles (`@kim@host.social`), message ids, the
targets of `ssh`. They stay, and so do addresses that name nobody: of example domains (RFC 2606) and of roles
such as `noreply@`. The trade-off: under a top-level domain that is also an ordinary word of code (`.name`,
`.id`, `.live`), an address has to look like one from outside too: in brackets or quotes of its own, after
`mailto:`, or on a line that speaks of mail or people. Which addresses to look for follows StarCoder (arXiv
2305.06161, section 4).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

RESERVED = (b".example.com", b".example.org", b".example.net")
"""Domains of RFC 2606, and what lies below them."""

ROLES = frozenset(
    b"git hg svn noreply no-reply no_reply donotreply do-not-reply http host cifs krbtgt nobody".split()
)
"""Local parts, in lower case, that name no person: programs, and services as GSSAPI names them."""

REPOSITORIES = frozenset(b"git hg svn".split())
"""Those of ROLES that are people's in angle brackets."""

LABELS = frozenset(b"this super self cls return break continue".split())
"""Words of languages before a label or a slot (`this@Outer.name`)."""

PLAIN = frozenset(
    b"com org net edu gov mil biz de uk fr jp cn ru br au ca nl se dk fi cz sk hu gr pt ro tr ua za mx ar cl tw hk sg nz "
    b"ie us eu es ch be kr il ir th vn hr bg lt lv ee kz pe uy ve ec cr io me co ai tv".split()
)
"""Top-level domains that are hardly ever the name of an attribute, a method or a kind of file."""

PROTOCOLS = frozenset(b"openssh.com libssh.org tinyssh.org putty.projects.tartarus.org".split())
"""Domains that name algorithms and requests of SSH (RFC 4251, section 6); people's names there are PEOPLE.
"""

PEOPLE = frozenset(b"openssh libssh security".split())

_ALGORITHM = re.compile(
    rb"(?i)(?:[^.]+-)?(?:keepalive|zlib|aes\d*|arcfour\d*|blowfish|cast128|chacha20|rijndael|serpent\d*|twofish\d*|3des|hmac"
    rb"|umac|sha\d+|md5|ripemd\d*|curve\d+|ecdsa|ed25519|ed448|mldsa\d*|mlkem\d*|sntrup\w*|x25519|ssh|cbc|ctr|gcm|etm|cert)"
    rb"(?:-[^.]+)?"
)
_NOBODYS = re.compile(rb"[a-z]\.[a-z]{2,4}(?:\.[a-z]{2})?")
"""Domains of one letter (`a@b.com`), which people make up."""
_HYPHENED = re.compile(rb"\w+-\w+")
_MESSAGE_ID = re.compile(
    rb"(?:\D*\d){10}|(?=(?:\D*\d){3})[0-9a-z]{6,7}-[0-9a-z]{6,11}-[0-9a-z]{2,4}\Z|[0-9a-f]{8}\.[0-9a-f]{4,8}\Z"
)
"""Also as Exim and Netscape write them."""
_NUMBERED = re.compile(rb"\d+(?:\+[\w-]+)?")
_AFTER_ID = re.compile(rb"(?i)(?:message-?id|in-reply-to|references|content-id|\bcid)\W{0,12}\Z")
_HANDLE = re.compile(rb"(?:@|acct:)\Z")
_URL_USER = re.compile(rb"://[^/\s\"'<`]*\Z")
_PACKAGE = re.compile(rb"(?:@[\w.-]+/|[\w-]\.[a-z]{2,}/(?:[\w.-]+/)*)\Z")
_CHANNEL = re.compile(rb"!\*?~?\Z|\b(?:IAX2?|PJSIP|SIP)/\Z")
_LOGIN = re.compile(
    rb"(?:\A|[\s;|&(`$\"'])(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id)(?:[ \t]+-\S+(?:[ \t]+\S+)?)*[ \t]+\Z"
)
_REMOTE_PATH = re.compile(rb":(?:[~/.\d]|[\w.-]+/)")
_SCALE = re.compile(rb"\dx\.")
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\\Z")
_ESCAPED = {b"n": 1, b"r": 1, b"t": 1, b"b": 1, b"f": 1, b"v": 1, b"a": 1, b"0": 1, b"x": 3, b"u": 5}
"""Bytes of an escape after its backslash."""

_OUTSIDE = re.compile(
    rb"(?i)mailto:|e-?mail|\bmail|author|maintain|contact|copyright|\(c\)|\bowner|\bby\b|\bfrom\b|\bto\b|\bb?cc\b|reply|sender"
    rb"|recipient|support|report|\bsend|account|\buser|login|subscri|developer|packager|person|contribut"
)
"""Words of a line that speaks of mail or people."""

_LINKED = re.compile(
    rb"(?i)\b(?:select|insert|delete|update|merge)\b.*\b(?:from|join|into|update)\s+(?:\w+\.)?\Z"
)
"""Before a table of another database, as Oracle's SQL has it (`FROM emp@remote.world`)."""

_COMMENT = re.compile(rb"\s*(?:#|//|/?\*|--|;|%|dnl\b|REM\b|<!--|\.\.)")


@cache
def top_level_domains() -> tuple[str, ...]:
    """All top-level domains in ASCII letters (IANA's root zone, as the public suffix list of
    2025 has them)."""
    return tuple(files(__package__).joinpath("top_level_domains.txt").read_text("ascii").split())


def escaped(before: bytes, address: bytes) -> int:
    """Bytes at the beginning of an address that belong to an escape: 1 in `\\nkim@…` as a string literal has
    it."""
    if not (before.endswith(b"\\") and _ESCAPE.search(before)):
        return 0
    return len(address) - len(address[_ESCAPED.get(address[:1], 0) :].lstrip(b"._%+-"))


def is_address(before: bytes, address: bytes, after: bytes) -> bool:
    """Whether `address`, which has the form of one, is somebody's; `before` and `after` are what surrounds
    it."""
    local, _, domain = address.lower().rpartition(b"@")
    if local.endswith((b"-", b".")) or after.startswith(b'"@') or _CHANNEL.search(before):
        return False  # `id="row-@row.id"`; a quoted local part; a mask of IRC, a channel of telephony
    if before.endswith(b"/") and address.rpartition(b"@")[2].isupper():
        return False  # a principal of Kerberos, HTTP/host@REALM
    if local in LABELS or domain.startswith(b"notations."):
        return False
    if local in ROLES and (local not in REPOSITORIES or before[-1:] + after[:1] != b"<>"):
        return False
    if (b"." + domain).endswith(RESERVED) or (_NOBODYS.fullmatch(domain) and domain != b"x.com"):
        return False
    if before.endswith(b":") and local in (b"password", b"passwd", b"pass"):
        return False  # of `user:password@host`
    if domain in PROTOCOLS:
        return local in PEOPLE
    if _ALGORITHM.fullmatch(local) and (local in (b"keepalive", b"zlib") or _HYPHENED.search(local)):
        return False
    if (_MESSAGE_ID.match(local) and not _NUMBERED.fullmatch(local)) or _AFTER_ID.search(before):
        return False
    if _HANDLE.search(before) or _URL_USER.search(before) or _SCALE.match(domain):
        return False
    if _LOGIN.search(before) or _REMOTE_PATH.match(after):
        return False
    if before.rstrip(b"._+-").endswith((b"}", b"$")) or (
        before.endswith(b"%") and local in (b"s", b"d", b"v")
    ):
        return False  # the rest of a template
    plain = domain.rpartition(b".")[2] in PLAIN and not address.rpartition(b".")[2].istitle()  # `a@Outer.Tv`
    return plain or _looks_like_mail(before, domain, after)


def _looks_like_mail(before: bytes, domain: bytes, after: bytes) -> bool:
    """Whether what is around an address says so, where its domain alone does not."""
    if _PACKAGE.search(before) or _LINKED.search(before) or after.startswith(b"/"):
        return False
    edges = before[-1:] + after[:1]
    if edges in (b"<>", b'""', b"''", b"``", b"()") or before.endswith(b"mailto:"):
        return True
    line = before[before.rfind(b"\n") + 1 :]
    return bool(_OUTSIDE.search(line) or _COMMENT.match(line)) and not after.startswith((b"[", b" =", b" +"))
