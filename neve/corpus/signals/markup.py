"""How much of a page of HTML a reader would see: characters outside tags, comments, scripts and styles.

One compiled pass and no tree. The trade-off: a broken tag, which a browser would mend, hides text up to the
next `>`. Entities count as written.

Source: StarCoder (arXiv 2305.06161) and OpenCoder (2411.04905), which take it from a parsed page.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

LANGUAGES = ("HTML",)
COLUMNS = ("visible_text_share", "visible_characters")
"""Signals of this pass, in the order of its rows."""


def measure(values: np.ndarray, offsets: np.ndarray, languages: list[str | None]) -> np.ndarray:
    """Rows of COLUMNS, float64 [len(COLUMNS), texts]; zeros for texts in other languages."""
    pages = np.array([language in LANGUAGES for language in languages], np.bool_)
    out = np.zeros((len(COLUMNS), len(offsets) - 1))
    if pages.any():
        _measure(values, offsets, pages, out)
    return out


_helper: Any = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what the kernel alone calls: no entry from Python, which would cost time to compile."""


@numba.njit(cache=True, nogil=True)
def _measure(values, offsets, pages, out):
    for doc in range(len(offsets) - 1):
        if not pages[doc]:
            continue
        i, end = offsets[doc], offsets[doc + 1]
        chars, seen = 0, 0
        while i < end:
            after = i + 1
            if values[i] == 60 and i + 1 < end:  # <
                following = values[i + 1] | 32
                if (
                    i + 3 < end and values[i + 1] == 33 and values[i + 2] == 45 and values[i + 3] == 45
                ):  # <!--
                    after = _close(values, i + 4, end, 45, 45)
                elif 97 <= following <= 122 or values[i + 1] in (33, 47, 63):  # a letter, ! / ?
                    after = _close(values, i + 1, end, 62, 62)
                    if _named(values, i + 1, after, 115, 99, 114):  # script
                        after = _element_end(values, after, end, 115, 99, 114)
                    elif _named(values, i + 1, after, 115, 116, 121):  # style
                        after = _element_end(values, after, end, 115, 116, 121)
            tag = after > i + 1
            for k in range(i, after):
                lead = values[k] & 0xC0 != 0x80
                chars += lead
                seen += lead and not tag
            i = after
        out[0, doc] = seen / max(1, chars)
        out[1, doc] = seen


@_helper
def _close(values, i, end, first, second):
    """The place after the next `>`; of a comment (first and second are -) after the next `-->`."""
    while i < end:
        if values[i] == 62 and (first == 62 or (values[i - 1] == first and values[i - 2] == second)):
            return i + 1
        i += 1
    return end


@_helper
def _named(values, i, end, a, b, c):
    return i + 3 < end and values[i] | 32 == a and values[i + 1] | 32 == b and values[i + 2] | 32 == c


@_helper
def _element_end(values, i, end, a, b, c):
    """The place after the closing tag of an element that holds no others; its name begins with the three
    letters."""
    while i < end:
        if values[i] == 60 and i + 1 < end and values[i + 1] == 47 and _named(values, i + 2, end, a, b, c):
            return _close(values, i, end, 62, 62)
        i += 1
    return end
