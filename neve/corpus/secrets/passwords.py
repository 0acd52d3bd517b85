"""Passwords: literals that are given to something with a password's name, and passwords in URLs.

A name says little: `password = "secret"`, `passphrase="keyFingerprint…"`, `validate:"required,max=255"`, and
URLs in documentation say nothing that anyone could use. The trade-off is precision, since every word that is
taken for a password makes the code around it worse: a literal has to have a password's look, and what is a
placeholder, a name, a digest, a validator's rule or a word of documentation stays.
"""

from __future__ import annotations

import re

WORDS = frozenset(
    str.split(
        "abc admin adminadmin administrator asecret bar basic baz bearer changeit changeme demo digest dummy example fake foo "
        "foobar foopass guest hello hunter letmein login none null oauth passphrase pest pw qwerty root sample some string test "
        "testing testtest tiger topsecret user username welcome x xxx your"
    )
)  # fmt: skip
"""Passwords of documentation and tests, and words of protocols; digits and signs around them make no secret
of them."""

_FILLER = re.compile(
    r"(?:my|your|some|a|the|new|old|very|strong|super|top|test|example|sample|default|user|db|root|admin|wrong|bad|good"
    r"|valid|invalid|real|remote|proxy|secure|secret|access|api|auth|ignored)*(?:password|passwort|passwd|passw|pass|pwd|secret"
    r"|secure|token|key)s?"
)
"""Letters that say what should stand there (`YourStrongPassword!`)."""

_CALLED = rb"(?i:passw(?:or)?[dt]|passphrase|pwd|(?:db|sql|smtp|e?mail|imap|s?ftp|ssh|user|root|admin|auth|login|redis|mq|ldap|pg|postgres)_pass|senha|contrase(?:\xc3\xb1|n)a|mot_?de_?passe|(?<![a-z\d])mdp|kennwort|haslo|heslo|wachtwoord|sifre)"
"""What a password is called, in some languages."""
_ASSIGNED = re.compile(
    _CALLED + rb"""(?:["']?\]?|[ \t]{1,8}\w{1,20})[ \t]{0,8}"""  # a name that ends so, and a type
    rb"""(?::[ \t]{0,4}[A-Za-z&][\w&' ]{0,20}=|:=|=>|={1,3}|[:(])[ \t]{0,8}"""  # typed or not, or a call
    rb"""[bBuUrR@LN]?(["'`])([^\s"'`\\]{6,64})\1"""
)
_PAIRED = re.compile(
    _CALLED + rb"""["'][ \t]{0,4}(?:,|value[ \t]?=)[ \t]{0,4}[bBuUrR@LN]?(["'`])([^\s"'`\\]{6,64})\1"""
)
"""`define('DB_PASSWORD', '…')`, `put("password", "…")`, `<add key="Password" value="…"/>`."""
_SQL = re.compile(
    rb"""(?i)\b(?:identified[ \t]+(?:with[ \t]+["'\w]+[ \t]+)?by(?:[ \t]+password)?|password)[ \t]+N?(["'])([^\s"'\\]{6,64})\1"""
)
_TAG = re.compile(rb"<(?:[\w.:-]*[.:_-])?(?:[\w]*[Pp]assword|[Pp]assphrase|[Pp]asswd|pwd)>([^\s<>]{6,64})</")
"""An element of XML; in capitals it would be the sentinel."""
_CONNECTION = re.compile(rb"""(?i);[ \t]*(?:password|pwd)[ \t]?=[ \t]?([^\s;"'<>{}$%\\]{6,64})(?=[;"'])""")
"""A field of ODBC's and ADO's strings."""
_SHELL = re.compile(
    rb"""(?:PASSWORD|PASSWD|PASSPHRASE|PWD|_PASS)=([^\s"'`$(){}<>;,|&\\]{6,64})[ \t]*\r?(?:\n|\Z)"""
)
_URL = re.compile(
    rb"""(?i)[a-z][a-z0-9+.-]{1,20}://([^\s:/@"'`<>{}()]{0,64}):([^\s/@"'`<>{}()$\\?#]{3,128})@[a-z0-9\[]"""
)
_NOBODYS = re.compile(
    rb"(?i)(?:[\w.-]*\bexample(?:\.(?:com|org|net|edu))?|[\w.-]+\.(?:example|test|invalid)|host(?:name)?|server|my-?host)(?![\w.-])"
)
"""Hosts of documentation."""
_PLACEHOLDER = re.compile(
    rb"""[<>{}]|^[$%./~&:\[),;]|\$\(|(?<!\$)\$[A-Z_]{4}|%[sd(]|\*\*|\.\.|(?i:x{3,})|(.)\1{5}|^[Uu]ser:|^crwdns\d+:|^\#[\w/-]+$"""
)
"""Templates, masks, marks of a translation, selectors; code, where a quote closed and did not open."""
_NO_SECRET = re.compile(
    rb"(?i)[a-z][a-z0-9+.-]*://.*|\d+/[a-z\d/,]*[a-z]|[a-z]*host\d*"
    rb"|\{?(?:scram|pbkdf2|argon2\w*|bcrypt|scrypt|ssha\d*|sha-?\d+|md5)\}?(?:[-_$:].*)?"
)
"""An address, how often (`5/m/ip`), a host, or a name of what encodes passwords, and what it made."""
_ASKS = re.compile(rb"(?i)(?:get|find|fetch|load|look_?up|has|is|need|parse|forgot|ask|prompt)\w*\Z")
"""Before a call's parenthesis: what it is given is the name of a password."""
_NAME = re.compile(
    rb"[A-Za-z]+(?:[_.-][A-Za-z]+)+(?:[_-]?\d{1,2})?|[A-Za-z_][\w.]*\(\)|[\w.-]+\.[a-z]{2,}:\d+"
)
"""A name in code, a call, or a host and its port."""
_SAYS_SO = re.compile(rb"(?i)\w+(?:-\w+)*[-_](?:password|passphrase|passwd|pass|pwd|pw|secret)\d{0,3}")
"""A value that says what it is (`test-p12-password`, `alice_1_pw`)."""
_VARIABLE = re.compile(rb"(?s)\s:['\"]\Z")
"""What stands before a variable of psql's, in quotes (`PASSWORD :'pw'`)."""
_DIGEST = re.compile(rb"(?:md5|\*)?[0-9a-fA-F]{32,}|(?:[0-9a-fA-F]{2}:){15,}[0-9a-fA-F]{2}")
_RULE = re.compile(
    rb"(?i)(?:required|max|min|len|gt|lt|gte|lte|eq|size|length|regex|matches|same|confirmed)\b.*[,=(:|]"
)
"""What a validator wants of a password (`binding:"MaxSize(255)"`)."""


_RULES: tuple[tuple[re.Pattern[bytes], int, tuple[bytes, ...]], ...] = (
    (_ASSIGNED, 2, (b"'", b'"', b"`")), (_PAIRED, 2, (b'",', b"',", b'" ,', b"' ,", b"value")), (_SQL, 2, (b"identified", b"password ", b"password\t")),
    (_TAG, 1, (b"</",)), (_CONNECTION, 1, (b"pwd=", b"password=", b"pwd =", b"password =")), (_SHELL, 1, (b"=",)),
)  # fmt: skip
"""(expression, the group of the value, of which one has to be there, in lower case)"""


def in_url(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the password of the first URL of `text[start:end]` with one stands, unless it is a common one,
    or one for a host of documentation."""
    url = _URL.search(text, start, end)
    if url is None or _NOBODYS.match(text, url.end() - 1) or is_common(url[2], url[1]):
        return None
    return url.span(2)


def assigned(text: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where passwords stand that `text[start:end]` assigns, as a literal or as a variable of a shell."""
    found, lowered = [], text[start:end].lower()
    for rule, group, needed in _RULES:
        match = rule.search(text, start, end) if any(word in lowered for word in needed) else None
        if match is None or not _looks_so(match[group]):
            continue
        before = text[max(start, match.start() - 40) : match.start()]
        asks = b"(" in text[match.start() : match.start(group)] and _ASKS.search(before)
        if not asks and not _VARIABLE.search(text, start, match.start(group)):
            found.append(match.span(group))
    return found


def is_common(value: bytes, user: bytes = b"") -> bool:
    """Whether a password is a placeholder, a name or a common word, or the user's name."""
    plain = re.sub(rb"%[0-9A-Fa-f]{2}", b"", value)
    word = re.sub(r"[^a-z]", "", plain.decode(errors="replace").lower())
    if (
        _PLACEHOLDER.search(value)
        or _NAME.fullmatch(value)
        or _DIGEST.fullmatch(value)
        or _NO_SECRET.fullmatch(value)
        or _SAYS_SO.fullmatch(value)
    ):
        return True
    if value == user or not word or word in WORDS or _FILLER.fullmatch(word):
        return True
    return len(plain) < 6 and plain.isalpha()


def _looks_so(value: bytes) -> bool:
    """Whether a literal has a password's look: letters with digits, or with signs and both cases."""
    if is_common(value) or _RULE.match(value):
        return False
    digits, signs = re.search(rb"\d", value), re.findall(rb"[!@#$%^&*+=?~/]", value)
    mixed = re.search(rb"[a-z]", value) and re.search(rb"[A-Z]", value)
    return bool(digits or len(signs) > 1 or (signs and mixed))
