"""Licence files: which licences a text holds, what is added to them, and which folders it speaks of by name.

The texts themselves are found by licenseclassifier, a port of Google's licensecheck over the SPDX list. The
words around them decide what they mean: a sentence that names a folder or a file is a rule for that path
alone ("everything under ee/ is under ee/LICENSE"), a tree of paths with licences in brackets is a rule a
line, words that forbid make the whole not understood ("you may not sell"), and everything else (names,
thanks, tables of contents) changes nothing.

The trade-off: several texts in one file all hold, unless words beside them say that one may choose; a path
that is named without a licence that is known is not understood, so that files there pass only by closer
evidence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import NamedTuple

from neve.corpus.licenses import grants, names, notice_patterns, notices, policy, spdx, statements
from neve.corpus.licenses.notices import Statement
from neve.corpus.licenses.spdx import PROPRIETARY, UNREAD
from neve.corpus.text import readable

FILE_BYTES = 256 << 10
"""A longer licence file is not read: it is a collection of other people's licences."""

_URL = re.compile(r"https?://\S*?/(?:tree|blob)/[^/\s]+/([\w./@*-]+)|https?://\S+|www\.\S+|\S+@\S+")
_PATH = re.compile(
    r"""(?<![\w:/.-])(\.?/?[A-Za-z_@*][\w.@*+-]*(?:/[\w.@*+-]+)+/?|\.?/?[A-Za-z_@*][\w.@*+-]*/)(?![\w/])"""
)
_QUOTED = re.compile(
    r"""["'`“]([A-Za-z_@*][\w.@*+-]*)["'`”]\s+(?:folder|director|sub-?director|subtree)|(?:folder|directory|directories|subdirectory)\s+["'`“]([A-Za-z_@*][\w.@*+-]*)["'`”]"""
)
_TREE = re.compile(
    r"^([ \t|+`-]*)(/[\w.@*+-]*(?:/[\w.@*+-]+)*)[ \t]*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?[ \t]*$"
)
_LIMITS = notice_patterns.any_of(
    *notice_patterns.LOOK_ONLY, r"\bnot licen[cs]ed (?:for|to)\b", r"commons clause", r"\b(?:competing|permitted) (?:use|purpose)", r"\bcompet(?:e|es|ing)(?: product| offering| service)?s? with\b", r"\bgrant of future licen[cs]e",
    r"\b(?<!\bor )(?:may|must|shall|can) ?not\b(?! (?:be )?(?:appl|hold|exceed|all))", r"\b(?:may|can) only\b",
    r"\bnot (?:be )?(?:use|used|sell|sold|resold|distribute|distributed|redistributed|copied|permitted|allowed|granted)\b",
    r"\bonly be used\b", r"\bbe used only\b", r"\bfor use (?:only|on)\b", r"\bonly for (?:use|personal|internal|non)", r"\bnon-?commercial",
    r"\bcommercial licen[cs]e", r"\bfor commercial\b", r"\bprohibited", r"\bforbidden", r"\bproprietary\b(?! (?:derivative|program|application|product|work)s)", r"\bconfidential", r"\bsubscription",
    r"\bevaluation (?:only|purposes)", r"\benterprise licen[cs]e", r"\bvalid licen[cs]e", r"\blicen[cs]e agreement\b(?! for\b| version\b)", r"\bgood,? not evil",
    r"\b(?<!available under the )(?<!distributed under the )(?:additional|following|further) (?:terms|conditions|restrictions)", r"\bpermission is hereby", r"\bredistribution and use",
    r"\bpermitted provided", r"\bmilitary", r"\bexcept(?:ion)? (?:for|of|that|as|where)\b(?! (?:\w+ )?(?:contained in this notice|noted|stated|indicated|specified|otherwise))", r"\bpersonal,? (?:or|and|non)",
    r"\bacademic (?:and|use|or) ?(?:use|research)? only", r"\b(?:needs?|requires?|without|ask(?:ing)? for|obtain) (?:\w+ ){0,3}(?:permission|consent)\b",
    r"\b(?:not|contact|purchase|buy|paid|fee)\b.{0,80}\bcommercial (?:use|usage|purpose|product)", r"\bcommercial (?:use|usage|purpose|product)s?\b.{0,80}\b(?:contact|purchase|buy|paid|fee)\b",
)  # fmt: skip
"""What keeps a licence from being itself. The text of the licence is taken out before."""
POINTER_CHARACTERS = 400
"""A longer text that forbids something does more than point to a licence."""
NOTICE_CHARACTERS = 3000
"""A longer text without a licence that is known is no notice, but a licence that nobody knows."""


_MARKS = re.compile(
    r"(?i)\b(?:logos?|trade ?marks?|trade names?|service marks?|brands?|branding|icons?)\b|\bnames? of\b.*\bnot be used (?:in|to|for)\b|\bnot be used in (?:advertising|publicity)\b|"
    r"not use the names? of\b|not (?:alter|remove|modify)\b.*\b(?:copyright|licen[cs]e)\b.*\b(?:notices?|text)\b|\bnot be used in any situation endangering human life"
)
"""What is said of these is not said of the code."""
_TITLE = re.compile(r"(?m)^[\W_]*([A-Z][\w. ]{2,60} Licen[cs]e Agreement)[\W_]*$")
_BELOW = re.compile(r"(?i)\btext of (?:each|the|both) licen[cs]e agreements? (?:is|are) (?:\w+ )?below")
_OTHERS = re.compile(
    r"(?i)permission is hereby|redistribution and use|permitted provided|licen[cs]e agreement|"
    r"following (?:terms|conditions|restrictions)|not sold|except(?:ion)? (?:for|of|that|as|where)"
)
"""What begins another licence's text, and forbids nothing by itself."""
_COMPONENTS = re.compile(
    r"(?im)^.*\b(?:sub-?components?|third[- ]part(?:y|ies)|bundled (?:software|libraries|components)|vendored|dependencies)\b.*$"
)
"""A heading below which other people's licences stand; what they forbid is not said of the rest."""


class Text(NamedTuple):
    """What a licence file says."""

    license: str | None
    """SPDX expression, with UNREAD in it where it is not understood; None where the file says nothing."""
    refers: str | None = None
    """Another file that it points to, where it holds no licence itself."""
    rules: tuple[tuple[str, str], ...] = ()
    """(path or glob below the file's folder, licence) of each path that it speaks of."""
    holders: frozenset[str] = frozenset()
    partly: str | None = None
    """What its understood part holds, where no more than a grant or an agreement in it is not understood."""


def identify(text: bytes) -> str | None:
    """SPDX expression of a licence text: one identifier, or several that all hold; None if it is not
    understood."""
    license = read(text).license
    return None if license is None or UNREAD in license else license


@lru_cache(4096)
def read(content: bytes) -> Text:
    """What the file says; texts are remembered, since identifying takes milliseconds and few differ."""
    if len(content) > FILE_BYTES:
        return Text(UNREAD)
    text = readable(content).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"(?<=[a-z])-\n[ \t]*(?=[a-z])", "", text)  # words broken at a line's end
    found, rest = _regions(text)
    holders = statements.holders(text)
    if not re.search(r"\w", rest) and not found:
        return Text(None)
    rules, rest = _rules(rest)
    rest = _without_titles(rest) if found else rest
    sentences = re.split(r"(?<=[.;:])\s+|\n\s*\n", _COMPONENTS.split(rest)[0] if found else rest)
    flat = [" ".join(each.split()) for each in sentences]
    limits = [each for each in flat if _LIMITS.search(each) and not _MARKS.search(each)]
    if not found:
        said = notices.read(rest.strip()) if len(rest) <= NOTICE_CHARACTERS else Statement(UNREAD)
        license = (
            names.normalise(rest.strip())
            or _elsewhere(rest)
            or said.license
            or (None if said.refers or _says_nothing(rest) else UNREAD)
        )
        if limits and license != PROPRIETARY and (license is not None or len(rest) > POINTER_CHARACTERS):
            license = UNREAD
        return Text(license, said.refers if license is None else None, rules, holders)
    if limits and not all(re.match("[AL]?GPL", license) for license in found):
        forbids = any(_LIMITS.search(_OTHERS.sub(" ", each)) for each in limits)
        return Text(UNREAD, None, rules, holders, None if forbids else spdx.join(found, "AND"))
    operator = "OR" if _is_choice(_COMPONENTS.split(rest)[0], found) else "AND"
    return Text(spdx.join(found, operator), None, rules, holders)


def _without_titles(rest: str) -> str:
    """Without the titles of agreements whose text stands below them, wherever they are named."""
    for title in set(_TITLE.findall(rest)):
        rest = rest.replace(title, " ")
    return _BELOW.sub(" ", rest)


def _regions(text: str) -> tuple[list[str], str]:
    """(licences of the texts that the classifier finds, and of grants in other words; what stands beside
    them)"""
    from licenseclassifier import identify_license

    found: list[str] = []
    rest: list[str] = []
    at = 0
    for match in identify_license(text, 0):
        if match.end - match.start < notices.TEXT_CHARACTERS:
            continue
        found.append(spdx.expression(match.id) or UNREAD)
        rest.append(text[at : match.start])
        at = match.end
    more, beside = grants.take("\n\n".join([*rest, text[at:]]))
    return _stated([*found, *more]), beside


def _stated(found: list[str]) -> list[str]:
    """Licences of a text's regions, each once, of a GNU licence the first only.

    A notice before its terms may say "or any later version"; one after them is an example of such a notice.
    """
    stated: list[str] = []
    for name in found:
        family = re.sub(r"-(only|or-later)$", "-", name)
        if name not in stated and (family == name or not any(other.startswith(family) for other in stated)):
            stated.append(name)
    return stated


def _rules(rest: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """(rules for paths, the text without the sentences that made them)"""
    rules, plain = _tree(rest)
    kept: list[str] = []
    moved: list[tuple[str, str]] = []
    """Where a package may have moved such folders; the paths themselves come later, and so count."""
    over: str | None = None
    for segment in re.split(r"\n\s*\n|\n(?=\s*[-*•]\s)|(?<=[a-z)\"'][.;:])\s+(?=[A-Z])", plain):
        flat = _URL.sub(lambda match: match[1] or " ", " ".join(segment.split()))
        quoted = [first or second for first, second in _QUOTED.findall(flat)]
        paths = [path for path in [*_PATH.findall(flat), *quoted] if not notice_patterns.FILE.fullmatch(path)]
        paths = [path for path in paths if names.normalise(path) is None]  # "BSD/MIT"
        paths = [path for path in paths if path not in ("and/or", "*/", "/*") and re.search(r"\w", path)]
        if not paths or re.search(r"(?i)\boutside\b", flat):
            kept.append(segment)
            continue
        if (
            not re.search(r"\w", _PATH.sub("", flat)) and kept
        ):  # a path alone, in a list below what is said of it
            over = kept.pop() if over is None or kept[-1].rstrip().endswith(":") else over
            flat = over
        anywhere = [f"*/{path}" for path in quoted]
        said = notices.read(flat).license or UNREAD
        excepting = [-1, *(found.start() for found in _EXCEPTING.finditer(flat))]
        ends = [-1, *(found.start() for found in re.finditer(r"[.;:]", flat))]
        for path in [*paths, *anywhere]:
            at = flat.find(path.removeprefix("*/"))
            at = at if at >= 0 else len(flat) - 1  # of a list below
            excepted = excepting[bisect_left(excepting, at) - 1] > ends[bisect_left(ends, at) - 1]
            license = UNREAD if excepted else said
            rules.append((path.removeprefix(".").strip("/"), license))
            folder = path.rstrip("/").rpartition("/")[2]
            if "/" in path.strip("/") and _ENTERPRISE.fullmatch(folder) and not _is_free(license):
                moved.append((f"*/{folder}", license))
    return tuple(dict.fromkeys(rule for rule in [*moved, *rules] if rule[0])), "\n\n".join(kept)


@lru_cache(1024)
def _is_free(license: str) -> bool:
    return policy.permitted(license, "permissive")


_EXCEPTING = re.compile(
    r"(?i)\b(?:except(?:ing|ions?)?|excluding|excludes|apart from|other than|aside from|but not|not including)\b"
)
"""Before a path in the same clause: what is said holds everywhere else."""
_ENTERPRISE = re.compile(r"(?i)ee|enterprise|premium|commercial|proprietary|x-?pack|pro")
"""Folders whose name alone says that they are another edition."""


def _elsewhere(rest: str) -> str | None:
    """The licence of all but some folders, where a file without a licence's text states it ("outside of x,
    under y")."""
    for segment in re.split(r"\n\s*\n|\n(?=\s*[-*•]\s)", rest):
        flat = " ".join(segment.split())
        license = notices.read(flat).license if re.search(r"(?i)\boutside\b", flat) else None
        if license is not None and UNREAD not in license:
            return license
    return None


def _tree(text: str) -> tuple[list[tuple[str, str]], str]:
    """Rules of a tree of paths, a line each, indented below their folder, with a licence in brackets."""
    rules: list[tuple[str, str]] = []
    kept: list[str] = []
    above: list[tuple[int, str]] = []
    for line in text.split("\n"):
        found = _TREE.match(line)
        if not found:
            kept.append(line)
            continue
        depth = len(found[1].expandtabs(4))
        above = [(at, path) for at, path in above if at < depth]
        path = f"{above[-1][1] if above else ''}/{found[2].strip('/')}".rstrip("/")
        above.append((depth, path))
        if found[3] is not None:
            rules.append(
                (path.strip("/"), names.normalise(found[3]) or names.read(found[3].split(",")[0]) or UNREAD)
            )
    return rules, "\n".join(kept)


def _is_choice(rest: str, found: list[str]) -> bool:
    sentences = notice_patterns.NO_CHOICE.sub(" ", " ".join(rest.split())).split(". ")
    own = (each for each in sentences if not notice_patterns.EXCEPTION.search(each))
    return len(found) > 1 and any(notice_patterns.CHOICE.search(each) for each in own)


def _says_nothing(rest: str, reserved: bool = False) -> bool:
    """Whether a text without a licence is no more than names and years; with `reserved` it may reserve all
    rights."""
    lines = [line for line in rest.splitlines() if re.search(r"\w{3}", line)]
    said = all(
        re.search(
            r"(?i)copyright|©|\(c\)|^\W*\(?https?://\S+\W*(?:all rights reserved)?\W*$|^\W*(?:year|owner|organi[sz]ation)\s*:",
            line,
        )
        for line in lines
    )
    return said and (reserved or not re.search(r"(?i)reserved", rest))


_HOLDER = re.compile(
    r"(?i)(?!.*(?:licen|permi|free|distribut|use|rights|propriet|confiden|agree))[\w ,.&'()-]{3,120}\s*"
)
"""A name and nothing else."""


def names_holders(content: bytes) -> bool:
    """Whether a file (COPYRIGHT) only names holders, whose rights the licence beside or above it
    speaks of."""
    short = len(content) < NOTICE_CHARACTERS
    text = readable(content)
    return short and (_says_nothing(text, reserved=True) or bool(_HOLDER.fullmatch(text)))
