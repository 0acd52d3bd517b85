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
    table, said, classes = _automaton(words)
    found = np.zeros((len(offsets) - 1, 2), np.uint64)
    _search(values, offsets, head_bytes, table, said, classes, found)
    return found


def named(mask: np.ndarray, words: tuple[str, ...]) -> list[str]:
    """The words of one row of `masks`."""
    bits = int(mask[0]) | int(mask[1]) << 64
    return [word for i, word in enumerate(words) if bits >> i & 1]


@cache
def _automaton(words: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(next state by state * classes + class, masks of the words that end in a state, classes of bytes)."""
    assert len(words) <= WORDS
    forms = [(form.encode(), i) for i, word in enumerate(words) for form in sorted({word, word.upper(), word.capitalize()})]  # fmt: skip
    forms = [(form.lower(), i) for form, i in forms]  # bytes: ASCII alone
    letters = sorted({byte for form, _ in forms for byte in form})
    classes = np.zeros(256, np.uint8)
    for number, byte in enumerate(letters, 1):
        classes[byte] = number
        if chr(byte).isascii() and chr(byte).isalpha():
            classes[ord(chr(byte).upper())] = number
    table, said = automaton.build(((form, 1 << i) for form, i in forms), classes, len(letters) + 1)
    low = (1 << 64) - 1
    found = np.array([[mask & low, mask >> 64] for mask in said], np.uint64)
    return table, found, classes


@numba.njit(cache=True, nogil=True)
def _search(values, offsets, head_bytes, table, said, classes, found):
    for row in range(len(offsets) - 1):
        state = 0
        low, high = np.uint64(0), np.uint64(0)
        for i in range(offsets[row], min(offsets[row + 1], offsets[row] + head_bytes)):
            state = table[state, classes[values[i]]]
            low |= said[state, 0]
            high |= said[state, 1]
        found[row, 0], found[row, 1] = low, high
