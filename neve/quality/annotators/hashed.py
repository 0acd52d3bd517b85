"""Texts as hashed words and word n-grams, straight from the bytes of an Arrow column.

A word is a run of letters, digits, underscores and bytes beyond ASCII; any other visible character is a word
by itself, since in code these carry as much; all words that begin with a digit count as the same one. Words
and n-grams are known by a 64-bit hash alone, cut to the bits that the user has room for. The trade-off: no
vocabulary has to be learnt, kept or looked up, and a text takes about 10 ns a byte; in return some features
share a place.

Source: Weinberger et al., "Feature hashing for large scale multitask learning" (2009).
"""

from __future__ import annotations

import numba
import numpy as np

U64 = np.uint64
SEPARATOR, WORD, SIGN = 0, 1, 2


def _classes() -> np.ndarray:
    """What each byte is: uint8 [256]."""
    kinds = np.full(256, SIGN, dtype=np.uint8)
    kinds[:33] = kinds[127] = SEPARATOR
    word = [*range(48, 58), *range(65, 91), 95, *range(97, 123), *range(128, 256)]
    kinds[word] = WORD
    return kinds


CLASSES = _classes()


@numba.njit(nogil=True, cache=True)
def mix(x):
    """`hashing.finalize`, compiled."""
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


@numba.njit(nogil=True, cache=True)
def words(data, start, end, classes, out):
    """Write the hash (uint64) of each word of data[start:end] to `out`, in order, as far as it reaches; how
    many."""
    count, i, room = 0, start, len(out)
    while i < end and count < room:
        kind = classes[data[i]]
        if kind == SEPARATOR:
            i += 1
            continue
        h = U64(0x9E3779B97F4A7C15) + U64(data[i])
        number = 48 <= data[i] <= 57
        i += 1
        while kind == WORD and i < end and classes[data[i]] == WORD:
            h = (h ^ U64(data[i])) * U64(0x100000001B3)
            i += 1
        out[count] = U64(1) if number else mix(h)
        count += 1
    return count


@numba.njit(nogil=True, cache=True)
def ngrams(hashes, count, longest, bits, stamp, mark, out):
    """Write the places (below 2^bits) of the distinct n-grams, n up to `longest`, of `count` words; how
    many.

    `stamp` [2^bits] tells what this text, number `mark`, has had already.
    """
    found, shift = 0, U64(64 - bits)
    for i in range(count):
        h = U64(0)
        for n in range(min(longest, i + 1)):
            h = mix(h * U64(3) + hashes[i - n] + U64(n))
            place = np.int64(h >> shift)
            if stamp[place] != mark:
                stamp[place] = mark
                out[found] = place
                found += 1
    return found


@numba.njit(nogil=True, cache=True)
def sections(data, offsets, size, bits, classes):
    """Words and pairs of words, as places below 2^bits, at the top, middle and bottom of each text of a
    column.

    Gives (places int32, where each section starts in them int64 [sections + 1], sections of each text
    int64). A text of at most `size` bytes has one section, an empty one too.
    """
    texts = len(offsets) - 1
    shift = U64(64 - bits)
    lengths = offsets[1:] - offsets[:-1]
    room = np.where(lengths > size, 3 * size, lengths).sum()  # sections may overlap
    places = np.empty(2 * room, dtype=np.int32)
    starts = np.zeros(3 * texts + 1, dtype=np.int64)
    counts = np.empty(texts, dtype=np.int64)
    found = np.empty(size, dtype=np.uint64)
    made, at = 0, 0
    for text in range(texts):
        first, spare = offsets[text], max(0, offsets[text + 1] - offsets[text] - size)
        counts[text] = min(spare, 2) + 1
        for part in range(counts[text]):
            start = first + (spare * part) // max(1, counts[text] - 1)
            count = words(data, start, min(start + size, offsets[text + 1]), classes, found)
            for i in range(count):
                places[at] = np.int32(found[i] >> shift)
                at += 1
                if i:
                    places[at] = np.int32(mix(found[i - 1] * U64(3) + found[i]) >> shift)
                    at += 1
            made += 1
            starts[made] = at
    return places[:at], starts[: made + 1], counts
