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
        "foobar foopass guest hello hunter letmein login none null oauth passphrase pest pkcs pw qwerty root sample some string test "
        "testing testtest tiger topsecret user username welcome x xxx your"
    )
)  # fmt: skip
"""Passwords of documentation and tests, and words of protocols; digits and signs around them make no secret
of them."""

_SPELLED = bytes.maketrans(b"@4031!5$7", b"aaoeiisst")
"""Signs and digits that people write for letters."""
_CHANGE, _END = (
    re.compile(rb"(?i)\W*change(?:me|it|this)?(?:now|please|too|later|first)?"),
    re.compile(rb"[\W\d_]+\Z"),
)
_FILLER = re.compile(
    r"(?:my|your|some|a|the|this|unset|change|enter|insert|choose|replace|put|set|new|old|very|strong|super|top|test|example|sample|default|user|db|root|admin|wrong|bad|good"
    r"|valid|invalid|real|remote|proxy|secure|secret|access|api|auth|ignored)*(?:password|passwort|passphrase|passwd|passw|pass|pwd|secret"
    r"|secure|token|key)s?"
)
"""Letters that say what should stand there (`YourStrongPassword!`)."""

CALLED = rb"(?i:passw(?:or)?[dt]|passphrase|pwd|(?:db|sql|smtp|e?mail|imap|s?ftp|ssh|user|root|admin|auth|login|become|sudo|redis|mq|ldap|pg|postgres)_pass(?!w|phrase)|(?:db|smtp|mail|ftp|user|root|admin|auth|login|ldap|redis)pass(?!w|phrase)|senha|contrase(?:\xc3\xb1|n)i?a|mot_?de_?passe|(?<![a-z\d])mdp|kennwort|haslo|heslo|wachtwoord|sifre|passord|adgangskode|salasana|l(?:\xc3\xb6|o)senord|jelszo)"
"""What a password is called, in some languages."""
HINTED = rb"(?:(?<!\w)pass|(?<!\w)PASS|(?i:_pw)|(?<![a-z])clave|(?<![A-Z])CLAVE|Clave)"
"""What may be another thing: a step that passes, a key of any kind. Its value has to look the stronger."""
NAME = re.compile(rb"(?P<called>" + CALLED + rb")|" + HINTED)
_ASSIGNED = re.compile(
    rb"""(?:["']?\]?|[ \t]{1,8}\w{1,20})[ \t]{0,8}"""  # a name that ends so, and a type
    rb"""(?::[ \t]{0,4}[A-Za-z&][\w&' ]{0,20}=|:=|=>|={1,3}|[:(])[ \t]{0,8}"""  # typed or not, or a call
    rb"""[bBuUrR@LN]?(["'`])(?P<value>[^\s"'`\\]{6,64})\1"""
)
_PAIRED = re.compile(
    rb"""["'](?:[ \t]{0,4}(?:,|value[ \t]?=)[ \t]{0,4}|,?\s{1,40}["']?[vV]alue["']?[ \t]{0,8}[:=][ \t]{0,8})"""
    rb"""[bBuUrR@LN]?(["'`])(?P<value>[^\s"'`\\]{6,64})\1"""
)
"""`define('DB_PASSWORD', '…')`, `put("password", "…")`, `<add key="Password" value="…"/>`, and names and
values of a list (`"name": "DB_PASSWORD", "value": "…"`)."""
_BESIDE = re.compile(rb"</name>\s{0,40}<value>(?P<value>[^\s<>]{6,64})</value>")
"""Hadoop's properties."""
_WRITTEN = re.compile(
    rb"""=(?P<value>[^\s"'`$(){}<>\[\];,|&\\=]{6,64})(?=["'`]|[ \t](?:host|hostaddr|port|user|dbname|database|sslmode|schema)=)"""
)
"""Within a literal: a variable for a container, a field of libpq's strings."""
_DEFAULT = re.compile(rb"""(?::[-=]?|[-=])(?P<value>[^\s"'`${}?+][^\s"'`${}]{5,63})\}""")
"""What stands for a variable that is not set."""
_EXPANDS = re.compile(rb"\$\{[\w.-]{0,40}\Z")
_SQL = re.compile(
    rb"""(?i)\b(?:identified[ \t]+(?:with[ \t]+["'\w]+[ \t]+)?by(?:[ \t]+password)?|password)[ \t]+N?(["'])([^\s"'\\]{6,64})\1"""
)
_TAG = re.compile(rb"<(?:[\w.:-]*[.:_-])?(?:[\w]*[Pp]assword|[Pp]assphrase|[Pp]asswd|pwd)>([^\s<>]{6,64})</")
"""An element of XML; in capitals it would be the sentinel."""
_CONNECTION = re.compile(rb"""(?i);[ \t]*(?:password|pwd)[ \t]?=[ \t]?([^\s;"'<>{}$%\\]{6,64})(?=[;"'])""")
"""A field of ODBC's and ADO's strings."""
_SHELL = re.compile(
    rb"""(?:PASSWORD|PASSWD|PASSPHRASE|PWD|_PASS)=([^\s"'`$(){}<>;,|&\\]{5,63}[^\s"'`$(){}<>\[\];,|&\\])[ \t]*\r?(?:\n|\Z)"""
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
    rb"(?i)[a-z][a-z0-9+.-]*://.*|\d+/[a-z\d/,]*[a-z]|[a-z]*host\d*|[a-z]\w*controller@\w+|[^/]+/[gi]"
    rb"|\{?(?:scram|pbkdf2|argon2\w*|bcrypt|scrypt|ssha\d*|sha-?\d+|md5)\}?(?:[-_$:].*)?"
)
"""An address, how often (`5/m/ip`), a host, an action of Laravel's, the end of sed's, or a name of what
encodes passwords, and what it made."""
_ASKS = re.compile(rb"(?i)(?:get|find|fetch|load|look_?up|has|is|need|parse|forgot|ask|prompt)\w*\Z")
"""Before a call's parenthesis: what it is given is the name of a password."""
_NAME = re.compile(
    rb"[A-Za-z]+(?:[_.-][A-Za-z]+)+(?:[_-]?\d{1,2})?|[A-Za-z_][\w.]*\(\)|[\w.-]+\.[a-z]{2,}:\d+"
)
"""A name in code, a call, or a host and its port."""
_SUGGESTED = re.compile(rb"(?=.*\d)(?=.*[A-Z])(?:[A-Za-z\d]{6}-){2}[A-Za-z\d]{6}")
"""What a keychain suggests for a password."""
_SAYS_SO = re.compile(rb"(?i)\w+(?:-\w+)*[-_](?:password|passphrase|passwd|pass|pwd|pw|secret)\d{0,3}")
"""A value that says what it is (`test-p12-password`, `alice_1_pw`)."""
_VARIABLE = re.compile(rb"(?s)\s:['\"]\Z")
"""What stands before a variable of psql's, in quotes (`PASSWORD :'pw'`)."""
_GOES_ON = re.compile(rb"(?<=[\"'`])[ \t]*(?:\+[ \t]*|[ \t]\.[ \t])[A-Za-z_$]")
"""A variable is added to the literal."""
_DIGEST = re.compile(rb"(?:md5|\*)?[0-9a-fA-F]{32,}|(?:[0-9a-fA-F]{2}:){15,}[0-9a-fA-F]{2}")
_RULE = re.compile(
    rb"(?i)(?:required|max|min|len|gt|lt|gte|lte|eq|size|length|regex|matches|same|confirmed)\b.*[,=(:|]|(?:[a-z_]{2,}(?::[\w,]+)?\|){1,8}[a-z_]{2,}(?::[\w,]+)?\Z"
)
"""What a validator wants of a password (`binding:"MaxSize(255)"`)."""


_TAILS = (_ASSIGNED, _PAIRED, _BESIDE, _WRITTEN, _DEFAULT)
"""What follows a password's name."""
_RULES: tuple[tuple[re.Pattern[bytes], int, tuple[bytes, ...]], ...] = (
    (_SQL, 2, (b"identified", b"password ", b"password\t")), (_TAG, 1, (b"</",)),
    (_CONNECTION, 1, (b"pwd=", b"password=", b"pwd =", b"password =")), (_SHELL, 1, (b"=",)),
)  # fmt: skip
"""(expression, the group of the value, of which one has to be there, in lower case)"""


def in_url(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the password of the first URL of `text[start:end]` with one stands, unless it is a common one,
    or one for a host of documentation."""
    url = _URL.search(text, start, end)
    if url is None or _NOBODYS.match(text, url.end() - 1) or is_common(url[2], url[1]):
        return None
    return url.span(2)


def assigned(text: bytes, start: int, end: int, named: int) -> list[tuple[int, int]]:
    """Where passwords stand that `text[start:end]` assigns, as a literal or as a variable of a shell; their
    names end before `named`."""
    found, lowered, last = [], text[start:end].lower(), whole(text, end)
    for name in NAME.finditer(text, start, named):
        for tail in _TAILS:
            match = tail.match(text, name.end(), last)
            if match is None or (name["called"] is None and not is_strong(match["value"])):
                continue
            if tail is _DEFAULT and not _EXPANDS.search(text, max(0, name.start() - 44), name.start()):
                continue
            found.append((name.start(), *match.span("value")))
    for rule, group, needed in _RULES:
        if any(word in lowered for word in needed):
            found += [(match.start(), *match.span(group)) for match in rule.finditer(text, start, last)]
    places = dict.fromkeys(
        (first, after)
        for begin, first, after in found
        if looks_so(text[first:after]) and _is_given(text, start, begin, first, after)
    )
    return list(places)


def _is_given(text: bytes, start: int, begin: int, first: int, after: int) -> bool:
    """Whether what stands at (first, after), behind a name at `begin`, is a value and all of it."""
    asks = b"(" in text[begin:first] and _ASKS.search(text, max(start, begin - 40), begin)
    return not asks and not _GOES_ON.match(text, after + 1) and not _VARIABLE.search(text, start, first)


def whole(text: bytes, end: int) -> int:
    """Where the line ends that `end` cuts, so that no part of a value is taken for all of it."""
    cut = text.find(b"\n", end, end + 256)
    return cut if cut >= 0 else min(end + 256, len(text))


def is_common(value: bytes, user: bytes = b"") -> bool:
    """Whether a password is a placeholder, a name or a common word, or the user's name."""
    plain = re.sub(rb"%[0-9A-Fa-f]{2}", b"", value)
    word = re.sub(r"[^a-z]", "", plain.decode(errors="replace").lower())
    if (
        _PLACEHOLDER.search(value)
        or (_NAME.fullmatch(value) and not _SUGGESTED.fullmatch(value))
        or _DIGEST.fullmatch(value)
        or _NO_SECRET.fullmatch(value)
        or _SAYS_SO.fullmatch(value)
        or _CHANGE.fullmatch(_END.sub(b"", value).translate(_SPELLED))
    ):
        return True
    if value == user or not word or word in WORDS or _FILLER.fullmatch(word):
        return True
    return len(plain) < 6 and plain.isalpha()


def looks_so(value: bytes) -> bool:
    """Whether a literal has a password's look: letters with digits, or with signs and both cases."""
    if is_common(value) or _RULE.match(value):
        return False
    digits, signs = re.search(rb"\d", value), re.findall(rb"[!@#$%^&*+=?~/]", value)
    mixed = re.search(rb"[a-z]", value) and re.search(rb"[A-Z]", value)
    return bool(digits or len(signs) > 1 or (signs and mixed))


def is_strong(value: bytes) -> bool:
    """Whether a value has letters of both cases or signs, and digits."""
    letters = re.search(rb"[a-z]", value) and re.search(
        rb"[A-Z]|[a-z].*[!@#$%^&*+=?~]|[!@#$%^&*+=?~].*[a-z]", value
    )
    return bool(letters and re.search(rb"\d", value))
