"""Keys that betterleaks has no rule for, or loses by its look at entropy: by a form that is one vendor's
alone, or by the name that a framework gives its key.

A form (Tailscale's, Firebase's, Entra's) is enough. A name (`SECRET_KEY`, `APP_KEY`, WordPress's salts) is
not: people write `SECRET_KEY = "change-me-in-production-2020"`, so what stands there has to look drawn at
random. The trade-off: a key of words, however secret, stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FORMS = re.compile(
    rb"\btskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{6,40}-[A-Za-z0-9]{16,64}"  # Tailscale
    rb"|\b[A-Za-z0-9_-]{8,24}:APA91b[A-Za-z0-9_-]{100,200}"  # Firebase's servers and devices
    rb"|(?<![\w~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~.-])"  # a client of Entra (Azure AD)
)
_NAMED = re.compile(
    rb"""(?i:\bSECRET_KEY)\b["']?\]?\)?[ \t]{0,8}(?::[ \t]{0,4}str[ \t]{0,4}=|[:=,(]|value=){1,2}[ \t]{0,8}(?:[\w.]{1,40}[ \t]{0,4}[(\[][^"'\n]{0,40}(?:["']\w{1,40}["'][^"'\n]{0,24})?)?[bru]?(["'])([^\s"'\\]{20,128})\1"""
    rb"""|^[ \t]*(?:export[ \t]+)?[A-Z_]*SECRET_KEY=((?!\$[({])[^\s"'`\\]{20,128})[ \t]*\r?$"""
    rb"""|(?i:APP_KEY)\b[^\n]{0,40}?(base64:[A-Za-z0-9+/]{43}=)"""
    rb"""|(?:(?:\b|_)AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT)["']?[ \t]{0,8}[,=:][ \t]{0,24}(["'])([^"'\n\\]{60,80})\5""",
    re.M,
)
"""Django's and Flask's, Laravel's, WordPress's."""
_PREFIX = re.compile(rb"django-insecure-")
_WORDY = re.compile(
    rb"<[a-z_ -]{4,}>|\{\{|\$\{|\$\(|%\(|(?i:x{4}|abcdef|012345|123456|test|example|change|replace|insert|your|dummy|secret|placeholder|phrase)"
)
"""A word or a counted row within: somebody made it up, or says what belongs there."""
_CLASS = re.compile(rb"[a-z]+|[A-Z]+|\d+|[^A-Za-z\d_.-]+")
_CLASSES, _DISTINCT = 8, 12
"""Runs of one kind of character, and different ones, that a key drawn at random has."""


def find(text: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where such keys stand in `text[start:end]`."""
    for match in _FORMS.finditer(text, start, end):
        yield match.span()
    for match in _NAMED.finditer(text, start, end):
        group = next(group for group in (2, 3, 4, 6) if match[group])
        if _is_random(match[group]):
            yield match.span(group)


def _is_random(value: bytes) -> bool:
    """Whether no person wrote it."""
    drawn = _PREFIX.sub(b"", value).removeprefix(b"base64:")
    return (
        not _WORDY.search(drawn) and len(_CLASS.findall(drawn)) >= _CLASSES and len(set(drawn)) >= _DISTINCT
    )
