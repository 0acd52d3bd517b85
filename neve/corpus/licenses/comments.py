"""The comments of a program in any language, recognised by their marks at the beginning of a line.

The trade-off: there is no lexer, and the language is not asked for. A comment after code on the same line is
missed, and a string that begins a line as a docstring does counts as a comment.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import NamedTuple

_BLOCKS = {
    r"/\*+!?": "*/", r"<!--+": "-->", r"\(\*+": "*)", r"\{-": "-}", r"=begin": "=end", r"=(?:pod|head\d)": "=cut", r"\#\|": "|#", r"%\{": "%}",
    r"\{\#": "#}", r"<%(?:--|\#)": "%>", r"<\#--+": "-->", r"<\#(?=\s|$)": "#>", r"/\++": "+/", r"@\*": "*@", r"\{\{!--": "--}}", r"\{%-?\s*comment": "endcomment",
    r"<%doc>": "</%doc>", r"\#=(?=\s|$)(?!.*=$)": "=#", r"\#\[(?=\s|$)": "]#", r"(?:@\w*doc\s+(?:~[sS])?|[rRuUbB]{0,2})\"{3}": '"""', r"[rRuUbB]{0,2}'{3}": "'''",
    **{rf"(?:--|\#)\[{'=' * n}\[": f"]{'=' * n}]" for n in range(4)},
}  # fmt: skip
"""How a comment, or a text that is no code, opens and closes."""
_OPENS = re.compile("|".join(f"({opening})" for opening in _BLOCKS))
_CLOSES = ("", *_BLOCKS.values())
_FIRST = re.compile(r"\{(?=[\s*=-]*[A-Z(*])")
"""Pascal's comment, where a text begins with it."""
_INDENTED = re.compile(r"(?:\.\.|-\#|//-|/)(?=\s|$)")
"""Opens a comment of the line and of what is indented below it."""
_LINE = re.compile(
    r"""(?://+!?|\#+!?|;+|--+|%+|\*+[!>]?(?=\s|/|$)|!+\$?(?=\s|$)|⍝|['"](?=\s|$)|dnl\b|@?rem\b|::|\.?\\"|@c(?:omment)?\b|[cC](?=\s{2,}|$)|\\(?=\s)|\|(?=\s))""",
    re.I,
)
_USUAL = re.compile(r"(?:#+|//+|;+)(?=[ \t])")
"""Of these the ones that most lines begin with, where no block opens: asked first."""
_DUNDER = re.compile(r"""__licen[cs]e__\s*=\s*\(?["']{1,3}([^"'\n]{1,200})""")


MARKS = " \t*#/;%|!-+=~"
_CODE = frozenset(string.ascii_letters + string.digits) - set("bcdrsuBCDRSU")
"""No comment begins with these (but with "dnl", "rem", "c", a literal's prefix)."""


class Line(NamedTuple):
    """A line of a text, and where in it the words of a comment stand."""

    begin: int
    """Its place in the text."""
    raw: str
    end: str
    """The line's end; empty in the last."""
    inner: str | None
    """What it says without the marks; empty where it is blank; None: code."""
    left: int = 0
    right: int = 0
    """In a block's line: the bounds of `inner` in `raw`."""
    block: int = 0
    """Which block of the text it belongs to, counted from 1; 0: none."""
    after: int = 0
    """Where in `raw` the block has ended; 0: it goes on."""


def lines(text: str, rulers: bool = True) -> Iterator[Line]:
    """The lines of a text, told into comments and code.

    Without `rulers` a line `/*****/` opens a block that goes on to the next mark of an end.
    """
    closes, at, deeper, block = "", 0, -1, 0
    raws = text.split("\n")
    for number, raw in enumerate(raws):
        line, ending = raw.strip(), "\n" if number < len(raws) - 1 else ""
        begin, at = at, at + len(raw) + 1
        if deeper >= 0 and line and _indent(raw) <= deeper:
            deeper = -1
        if closes:
            inner, end, _ = line.partition(closes)
            closes = "" if end else closes
            left = _indent(raw)
            yield Line(begin, raw, ending, inner, left, *_bounds(left, inner, block, end))
        elif not line:
            yield Line(begin, raw, ending, "")
        elif deeper >= 0:
            yield Line(begin, raw, ending, line)
        elif line[0] in _CODE:
            yield Line(begin, raw, ending, None)
        elif marked := _USUAL.match(line):
            yield Line(begin, raw, ending, _unmarked(line, marked))
        elif opened := _OPENS.match(line) or (number == 0 and _FIRST.match(text)) or None:
            closes = _CLOSES[opened.lastindex or 0] or "}"
            begins = opened.end()
            if rulers and line.startswith(closes[1:], begins) and line[begins - 1] == closes[0]:
                begins -= 1  # the mark of the beginning took of that of the end
            inner, end, _ = line[begins:].partition(closes)
            closes = "" if end else closes
            block, left = block + 1, _indent(raw) + begins
            yield Line(begin, raw, ending, inner, left, *_bounds(left, inner, block, end))
        elif line == "###" and not any(
            each.startswith("#")
            for each in (*raws[max(0, number - 1) : number], *raws[number + 1 : number + 2])
        ):  # CoffeeScript's; elsewhere a ruler
            closes, block = line, block + 1
            yield Line(begin, raw, ending, "", len(raw), len(raw), block)
        elif opened := _INDENTED.match(line):
            deeper = _indent(raw)
            yield Line(begin, raw, ending, line[opened.end() :])
        else:
            marked = _LINE.match(line)
            yield Line(begin, raw, ending, _unmarked(line, marked) if marked else None)


def _bounds(left: int, inner: str, block: int, end: str) -> tuple[int, int, int]:
    """Of a block's line: where its words end, the block, and where that has ended."""
    right = left + len(inner)
    return right, block, right + len(end) if end else 0


def paragraphs(text: str, until: int) -> Iterator[list[str]]:
    """The lines of each paragraph of comments, without marks, to the first code after position `until`."""
    found: list[str] = []
    for line in lines(text, rulers=False):
        inner = line.inner
        if inner is None and (dunder := _DUNDER.match(line.raw.strip())):
            inner = f"License: {dunder[1]}"
        said = inner.strip(MARKS) if inner else ""
        if inner and "+" in inner and f"{said}+" == inner.strip():  # GPLv3+
            said += "+"
        if said:
            found.append(said)
        elif found:
            yield found
            found = []
        if inner is None and line.begin > until:
            return
    if found:
        yield found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unmarked(line: str, marked: re.Match[str]) -> str:
    """A line of comment without its mark, nor the mark once more, left by a reflow."""
    return line[marked.end() :].replace(f" {marked[0]} ", " ")
