"""The shape of a program: what stays of it when its names are changed, and where a document has it.

Word 10-grams lose a copy whose author renamed one variable. Here a program is a sequence of tokens:
keywords, built-in names, attributes, numbers and operators as they are, and every other name as a
parameter, which counts by the distance to its last occurrence, not by its letters (Baker's p-strings). K
tokens in a row are a shape gram, with distances that reach out of it forgotten: it is equal in two programs
exactly if one is the other with its names consistently changed. Comments, quotes, parentheses and commas
are left out, so formatting changes nothing; a docstring costs the few grams that it stands in.

Shape grams are less peculiar than words, so where they stand matters: a document's share of a task is that
of the best window, half as long again as the task. A solution is found in the middle of a text of any
length, and code that has a gram here and a gram there is not.

Limits: a program of fewer than LEAST distinct shape grams is not looked for (of HumanEval 22 %, of MBPP
45 %), and another solution of the same task, or one whose statements were moved, is another program: no text
index finds paraphrases. Names beside keywords and built-ins are Python's; other languages are read alike.

All kernels are in one file, for numba would not notice a change in another.

Sources: Baker, "A theory of parameterized pattern matching" (1993); Schleimer, Wilkerson, Aiken, "Winnowing"
(2003) for fingerprints of code.
"""

from __future__ import annotations

from functools import cache

import numba
import numpy as np

from neve.hashing import GAMMA, splitmix64

K = 16
"""Tokens of a shape gram."""
LEAST = 12
"""Distinct shape grams of the shortest program that is looked for."""
SKETCH = 32
"""Hashes kept of a program with more: the lowest."""
BITS = 20
"""Of each of the two bitmaps in front of the hashes, by their first and their last bits: 128 KiB, some 7 %
of them set."""
SLOT_BITS = 10
"""Of a word's place among those that keep their letters, and of a parameter's among the last ones."""

WORDS = """
False None True abs aiter all and anext any as ascii assert async await bin bool break breakpoint
bytearray bytes callable chr class classmethod compile complex continue def del delattr dict dir divmod
elif else enumerate eval except exec filter finally float for format from frozenset getattr global
globals hasattr hash help hex id if import in input int is isinstance issubclass iter lambda len list
locals map max memoryview min next nonlocal not object oct open or ord pass pow print property raise
range repr return reversed round self set setattr slice sorted staticmethod str sum super try tuple type
vars while with yield zip
"""
"""Python's keywords and built-in names, which keep their letters, and `self`."""

_BASE = np.uint64(GAMMA)
OTHER, MARK, HASH, BACKSLASH = range(4)


def shape_of(program: str) -> tuple[np.ndarray, int]:
    """Hashes of a program's distinct shape grams, sorted, uint32, and its tokens."""
    raw = np.frombuffer(program.encode(), np.uint8)
    tokens = np.empty(len(raw) + 1, np.uint64)
    count = _tokens(raw, 0, len(raw), *tables(), tokens)
    everything = np.full((2, 1 << (BITS - 3)), 255, np.uint8)
    grams, places = np.empty(count + 1, np.uint32), np.empty(count + 1, np.int32)
    found = _grams(tokens, count, everything, np.empty((2, count), np.uint8), grams, places)
    return np.unique(grams[:found]), count


@cache
def tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(what a byte counts in a word, 0 where it is none; what it is else; a table of the hashes of words
    that keep their letters, by their first bits)."""
    letters = splitmix64(np.arange(256, dtype=np.uint64) * np.uint64(GAMMA)) | np.uint64(1)
    letters[[b for b in range(128) if not (chr(b).isalnum() or b == ord("_"))]] = 0
    kinds = np.full(256, OTHER, np.uint8)
    for chars, kind in (("=+-*/%<>[]{}:.!&|^~@?$", MARK), ("#", HASH), ("\\", BACKSLASH)):
        kinds[[ord(char) for char in chars]] = kind
    kept = np.zeros(1 << SLOT_BITS, np.uint64)
    for word in WORDS.split():
        value = _word(word, letters)
        slot = value >> (64 - SLOT_BITS)
        while kept[slot]:
            slot = (slot + 1) % len(kept)
        kept[slot] = value
    return letters, kinds, kept


def _word(word: str, letters: np.ndarray) -> int:
    value = 0
    for byte in word.encode():
        value = (value * int(_BASE) + int(letters[byte])) & 0xFFFFFFFFFFFFFFFF
    return value


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(x):
    x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return x ^ (x >> np.uint64(32))


@numba.njit(cache=True, nogil=True)
def _find(keys, key):
    """The first place in sorted keys where one is not below `key`."""
    first, last = 0, len(keys)
    while first < last:
        middle = (first + last) >> 1
        if keys[middle] < key:
            first = middle + 1
        else:
            last = middle
    return first


@numba.njit(cache=True, nogil=True)
def _after_comment(values, i, end):
    """Where the line, or the line within a string of JSON, ends that i is in."""
    while i < end and values[i] != 10 and values[i] != 13:
        if values[i] == 92 and i + 1 < end and (values[i + 1] == 110 or values[i + 1] == 114):
            break
        i += 1
    return i


@numba.njit(cache=True, nogil=True)
def _tokens(values, start, end, letters, kinds, kept, tokens):
    """Write the tokens of [start, end), parameters as even numbers, what keeps its letters as odd ones; how
    many."""
    count, i = 0, start
    dot = False
    while i < end:
        byte = values[i]
        if letters[byte]:
            word = np.uint64(0)
            while i < end and letters[values[i]]:
                word = word * _BASE + letters[values[i]]
                i += 1
            plain = dot or (byte >= 48 and byte <= 57)
            if not plain:
                slot = word >> np.uint64(64 - SLOT_BITS)
                while kept[slot] != 0 and kept[slot] != word:
                    slot = (slot + np.uint64(1)) & np.uint64(len(kept) - 1)
                plain = kept[slot] == word
            tokens[count] = _mix(word) | np.uint64(1) if plain else word << np.uint64(1)
            count += 1
            dot = False
            continue
        i += 1
        kind = kinds[byte]
        if kind == MARK:
            tokens[count] = _mix(np.uint64(byte) * _BASE) | np.uint64(1)
            count += 1
            dot = byte == 46
        elif kind == HASH:
            i = _after_comment(values, i, end)
        elif kind == BACKSLASH:
            i += i < end and (values[i] == 110 or values[i] == 114 or values[i] == 116)
    return count


@numba.njit(cache=True, nogil=True)
def _grams(tokens, count, bitmap, links, grams, places):
    """Write those shape grams of `count` tokens that both bitmaps hold, and the places of their first
    tokens; how many.

    `links` [2, count]: distances of each parameter to the same before and after it, 0 where there is none
    within K. A polynomial rolled on: the token that leaves takes its share along, and the next of its name,
    which loses what it referred to, changes its own.
    """
    if count < K:
        return 0
    power, distance = np.empty(K, np.uint64), np.empty(K, np.uint64)
    power[0] = 1
    for k in range(K):
        distance[k] = _mix(np.uint64(k + 1) * _BASE)
        if k:
            power[k] = power[k - 1] * _BASE
    last = np.full(1 << SLOT_BITS, -K, np.int64)  # where a parameter of these bits was last
    for j in range(count):
        token = tokens[j]
        links[0, j], links[1, j] = 0, 0
        if not token & np.uint64(1):
            slot = token >> np.uint64(64 - SLOT_BITS)
            at = last[slot]
            last[slot] = j
            if j - at < K:
                while at >= 0 and j - at < K and tokens[at] != token:  # another of the same bits
                    at -= 1
                if at >= 0 and j - at < K:
                    links[0, j], links[1, at] = j - at, j - at
    found, value = 0, np.uint64(0)
    for j in range(count):
        token = tokens[j]
        value = value * _BASE + (token if token & np.uint64(1) else distance[links[0, j]])
        first = j - K + 1
        if first < 0:
            continue
        key = np.uint32(_mix(value) >> np.uint64(32))
        grams[found], places[found] = key, first
        top, low = np.int64(key >> np.uint32(32 - BITS)), np.int64(key & np.uint32((1 << BITS) - 1))
        found += (bitmap[0, top >> 3] >> np.uint8(top & 7)) & (bitmap[1, low >> 3] >> np.uint8(low & 7)) & 1
        token = tokens[first]
        value -= (token if token & np.uint64(1) else distance[0]) * power[K - 1]
        ahead = links[1, first]
        if ahead:
            value += (distance[0] - distance[ahead]) * power[K - 1 - ahead]
    return found


@numba.njit(cache=True, nogil=True)
def _hits(grams, places, found, keys, starts, texts, hits):
    """Write (text, place, key) of every gram that a text has, as far as `hits` reaches; how many there
    are."""
    count = 0
    for k in range(found):
        place = _find(keys, grams[k])
        if place < len(keys) and keys[place] == grams[k]:
            for text in range(starts[place], starts[place + 1]):
                if count < len(hits):
                    hits[count, 0], hits[count, 1], hits[count, 2] = texts[text], places[k], place
                count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _most(hits, first, last, room, counts):
    """The most distinct keys that the hits [first, last) of one text, in order, have in `room` tokens."""
    best, distinct, begin = 0, 0, first
    for k in range(first, last):
        distinct += counts[hits[k, 2]] == 0
        counts[hits[k, 2]] += 1
        while hits[k, 1] - hits[begin, 1] > room:
            counts[hits[begin, 2]] -= 1
            distinct -= counts[hits[begin, 2]] == 0
            begin += 1
        best = max(best, distinct)
    for k in range(begin, last):
        counts[hits[k, 2]] = 0
    return best


@numba.njit(cache=True, nogil=True)
def check_shapes(values, offsets, known, keys, bitmap, starts, texts, sizes, rooms, owners, shares, tasks):
    """Raise each document's share to that of the text of whose shape grams one window holds most; of equal
    ones the first task's.

    `known`: as `tables` has them. `starts` and `texts`: which texts hold a key; of each text `sizes`, its
    keys, `rooms`, the tokens of its window, and `owners`, its task.
    """
    letters, kinds, kept = known
    longest = 0
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    tokens, links = np.empty(longest + 1, np.uint64), np.empty((2, longest + 1), np.uint8)
    grams, places = np.empty(longest + 1, np.uint32), np.empty(longest + 1, np.int32)
    counts = np.zeros(len(keys), np.int64)
    hits = np.empty((1024, 3), np.int64)
    for doc in range(len(offsets) - 1):
        size = _tokens(values, offsets[doc], offsets[doc + 1], letters, kinds, kept, tokens)
        found = _grams(tokens, size, bitmap, links, grams, places)
        total = _hits(grams, places, found, keys, starts, texts, hits)
        if total > len(hits):
            hits = np.empty((2 * total, 3), np.int64)
            _hits(grams, places, found, keys, starts, texts, hits)
        order = np.argsort(hits[:total, 0], kind="mergesort")
        mine = hits[:total][order]
        first = 0
        while first < total:
            text, last = mine[first, 0], first
            while last < total and mine[last, 0] == text:
                last += 1
            if last - first > shares[doc] * sizes[text] - 1:
                share = _most(mine, first, last, rooms[text], counts) / sizes[text]
                if share > shares[doc] or (share == shares[doc] and share > 0 and owners[text] < tasks[doc]):
                    shares[doc], tasks[doc] = share, owners[text]
            first = last
