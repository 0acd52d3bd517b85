"""The comments of a program in any language, recognised by their marks at the beginning of a line.

The trade-off: there is no lexer, and the language is not asked for. A comment after code on the same line is
missed, and a string that begins a line as a docstring does counts as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPENS = re.compile(
    r"""(/\*+!?|<!--+|\(\*+|\{-|[rRuUbB]{0,2}(?:\"{3}|'{3})|=begin|=pod|=head\d|--\[=*\[|\#\||%\{|\{\#|<%--|<%\#|<\#(?=\s|$)|/\++|@\*|\{\{!--|\{%-?\s*comment)"""
)
_CLOSES = {
    "/*": "*/", "<!": "--", "(*": "*)", "{-": "-}", "=b": "=end", "=p": "=cut", "=h": "=cut", "--": "]", "#|": "|#", "%{": "%}", "{#": "#}",
    "<%": "%>", "<#": "#>", "/+": "+/", "@*": "*@", "{{": "}}", "{%": "endcomment",
}  # fmt: skip
_LINE = re.compile(
    r"""(?://+!?|\#+!?|;+|--+|%+|\*+(?=\s|/|$)|!+(?=\s|$)|['"](?=\s|$)|dnl\b|@?rem\b|::|\.?\\"|@c(?:omment)?\b|[cC](?=\s{2,}|$)|\.\.(?=\s)|\\(?=\s)|\|(?=\s))""",
    re.I,
)
_DUNDER = re.compile(r"""__licen[cs]e__\s*=\s*["'](.{1,200}?)["']""")


_MARKS = " \t*#/;%|!-+=~"


def paragraphs(text: str, until: int) -> Iterator[list[str]]:
    """The lines of each paragraph of comments, without marks, to the first code after position `until`."""
    lines: list[str] = []
    closes, at = "", 0
    for raw in text.split("\n"):
        line, begins = raw.strip(), at
        at += len(raw) + 1
        inner: str | None = ""
        if closes:
            inner, end, _ = line.partition(closes)
            closes = "" if end else closes
        elif not line:
            pass
        elif opened := _OPENS.match(line):
            mark = opened[1].lstrip("rRuUbB")
            closes = mark if mark[0] in "\"'" else _CLOSES[mark[:2]]
            inner, end, _ = line[opened.end() :].partition(closes)
            closes = "" if end else closes
        elif marked := _LINE.match(line):
            inner = line[marked.end() :]
        elif dunder := _DUNDER.match(line):
            inner = f"License: {dunder[1]}"
        else:
            inner = None  # code
        said = inner.strip(_MARKS) if inner else ""
        if said:
            lines.append(said)
        elif lines:
            yield lines
            lines = []
        if inner is None and begins > until:
            return
    if lines:
        yield lines
