"""How much a text repeats itself: words, lines and n-grams of words, counted exactly in one compiled pass.

A word is `\\w+` (Unicode), letters of ASCII folded to lower case. Words are numbered by a hash table; an n-gram is the
pair of the (n-1)-grams at its place and the next, so that its number follows from two, without a further hash of text.
The trade-off that makes ten lengths cheap: an n-gram can occur twice only where both its (n-1)-grams do, so that each
length looks at what the last one left, which in code is little after two or three. Tables are allocated once a batch,
as large as its longest text needs. Two words are taken for one when their 64-bit hashes are equal.

Source: RedPajama v2 and OpenCoder (arXiv 2411.04905), after Gopher (2112.11446).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from neve.corpus.characters import classes

COLUMNS = (
    "words", "mean_word_length", "unique_word_share", "top_2gram_share", "top_3gram_share", "top_4gram_share",
    *(f"duplicate_{n}gram_share" for n in range(5, 11)), "duplicate_line_share",
)  # fmt: skip
"""Signals of this pass, in the order of its rows."""

LENGTHS = 10
_ALNUM = 2  # of characters.classes


def measure(values: np.ndarray, offsets: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Rows of COLUMNS, float64 [len(COLUMNS), texts]. `marks`: those of lexing.mark (1 and 3 are comment: such bytes
    are no part of a line here)."""
    ascii_classes, points = classes()
    out = np.zeros((len(COLUMNS), len(offsets) - 1))
    longest = int(np.max(np.diff(offsets), initial=0))
    folded = np.array(
        [ord(chr(b).lower()) if chr(b).isalnum() or b == 95 else 0 for b in range(128)], np.uint8
    )
    _measure(values, offsets, marks, folded, ascii_classes, points, longest // 2 + 1, out)
    return out


_helper: Any = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what the kernel alone calls: no entry from Python, which would cost time to compile."""


@numba.njit(cache=True, nogil=True)
def _measure(values, offsets, marks, folded, ascii_classes, points, most, out):
    base = offsets[0]
    slots = 4
    while slots < 2 * most:
        slots *= 2
    keys, numbers = np.empty(slots, np.uint64), np.empty(slots, np.int32)
    hashes = np.empty(most, np.uint64)
    ends = np.zeros(most + 1, np.int64)  # characters of the words before
    grams = np.empty(most, np.int32)  # number of a gram
    places = np.empty(most, np.int32)  # the word with which it begins
    counts = np.empty(most, np.int32)  # how often a gram occurs, by its number
    for doc in range(len(offsets) - 1):
        start, end = offsets[doc], offsets[doc + 1]
        n = _words(values, start, end, folded, points, hashes, ends)
        characters = max(1, ends[n])
        distinct = _number(hashes, n, keys, numbers, counts, grams)
        out[0, doc] = n
        out[1, doc] = ends[n] / max(1, n)
        out[2, doc] = distinct / max(1, n)
        left = n
        for i in range(n):
            places[i] = i
        for width in range(2, LENGTHS + 1):
            # grams that are not alone; then the pairs of neighbours among them, numbered in their turn
            kept = 0
            for i in range(left):
                if counts[grams[i]] > 1:
                    grams[kept], places[kept] = grams[i], places[i]
                    kept += 1
            left = 0
            for i in range(kept - 1):
                if places[i] + 1 == places[i + 1]:
                    hashes[left] = np.uint64(grams[i]) << np.uint64(32) | np.uint64(grams[i + 1])
                    places[left] = places[i]
                    left += 1
            _number(hashes, left, keys, numbers, counts, grams)
            if width <= 4:
                out[1 + width, doc] = min(1.0, _top(left, width, ends, places, counts, grams) / characters)
            else:
                out[1 + width, doc] = _repeated(left, width, ends, places, counts, grams) / characters
            if left == 0:
                break
        out[12, doc] = _lines(
            values, start, end, marks, base, ascii_classes, hashes, keys, numbers, counts, grams
        )


@_helper
def _mix(x):
    x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return x ^ (x >> np.uint64(32))


@_helper
def _words(values, i, end, folded, points, hashes, ends):
    """Hashes of the words of a text and where their characters end; their count."""
    n = chars = 0
    state, inside = np.uint64(0xCBF29CE484222325), False
    while i < end:
        byte = values[i]
        if byte < 128:
            i += 1
            lower = folded[byte]
            if lower:
                state = (state ^ np.uint64(lower)) * np.uint64(0x100000001B3)
                chars += 1
                inside = True
                continue
        else:
            point, width = _decode(values, i, end)
            i += width
            if point >= 0 and points[point] & _ALNUM:
                for k in range(i - width, i):
                    state = (state ^ np.uint64(values[k])) * np.uint64(0x100000001B3)
                chars += 1
                inside = True
                continue
        if inside:
            hashes[n], ends[n + 1] = state, chars
            n += 1
            state, inside = np.uint64(0xCBF29CE484222325), False
    if inside:
        hashes[n], ends[n + 1] = state, chars
        n += 1
    return n


@_helper
def _decode(values, i, end):
    """(code point or -1, width) of the UTF-8 sequence at i, as in characters.py."""
    byte = values[i]
    if byte >= 0xF0:
        width, point = 4, np.int64(byte & 0x07)
    elif byte >= 0xE0:
        width, point = 3, np.int64(byte & 0x0F)
    else:
        width, point = 2, np.int64(byte & 0x1F)
    if byte < 0xC2 or byte > 0xF4 or i + width > end:
        return np.int64(-1), 1
    for k in range(1, width):
        if values[i + k] & 0xC0 != 0x80:
            return np.int64(-1), 1
        point = (point << 6) | np.int64(values[i + k] & 0x3F)
    if point > 0x10FFFF:
        return np.int64(-1), 1
    return point, width


@_helper
def _number(hashes, n, keys, numbers, counts, grams):
    """Numbers the distinct values of `hashes` from 0 on, into `grams`, and counts them; how many there are."""
    mask = np.int64(4)
    while mask < 2 * n:
        mask *= 2
    mask -= 1
    for k in range(mask + 1):
        numbers[k] = -1
    distinct = 0
    for i in range(n):
        key = hashes[i]
        slot = np.int64(_mix(key) & np.uint64(mask))
        while numbers[slot] >= 0 and keys[slot] != key:
            slot = (slot + 1) & mask
        if numbers[slot] < 0:
            keys[slot], numbers[slot], counts[distinct] = key, distinct, 0
            distinct += 1
        grams[i] = numbers[slot]
        counts[grams[i]] += 1
    return distinct


@_helper
def _top(n, width, ends, places, counts, grams):
    """Characters of all occurrences of the most frequent gram; of equally frequent ones, of the longest."""
    most, best = 1, np.int64(0)
    for i in range(n):
        count = counts[grams[i]]
        if count > 1 and count >= most:
            chars = count * (ends[places[i] + width] - ends[places[i]])
            if count > most or chars > best:
                most, best = count, chars
    return best


@_helper
def _repeated(n, width, ends, places, counts, grams):
    """Characters of the words that stand in some gram which occurs more than once."""
    until, chars = 0, np.int64(0)
    for i in range(n):
        if counts[grams[i]] > 1:
            chars += ends[places[i] + width] - ends[max(places[i], until)]
            until = places[i] + width
    return chars


@_helper
def _lines(values, i, end, marks, base, ascii_classes, hashes, keys, numbers, counts, grams):
    """Share of the lines with a letter or digit outside comments which, white space left out, occur more than once."""
    n = 0
    state, shown, named = np.uint64(0xCBF29CE484222325), False, False
    lines = 0
    while i <= end:
        if i == end or values[i] == 10 or values[i] == 13:
            lines += shown
            if named:
                hashes[n] = state
                n += 1
            state, shown, named = np.uint64(0xCBF29CE484222325), False, False
        elif marks[i - base] & 1 == 0 and not (values[i] == 32 or 9 <= values[i] <= 13):
            shown = True
            named = named or ascii_classes[values[i]] & _ALNUM != 0 or values[i] >= 128
            state = (state ^ np.uint64(values[i])) * np.uint64(0x100000001B3)
        i += 1
    _number(hashes, n, keys, numbers, counts, grams)
    repeated = 0
    for k in range(n):
        repeated += counts[grams[k]] > 1
    return repeated / max(1, lines)
