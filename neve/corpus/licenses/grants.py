"""Free licences whose words vary: a grant and its conditions, read clause by clause.

The classifier knows texts; people change them: HPND with another name and another order, BSD with a clause
less, "may be freely copied and modified", the Python licence between other parties. Such a text is a grant
(GRANTS) with conditions after it (CONDITIONS), each from a table of wordings that ask for no more than
notices, names and marks of change. Any name fits where a name stands; all else has to agree.

The trade-off: a condition that no wording fits leaves the whole not understood, however free it is; what
follows the last condition is left to whoever asks, who looks there for words that forbid.

Source: the wordings of the SPDX list's HPND, MIT, BSD, NCSA, PSF and Qhull families, and of Debian's
copyright files.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from neve.corpus.licenses.expressions import Expression

PERMISSIVE = "LicenseRef-Permissive"
"""A free grant in words of its own, without a name."""
SENTENCES = 4
"""No condition has more."""

_NO_NAME = r"(?!(?:must|shall|pay|fees?|only|non|(?:non)?commercial(?:ly)?|personal|academic|educational|evaluation|internal|purposes?)(?!\S))"
_NAME = rf"(?:{_NO_NAME}\S+ ){{0,14}}?{_NO_NAME}\S+"
_WORK = (
    r"(?:(?:all or )?(?:any )?(?:parts?|portions) of )?(?:(?:this|the|these|said|above|of) )*(?:(?!(?:is|may|for|with|and|or) )\S+ ){0,2}?(?:software|programs?|packages?|files?|code|works?|library|routines?|material|functions?|"
    r"source|data|modules?|scripts?|headers?|fonts?)(?: code| files?)?(?: (?:or portions thereof|(?:or|and) any part of it|in whole or in part|in source (?:and|or) binary forms?|(?:(?:or|and|its|the|this|any|related|associated|accompanying|supporting) )*documentation(?: files?)?))*"
)
_VERB = (
    r"(?:use|copy|modify|alter|distribute|redistribute|sell|sublicen[cs]e|publish|reproduce|merge|translate|perform|display|make|prepare|create|change|adapt|incorporate|licen[cs]e|"
    r"derivative works?|copies|modified versions?|of|it|them|and|or|freely|to|otherwise)"
)
_DONE = r"(?:used|copied|modified|altered|distributed|redistributed|sold|sublicensed|published|reproduced|changed|adapted|incorporated|freely|and|or|be)"
_ANY = (
    r"(?: (?:for any purposes?(?: whatsoever)?|for any use|for (?:both )?(?:commercial (?:and|or) non ?commercial|non ?commercial (?:and|or) commercial) (?:use|purposes?)|with or without fee|royalty free|and|or|by anyone|"
    r"free of (?:any )?charge|without (?:any )?(?:fee|charge|restrictions?|limitations?|royalty|written agreement|a signed licensing agreement)(?: of any kind)?|or fee of any kind|with or without modifications?|in any medium(?: physical or electronic)?|in whole or in part))*"
)
_ADJ = r"(?:(?:the|this|these|those|all|any|original|above|below|following|accompanying|entire|associated|complete|both|that|said|same|its|our|existing|a|copy|copies|of|text|and|or|s|in|entirety|also|copyright|permission|license|list) )*"
_NOTICE = rf"{_ADJ}(?:copyrights?|permission|licen[cs]e|notices?|disclaimers?|conditions|attribution|authorship|comments?|header|statement|paragraphs?|text file|warranty|terms)(?: s)?(?: (?:and|or|{_ADJ}) ?(?:notices?|disclaimers?|conditions|warranty|terms|permission|s))*"
_WHERE = (
    r"(?: (?:in|on|with|within|from|along|together|to|at|by|of|all|any|every|each|both|copies|copy|source|code|files?|portions|substantial|the|this|these|such|software|program|package|supporting|associated|"
    r"related|documentation|documents|and|or|materials?|distributions?|redistributions?|derivatives?|works?|versions?|modified|thereof|modifications?|its|other|accompanying|binary|object|forms?|provided|"
    r"which|that|you|make|it|redistribute|distribute|intact|unaltered|unchanged|unmodified|verbatim|prominently|conspicuously|appropriately|top|beginning|immediately|without|modification|complete|list|following|disclaimers?|in its entirety|including|(?:disclaimers?|exclusion) of warrant(?:y|ies)))*"
)
_BE = r"(?:(?:must|shall|should|will|is|are|be|to|also|not) )*"
_AGREEMENT = r"(?:this |\S+ )?(?:\S+ ){0,3}?licen[cs]e agreement"
GRANTS = {
    "hpnd": rf"permission to (?:{_VERB} )+{_WORK}{_ANY} is (?:hereby )?(?:freely )?granted{_ANY}|"
    rf"hereby grants? permission{_ANY} to (?:{_VERB} )+{_WORK}{_ANY}|permission is (?:hereby )?granted{_ANY}(?: to (?:anyone|any person|everyone|all))? to (?:{_VERB} )+{_WORK}{_ANY}",
    "mit": r"permission is hereby granted free of charge to any person obtaining a copy of {n} to (?:deal|use)(?: in| with)? {n} without restriction including without limitation the rights to "
    rf"(?:{_VERB} )+{{n}} and to permit persons to whom {{n}} (?:is|are) (?:furnished|provided) to do so",
    "bsd": rf"(?:redistribution|distribution|modification)(?: modification)? and (?:use|redistribution) (?:of {_WORK} )?(?:in (?:both )?source(?: code)?(?: and| or)+ binary(?: executables?)? forms? )?(?:of (?:the|this|these) (?:theme|template|plugin|extension|font|{_WORK}) )?(?:with or without modifications? )?"
    rf"(?:is |are )?(?:freely |hereby )?(?:permitted|allowed|granted){_ANY}",
    "free": rf"(?:(?:copyright stuff )?\S+ is free of restrictions )?(?:(?:may|can) be (?:{_DONE} )*{_DONE}|(?:you|anyone|everybody|everyone) (?:may|can|are free to|is free to) (?:{_VERB} )*{_VERB}(?: {_WORK})?){_ANY}",
    "psf": r"hereby grants licensee an? non ?exclusive royalty free world ?wide licen[cs]e to reproduce analyze test perform and or display publicly prepare derivative works distribute and otherwise use {n} alone or in "
    r"any derivative version provided however that (?:\S+ ){1,40}?(?:is|are) retained in {n} alone or in any derivative version prepared by licensee",
}  # fmt: skip
"""Kind -> the words of the grant; {n} stands for a name."""
BEFORE = {
    "hpnd": r"(?:the following terms apply to all files associated with the software unless explicitly disclaimed in individual files the authors |by obtaining using (?:and )?or copying this software (?:and or its associated documentation )?you agree that you have read understood and will comply with the following terms and conditions )",
    "psf": rf"(?:(?:1 )?this licen[cs]e agreement is between (?:\S+ ){{1,30}}?and the individual or organization licensee accessing and otherwise using {{n}} in source or binary form and its associated documentation(?: the software)? )?"
    rf"(?:2 )?subject to the terms and conditions of {_AGREEMENT} (?:\S+ ){{1,6}}",
}  # fmt: skip
"""Kind -> the words that lead to the grant."""
CONDITIONS = (
    rf"{_NOTICE} {_BE}(?:appears?|included?|retained?|remains?|preserved?|reproduced?|duplicated?|kept|left|removed|altered|changed|distributed|present|intact)(?: or (?:removed|altered|modified))?{_WHERE}",
    rf"(?:any |all )?(?:re)?distributions? (?:(?:of|in|the|any|modified|original) )*(?:source|binary|object|executable)(?: code| files?| forms?| versions?| or| and| binary| executable)* (?:(?:must|shall|should) )?(?:also )?"
    rf"(?:retain|reproduce|include|contain|preserve|duplicate|be accompanied by) {_NOTICE}{_WHERE}",
    rf"(?:(?:you|distributors|users|licensees?|they|must|shall) )*(?:retain|include|reproduce|preserve|keep|duplicate|leave) {_NOTICE}{_WHERE}",
    r"(?:neither |except as contained in this notice )?(?:the )?(?:names?|trademarks?) (?:s )?{n} (?:(?:may|shall|must|will|can|is|are|be) )*(?:not )?(?:to )?(?:be )?used (?:in|to|for|as)(?: any| otherwise)? (?:advertising|publicity|endors\w+|promot\w+)…",
    r"{n} (?:may|shall|must|can) not be used (?:in|to|for) (?:advertising|publicity|endors\w+|promot\w+)…",
    r"(?:any |all )?(?:altered|modified|derived|derivative|changed) (?:source )?(?:versions?|files?|works?|copies|software) (?:must|shall|should) (?:be|carry)(?: plainly| clearly)? (?:marked|prominent notices)…",
    r"(?:if )?(?:you modify (?:\S+ ){1,3}?|any files are modified )you must (?:label|mark|include a notice|cause the modified files to carry)…",
    r"(?:an )?(?:acknowledge?ment|due credit|credit|proper attribution|attribution) (?:is|be|shall be) (?:given|made) to…",
    r"all advertising materials mentioning features or use of this software must display the following acknowledge?ment this product includes software developed by…",
    r"+(?:the )?origin of this (?:software|source code|library) must not be misrepresented(?: you must not claim that you wrote the original (?:software|source code))?(?: if you use this software in a product an acknowledge?ment in the product documentation would be appreciated but is not required)?",
    r"indicate the origin and nature of any modifications",
    r"(?:removed|deleted|rescinded|no longer valid)…",
    r"+(?:a )?copy of this text file must be distributed along with any copies of {n} that you redistribute this includes copies that you have modified or copies of programs or other software products that include {n}",
    r"when distributing modified versions of {n} or other software products that include {n} you must provide notice that the original source code may be obtained as noted above",
    r"+there is no warranty or other guarantee of fitness for {n} it is provided solely as is(?: bug reports or fixes may be sent to (?:\S+ ){1,4}the authors may or may not act on them as they desire)?",
    r"in the event licensee prepares a derivative work that is based on or incorporates {n} and wants to make the derivative work available to (?:others|the public) as provided herein then licensee hereby agrees to (?:include|indicate) in any such work "
    r"(?:a brief summary of the changes made to|the nature of the modifications made to)…",
    r"{n} is making {n} available to licensee on an as is basis", r"(?:by way of example but not limitation )?{n} makes? no (?:and disclaims any )?representations? or warrant(?:y|ies)…",
    r"{n} shall not be liable to licensee or any other users? of {n} for any…",
    rf"{_AGREEMENT} will automatically terminate upon a material breach of its terms and conditions",
    rf"nothing in {_AGREEMENT} shall be deemed to create any relationship of agency partnership or joint venture between {{n}} and licensee",
    rf"{_AGREEMENT} does not grant permission to use {{n}} trademarks? or trade names? in a trademark sense to endorse or promote (?:the )?products or services of licensee or any third party",
    rf"{_AGREEMENT} shall be governed by and interpreted in all respects by the law of the state of {{n}} excluding conflict of law provisions",
    r"(?:as )?an exception the beopen python logos available at {n} may be used according to the permissions granted on that web page",
    r"+(?:alternate?ly )?in lieu of {n} agreement licensee may substitute the following text omitting the quotes python 1.6.1 is made available subject to the terms and conditions in {n} this agreement together with python "
    r"1.6.1 may be located on the internet using the following unique persistent identifier {n} this agreement may also be obtained from a proxy server on the internet using the following url…",
    rf"{_AGREEMENT} shall be governed by the federal intellectual property law of the united states including without limitation the federal copyright law…",
    rf"notwithstanding the foregoing with regard to derivative works based on python 1.6.1 that incorporate non separable material that was previously distributed under the gnu general public license gpl the law of the commonwealth of virginia shall govern {_AGREEMENT} only as to…",
    rf"(?:by clicking on the accept button where indicated or )?by copying installing or otherwise using {{n}} licensee agrees to be bound by the terms and conditions of {_AGREEMENT}",
)  # fmt: skip
"""What a free licence may ask for; … stands for the rest of the sentence, + for several sentences."""
_BETWEEN = re.compile(
    r"(?:(?:provided|on|under|subject|to|as|so|long|if|only|and|or|that|also|is|are|met|the|following|conditions?|restrictions?|requirements?|further|furthermore|then|with|[0-9a-e]|i{1,3}|iv) )*"
)
_OPENS = re.compile(
    r"(?:\S+ ){0,12}?(?:conditions?|restrictions?|requirements?|provided|subject|long as|if|unless|except)\b"
)
_ITEM = re.compile(r"[\s\"'*.;)]*\n\s*(?:\(?(?:\d{1,2}|[a-h]|i{1,3}|iv)[.)]|[*•-])\s")
_STOP = re.compile(r"[\"'”’`*_)]*(?:[.;](?!\w)|\W*\Z|[^\w\n]*\n[^\w\n]*\n)")
_ASKS = re.compile(
    r"(?! no )(?=.*\b(?:must|shall|may not|required?s?|has to|have to)\b)(?!.*\b(?:no event|liab\w+|warrant\w+)\b)"
)
"""A sentence that asks for more and is no disclaimer."""
_TELLTALE = Expression(r"permission|distribution|\b(?:may|can)\b|free of restrictions|hereby grants|free to")


def _compiled(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{words.replace('{n}', _NAME).replace('…', '')})(?!\S)")


_GRANTS = {kind: _compiled(words) for kind, words in GRANTS.items()}
_BEFORE = {kind: re.compile(f"(?<!\\S)(?:{words.replace('{n}', _NAME)})$") for kind, words in BEFORE.items()}
_CONDITIONS = [
    (_compiled(words.removeprefix("+")), words.endswith("…"), words.startswith("+")) for words in CONDITIONS
]


class _Words(NamedTuple):
    """A text as its words in lower case, a space between two."""

    flat: str
    ends: list[int]
    """Where each word ends in `flat`."""
    places: list[tuple[int, int]]
    """Where each word stands in the text."""
    stops: list[int]
    """The words' ends at which a sentence or a paragraph ends."""

    def start(self, at: int) -> int:
        """Place in the text of the word that begins at `at` in `flat`."""
        return self.places[bisect_right(self.ends, at)][0]

    def end(self, at: int) -> int:
        """Place in the text where the word ends that ends at or before `at` in `flat`."""
        return self.places[bisect_right(self.ends, at) - 1][1]


def take(text: str) -> tuple[list[str], str]:
    """(licences of the grants in `text`, the text without them); a grant with a condition that is not known
    stays in the text.

    >>> take("You may use, copy and modify this program, as long as this notice is kept. Bye.")
    (['LicenseRef-Permissive'], '\\n\\n. Bye.')
    """
    if not _TELLTALE.search(text):
        return [], text
    found: list[str] = []
    rest: list[str] = []
    at = 0
    for start, end, license in sorted(_regions(text)):
        if start >= at:
            found.append(license)
            rest.append(text[at:start])
            at = end
    return found, "\n\n".join([*rest, text[at:]])


def _words(text: str) -> _Words:
    parts, ends, places, stops, at = [], [], [], [], 0
    for match in re.finditer(r"[^\W_]+(?:[.@'’&-][^\W_]+)*", text):
        parts.append(match[0].lower().replace("-", " "))
        at += len(parts[-1])
        ends.append(at)
        places.append(match.span())
        if _STOP.match(text, match.end()) and not re.fullmatch(
            r"\d{1,2}|[a-h]|i{1,3}|(?:\w\.)+\w", parts[-1]
        ):
            stops.append(at)
        at += 1
    return _Words(" ".join(parts), ends, places, stops)


def _regions(text: str) -> list[tuple[int, int, str]]:
    words = _words(text)
    found = []
    for kind, pattern in _GRANTS.items():
        for grant in pattern.finditer(words.flat):
            grant = _within(words, pattern, grant)
            end, count = _conditions(words, grant.end())
            if not _is_whole(text, words, grant.end(), end, count):
                continue
            start = grant.start()
            if kind in _BEFORE and (lead := _BEFORE[kind].search(words.flat, max(0, start - 900), start)):
                start = lead.start()
            if license := _named(kind, grant[0], words.flat[start:end], words.flat[:start]):
                found.append((words.start(start), words.end(end), license))
    return found


def _within(words: _Words, pattern: re.Pattern[str], grant: re.Match[str]) -> re.Match[str]:
    """The grant without the beginning of a sentence that follows it."""
    inside = words.stops[bisect_right(words.stops, grant.start()) : bisect_left(words.stops, grant.end())]
    each = (pattern.match(words.flat, grant.start(), stop) for stop in reversed(inside))
    return next((match for match in each if match), grant)


def _is_whole(text: str, words: _Words, grant: int, end: int, count: int) -> bool:
    """Whether nothing more is asked after the `count` conditions that end at `end`, of a grant that ends at
    `grant`."""
    at = bisect_left(words.stops, end)
    if at == len(words.stops) or words.stops[at] != end:
        return False
    after = words.flat[end : words.stops[at + 1]] if at + 1 < len(words.stops) else ""
    if count == 0:
        return grant in words.stops or not _OPENS.match(words.flat, grant + 1)
    return not _ASKS.match(after) and not _ITEM.match(text, words.end(end))


def _conditions(words: _Words, at: int) -> tuple[int, int]:
    """(where the conditions after `at` end, how many there are)"""
    count = 0
    while True:
        between = _BETWEEN.match(words.flat, at + 1)
        start = between.end() if between else at + 1
        met = []
        stops = words.stops[bisect_right(words.stops, start) :][:SENTENCES]
        for pattern, whole, long in _CONDITIONS:
            tried = stops if long else stops[:1]
            if match := next((m for stop in tried if (m := pattern.match(words.flat, start, stop))), None):
                end = len(match[0].rstrip()) + start
                met.append(stops[bisect_left(stops, end)] if whole else end)
        if not met:
            return at, count
        at, count = max(met), count + 1


def _named(kind: str, grant: str, whole: str, before: str) -> str | None:
    """SPDX identifier of a grant with its conditions; None where it does not grant enough."""
    if kind == "psf":
        return "PSF-2.0"
    if kind == "mit":
        return "NCSA" if "redistributions of source" in whole else "MIT"
    if kind == "bsd":
        if "all advertising materials" in whole:
            return "BSD-4-Clause"
        return "BSD-3-Clause" if re.search(r"endorse|promote|advertising", whole) else "BSD-2-Clause"
    if not re.search(r"modif|alter|chang|derivative|adapt", grant):
        return None
    if kind == "free":
        return "Qhull" if "qhull" in before + whole else PERMISSIVE
    if "existing copyright notices are retained" in whole:
        return "TCL"
    if whole.startswith("by obtaining"):
        return "MIT-CMU"
    return "HPND-sell-variant" if re.search(r"\bsell\b", grant) else "HPND"
