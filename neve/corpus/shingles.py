"""Texts as sets of word n-grams (shingles), each n-gram a 64-bit hash, and the true Jaccard similarity of two sets.

A word is `\\w+`. A text of fewer than n words is one shingle, all its words; a text without words is the empty set,
which is like nothing. The trade-off: hashes in place of words, 8 bytes an n-gram; that any two of a billion distinct
n-grams are taken for one has a chance of 0.03.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

if TYPE_CHECKING:
    from daft import Expression

U64 = np.uint64


def words(text: Expression) -> Expression:
    """The words of a text joined by single spaces; the same as `" ".join(re.findall(r"\\w+", text))`."""
    from daft.functions import regexp_replace, strip

    return strip(regexp_replace(text, r"[^\p{L}\p{N}_]+", " "))


@numba.njit(nogil=True, cache=True)
def mix(x):
    """The finaliser of splitmix64: every bit of the input moves every bit of the output."""
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


@numba.njit(nogil=True, cache=True)
def _hash_shingles(data, offsets, ngram):
    """Sorted distinct shingle hashes of each text in `data[offsets[i]:offsets[i+1]]`, words parted by single spaces."""
    n = len(offsets) - 1
    longest, total = 0, 0
    for i in range(n):
        count = 1
        for p in range(offsets[i], offsets[i + 1]):
            count += data[p] == 32
        longest = max(longest, count)
        total += max(1, count - ngram + 1)
    out, ends = np.empty(total, np.uint64), np.zeros(n + 1, np.int64)
    word = np.empty(longest, np.uint64)
    at = 0
    for i in range(n):
        count = 0
        if offsets[i + 1] > offsets[i]:
            h = U64(0xCBF29CE484222325)
            for p in range(offsets[i], offsets[i + 1]):
                if data[p] == 32:
                    word[count] = mix(h)
                    count += 1
                    h = U64(0xCBF29CE484222325)
                else:
                    h = (h ^ U64(data[p])) * U64(0x100000001B3)
            word[count] = mix(h)
            count += 1
        width = min(ngram, count)
        first = at
        if count > 0:
            for s in range(count - width + 1):
                h = U64(width)
                for j in range(width):
                    h = mix(h ^ word[s + j]) + U64(0x9E3779B97F4A7C15)
                out[at] = h
                at += 1
            out[first:at] = np.sort(out[first:at])
            distinct = first + 1
            for s in range(first + 1, at):
                if out[s] != out[distinct - 1]:
                    out[distinct] = out[s]
                    distinct += 1
            at = distinct
        ends[i + 1] = at
    return out[:at], ends


@numba.njit(nogil=True, cache=True)
def similarity(a, b):
    """Jaccard similarity of two sorted arrays of distinct values; 0 where either is empty."""
    if len(a) == 0 or len(b) == 0:
        return 0.0
    i, j, both = 0, 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            both += 1
            i += 1
            j += 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return both / (len(a) + len(b) - both)


def shingles(words: pa.Array, ngram: int) -> pa.LargeListArray:
    """Sorted distinct hashes (list of uint64) of the word n-grams of texts whose words are joined by single spaces."""
    words = words.cast(pa.large_string())
    offsets = np.frombuffer(words.buffers()[1], np.int64)[words.offset : words.offset + len(words) + 1]
    data = np.frombuffer(words.buffers()[2] or b"", np.uint8)
    values, ends = _hash_shingles(data, offsets, ngram)
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(values))


@dataclass(frozen=True)
class Sets:
    """n-gram sets of n documents: that of document i is `values[ends[i]:ends[i+1]]`, sorted and distinct."""

    values: np.ndarray
    """uint64, in a memory-mapped file where there are many."""
    ends: np.ndarray
    """int64 [n + 1]"""


def load(folder: Path, file: Path, documents: int) -> Sets:
    """The sets of `documents` documents from Parquet with columns code (the document's number) and shingles.

    They are laid out by number in `file`, which is mapped into memory. A document without a row has an empty set.
    """
    table = ds.dataset(sorted(str(path) for path in folder.glob("*.parquet")), format="parquet")
    lengths = np.zeros(documents, np.int64)
    for batch in table.to_batches(columns=["code", "shingles"]):
        count = pc.fill_null(pc.list_value_length(batch["shingles"]), 0)
        lengths[batch["code"].to_numpy()] = count.to_numpy()
    ends = np.concatenate([[0], np.cumsum(lengths)])
    values = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint64, shape=(max(1, int(ends[-1])),))
    for batch in table.to_batches(columns=["code", "shingles"]):
        for code, hashes in zip(batch["code"].to_pylist(), batch["shingles"], strict=True):
            if hashes.is_valid:
                values[ends[code] : ends[code + 1]] = hashes.values.to_numpy()
    return Sets(values, ends)


def of(texts: Iterable[str], ngram: int) -> list[np.ndarray]:
    """The set of each of a few texts: sorted distinct hashes, uint64."""
    joined = pa.array([" ".join(re.findall(r"\w+", text)) for text in texts], pa.large_string())
    lists = shingles(joined, ngram)
    values, ends = lists.values.to_numpy(), lists.offsets.to_numpy()
    return [values[ends[i] : ends[i + 1]] for i in range(len(joined))]
