"""Hashes of benchmark text, and looking them up in documents: the kernels of decontamination.

All in one file on purpose, for numba keeps compiled code by the file it stands in and would not notice a
change in another. Word n-grams are hashed by a polynomial over the hashes of their words, normalised texts
by one over their bytes, both modulo 2^64 and mixed, so that a window is hashed in constant time. A bitmap in
front of the sorted hashes turns nearly all of a document away for one read.

Source: Karp and Rabin (1987), rolling hashes; splitmix64 for the bytes' numbers.
"""

from __future__ import annotations

import re

import numba
import numpy as np

N = 10
"""Words of an n-gram."""
MIN_GRAMS = 4
"""A text of fewer distinct n-grams is not looked for."""
MIN_LENGTH = 40
"""Nor is a solution of fewer normalised bytes. With these two nothing was flagged in 16,368 files of installed packages
and 39,598 of sdists; with 1 and 24 a short idiom was."""

_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_BITS = 22  # the bitmap in front of a table of hashes: 512 KiB, a few per cent of it set


def normalised(text: str) -> bytes:
    """Text without what stands from `#` to a line's end, and without ASCII white space and control bytes."""
    return re.sub(rb"#[^\r\n]*|[\x00-\x20]+", b"", text.encode())


def grams_of(text: str) -> np.ndarray:
    """Hashes of the distinct word 10-grams of a text, sorted, uint64."""
    raw = np.frombuffer(text.encode(), np.uint8)
    return np.unique(_grams(raw, 0, len(raw), word_table()))


def bitmap_of(keys: np.ndarray) -> np.ndarray:
    """A bit for each value of the keys' top bits, as bytes: what is not set is no key."""
    bitmap = np.zeros(1 << (_BITS - 3), np.uint8)
    top = (keys >> np.uint64(64 - _BITS)).astype(np.int64)
    np.bitwise_or.at(bitmap, top >> 3, (1 << (top & 7)).astype(np.uint8))
    return bitmap


def word_table() -> np.ndarray:
    """What a byte counts in a word, 0 where it is none; capitals count as small letters."""
    letters = byte_table().copy()
    for byte in range(128):
        char = chr(byte)
        letters[byte] = letters[ord(char.lower())] if char.isalnum() or char == "_" else 0
    return letters


def byte_table() -> np.ndarray:
    """256 fixed odd numbers of 64 bits (splitmix64)."""
    with np.errstate(over="ignore"):
        x = (np.arange(1, 257, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return (x ^ (x >> np.uint64(31))) | np.uint64(1)


def powers_of(longest: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.concatenate(
            [[np.uint64(1)], np.cumprod(np.full(longest, _BASE, np.uint64), dtype=np.uint64)]
        )


def hash_of(text: bytes) -> int:
    """Hash of a normalised text, as `check_solutions` has it for a window."""
    table = byte_table()
    value = 0
    for byte in text:
        value = (value * int(_BASE) + int(table[byte])) & 0xFFFFFFFFFFFFFFFF
    return int(_mix_python(value))


def _mix_python(x: int) -> int:
    x = ((x ^ (x >> 32)) * 0xD6E8FEB86659FD93) & 0xFFFFFFFFFFFFFFFF
    return x ^ (x >> 32)


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(x):
    x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return x ^ (x >> np.uint64(32))


@numba.njit(cache=True, nogil=True)
def _grams(values, start, end, letters):
    """Hash of each word N-gram in [start, end), in order: a polynomial over the words' own hashes, rolled on."""
    out = np.empty(max(0, (end - start + 1) // 2 - N + 1), np.uint64)
    ring = np.zeros(N, np.uint64)
    top = np.uint64(1)
    for _ in range(N):
        top *= _BASE
    gram, words, count = np.uint64(0), 0, 0
    word, inside = np.uint64(0), False
    for i in range(start, end + 1):
        letter = letters[values[i]] if i < end else np.uint64(0)
        if letter != 0:
            word = word * _BASE + letter
            inside = True
        elif inside:
            hashed = _mix(word)
            slot = words % N
            gram = gram * _BASE + hashed - ring[slot] * top
            ring[slot] = hashed
            words += 1
            word, inside = np.uint64(0), False
            if words >= N:
                out[count] = _mix(gram)
                count += 1
    return out[:count]


@numba.njit(cache=True, nogil=True, inline="always")
def _maybe(bitmap, key):
    top = np.int64(key >> np.uint64(64 - _BITS))
    return (bitmap[top >> 3] >> np.uint8(top & 7)) & 1


@numba.njit(cache=True, nogil=True)
def check_grams(values, offsets, keys, bitmap, starts, texts, text_grams, text_task, letters, shares, tasks):
    seen = np.full(len(keys), -1, np.int64)  # the last document that held this gram
    counted = np.full(len(text_grams), -1, np.int64)  # the last document that `counts` is of
    counts = np.zeros(len(text_grams), np.int64)
    for doc in range(len(offsets) - 1):
        for gram in _grams(values, offsets[doc], offsets[doc + 1], letters):
            if not _maybe(bitmap, gram):
                continue
            place = np.searchsorted(keys, gram)
            if place == len(keys) or keys[place] != gram or seen[place] == doc:
                continue
            seen[place] = doc
            for k in range(starts[place], starts[place + 1]):
                text = texts[k]
                if counted[text] != doc:
                    counted[text] = doc
                    counts[text] = 0
                counts[text] += 1
                share = counts[text] / text_grams[text]
                task = text_task[text]
                if share > shares[doc] or (share == shares[doc] and task < tasks[doc]):
                    shares[doc] = share
                    tasks[doc] = task


@numba.njit(cache=True, nogil=True)
def check_solutions(values, offsets, starts, bitmap, lengths, hashes, owners, powers, table, shares, tasks):
    longest = 0
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    prefix = np.zeros(longest + 1, np.uint64)  # hash of the first k normalised bytes
    for doc in range(len(offsets) - 1):
        size, comment = 0, False
        for i in range(offsets[doc], offsets[doc + 1]):
            byte = values[i]
            if byte == 35:
                comment = True
            elif byte == 10 or byte == 13:
                comment = False
            if byte > 32 and not comment:
                prefix[size + 1] = prefix[size] * _BASE + table[byte]
                size += 1
        for i in range(size - MIN_LENGTH + 1):
            start = _mix(prefix[i + MIN_LENGTH] - prefix[i] * powers[MIN_LENGTH])
            if not _maybe(bitmap, start):
                continue
            k = np.searchsorted(starts, start)
            while k < len(starts) and starts[k] == start:
                length = lengths[k]
                whole = (
                    i + length <= size and _mix(prefix[i + length] - prefix[i] * powers[length]) == hashes[k]
                )
                if whole and (shares[doc] < 1.0 or owners[k] < tasks[doc]):
                    shares[doc] = 1.0
                    tasks[doc] = owners[k]
                k += 1
