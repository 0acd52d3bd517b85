"""Licence headers are cut off before an annotator reads: they open most files of some languages, and say
nothing of code.

Of the comments that open a file, all up to the last that speaks of a licence go; comments after it, and
files whose opening speaks of none, stay as they are. The trade-off: one regular expression over the whole
column (RE2, in time linear in the header), so comments are told by their marks, not by the language's
grammar; a documentation comment that stands before the licence, or runs into it without an empty line, goes
with it.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_SAYS = (
    r"(?i:copyright|\(c\) [12]\d{3}|licen[cs]e|SPDX-|all rights reserved|redistribut|warrant(?:y|ies)"
    r"|permission is hereby granted)"
)
_INSIDE = r"(?:[^*]|\*+[^*/])*"
_LINE = r"(?://|--|;|#(?:[ \t#!*=-]|$))[^\n]*"
_BLOCK = rf"/\*{_INSIDE}\*+/"
_SAYING = (
    rf"(?:/\*{_INSIDE}{_SAYS}{_INSIDE}\*+/"
    rf"|(?://|--|;|#[ \t#!*=-])[^\n]*{_SAYS}[^\n]*(?:\n[ \t]*{_LINE})*)"
)
HEADER = rf"(?m)\A(?:\s*(?:{_BLOCK}|{_LINE}))*\s*{_SAYING}[ \t]*\n?"


def cut(content: pa.Array) -> pa.Array:
    """The texts (large_string) without their licence headers.

    >>> cut(pa.array(["// Copyright 2020 A\\n// MIT License\\n\\n// Adds.\\nint f();"], pa.large_string()))[0].as_py()
    '\\n// Adds.\\nint f();'
    """  # noqa: W505
    opened = pc.match_substring_regex(content, HEADER)
    shorter = pc.replace_substring_regex(content.filter(opened), HEADER, "")  # once: it has \\A
    return pc.replace_with_mask(content, opened, shorter)
