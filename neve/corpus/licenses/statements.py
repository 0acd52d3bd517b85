"""What the text of one file says of its own licence: SPDX lines anywhere in it, else a notice in the
comments at its head.

A notice counts only in a comment, whatever the language: a program that writes licences is not under them.
The trade-off: comments are recognised by their marks at the beginning of a line, without knowing the
language; what follows code on a line is not looked at, nor is a notice further down than HEAD_BYTES.

Source: the REUSE specification 3.3 for SPDX lines, ignored sections and snippets.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from neve.corpus.licenses import comments, names, notices, spdx
from neve.corpus.licenses.notices import Statement
from neve.corpus.licenses.spdx import UNREAD
from neve.corpus.text import unmarked

HEAD_BYTES = 6 << 10
"""Bytes into a file within which a notice begins."""
NOTICE_BYTES = 16 << 10
"""How far it may reach."""

SPDX_MARK = "SPDX-License-Identifier:"
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9(][A-Za-z0-9.+():/ \t-]*)")
_SPDX_BEFORE = re.compile(
    r"""(?i)(dnl\b|rem\b|c(?:omment)?[ \t]|[\s#/*;%!<>{(.@:=|+\[⍝$\\-]|["'](?=\s)|^')*|[^"'`]*\s(?://+|\#+|/\*+|--+|;+|%+)[ \t]*"""
)
"""What may stand before it on its line: marks of a comment, also after code, but no opening quote."""
_POINTS = re.compile(r"(?i)see (?:the )?licen[cs]e in\W{1,4}([\w./@+-]+)")
"""What npm writes in the place of a name, and people in SPDX lines."""
DECLARED_MARKS = ("module_license", '("license")', 'license: "')
DECLARED_BYTES = 4 << 10
"""Beside the first NOTICE_BYTES, where such a declaration is looked for: at a file's end."""
_DECLARED = re.compile(
    r'(?m)^[ \t]*MODULE_LICENSE\s*\(\s*"([^"\n]+)"\s*\)|^[^"/*\n]*\b(?:SEC|section)\s*\(\s*"license"\s*\)[\w\s(),]*=\s*"([^"\n]+)"|^[ \t]*module\w*!\s*\{[^}]{0,2000}?\blicense:\s*b?"([^"\n]+)"'
)
"""What a module tells the kernel of itself: in C, in BPF, in Rust. Its own notice, where it has one, is more
precise."""
_KERNELS = re.compile(r"\bGPL\b(?: v2| and additional rights)?")
"""The kernel's words for GPL 2."""
_IGNORED = re.compile(r"REUSE-IgnoreStart.*?(?:REUSE-IgnoreEnd|\Z)", re.S)
SPEAKS = (
    "licens", "licenc", "rights reserved", "right reserved", "confidential", "proprietary", "public domain", "general public", "gpl",
    "permission is", "permission to use", "hereby granted", "redistribut", "not distribut", "not for distribution", "trade secret", "internal use", "unauthori", "disclosure", "not be", "not to be",
    "terms of the", "vorbehalten", "vertraulich", "reservados", "confidencial", "confidentiel", "droits r", "版权所有", "版權所有", "机密", "機密", "社外秘", "無断",
    "prohibit", "forbidden", "use only", "purposes only", "reference only", "solely for", "source-available", "property of", "before using", "research only", "personal use", "commercial use", "evaluation only", "cc by", "cc-by", "mpl-2", "mpl 2", "epl-2", "epl 2", "cddl", "eupl", "sspl", "cc0", "may not use", "commercial purpose", "agreement", "non-profit", "nonprofit", "许可", "許可", "許諾", "禁止", "仅供", "лицензи", "защищены", "запрещен", "конфиденциальн", "lizenz", "licenz", "licença", "riservati", "proibid", "무단", "영업비밀", "대외비", "zastrze", "saklıdır",
    "voorbehouden", "vertrouwelijk", "publieke lic", "konfiden", "ensamrätt", "får ej", "fortrolig", "forbeholdes", "reservert", "luottamuksel", "pidätetään", "vyhrazena", "důvěrn", "veřejn", "fenntartva", "bizalmas", "confidenț",
    "rezervate", "licencj", "genel kamu", "공중 사용", "ліцензі", "конфіденц", "захищен", "заборонен", "επιφύλαξη", "εμπιστευτικ", "απαγορεύεται", "δημόσιας", "nghiêm cấm", "bản quyền", "giấy phép", "הזכויות", "الحقوق",
)  # fmt: skip
"""Words of a file that speaks of a licence."""
PARAGRAPH = (*SPEAKS, "warrant", "liab", "as is", "as-is", "copyright notice", "neither the name", "endorse", "disclaim", "free software", "permission")  # fmt: skip
"""Words of the paragraphs that belong to a notice."""
_RESERVED = re.compile(r"(?i)all rights? reserved")
_COPYRIGHT = re.compile(
    r"(?:\b[Cc]opyright\b|\bCOPYRIGHT\b|©|\([cC]\)|&copy;)(?:\s*(?:\b[Cc]opyright\b|©|\([cC]\)|&copy;|:))*\s*(?=[<\[(]?(?:\d{4}|\{)|[Bb]y\b|©)|©\s*|&copy;\s*|"
    r"^\W*[Cc]opyright\s+(?:\([cC]\)\s*)?(?=[A-Z])(?!Licen|Notice|Holder|Owner|Grant|And|HOLDER|OWNER)|\bCopyright\s*\([cC]\)\s*"
)
"""What stands before the holder of a copyright."""


class Head(NamedTuple):
    """A file that may speak of a licence, as far as it is read."""

    content: bytes
    """Whole where it is marked."""
    marked: bool
    """Whether it has one, or tells a kernel of its licence."""
    mask: int
    """The words of PARAGRAPH that it has, a bit each."""


def read(head: Head) -> tuple[Statement, frozenset[str]] | None:
    """(what a file says of its own licence, the holders that it names where it reserves all rights and says
    no more), None where it says nothing."""
    text = _text(head.content, head.marked)
    words = PARAGRAPH if is_wide(head.content) else [w for i, w in enumerate(PARAGRAPH) if head.mask >> i & 1]
    said = _spdx(text) or notices.read(_notice(text, words))
    if head.marked and said.license is None:
        said = _declared(text) or said
    if said == _NOTHING:
        return None
    return said, holders(text[:HEAD_BYTES]) if said.reserved else frozenset[str]()


def read_beside(content: bytes) -> Statement:
    """What a file beside another one (`x.py.license`) says: its SPDX lines, or its text as a notice."""
    text = _text(content, whole=True)
    return _spdx(text) or notices.read(text[:NOTICE_BYTES])


def holders(text: str) -> frozenset[str]:
    """Words by which copyright lines name their holders, in lower case."""
    found: set[str] = set()
    for line in text.splitlines():
        if match := _COPYRIGHT.search(line):
            rest = _RESERVED.sub(" ", line[match.end() :])
            found |= {word for word in re.findall(r"[^\W\d_]{2,}", rest.lower()) if word not in _NO_HOLDER}
    return frozenset(found)


_NO_HOLDER = frozenset(
    """inc ltd llc corp corporation company co gmbh ag sa bv the and or its of by in for all rights reserved copyright
    license present authors author contributors others et al affiliates subsidiaries team project year yyyy name owner
    holder holders full fullname com org www http https mailto""".split()  # noqa: SIM905
)
_NOTHING = Statement()


def is_wide(content: bytes) -> bool:
    return _codec(content) is not None


def _codec(content: bytes) -> str | None:
    """The codec of a text in UTF-16 or UTF-32, which its mark or its NULs tell."""
    marked = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return "utf-16" if marked else unmarked(content)


def _text(content: bytes, whole: bool) -> str:
    """A file's text, its head alone unless it bears an SPDX line; ignored sections are left out."""
    if codec := _codec(content):
        return (content if whole else content[: 2 * NOTICE_BYTES]).decode(codec, "replace")
    text = (content if whole else content[:NOTICE_BYTES]).decode("utf-8", "replace")
    return _IGNORED.sub("", text) if "REUSE-Ignore" in text else text


def _spdx(text: str) -> Statement | None:
    """All SPDX lines of a file; several hold together. One that points to a file is as good as that file."""
    if SPDX_MARK not in text:
        return None
    found = []
    for match in _SPDX.finditer(text):
        before = text.rfind("\n", 0, match.start()) + 1
        if _SPDX_BEFORE.fullmatch(text, before, match.start()):
            if pointed := _POINTS.match(text, match.start(1)):
                return Statement(UNREAD, pointed[1].rstrip("."))
            found.append(_written(match[1]))
    known = [license for license in found if license]
    return Statement(spdx.join(known, "AND")) if known else None


def _declared(text: str) -> Statement | None:
    """What a module tells the kernel that it is under."""
    told = (next(filter(None, match.groups())) for match in _DECLARED.finditer(text))
    found = [license for each in told if (license := names.read(_KERNELS.sub("GPL-2.0-only", each)))]
    return Statement(spdx.join(list(dict.fromkeys(found)), "AND")) if found else None


@lru_cache(4096)
def _written(value: str) -> str | None:
    """Expression written in an SPDX line; one word that is no identifier is a licence that nobody knows."""
    value = value.strip(" \t-/")
    word = re.fullmatch(r"[A-Za-z0-9.+-]+", value)
    return names.normalise(value) or (f"LicenseRef-{value.rstrip('+')}" if word else None)


def _notice(text: str, words: Sequence[str]) -> str:
    """The paragraphs of the comments in a file's head that speak of a licence, without the holders of
    copyright; `words`: those of PARAGRAPH that the text has."""
    head = text[:HEAD_BYTES].lower()
    last = max((head.rfind(word) for word in words if word in SPEAKS), default=-1)
    found = []
    for lines in comments.paragraphs(text[:NOTICE_BYTES], last) if last >= 0 else ():
        paragraph = "\n".join(lines)
        lowered = " ".join(paragraph.lower().split())
        claims = "©" in lowered or "opyright" in lowered or "(c)" in lowered
        if any(word in lowered for word in words):
            found.append("\n".join(map(_anonymous, lines)) if claims else paragraph)
        elif claims:
            found.append("Copyright.")  # another notice may begin here
    return "\n\n".join(found)


def _anonymous(line: str) -> str:
    """A line of copyright without its holder, so that equal notices of many holders are one."""
    if not _COPYRIGHT.search(line) or _LICENSE_BESIDE.search(line):
        return line
    return "Copyright. All rights reserved." if _RESERVED.search(line) else "Copyright."


_LICENSE_BESIDE = re.compile(
    r"(?i)licen[cs]e|free for|only|agreement|may not|confiden|vertraulich|prohib|interdit|untersagt|verboten|gestattet|proprietary|notice|permission|warrant|holder|owner|distribut|claim|public domain|gpl|конфиденц|запрещ|禁止|vietat|proibid|무단|zabronion|izinsiz|kopier|verspreid|kopír|kopioi|másol|αντιγραφ|sao chép|копію|העתיק|نسخ|interzis|licenc|lisans|licentie|ліценз"
)
