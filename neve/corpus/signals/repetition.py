"""How much a text repeats itself: words, lines and n-grams of words, counted exactly in one compiled pass.

A word is `\\w+` (Unicode), letters of ASCII folded to lower case. Words are numbered by a hash table; an
n-gram is the pair of the (n-1)-grams at its place and the next, so that its number follows from two, without
a further hash of text. The trade-off that makes ten lengths cheap: an n-gram can occur twice only where both
its (n-1)-grams do, so that each length looks at what the last one left, which in code is little after two or
three. Tables are allocated once a batch, as large as its longest text needs. Two words are taken for one
when their 64-bit hashes are equal.

Source: RedPajama v2 and OpenCoder (arXiv 2411.04905), after Gopher (2112.11446).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from neve.corpus.signals.characters import classes

COLUMNS = (
    "words", "mean_word_length", "unique_word_share", "top_2gram_share", "top_3gram_share", "top_4gram_share",
    *(f"duplicate_{n}gram_share" for n in range(5, 11)), "duplicate_line_share",
)  # fmt: skip
"""Signals of this pass, in the order of its rows."""

LENGTHS = 10
_FACTOR = np.uint64(0x9FB21C651E98DF25)
_ALNUM = 2  # of characters.classes


def measure(values: np.ndarray, offsets: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Rows of COLUMNS, float64 [len(COLUMNS), texts]. `marks`: those of lexing.mark (1 and 3 are comment:
    such bytes are no part of a line here)."""
    ascii_classes, points = classes()
    out = np.zeros((len(COLUMNS), len(offsets) - 1))
    longest = int(np.max(np.diff(offsets), initial=0))
    _measure(values, offsets, marks, _folded(), _seen(ascii_classes), points, longest // 2 + 1, out)
    return out


def _folded() -> np.ndarray:
    """What each ASCII byte is in a word, capitals as small letters; 0 for what is of none."""
    return np.array([ord(chr(b).lower()) if chr(b).isalnum() or b == 95 else 0 for b in range(128)], np.uint8)


def _seen(ascii_classes: np.ndarray) -> np.ndarray:
    """For each byte: 1 where it is no white space, and 2 besides where it is of a name."""
    codes = np.arange(256)
    blank = (codes == 32) | ((codes >= 9) & (codes <= 13))
    named = (codes >= 128) | (ascii_classes & _ALNUM != 0)
    return np.where(blank, 0, np.where(named, 3, 1)).astype(np.uint8)


_helper: Any = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
"""For what the kernel alone calls: no entry from Python, which would cost time to compile."""


@numba.njit(cache=True, nogil=True)
def _measure(values, offsets, marks, folded, seen, points, most, out):
    base = offsets[0]
    slots = 4
    while slots < 2 * most:
        slots *= 2
    numbers, keys = np.empty(slots, np.int32), np.empty(most, np.uint64)
    hashes, lines = np.empty(most, np.uint64), np.empty(most, np.uint64)
    ends = np.zeros(most + 1, np.int64)  # characters of the words before
    grams = np.empty(most, np.int32)  # number of a gram
    places = np.empty(most, np.int32)  # the word with which it begins
    counts = np.empty(most, np.int32)  # how often a gram occurs, by its number
    for doc in range(len(offsets) - 1):
        start, end = offsets[doc], offsets[doc + 1]
        n, counted, wordy = _read(values, start, end, marks, base, folded, points, seen, hashes, ends, lines)
        characters = max(1, ends[n])
        distinct = _number(hashes, n, keys, numbers, counts, grams)
        out[0, doc] = n
        out[1, doc] = ends[n] / max(1, n)
        out[2, doc] = distinct / max(1, n)
        for i in range(n):
            places[i] = i
        kept = _repeating(n, places, counts, grams)
        for width in range(2, LENGTHS + 1):
            left = 0  # pairs of neighbours among the grams that are not alone, numbered in their turn
            for i in range(kept - 1):
                place = places[i]
                hashes[left] = np.uint64(grams[i]) << np.uint64(32) | np.uint64(grams[i + 1])
                places[left] = place
                left += place + 1 == places[i + 1]
            _number(hashes, left, keys, numbers, counts, grams)
            kept = _repeating(left, places, counts, grams)
            if kept == 0:
                break
            if width <= 4:
                out[1 + width, doc] = min(1.0, _top(kept, width, ends, places, counts, grams) / characters)
            else:
                out[1 + width, doc] = _repeated(kept, width, ends, places) / characters
        _number(lines, wordy, keys, numbers, counts, grams)
        repeated = 0
        for k in range(wordy):
            repeated += counts[grams[k]] > 1
        out[12, doc] = repeated / max(1, counted)


@_helper
def _mix(x):
    x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return x ^ (x >> np.uint64(32))


@_helper
def _add(state, byte, mask):
    """A step of a word's hash; 0 where the mask is. All but a sum and a product is beside the chain."""
    return (state ^ (np.uint64(byte) ^ np.uint64(0x9E3779B97F4A7C15))) * (_FACTOR & mask)


@_helper
def _onward(state, byte, says):
    """A step of a line's hash, which skips what says nothing."""
    factor = _FACTOR if says else np.uint64(1)
    return state * factor + (np.uint64(byte) + np.uint64(1) if says else np.uint64(0))


@_helper
def _read(values, i, end, marks, base, folded, points, seen, hashes, ends, lines):
    """Hashes of the words of a text and where their characters end, and of its lines with a letter or digit
    outside comments, white space left out: (words, lines with anything outside comments, lines hashed).

    Of ASCII nothing branches but on ends of lines: a word's hash is 0 outside words, written at every byte,
    and counted where a word ends. Both in one loop, since each waits for its own products.
    """
    n = chars = count = wordy = shown = 0
    state, inside, line = np.uint64(0), np.uint64(0), np.uint64(0)
    while i < end:
        byte = values[i]
        if byte < 128:
            letter = folded[byte]
            mask = ~np.uint64(0) if letter else np.uint64(0)
            state = _add(state, letter, mask)
            if byte == 10 or byte == 13:
                lines[wordy] = line
                wordy += shown >> 1
                count += shown & 1
                line, shown = np.uint64(0), 0
            else:
                says = seen[byte] if marks[i - base] & 1 == 0 else 0
                shown |= says
                line = _onward(line, byte, says)
            i += 1
        else:
            point, width = _decode(values, i, end)
            mask = ~np.uint64(0) if point >= 0 and points[point] & _ALNUM else np.uint64(0)
            for k in range(i, i + width):
                state = _add(state, values[k], mask)
                says = seen[values[k]] if marks[k - base] & 1 == 0 else 0
                shown |= says
                line = _onward(line, values[k], says)
            i += width
        n += inside & ~mask != 0
        chars += mask != 0
        hashes[n], ends[n + 1] = state, chars
        inside = mask
    lines[wordy] = line
    return n + (inside != 0), count + (shown & 1), wordy + (shown >> 1)


@_helper
def _decode(values, i, end):
    """(code point or -1, width) of the UTF-8 sequence at i.

    A copy of that in characters.py: numba would not notice a change in another file.
    """
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
    """Number the distinct values of `hashes` from 0 on, into `grams`, and count them. Returns how many.

    The table holds numbers alone and `keys` the values by number, so that both are near.
    """
    mask = np.int64(4)
    while mask < 2 * n:
        mask *= 2
    mask -= 1
    numbers[: mask + 1] = -1
    distinct = 0
    for i in range(n):
        key = hashes[i]
        slot = np.int64(_mix(key) & np.uint64(mask))
        number = numbers[slot]
        while number >= 0 and keys[number] != key:
            slot = (slot + 1) & mask
            number = numbers[slot]
        if number < 0:
            number = distinct
            numbers[slot], keys[number], counts[number] = number, key, 0
            distinct += 1
        grams[i] = number
        counts[number] += 1
    return distinct


@_helper
def _repeating(n, places, counts, grams):
    """Keep those of n grams that occur more than once, in their order. Returns how many."""
    kept = 0
    for i in range(n):
        gram, place = grams[i], places[i]
        grams[kept], places[kept] = gram, place
        kept += counts[gram] > 1
    return kept


@_helper
def _top(n, width, ends, places, counts, grams):
    """Characters of all occurrences of the most frequent gram; of equally frequent ones, of the longest."""
    most, longest = np.int32(0), np.int64(0)
    for i in range(n):
        most = max(most, counts[grams[i]])
    for i in range(n):
        if counts[grams[i]] == most:
            longest = max(longest, ends[places[i] + width] - ends[places[i]])
    return most * longest


@_helper
def _repeated(n, width, ends, places):
    """Characters of the words that are in one of n grams or more."""
    until, chars = 0, np.int64(0)
    for i in range(n):
        chars += ends[places[i] + width] - ends[max(places[i], until)]
        until = places[i] + width
    return chars
