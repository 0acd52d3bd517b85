"""Texts as sets of word n-grams (shingles), each a 64-bit hash; MinHash signatures; the true Jaccard
similarity of sets.

A word is `\\w+`: letters, digits and the underscore, as Unicode and Python's `re` define them. A text of
fewer than n words is one shingle, all its words; a text without words is the empty set, which is similar to
nothing.

Everything is computed from the bytes of an Arrow column, 1,024 words at a time, so that the working memory
is that of one tile whatever the text's size. A word's hash takes one multiplication a byte; an n-gram's hash
is rolled on from the last (a polynomial of the word hashes modulo 2^64, mixed); a signature holds for each
of k permutations the minimum of `x * a` modulo 2^32 over the n-grams, where x is half of the n-gram's hash
and a is odd.

Trade-offs. Words are hashed: among a billion distinct n-grams the chance that any two collide is 0.03. All k
permutations are applied to every n-gram, repeated ones too, rather than one permutation distributed over k
bins (Shrivastava 2017; Dahlgaard, Knudsen and Thorup 2017): vectorised it takes 9 ns an n-gram at k = 256,
less than reading the words, and the probability that two signatures agree in a place is the Jaccard
similarity itself, for short texts as for long. Signatures are 32 bits wide, enough for texts of up to some
ten million n-grams.

Source: Broder, "On the resemblance and containment of documents" (1997); Dietzfelbinger et al., "A reliable
randomized algorithm for the closest-pair problem" (1997), for multiply-shift; Karp and Rabin (1987) for
rolling hashes.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve.corpus.text import read_only
from neve.hashing import GAMMA, splitmix64

U32, U64 = np.uint32, np.uint64
TILE = 1024
"""Words hashed at a time."""
LOAD_ROWS = 1024
"""Sets read at a time."""


# --- kernels: bytes to words to n-grams


@numba.njit(nogil=True, cache=True)
def mix(x):
    """`hashing.finalize`, compiled."""
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


@numba.njit(nogil=True, cache=True)
def _decode(data, i, end):
    """(code point or -1, width) of the UTF-8 sequence at i; what is not UTF-8 is one byte that
    is no letter."""
    byte = data[i]
    width = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
    if byte < 0xC2 or byte > 0xF4 or i + width > end:
        return np.int64(-1), 1
    point = np.int64(byte) & (0x7F >> width)
    for k in range(1, width):
        if data[i + k] & 0xC0 != 0x80:
            return np.int64(-1), 1
        point = point << 6 | np.int64(data[i + k] & 0x3F)
    least = 0x10000 if width == 4 else 0x800 if width == 3 else 0x80  # fewer bytes would do for what is less
    return point if least <= point <= 0x10FFFF else np.int64(-1), width


@numba.njit(nogil=True, cache=True)
def _read_words(data, i, end, masks, letters, word, count):
    """Hash words of data[i:end] into `word` from place `count` on, until it is full but for one; (where it
    stopped, count).

    ASCII goes without a branch on what is a word: the hash is masked to 0 outside words, and counted where
    one ends.
    """
    h, inside = U64(0), U64(0)
    full = len(word) - 1
    while i < end and count < full:
        byte = data[i]
        if byte < 128:
            mask = masks[byte]
            h = (h ^ (U64(byte) ^ U64(0x9E3779B97F4A7C15))) * (U64(0x9FB21C651E98DF25) & mask)
            i += 1
        else:
            point, width = _decode(data, i, end)
            mask = ~U64(0) if point >= 0 and letters[point] else U64(0)
            for k in range(i, i + width):
                h = ((h ^ U64(data[k]) ^ U64(0x9E3779B97F4A7C15)) * U64(0x9FB21C651E98DF25)) & mask
            i += width
        count += np.int64(inside & ~mask & U64(1))
        word[count] = h
        inside = mask
    return i, count + np.int64(inside & U64(1))


@numba.njit(nogil=True, cache=True)
def _roll(word, count, ngram, out):
    """Hashes (never 0) of the n-grams of word[:count], of all of it where that is fewer than n; returns how
    many.

    The base is 3 modulo 8, so that words that change places cost the hash no more than a few of its bits.
    """
    base, top, h = U64(0x9E3779B97F4A7C1B), U64(1), U64(0)
    width = min(ngram, count)
    for j in range(width - 1):
        h = h * base + word[j]
        top *= base
    for s in range(count - width + 1):
        h = h * base + word[s + width - 1]
        out[s] = max(mix(h), U64(1))
        h -= word[s] * top
    return count - width + 1


@numba.njit(nogil=True, cache=True)
def _next(data, i, end, masks, letters, word, left, ngram, out):
    """The next TILE n-grams at most of a text, `left` words before i being in `word`: (where it stopped,
    left, how many)."""
    i, count = _read_words(data, i, end, masks, letters, word, left)
    if count == left:
        return i, left, 0
    made = _roll(word, count, ngram, out)
    left = min(count, ngram - 1)
    for j in range(left):
        word[j] = word[count - left + j]
    return i, left, made


@numba.njit(nogil=True, cache=True)
def _minimum(hashes, count, factors, least):
    """Lower each least[j] to the least of x * factors[j], x the upper halves of the hashes.

    Four n-grams at a time, so that loads and stores are few; the last is repeated to fill up (a minimum does
    not mind), for which `hashes` must have room.
    """
    for s in range(count, -(-count // 4) * 4):
        hashes[s] = hashes[count - 1]
    for s in range(0, count, 4):
        a, b = U32(hashes[s] >> U64(32)), U32(hashes[s + 1] >> U64(32))
        c, d = U32(hashes[s + 2] >> U64(32)), U32(hashes[s + 3] >> U64(32))
        for j in range(len(least)):
            factor = factors[j]
            u, v = U32(a * factor), U32(b * factor)
            w, x = U32(c * factor), U32(d * factor)
            u, w = u if u < v else v, w if w < x else x
            u = u if u < w else w
            least[j] = u if u < least[j] else least[j]


@numba.njit(nogil=True, cache=True)
def _signatures(data, offsets, valid, masks, letters, ngram, factors, out, any_words):
    word, hashes = np.empty(TILE + ngram, np.uint64), np.empty(TILE + 3, np.uint64)
    for doc in range(len(valid)):
        i, end, left = offsets[doc], offsets[doc + 1], np.int64(0)
        while valid[doc] and i < end:
            i, left, made = _next(data, i, end, masks, letters, word, left, ngram, hashes)
            if made:
                any_words[doc] = True
                _minimum(hashes, made, factors, out[doc])


@numba.njit(nogil=True, cache=True)
def _distinct(hashes, table):
    """Sort hashes in place, drop what is repeated, return how many are left.

    Hashes are spread evenly, so a table of at least twice their number, where a hash's place goes by its
    first bits and what is taken moves on, holds them nearly in order. `table` is all 0, and is left so.
    """
    bits = 1
    while 1 << bits < 2 * len(hashes):
        bits += 1
    count = 0
    for h in hashes:
        place = np.int64(h >> U64(64 - bits))
        while table[place] != h and table[place] != 0:
            place += 1
        count += table[place] == 0
        table[place] = h
    found, place = 0, np.int64(0)
    while found < count:
        h = table[place]
        table[place] = 0
        place += 1
        if h != 0:
            k = found
            while k > 0 and hashes[k - 1] > h:
                hashes[k] = hashes[k - 1]
                k -= 1
            hashes[k] = h
            found += 1
    return count


@numba.njit(nogil=True, cache=True)
def _sets(data, offsets, valid, masks, letters, ngram, ends):
    word = np.empty(TILE + ngram, np.uint64)
    out, table = np.empty(TILE + (offsets[-1] - offsets[0]) // 8, np.uint64), np.zeros(1, np.uint64)
    at = 0
    for doc in range(len(valid)):
        first = at
        i, end, left = offsets[doc], offsets[doc + 1], np.int64(0)
        while valid[doc] and i < end:
            if at + TILE > len(out):
                more = np.empty(2 * len(out), np.uint64)
                more[:at] = out[:at]
                out = more
            i, left, made = _next(data, i, end, masks, letters, word, left, ngram, out[at:])
            at += made
        if len(table) < 5 * (at - first) + 2:  # up to 4 times their number by their bits, and what moves on
            table = np.zeros(5 * (at - first) + 2, np.uint64)
        at = first + _distinct(out[first:at], table)
        ends[doc + 1] = at
    return out[:at]


@numba.njit(nogil=True, cache=True)
def similarity(a, b):
    """Jaccard similarity of two sorted arrays of distinct values; 0 where either is empty."""
    if len(a) == 0 or len(b) == 0:
        return 0.0
    i, j, both = 0, 0, 0
    while i < len(a) and j < len(b):
        x, y = a[i], b[j]
        both += x == y
        i += x <= y
        j += y <= x
    return both / (len(a) + len(b) - both)


# --- over Arrow columns


@cache
def _letters() -> tuple[np.ndarray, np.ndarray]:
    """(for each ASCII byte all bits set where it is of a word, for each code point whether it is)."""
    codes = np.arange(0x110000, dtype=np.uint32)
    codes[0xD800:0xE000] = 0
    letters = np.char.isalnum(codes.view("U1"))
    letters[ord("_")] = True
    return np.where(letters[:128], U64(2**64 - 1), U64(0)), letters


@cache
def mixed(count: int) -> np.ndarray:
    """Odd numbers (uint64 [count]) as if drawn at random, for hashing; the same for ever."""
    return splitmix64(np.arange(count, dtype=np.uint64) * U64(GAMMA)) | U64(1)


@cache
def _factors(permutations: int) -> np.ndarray:
    return (mixed(permutations) >> U64(32)).astype(np.uint32) | U32(1)


def signatures(
    contents: pa.Array | pa.ChunkedArray, ngram: int, permutations: int
) -> tuple[np.ndarray, np.ndarray]:
    """MinHash signatures (uint32 [n, permutations]) of n texts, and which have one (bool [n]): not null, and
    with words.

    The chance that two signatures agree in a place is the Jaccard similarity of the n-gram sets. `contents`
    is UTF-8; bytes that are not are no word.
    """
    data, offsets, valid = read_only(contents)
    out = np.full((len(valid), permutations), 2**32 - 1, np.uint32)
    any_words = np.zeros(len(valid), bool)
    _signatures(data, offsets, valid, *_letters(), ngram, _factors(permutations), out, any_words)
    return out, any_words


def shingles(contents: pa.Array | pa.ChunkedArray, ngram: int) -> pa.LargeListArray:
    """Sorted distinct hashes (list of uint64) of the word n-grams of each text; null for null, empty without
    words."""
    data, offsets, valid = read_only(contents)
    ends = np.zeros(len(valid) + 1, np.int64)
    values = _sets(data, offsets, valid, *_letters(), ngram, ends)
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(values), mask=pa.array(~valid))


@dataclass(frozen=True)
class Sets:
    """n-gram sets of n documents: that of document i is `values[starts[i]:ends[i]]`, sorted and distinct."""

    values: np.ndarray
    """uint64, in a memory-mapped file where there are many."""
    starts: np.ndarray
    """int64 [n]"""
    ends: np.ndarray
    """int64 [n]"""

    def release(self) -> None:
        """Give back the memory of what was read of a mapped file so far; it is read again when
        it is needed."""
        if isinstance(self.values, np.memmap):
            mapped: mmap.mmap = self.values._mmap  # type: ignore[attr-defined]
            mapped.madvise(mmap.MADV_DONTNEED)


def load(folder: Path, file: Path, documents: int) -> Sets:
    """The sets of `documents` documents from Parquet with columns code (the document's number) and shingles.

    They are laid out as they come in `file`, which is mapped into memory. A document without a row, or whose
    row is null, has the empty set.
    """
    starts, ends, at = np.zeros(documents, np.int64), np.zeros(documents, np.int64), 0
    with file.open("wb") as out:
        for path in sorted(folder.glob("*.parquet")):
            for batch in pq.ParquetFile(path).iter_batches(LOAD_ROWS, columns=["code", "shingles"]):
                codes, lists = batch["code"].to_numpy(), batch["shingles"]
                lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
                ends[codes] = at + np.cumsum(lengths)
                starts[codes] = ends[codes] - lengths
                at += int(lengths.sum())
                out.write(memoryview(lists.flatten().to_numpy()))
    values = np.memmap(file, np.uint64, "r") if at else np.zeros(0, np.uint64)
    return Sets(values, starts, ends)


def of(texts: Iterable[str], ngram: int) -> list[np.ndarray]:
    """The set of each of a few texts: sorted distinct hashes, uint64."""
    lists = shingles(pa.array([text.encode(errors="replace") for text in texts], pa.large_binary()), ngram)
    values, ends = lists.values.to_numpy(), lists.offsets.to_numpy()
    return [values[start:end] for start, end in pairwise(ends)]
