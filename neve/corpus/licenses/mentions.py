"""Which words stand in the heads of texts: one compiled pass over an Arrow column.

Aho and Corasick's automaton over bytes finds all words at once, in whatever case; without a Python object
for each document, and at the speed of one table look-up a byte. The trade-off: a letter beyond ASCII is
found in small and in capital letters and at the beginning of a word, not in a mix of both.
"""

from __future__ import annotations

from functools import cache

import numba
import numpy as np
import pyarrow as pa

from neve.corpus import automaton, text

WORDS = 128
"""Most words that can be looked for at a time, and the bits of a mask."""


def masks(contents: pa.Array, words: tuple[str, ...], head_bytes: int) -> np.ndarray:
    """uint64 [rows, 2]: bit `i % 64` of column `i // 64` says whether word `i`, given in lower case, ends
    within the first `head_bytes` bytes of the row's text."""
    values, offsets, _ = text.read_only(contents)
    found = np.zeros((len(offsets) - 1, 2), np.uint64)
    _search(values, offsets, head_bytes, *_automaton(words), found)
    return found


def named(mask: np.ndarray, words: tuple[str, ...]) -> list[str]:
    """The words of one row of `masks`."""
    bits = int(mask[0]) | int(mask[1]) << 64
    return [word for i, word in enumerate(words) if bits >> i & 1]


def holding(contents: pa.Array, word: bytes) -> np.ndarray:
    """bool [rows]: which texts hold `word`, anywhere. Horspool's search skips most bytes; Arrow's looks at
    each."""
    values, offsets, _ = text.read_only(contents)
    found = np.zeros(len(offsets) - 1, bool)
    _find(values, offsets, np.frombuffer(word, np.uint8), found)
    return found


@cache
def _automaton(words: tuple[str, ...]) -> tuple[np.ndarray, int, np.ndarray, np.ndarray, int]:
    """(next state by state + class, the first state in which words end, their masks, classes of bytes, bytes
    of the longest word).

    A state is the place of its row in the flat table; those in which words end come last.
    """
    assert len(words) <= WORDS
    forms = [(form.encode(), i) for i, word in enumerate(words) for form in sorted({word, word.upper(), word.capitalize()})]  # fmt: skip
    forms = [(form.lower(), i) for form, i in forms]  # bytes: ASCII alone
    letters = sorted({byte for form, _ in forms for byte in form})
    classes = np.zeros(256, np.uint8)
    for number, byte in enumerate(letters, 1):
        classes[byte] = number
        if chr(byte).isascii() and chr(byte).isalpha():
            classes[ord(chr(byte).upper())] = number
    wide = len(letters) + 1
    table, said = automaton.build(((form, 1 << i) for form, i in forms), classes, wide)
    order = np.argsort([mask > 0 for mask in said], kind="stable")
    ending = [said[state] for state in order if said[state]]
    low = (1 << 64) - 1
    masks = np.array([[mask & low, mask >> 64] for mask in ending], np.uint64).reshape(-1, 2)
    flat = (np.argsort(order)[table][order] * wide).astype(np.uint32).ravel()
    return flat, (len(said) - len(ending)) * wide, masks, classes, max(len(form) for form, _ in forms)


@numba.njit(cache=True, nogil=True)
def _search(values, offsets, head_bytes, table, first, masks, classes, longest, found):
    """Each head in four parts side by side, since a look-up waits for the one before; a part ends where no
    word that begins in it goes on."""
    wide = np.uint32(int(classes.max()) + 1)
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], min(offsets[row + 1], offsets[row] + head_bytes)
        part = (end - begin + 3) // 4
        b, c, d = begin + part, begin + 2 * part, begin + 3 * part
        together = max(0, end - d)
        p = q = r = s = np.uint32(0)
        for i in range(together):
            p = table[p + np.uint32(classes[values[begin + i]])]
            q = table[q + np.uint32(classes[values[b + i]])]
            r = table[r + np.uint32(classes[values[c + i]])]
            s = table[s + np.uint32(classes[values[d + i]])]
            if p >= first or q >= first or r >= first or s >= first:
                for state in (p, q, r, s):
                    if state >= first:
                        word = (int(state) - first) // wide
                        found[row, 0] |= masks[word, 0]
                        found[row, 1] |= masks[word, 1]
        for state, start in ((p, begin), (q, b), (r, c)):
            for i in range(start + together, min(end, start + part + longest - 1)):
                state = table[state + np.uint32(classes[values[i]])]
                if state >= first:
                    word = (int(state) - first) // wide
                    found[row, 0] |= masks[word, 0]
                    found[row, 1] |= masks[word, 1]


@numba.njit(cache=True, nogil=True)
def _find(values, offsets, word, found):
    last = len(word) - 1
    skip = np.full(256, last + 1, np.int64)
    for k in range(last):
        skip[word[k]] = last - k
    for row in range(len(offsets) - 1):
        i = offsets[row] + last
        while i < offsets[row + 1] and not found[row]:
            k = 0
            while k <= last and values[i - k] == word[last - k]:
                k += 1
            found[row] = k > last
            i += skip[values[i]]
