"""Regular expressions that are tried only where a word stands that no match does without.

A notice has some 350 characters, of which most expressions find nothing, and find it slowly: an alternative
each time, at each place. `in` takes a fiftieth of that. The words are read from the expression itself, of
each alternative the longest run of plain letters. The trade-off: the standard library's parser of
expressions is asked, which has no promise to stay as it is; a test compares with `re`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

_codes: Any = importlib.import_module("re._constants")
_parser: Any = importlib.import_module("re._parser")


class Expression:
    """A pattern, whatever the case unless `flags` say otherwise, that is asked of texts with one of its
    words."""

    def __init__(self, pattern: str, flags: re.RegexFlag = re.I):
        self.pattern, self.flags, self._compiled = pattern, flags, re.compile(pattern, flags)
        self._folded = folded if flags & re.I else str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Of which one stands in whatever it finds, in small letters where case is ignored; ("",) where
        nothing is sure."""
        words = _needed(_parser.parse(self.pattern, self.flags), self._folded) or ("",)
        return tuple(w for w in dict.fromkeys(words) if not any(o != w and o in w for o in words))

    def search(self, text: str) -> re.Match[str] | None:
        return self._compiled.search(text) if self._may_match(text) else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return self._compiled.fullmatch(text) if self._may_match(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return self._compiled.finditer(text) if self._may_match(text) else iter(())

    def sub(self, by: str, text: str) -> str:
        return self._compiled.sub(by, text) if self._may_match(text) else text

    def _may_match(self, text: str) -> bool:
        text = self._folded(text)
        return any(word in text for word in self.words)


def folded(text: str) -> str:
    """A text in small letters; what `re` takes for an i or an s is one.

    >>> folded("İZİNSİZ"), folded("saklıdır")
    ('izinsiz', 'saklidir')
    """
    text = text.lower()
    return text if text.isascii() else text.replace("\u0307", "").replace("ı", "i").replace("ſ", "s")


def _needed(parts: Iterable[tuple[Any, Any]], folded: Callable[[str], str]) -> tuple[str, ...]:
    """Words of which one stands in whatever `parts` in a row match; none where nothing is sure."""
    sure: list[tuple[str, ...]] = []
    run = ""
    for code, value in parts:
        if code is _codes.LITERAL:
            run += chr(value)
        elif code not in (_codes.AT, _codes.ASSERT, _codes.ASSERT_NOT):  # which take no place
            sure, run = [*sure, (folded(run),)], ""
            if code is _codes.SUBPATTERN:
                sure.append(_needed(value[3], folded))
            elif code is _codes.BRANCH:
                each = [_needed(branch, folded) for branch in value[1]]
                sure.append(tuple(word for words in each for word in words) if all(each) else ())
            elif code in (_codes.MAX_REPEAT, _codes.MIN_REPEAT) and value[0]:
                sure.append(_needed(value[2], folded))
    return max([*sure, (folded(run),)], key=lambda words: min(map(len, words), default=0))
