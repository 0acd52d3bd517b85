"""The comments of a program in any language, recognised by their marks at the beginning of a line.

The trade-off: there is no lexer, and the language is not asked for. A comment after code on the same line is
missed, and a string that begins a line as a docstring does counts as a comment.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

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


_MARKS = " \t*#/;%|!-+=~"
_CODE = frozenset(string.ascii_letters + string.digits) - set("bcdrsuBCDRSU")
"""No comment begins with these (but with "dnl", "rem", "c", a literal's prefix)."""


def paragraphs(text: str, until: int) -> Iterator[list[str]]:
    """The lines of each paragraph of comments, without marks, to the first code after position `until`."""
    lines: list[str] = []
    closes, at, deeper = "", 0, -1
    raws = text.split("\n")
    for number, raw in enumerate(raws):
        line, begins = raw.strip(), at
        at += len(raw) + 1
        inner: str | None = ""
        if deeper >= 0 and line and _indent(raw) <= deeper:
            deeper = -1
        if closes:
            inner, end, _ = line.partition(closes)
            closes = "" if end else closes
        elif not line:
            pass
        elif deeper >= 0:
            inner = line
        elif line[0] in _CODE:
            inner = None
        elif marked := _USUAL.match(line):
            inner = _unmarked(line, marked)
        elif opened := _OPENS.match(line) or (number == 0 and _FIRST.match(text)) or None:
            closes = _CLOSES[opened.lastindex or 0] or "}"
            inner, end, _ = line[opened.end() :].partition(closes)
            closes = "" if end else closes
        elif line == "###" and not any(
            each.startswith("#")
            for each in (*raws[max(0, number - 1) : number], *raws[number + 1 : number + 2])
        ):  # CoffeeScript's; elsewhere a ruler
            closes = line
        elif opened := _INDENTED.match(line):
            inner, deeper = line[opened.end() :], _indent(raw)
        elif marked := _LINE.match(line):
            inner = _unmarked(line, marked)
        elif dunder := _DUNDER.match(line):
            inner = f"License: {dunder[1]}"
        else:
            inner = None  # code
        said = inner.strip(_MARKS) if inner else ""
        if inner and "+" in inner and f"{said}+" == inner.strip():  # GPLv3+
            said += "+"
        if said:
            lines.append(said)
        elif lines:
            yield lines
            lines = []
        if inner is None and begins > until:
            return
    if lines:
        yield lines


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unmarked(line: str, marked: re.Match[str]) -> str:
    """A line of comment without its mark, nor the mark once more, left by a reflow."""
    return line[marked.end() :].replace(f" {marked[0]} ", " ")
