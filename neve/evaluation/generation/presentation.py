"""Code as people and pages present it, as code again: entities of HTML, spaces that do not break, the new
side of a diff, numbered lines.

This is what stands around the characters of a program, not a mending of them. It is asked only where an
answer has no program otherwise, so that a program that writes HTML or reads a diff is left alone.
"""

from __future__ import annotations

import html
import re
import textwrap
from itertools import groupby

ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{2,4}|#x[0-9a-fA-F]{2,4});")
NAMES = frozenset({"lt", "gt", "amp", "quot", "apos", "nbsp"})
"""What entities look like to Python's parser (`a &lt; b` is `a & lt` and `b`)."""
_SPACES = {ord(space): " " for space in "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"} | dict.fromkeys(
    map(ord, "\u200b\u200c\u2060\ufeff")
)
_NUMBERED = re.compile(r"[ \t]*(\d{1,5})(?:[ \t]?[:|.)│┃→]|(?=[ \t]|$))(.*)", re.DOTALL)
_HUNK = re.compile(r"^@@[^\n]*@@|^\+(?!\+\+)[ \t]*(?:async def|def|class)\b", re.MULTILINE)
_OLD = re.compile(r"-(?!--)|---[ \t]|\+\+\+[ \t]|@@|diff --git |index [0-9a-f]+\.\.|\\ No newline")


def plain(text: str) -> str:
    r"""A text without what only presents it; itself where nothing does.

    >>> plain("+def f(a, b):\n+\u00a0   return a &lt; b\n-    return 1\n")
    'def f(a, b):\n    return a < b\n'
    """
    text = html.unescape(text) if ENTITY.search(text) else text
    return unnumbered(new_side(text.translate(_SPACES)))


def new_side(text: str) -> str:
    """What a diff leaves of a text: its added lines, and those around them."""
    if not _HUNK.search(text):
        return text
    lines = (line for line in text.split("\n") if not _OLD.match(line))
    return "\n".join(line[1:] if line[:1] in ("+", " ") else line for line in lines)


def unnumbered(text: str) -> str:
    """Lines without the numbers before them, where they count up one by one."""
    found = [(_NUMBERED.match(line), line) for line in text.split("\n")]
    numbers = [int(match[1]) if match else -1 for match, _ in found]
    lines: list[str] = []
    for (counted, _), group in groupby(enumerate(numbers), lambda pair: (pair[1] >= 0, pair[1] - pair[0])):
        rows = [row for row, _ in group]
        if counted and len(rows) > 1:
            lines += textwrap.dedent("\n".join(found[row][0][2] for row in rows)).split("\n")  # type: ignore[index]
        else:
            lines += [found[row][1] for row in rows]
    return "\n".join(lines)
