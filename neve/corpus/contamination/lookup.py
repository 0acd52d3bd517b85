"""How benchmark text is compared with documents: hashes of its word 10-grams, and its squeezed texts.

Word n-grams are hashed by a polynomial over the hashes of their words, squeezed texts by one over their
bytes, both modulo 2^64 and mixed. A bitmap in front of the sorted hashes turns nearly all of a document away
for one read.

**Words** are runs of ASCII letters, digits and `_`, or of bytes beyond ASCII, lower-cased within ASCII:
`\\w+` for code, and fast. **Squeezed** is a text without anything that formatters, comments and quoting
inside JSON change: white space, control bytes, quotes, commas, semicolons, parentheses, backslashes,
comments, and triple-quoted strings right after a colon (docstrings). What comments and docstrings say is put
at the end, so that it is searched too. In both, the escapes `\\n`, `\\r` and `\\t` are white space, so
that code in the strings of a notebook is code. The trade-off: comments are cut without regard to string
literals, alike on both sides, which costs a match only where a line with `#` in a string was broken
elsewhere.

Source: Karp and Rabin (1987), rolling hashes; splitmix64 for the bytes' numbers.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from neve.corpus.contamination import lookup_kernel as kernel
from neve.hashing import GAMMA, splitmix64


def squeezed(text: str, slashes: bool = False) -> bytes:
    """A text squeezed, as documents are, without comments and docstrings; `slashes`: `//` and `/* */` are
    comments too."""
    raw = np.frombuffer(text.encode(), np.uint8)
    out, edges = np.empty(len(raw), np.uint8), np.empty(len(raw) + 1, np.uint8)
    size, _ = kernel.strip(
        raw, 0, len(raw), kinds(), slashes, out, edges, 0, np.empty((len(raw), 2), np.int64), 0
    )
    return out[:size].tobytes()


def grams_of(text: str) -> np.ndarray:
    """Hashes of the distinct word 10-grams of a text, sorted, uint32."""
    raw = np.frombuffer(text.encode(), np.uint8)
    words, grams = np.empty(len(raw) // 2 + 2, np.uint64), np.empty(len(raw) // 2 + 1, np.uint32)
    everything = np.full(1 << (kernel.GRAM_BITS - 3), 255, np.uint8)
    return np.unique(grams[: kernel.grams_in(raw, 0, len(raw), word_table(), everything, words, grams)])


def hashes_of(text: bytes, window: int) -> tuple[int, int]:
    """(hash of the first `window` bytes, hash of all) of a squeezed text, 32 bits each, as `check_texts` has
    them.

    Of a text as long as the window the two are different bits.
    """
    table, value, first = byte_table(), 0, 0
    for place, byte in enumerate(text):
        value = (value * int(kernel.BASE) + int(table[byte])) & 0xFFFFFFFFFFFFFFFF
        if place == window - 1:
            first = value
    return first >> 32, _mix_python(value) & 0xFFFFFFFF


def _mix_python(x: int) -> int:
    x = ((x ^ (x >> 32)) * 0xD6E8FEB86659FD93) & 0xFFFFFFFFFFFFFFFF
    return x ^ (x >> 32)


def bitmap_of(keys: np.ndarray, bits: int) -> np.ndarray:
    """A bit for each value of the top bits of keys of 32 bits, set where there is a key; as bytes."""
    bitmap = np.zeros(1 << (bits - 3), np.uint8)
    top = (keys >> np.uint32(32 - bits)).astype(np.int64)
    np.bitwise_or.at(bitmap, top >> 3, (1 << (top & 7)).astype(np.uint8))
    return bitmap


@cache
def byte_table() -> np.ndarray:
    """256 fixed odd numbers of 64 bits (splitmix64)."""
    return splitmix64(np.arange(256, dtype=np.uint64) * np.uint64(GAMMA)) | np.uint64(1)


@cache
def word_table() -> np.ndarray:
    """The number of each byte in a word's hash, 0 for one that is in no word; a capital has its small
    letter's."""
    letters = byte_table().copy()
    for byte in range(128):
        char = chr(byte)
        letters[byte] = letters[ord(char.lower())] if char.isalnum() or char == "_" else 0
    return letters


@cache
def kinds() -> np.ndarray:
    """What squeezing does with a byte."""
    table = np.full(256, kernel.KEPT, np.uint8)
    table[:33] = kernel.DROPPED
    for char, kind in {
        ",;()": kernel.DROPPED,
        "\n\r": kernel.BREAK,
        "#": kernel.HASH,
        "'\"": kernel.QUOTE,
        "\\": kernel.BACKSLASH,
    }.items():
        table[[ord(c) for c in char]] = kind
    return table
