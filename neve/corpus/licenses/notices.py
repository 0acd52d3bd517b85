"""What prose says of a licence: the notice at a file's head, a LICENSE that only names one, a line of
metadata.

Four things are looked for, by the tables of `notice_patterns`: whole licence texts (by the classifier that
licence files go through), GNU's notices, names of licences in a sentence about licences, and words that
forbid. A name is the longest run of words around "license" that `names` knows, so that no grammar of such
sentences is needed.

The trade-off: a sentence that speaks of a licence by a name nobody knows is UNREAD, and so blocks what lies
further up; one that only points to a file (`refers`) leaves the word to that file. "All rights reserved"
alone grants nothing, and forbids nothing that the same holder's licence grants: it is `reserved`, and
whoever asks compares the holders. What an exception adds to a GNU licence is left out: the licence stays
what it is, and who admits it admits it with the exception.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from neve.corpus.licenses import grants, names, policy, spdx
from neve.corpus.licenses import notice_patterns as patterns
from neve.corpus.licenses.spdx import PROPRIETARY, PUBLIC_DOMAIN, UNREAD

TEXT_CHARACTERS = 100
"""A shorter region that the classifier finds is an address or a phrase, no licence's text."""
_BEFORE, _AFTER = 7, 9
"""How many words around "license" may belong to a name."""
_TOKEN = re.compile(r"[\w.+'/()-]*\w[\w.+'/()-]*|[|&]|>=")
_LICENSE = re.compile(r"(?i)\W*(?:licen[cs](?:e|es|ed|ing)|unlicense)\W*")
_SENTENCE = re.compile(r"(?<=[a-z0-9)\"'][.;])\s+(?=[A-Z(*])")
_END = re.compile(r".*[a-z)][.;:]\W*")


class Statement(NamedTuple):
    """What a text says of a licence; all empty where it says nothing."""

    license: str | None = None
    """SPDX expression, with UNREAD in it where something was not understood."""
    refers: str | None = None
    """Name of the file that it points to."""
    reserved: bool = False
    """Whether it reserves all rights, and says no more."""


@lru_cache(16384)
def read(text: str) -> Statement:
    """What `text` (prose without the marks of comments, lines kept) says of a licence.

    >>> read("Licensed under the MIT License.").license, read("See LICENSE.txt for terms.").refers
    ('MIT', 'LICENSE.txt')
    """
    apart = _apart(text)
    if not apart:
        return _read(text)
    first, second = (read(part) for part in apart)
    licenses = [said.license for said in (first, second) if said.license is not None]
    return Statement(
        spdx.join(licenses, "AND") if licenses else None,
        first.refers or second.refers,
        first.reserved and second.reserved,
    )


def _apart(text: str) -> tuple[str, str] | None:
    """Two notices of which one offers a choice of its own and the other a GNU licence: both hold.

    A copyright begins the second one. What a file says before its choice, and what bears an exception, is
    none of the licences that the choice is among.
    """
    begins = [found.start() for found in re.finditer(r"(?:(?<=\n)[ \t]*\n)(?=\S)", text)]
    for at in (at for at in begins if patterns.COPYRIGHT.match(text, at)):
        first, second = text[:at], text[at:]
        for choice, gnu in ((second, first), (first, second)):
            sentences = _SENTENCE.split(" ".join(gnu.split()))
            whole = patterns.GNU_GRANT.search(" ".join(sentences)) and not _offers(sentences)
            excepted = gnu is first or patterns.EXCEPTION.search(gnu)
            if whole and excepted and any(_names_several(each) for each in _offered(choice)):
                return first, second
    return None


def _names_several(sentence: str) -> bool:
    return len({*_gnu(sentence), *(license for license, _ in _named(sentence))}) > 1


def _offered(text: str) -> list[str]:
    """The sentences that offer a choice, but for those that add another licence to one before."""
    sentences = _SENTENCE.split(" ".join(text.split()))
    return [each for each in sentences if _offers([each]) and "lternatively" not in each]


def _read(text: str) -> Statement:
    joined = " ".join(text.split())
    if "in compliance" in joined and patterns.CUT_SHORT.search(joined):
        return Statement(UNREAD)
    texts, rest = _texts(text, joined)
    fields, prose = _fields(rest)
    sentences = _SENTENCE.split(" ".join(prose.split()))
    own = [each for each in sentences if not patterns.EXCEPTION.search(each)]
    sentences = own if _gnu(" ".join(own)) else sentences
    parts = [each for each in sentences if patterns.PART.search(each)]
    flat = " ".join(each for each in sentences if each not in parts)
    named = _named(flat)
    gnu = _gnu(_without_choices(flat, named))
    stated = [*(license for license, _ in named), *_short(flat), *_abbreviated(flat)]
    if any(license != UNREAD for license in (*texts, *stated, *(license for license, _ in fields))):
        fields = [(license, tagged) for license, tagged in fields if not (tagged and license == UNREAD)]
    found = _distinct([*texts, *gnu, *(license for license, _ in fields), *stated])
    of_parts = [
        license
        for each in parts
        for license in (*_gnu(each), *(name for name, _ in _named(each)), *_short(each))
    ]
    of_parts += [license for each in sentences for license in _set_off(each)]
    of_parts = [license for license in of_parts if license in _distinct([*found, *of_parts])]
    whole = " ".join([flat, *parts])
    if (
        not found
        and not of_parts
        and patterns.DEDICATED.search(whole)
        and "not in the public" not in whole.lower()
    ):
        found = [PUBLIC_DOMAIN]
    refers = _reference(whole)
    if found:
        found = [spdx.join(found, "OR" if _is_choice(sentences, named) else "AND")]
    if _unknown(whole) or (not found and refers is None and patterns.TEXT_BEGINS.search(whole)):
        found.append(UNREAD)
    if _forbids(rest, alone=not found and not of_parts and refers is None):
        found.append(PROPRIETARY)
    if found or of_parts:
        return Statement(spdx.join([*found, *of_parts], "AND"), refers)
    return Statement(None, refers, refers is None and bool(patterns.RESERVED.search(whole)))


def _short(flat: str) -> list[str]:
    return [license for pattern, license in patterns.SHORT.items() if pattern.search(flat)]


def _abbreviated(flat: str) -> list[str]:
    """Licences that are named by an abbreviation alone ("under the terms of the MPL 2.0")."""
    found = (
        names.normalise(match[1]) for match in patterns.ABBREVIATED.finditer(flat) if "GPL" not in match[1]
    )
    return [license for license in found if license]


def _set_off(sentence: str) -> list[str]:
    """What asks for more than a notice, and stands in brackets behind what was taken and where from; in
    brackets nothing is granted, so what grants more is left out."""
    found = [match[1] or f"cc-{match[2].replace('/', '-')}" for match in patterns.SHARED.finditer(sentence)]
    if patterns.LINK.search(sentence) or patterns.PART.search(sentence):
        found += [match[1] for match in patterns.BRACKETED.finditer(sentence)]
    licenses = dict.fromkeys(license for each in found if (license := names.normalise(each)))
    return [license for license in licenses if not policy.permitted(license, "permissive")]


def _texts(text: str, flat: str) -> tuple[list[str], str]:
    """(licences whose texts or notices the classifier knows, the text without them)"""
    if not patterns.TELLTALE.search(flat):
        return [], text
    from licenseclassifier import identify_license

    found, rest, at = [], [], 0
    for match in identify_license(text, 0):
        if match.end - match.start >= TEXT_CHARACTERS and (license := spdx.expression(match.id)):
            found.append(license)
            rest.append(text[at : match.start])
            at = match.end
    beside = "\n".join([*rest, text[at:]])
    more, beside = grants.take(beside) if not _short(flat) else ([], beside)
    return [*found, *more], beside


def _gnu(flat: str) -> list[str]:
    """GNU licences that a text names, each with the version and the "or later" that stand next to it."""
    found: dict[str, str] = {}
    for match in patterns.GNU.finditer(flat):
        said = next((group for group in match.groups() if group), "").lower()
        family = {"lesser": "LGPL", "library": "LGPL", "l": "LGPL", "affero": "AGPL", "a": "AGPL"}.get(
            said, "GPL"
        )
        before, after = (
            flat[max(0, match.start() - 60) : match.start()],
            flat[match.start() : match.end() + 200],
        )
        if patterns.DENIED.search(before):
            continue
        version = patterns.VERSION.search(after) or patterns.VERSION.search(before)
        if version is None:
            found.setdefault(family, "")
            continue
        number = next(group for group in version.groups() if group)
        later = "or-later" if patterns.LATER.search(after) else "only"
        name = spdx.current(f"{family}-{number if '.' in number else number + '.0'}-{later}")
        if name and not found.get(family):
            found[family] = name
    if found.get("GPL") == "" and len(found) > 1:  # the LGPL's notice speaks of the GPL too
        del found["GPL"]
    return [license or f"{family}-3.0-only" for family, license in found.items()]


def _fields(text: str) -> tuple[list[tuple[str, bool]], str]:
    """(licences of the lines that state one as a field, and whether by a tag; the text without those that
    state a choice, whose parts are no licences of their own).

    `@license Angular` above a licence is a product's name.
    """
    found, rest, at = [], [], 0
    for match in patterns.FIELD.finditer(text):
        value = re.sub(r"\s*(?:\*/|-->|[*#\"'`,;>\]}]+)\s*$", "", match[1].strip()).strip("\"'`<[{ ")
        value = re.sub(r"(?i)^same (?:licen[cs]e )?as (?:the )?|\.\s+(?-i:[A-Z]).*", "", value)
        if patterns.FILE.search(value) or patterns.LOOSE_FILE.search(f"in {value}"):
            value = re.sub(r"(?i)\W*\b(?:see|in|file)\b.*", "", value)
        license = names.read(value)
        if license is not None and (license != UNREAD or (value[:1].isupper() and len(value) <= 60)):
            found.append((license, "@" in match[0][: match.start(1) - match.start()]))
            if " OR " in license:
                rest.append(text[at : match.start()])
                at = match.end()
    return found, "".join([*rest, text[at:]])


def _without_choices(flat: str, named: list[tuple[str, tuple[int, int]]]) -> str:
    """A text without the names that offer a choice."""
    for license, (start, end) in reversed(named):
        if " OR " in license:
            flat = f"{flat[:start]} {flat[end:]}"
    return flat


def _named(flat: str) -> list[tuple[str, tuple[int, int]]]:
    """(licence, where it stands) of each name beside the word "license"."""
    found: list[tuple[str, tuple[int, int]]] = []
    tokens = list(_TOKEN.finditer(flat)) if "cen" in flat.lower() else []
    words = [token[0] for token in tokens]
    for i, token in enumerate(tokens):
        if "cen" not in words[i].lower() or not _LICENSE.fullmatch(words[i]):
            continue
        if found and token.start() < found[-1][1][1]:
            continue
        first, last = i, i
        while (
            first > max(0, i - _BEFORE)
            and _is_known(words[first - 1])
            and not _END.fullmatch(words[first - 1])
        ):
            first -= 1
        while (
            last + 1 < min(len(words), i + _AFTER)
            and _is_known(words[last + 1])
            and not _END.fullmatch(words[last])
        ):
            last += 1
        if match := _longest(flat, tokens, (first, i, last)):
            found.append(match)
    return found


def _longest(
    flat: str, tokens: list[re.Match[str]], run: tuple[int, int, int]
) -> tuple[str, tuple[int, int]] | None:
    first, i, last = run
    spans = [
        (a, b)
        for a in range(first, i + 1)
        for b in range(i, last + 1)
        if b > a or "unli" in tokens[i][0].lower()
    ]
    for a, b in sorted(spans, key=lambda span: span[0] - span[1]):
        start, end = tokens[a].start(), tokens[b].end()
        license = names.normalise(flat[start:end].strip(" .,;:()'\""))
        if license and PROPRIETARY not in license:
            return (
                None if patterns.DENIED.search(flat[max(0, start - 60) : start]) else (license, (start, end))
            )
    return None


@cache
def _vocabulary() -> frozenset[str]:
    return names.vocabulary() | {"and", "or", "both", "dual", "with", "exception"}


@lru_cache(65536)
def _is_known(token: str) -> bool:
    """Whether a token can be part of a licence's name."""
    words = names.words(token)
    return all(word[0].isdigit() or word in _vocabulary() for word in words) if words else token in "|&>="


def _distinct(found: list[str]) -> list[str]:
    """Without what a more precise statement of the same family makes superfluous."""
    found = list(dict.fromkeys(found))
    vague = {
        "BSD-3-Clause": "BSD-",
        "GPL-3.0-only": "GPL-",
        "LGPL-3.0-only": "LGPL-",
        "AGPL-3.0-only": "AGPL-",
    }
    later = {name.removesuffix("or-later") + "only" for name in found if name.endswith("-or-later")}
    found = [name for name in found if name not in later]
    precise = [name for name in found if name not in vague]
    return [
        name
        for name in found
        if name not in vague or not any(other.startswith(vague[name]) for other in precise)
    ]


def _unknown(flat: str) -> bool:
    """Whether it names a licence that nobody knows."""
    return any(
        not patterns.NO_NAME.search(match[1])
        and names.normalise(match[1]) is None
        and names.normalise(match[1] + patterns.ITS_VERSION.match(flat, match.end())[0]) is None  # type: ignore[index]
        for match in patterns.UNKNOWN.finditer(flat)
    )


def _forbids(text: str, alone: bool) -> bool:
    """Whether a paragraph forbids; `alone`: no licence stands beside it."""
    flat = ""
    for paragraph in re.split(r"\n\s*\n", text):
        before, flat = flat, " ".join(paragraph.split())
        if patterns.OF_API.search(flat) and not patterns.CLAIMS.search(flat):
            flat = re.sub(r"(?i)\binternal use\b", " ", flat)
        if patterns.OWNED.search(flat) and (
            patterns.FORBIDS.search(flat) or (alone and patterns.FORBIDS_ALONE.search(flat))
        ):
            return True
        said = patterns.FORBIDS.search(flat) if patterns.COPYRIGHT.match(before) else None
        if said and patterns.SECRET.search(said[0]):
            return True
    return False


def _reference(flat: str) -> str | None:
    if match := patterns.FILE.search(flat):
        return (match[1] or match[2]).rstrip(".-")
    return "LICENSE" if patterns.LOOSE_FILE.search(flat) else None


def _offers(sentences: list[str]) -> bool:
    """Whether a sentence about licences lets the reader choose; what an exception lets one choose is not
    this text's licence."""
    own = (patterns.NO_CHOICE.sub(" ", each) for each in sentences if not patterns.EXCEPTION.search(each))
    return any(patterns.CHOICE.search(each) and patterns.SPEAKS.search(each) for each in own)


def _is_choice(sentences: list[str], named: list[tuple[str, tuple[int, int]]]) -> bool:
    """Whether the licences that it names are to choose from."""
    if _offers(sentences):
        return True
    flat = " ".join(each for each in sentences if not patterns.PART.search(each))
    between = (flat[a[1][1] : b[1][0]] for a, b in pairwise(named))
    return any(
        re.fullmatch(r"(?i)\W*(?:\([^)]*\)\W*)?,?\s*or(?: under)?(?: the)?\W*", words) for words in between
    )
