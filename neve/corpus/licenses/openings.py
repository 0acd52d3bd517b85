"""Texts without the notices of licence and copyright that they open with: these open most files of some
languages, and say nothing of code.

Of the comments before the first code (docstrings too; `<?php`, include guards and the like are passed over)
the statements that speak of a licence go, and a comment of which nothing is left goes whole. What explains
the code stays, also between two notices or in one docstring with them. A statement is a few lines: it ends
with a sentence at a line's end, and a copyright is one of its own. Words that are no notice by themselves
("see the license", an author's name) go where they stand beside one. The trade-off: comments are told by
their marks, not by a grammar; where a line holds a notice and something else, both stay.

Texts that name no licence are sifted out over the whole column; the comments at the head of the others are
read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.licenses.comments import MARKS, Line, lines
from neve.corpus.licenses.expressions import Expression

HEAD = 1 << 16
"""Characters of a text that are read for notices; a comment that is longer stays."""
CACHED = 1 << 12
"""Statements that are judged once: notices are the same in many files."""
_MAY = r"(?i)copyright|\(c\)|©|licen[cs]|spdx|all rights|redistribut|permission|public domain|[al]?gpl"
_SHORT, _LONG = (
    r"MIT|BSD|ISC|Unlicense|WTFPL|CC0|[AL]?GPL|MPL|EPL|CDDL",
    r"X11|Apache|Boost|zlib|Mozilla|Eclipse|Artistic|Python|PSF",
)
_STRONG = Expression(
    r"(?:\bcopyright(?:ed)?\b[\s:,-]*(?:\(c\)|©|&copy;|\d{4}|by\b|notice\b|holders?\b|owners?\b)|\bcopyright\b[\s:]+(?=(?-i:[A-Z]))"
    r"|\(c\)[\s:,]*(?:copyright[\s:,]*)?(?:[12]\d{3}|by\b)|©\W*(?:\d{4}|(?-i:[A-Z]))|\ball rights reserved\b|\bspdx-|@(?:license|licence|copyright)\b"
    r"|^\W*licen[cs]e[ds]?\s*:|\blicen[cs]ed (?:under|to|by|for use|as)\b|\bunder (?:a|an|the)?\W*(?:terms\b|same licen|following licen)"
    r"|\bgeneral public licen[cs]e\b|\bpublic licen[cs]e\b|\bpermission (?:is (?:\w+ )?granted|to (?:use,? )?copy)\b|\bhereby granted\b|\bredistribution and use\b|\bredistributions? (?:of source|in binary)\b"
    r"|\bredistribute it and\b|\bis free software\b|\bthe implied warranty|\bwithout (?:any )?(?:express |implied )?warrant|\bprovided\W+as[- ]is\b|\bmerchantability\b"
    r"|\b(?:in|into|to) the public domain\b|^\W*public domain\b|\bprior written permission\b|\bheld liable\b|\bmust not be misrepresented\b|\bplainly marked as such\b"
    r"|\bconfidential and proprietary\b|\bproprietary and confidential\b|\b(?:copyright|permission) notice\b)"
    rf"|\bunder (?:the |an? )?(?:terms of (?:the )?)?(?-i:{_SHORT})\b|\b(?-i:{_SHORT}|{_LONG})(?:[ -](?:style|like))?[ -]?(?:\(?v?[\d.]+\)? )?licen[cs]e"
    r"|\bthe \W?(?-i:License|LICENSE|COPYING|UNLICENSE)\b|\b(?:see|in) (?:the )?(?:\w+ )?(?-i:LICEN[CS]E|COPYING|NOTICE)\b|(?-i:\bAS IS\b|\bNONINFRINGEMENT\b)"
)
"""A notice by itself."""
_WEAK = Expression(
    r"licen[cs]|copyright|warrant|\bliab|redistribut|\bdamages\b|\bpermi(?:t|ssion)|\bconditions\b|\bnotices?\b|\b(?:this|the|original) software\b|\backnowledg"
    r"|\bendorse|\bfree software\b|\bcontributors?\b|\bthis (?:file|module|code|program|work) is (?:part of|a part)\b|\ball rights\b|\btrademark|\bmisrepresent"
    r"|^@?(?:the )?(?:original )?(?:author|contact|maintainer|e-?mail|written by|contributed by|modified by|created by)s?\b|^[^<>]{1,80}<[\w.+-]+(?:@| at )[\w.-]+>\W?$|^\W?https?://\S+$"
)
"""A notice where it stands beside one."""
_BEGINS = re.compile(
    r"(?:Portions )?(?:Copyright|COPYRIGHT|copyright:?\s+(?:\(|©|\d))|\([cC]\)\s*(?:\d|[Bb]y\b|Copyright)|©|[@:]\w|SPDX-|Licen[cs]ed\b|(?i:licen[cs]e)\s*:|Permission (?:is|to)\b|Redistribution"
    r"|(?:Released|Distributed|Published|Provided) under\b|This (?:file|program|software|source|code|library|module|work)\b|All [Rr]ights|See (?:the )?(?i:licen[cs]e|copyright|copying|notice)|[A-Z]\w*\s*:\s|Authors?\b|[-•]\s|\(?[\da-z][.)]\s"
)
"""A line with which a statement begins, whatever stands before it."""
_HOLDS = re.compile(
    r"(?i)[:@]?(?:(?:portions )?copyright\b(?! notice)|\(c\)|©|spdx-|licen[cs]e\s*:).*[^,&-]$"
)
"""A line that is a notice, whole unless the next goes on with it."""
_GOES_ON = re.compile(
    r"(?:[&(]|\d{4}|(?:and|by|of|the|for|to|or|et|en|und|der|reserved|All rights|ALL RIGHTS|Inc|Ltd|LLC)\b)"
)
_NUMBER = re.compile(r"\A(?:[-•]|\(?[\dabd-zABD-Z][.)])\s+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_FEW = 4
"""Words of the shortest sentence that counts beside a notice."""
_MARK = re.compile(r"#!|\W*(?:(?:en)?coding[:=]|(?:vim?|ex):)")
"""A line for the system or an editor; it goes with a notice below it. Emacs's stands between two `-*-`."""
_WORD = re.compile(r"\w")
_DIRECTIVE = re.compile(
    r"\s*#(?:!?\[|(?:include|import|define|undef|if|ifdef|ifndef|elif|else|endif|pragma|error|warning|line|using|region|endregion|nullable|require|load|r)\b)"
)
"""Code that looks like a comment by its mark."""
_PASSED = (
    r"<\?(?:php\b|hh\b|xml[^>]*>)?|<!(?i:doctype)[^>]*>|<html[^>]*>|<%@[^%]*%>|['\"]use \w+['\"];?|declare\([^)\n]*\);|#pragma once|#[ \t]*ifndef[ \t]+\w+|#[ \t]*if[ \t]+!defined[ \t(]*\w+\)?"
    r"|#[ \t]*define[ \t]+\w+(?=[ \t\r]*(?:\n|\Z))|package[ \t]+[\w.]+;?|@charset[^\n;]*;|@(?i:echo off)|syntax[ \t]*=[^\n;]*;"
)
_PASSES = re.compile(rf"\s*(?:{_PASSED})\s*$")
_FIRST = re.compile(rf"\ufeff?(?:#![^\n]*\n\s*(?=<\?))?(?:\s*(?:{_PASSED}))*[ \t]*\r?\n?")
"""What may stand before a notice."""


def cut(content: pa.Array) -> pa.Array:
    """The texts (large_string) without the notices that they open with.

    >>> cut(pa.array(["// Copyright 2020 A\\n// MIT License\\n\\n// Adds.\\nint f();"], pa.large_string()))[0].as_py()
    '\\n// Adds.\\nint f();'
    """  # noqa: W505
    may = pc.fill_null(pc.match_substring_regex(content, _MAY), False)
    if not pc.any(may).as_py():
        return content
    shorter = [without(text) for text in content.filter(may).to_pylist()]
    return pc.replace_with_mask(content, may, pa.array(shorter, content.type))


def without(text: str) -> str:
    """A text without the notices that it opens with.

    >>> without('<?php\\n/* Copyright 2020 A */\\nf();\\n')
    '<?php\\nf();\\n'
    """
    first = _FIRST.match(text)
    begin = first.end() if first else 0
    parts = list(_parts(text[begin : begin + HEAD]))
    cut_off = sum(len(_whole(part)) for part in parts) == HEAD
    if parts and (cut_off or (parts[-1][-1].block and not parts[-1][-1].after)):
        parts.pop()  # who knows where it ends
    kept = [_cut(part) for part in parts]
    cuts = [at for at, (part, piece) in enumerate(zip(parts, kept, strict=True)) if piece != _whole(part)]
    if not cuts:
        return text
    for at in range(cuts[-1]):
        if all(_for_a_tool(line) for line in parts[at]):
            kept[at] = ""
        elif kept[at + 1] == "" and not _whole(parts[at]).strip():
            kept[at] = ""  # the empty lines above what went
    read = begin + sum(len(_whole(part)) for part in parts)
    return text[:begin] + "".join(kept) + text[read:]


def _parts(text: str) -> Iterator[list[Line]]:
    """The lines before the first code: those of each comment, of what is empty, and of what may stand before
    a notice."""
    part: list[Line] = []
    kind: object = None
    for line in lines(text):
        code = line.inner is None or (line.block == 0 and _DIRECTIVE.match(line.raw) is not None)
        if code and not _PASSES.match(line.raw):
            break
        now: tuple[object, ...] = ("code" if code else "lines" if line.raw.strip() else "empty",)
        if line.block:
            now = ("box", len(line.raw.rstrip())) if _one(line) else ("block", line.block)
        if part and now != kind:
            yield part
            part = []
        part.append(line)
        kind = now
        if line.after and line.raw[line.after :].strip():
            break
    if part:
        yield part


def _whole(part: Sequence[Line]) -> str:
    return "".join(line.raw + line.end for line in part)


def _said(line: Line) -> str:
    """Its words; a point of a list keeps its mark, since it begins a statement."""
    words = line.inner.strip(MARKS) if line.inner else ""
    return f"- {words}" if words and line.inner and line.inner.lstrip(" \t*").startswith("- ") else words


def _for_a_tool(line: Line) -> bool:
    raw = line.raw.strip()
    first, last = raw.find("-*-"), raw.rfind("-*-")
    if first + 2 < last and not _WORD.search(raw[:first] + raw[last:]):
        return True
    return _MARK.match(raw) is not None


def _one(line: Line) -> bool:
    """Whether a block begins and ends in a line; several of a length make a box."""
    return line.after > 0 and bool(line.raw[: line.left].strip())


def _cut(part: Sequence[Line]) -> str:
    """The text of a comment without its notices; nothing but what follows it, where nothing else is said."""
    gone = _notices([_said(line) for line in part])
    if not gone:
        return _whole(part)
    left = [at for at, line in enumerate(part) if at not in gone and _said(line)]
    if all(_for_a_tool(part[at]) for at in left):
        after = part[-1].raw[part[-1].after :] if part[-1].after else ""
        return after + part[-1].end if after.strip() else ""
    for at in range(1, len(part)):
        if at - 1 in gone and not part[at].after and not _said(part[at]):
            gone.add(at)  # the empty lines below a notice
    return "".join(_emptied(line) if at in gone else line.raw + line.end for at, line in enumerate(part))


def _emptied(line: Line) -> str:
    """What is left of a line without its words: where a block begins or ends, its marks."""
    if _one(line):
        return ""
    if line.after:
        return line.raw[: line.left] + line.raw[line.right :] + line.end
    return line.raw[: line.left] + line.end if line.block and line.raw[: line.left].strip() else ""


def _notices(said: Sequence[str]) -> set[int]:
    """Which of a comment's lines are notices."""
    statements = list(_statements(said))
    strength = [_strength(" ".join(said[at] for at in one)) for one in statements]
    notice = [value == 2 for value in strength]
    for order in (range(len(statements)), range(len(statements) - 1, -1, -1)):
        beside = False
        for at in order:
            notice[at] = beside = notice[at] or (beside and strength[at] == 1)
    return {at for one, is_one in zip(statements, notice, strict=True) if is_one for at in one}


def _statements(said: Sequence[str]) -> Iterator[list[int]]:
    """The lines of each statement."""
    one: list[int] = []
    for at, line in enumerate(said):
        if one and (not line or _ended(said[one[-1]], line)):
            yield one
            one = []
        if line:
            one.append(at)
    if one:
        yield one


def _ended(line: str, following: str) -> bool:
    """Whether a statement ends with a line."""
    if _HOLDS.match(line) and not _GOES_ON.match(following):
        return True
    return line[-1] in ".!?:;" or _BEGINS.match(following) is not None


@lru_cache(CACHED)
def _strength(statement: str) -> int:
    """2: a notice; 1: one beside one; 0: something else, or a notice beside something else."""
    if not _STRONG.search(statement):
        return 1 if _WEAK.search(statement) else 0
    sentences = _SENTENCE.split(_NUMBER.sub("", statement))
    pure = all(
        (at and len(one.split()) < _FEW) or _STRONG.search(one) or _WEAK.search(one)
        for at, one in enumerate(sentences)
    )
    return 2 if pure else 0
