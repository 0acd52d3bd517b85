"""The kernels of `lookup`: word n-grams and squeezed texts of documents, hashed and looked up.

A window is hashed in constant time, for both hashes are polynomials that roll on. All in one file on
purpose: numba caches compiled code by its file, and would not notice a change in another. So `shapes` has
copies of the small functions here.
"""

from __future__ import annotations

import numba
import numpy as np

from neve.hashing import GAMMA

N = 10
"""Words of an n-gram."""
MIN_LENGTH = 40
"""Squeezed bytes from which a text is searched for anywhere."""
MIN_WHOLE = 16
"""And from which it is found where it fills whole lines."""
BASE = np.uint64(GAMMA)
"""Of the polynomials."""
GRAM_BITS, TEXT_BITS = 22, 20
"""Of the bitmaps in front of the hashes: 512 and 128 KiB, a few per cent of them set."""

KEPT, DROPPED, BREAK, HASH, QUOTE, BACKSLASH = range(6)
"""What squeezing does with a byte."""


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


@numba.njit(cache=True, nogil=True, inline="always")
def _maybe(bitmap, key, bits):
    top = np.int64(key >> np.uint32(32 - bits))
    return (bitmap[top >> 3] >> np.uint8(top & 7)) & 1


@numba.njit(cache=True, nogil=True, inline="always")
def _escape(byte):
    return byte == 110 or byte == 114 or byte == 116


@numba.njit(cache=True, nogil=True)
def grams_in(values, start, end, letters, bitmap, words, grams):
    """Write to `grams` those hashes of word N-grams of [start, end), in order, that the bitmap holds; how
    many.

    A polynomial over the words' own hashes, rolled on. `words` and `grams` have room for as many words as
    there may be. Nothing branches on what a byte or gram is: it is written always, and counted where it is
    wanted.
    """
    count = 0
    word, inside, before = np.uint64(0), np.uint64(0), np.uint8(0)
    for i in range(start, end):
        byte = values[i]
        letter = letters[byte]
        letter = np.uint64(0) if before == 92 and not inside and _escape(byte) else letter
        mask = ~np.uint64(0) if letter else np.uint64(0)
        word = word * (BASE & mask) + letter
        count += inside & ~mask != 0
        words[count] = word
        inside, before = mask, byte
    count += inside != 0
    gram, top, found = np.uint64(0), np.uint64(1), 0
    for k in range(min(count, N - 1)):
        words[k] = _mix(words[k])
        gram = gram * BASE + words[k]
    for _ in range(N - 1):
        top *= BASE
    for k in range(N - 1, count):
        words[k] = _mix(words[k])
        gram = gram * BASE + words[k]
        hashed = np.uint32(_mix(gram) >> np.uint64(32))
        grams[found] = hashed
        found += _maybe(bitmap, hashed, GRAM_BITS) != 0
        gram -= words[k - N + 1] * top
    return found


@numba.njit(cache=True, nogil=True)
def check_grams(values, offsets, keys, bitmap, starts, texts, text_grams, text_task, letters, shares, tasks):
    """Raise each document's share to that of the text of whose grams it holds most.

    Of equal shares that of the first task counts. `starts` and `texts`: which texts hold a key;
    `text_grams`: of how many grams a text's share is.
    """
    seen = np.full(len(keys), -1, np.int64)  # the last document that held this gram
    counted = np.full(len(text_grams), -1, np.int64)  # the last document that `counts` is of
    counts = np.zeros(len(text_grams), np.int64)
    longest = 0
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    words, grams = np.empty(longest // 2 + 2, np.uint64), np.empty(longest // 2 + 1, np.uint32)
    for doc in range(len(offsets) - 1):
        for gram in grams[: grams_in(values, offsets[doc], offsets[doc + 1], letters, bitmap, words, grams)]:
            place = _find(keys, gram)
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
def _closing(values, i, end, quote):
    """After the three quotes, with or without backslashes, that close a string before `end`; -1 without
    such.

    Quotes right after a colon, comments aside, open a docstring within the docstring: it shows a function.
    """
    run, first, within, comment = 0, -1, False, False
    last = np.uint8(0)
    while i < end:
        byte = values[i]
        i += 1
        if byte == quote:
            run += 1
            if run == 3:
                if first < 0:
                    first = i
                if not within and last != 58:
                    return i
                within = not within
                run, last = 0, np.uint8(0)
        elif byte != 92:
            run = 0
            if byte == 35:
                comment = True
            elif byte == 10 or byte == 13:
                comment = False
            elif byte > 32 and not comment:
                last = byte
    return first


@numba.njit(cache=True, nogil=True)
def strip(values, start, end, kind_of, slashes, out, edges, size, asides, count):
    """Write [start, end) squeezed after `size` bytes of `out`, and to `edges` where a line or a string
    begins.

    Docstrings and comments are left out, their places appended to the `count` rows of `asides`; without room
    in it docstrings are text. Returns (bytes in `out`, rows in `asides`).
    """
    run, quote = 0, 0
    last = np.uint8(0)
    edge = True
    i = start
    while i < end:
        byte = values[i]
        kind = kind_of[byte]
        i += 1
        if kind == KEPT:
            if slashes and byte == 47 and i < end and last != 58 and (values[i] == 47 or values[i] == 42):
                after = _after_slashes(values, i, end)
                if after >= 0:
                    i, edge = after, True
                    continue
            out[size] = byte
            edges[size] = edge
            size += 1
            last = byte
            edge, run = False, 0
        elif kind == DROPPED:
            run = 0
            while i < end and values[i] == 32:
                i += 1
        elif kind == BREAK:
            edge, run = True, 0
        elif kind == HASH:
            while i < end and kind_of[values[i]] == HASH:
                i += 1
            after = _line_end(values, i, end)
            if count < len(asides):
                asides[count, 0], asides[count, 1] = i, after
                count += 1
            i, edge, run = after, True, 0
        elif kind == BACKSLASH:
            while i < end and values[i] == 92:
                i += 1
            if i < end and _escape(values[i]):
                edge = edge or values[i] != 116
                run = 0
                i += 1
        else:
            edge = True
            run = run + 1 if byte == quote else 1
            quote = byte
            if run == 3:
                run = 0
                if last == 58 and count < len(asides):
                    after = _closing(values, i, end, byte)
                    if after >= 0:
                        asides[count, 0], asides[count, 1] = i, after - 3
                        count += 1
                        i = after
    edges[size] = 1
    return size, count


@numba.njit(cache=True, nogil=True)
def _line_end(values, i, end):
    """Where the line, or the line within a string of JSON, ends that i is in."""
    while i < end and values[i] != 10 and values[i] != 13:
        if values[i] == 92 and i + 1 < end and (values[i + 1] == 110 or values[i + 1] == 114):
            break
        i += 1
    return i


@numba.njit(cache=True, nogil=True)
def _after_slashes(values, i, end):
    """After the comment whose second byte, `/` or `*`, is at i; -1 where it does not end."""
    if values[i] == 47:
        return _line_end(values, i, end)
    while i + 2 < end:
        i += 1
        if values[i] == 42 and values[i + 1] == 47:
            return i + 2
    return -1


@numba.njit(cache=True, nogil=True)
def _squeeze(values, start, end, kind_of, slashes, out, edges, asides):
    """Write [start, end) squeezed to `out`, what docstrings and comments say after the rest, and to `edges`
    where a line or a string begins. Returns the number of bytes written; `edges` has one
    more, of the end."""
    size, count = strip(values, start, end, kind_of, slashes, out, edges, 0, asides, 0)
    k = 0
    while k < count:  # which grows by what stands within
        first, last = asides[k]
        size, count = strip(values, first, last, kind_of, slashes, out, edges, size, asides, count)
        k += 1
    return size


@numba.njit(cache=True, nogil=True)
def _search(out, edges, size, i, start, whole, texts, table, best):
    """The first task among `best` and those whose text stands at i, where the first bytes hash
    to `start`."""
    keys, _, lengths, hashes, owners = texts
    k = _find(keys, start)
    while k < len(keys) and keys[k] == start:
        end = i + lengths[k]
        if owners[k] < best and end <= size and (edges[end] or not whole):
            value = np.uint64(0)
            for j in range(i, end):
                value = value * BASE + table[out[j]]
            if np.uint32(_mix(value)) == hashes[k]:
                best = owners[k]
        k += 1
    return best


@numba.njit(cache=True, nogil=True)
def _leaving(table, window):
    """What a byte takes from the hash of the last `window` bytes when it leaves them."""
    out = table.copy()
    for _ in range(window):
        out *= BASE
    return out


@numba.njit(cache=True, nogil=True)
def check_texts(values, offsets, long, short, kind_of, table, slashes, shares, tasks):
    """Set a document's share to 1 where a squeezed text stands in it, and its task to the first such task.

    `long` and `short`: (keys, bitmap, lengths, hashes, owners) of texts of at least MIN_LENGTH bytes, found
    anywhere, and of at least MIN_WHOLE, found where they begin and end with a line or a string.
    """
    longest = 0
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    out, edges = np.empty(longest, np.uint8), np.empty(longest + 1, np.uint8)
    asides = np.empty((longest // 2 + 1, 2), np.int64)
    leave = _leaving(table, MIN_LENGTH)
    maybe_long, maybe_short = long[1], short[1]
    none = np.int64(1 << 62)
    for doc in range(len(offsets) - 1):
        size = _squeeze(values, offsets[doc], offsets[doc + 1], kind_of, slashes, out, edges, asides)
        best = none
        value = np.uint64(0)  # the hash of the last MIN_LENGTH bytes
        for i in range(min(size, MIN_LENGTH - 1)):
            value = value * BASE + table[out[i]]
        for i in range(MIN_LENGTH - 1, size):
            gone = leave[out[i - MIN_LENGTH]] if i >= MIN_LENGTH else np.uint64(0)
            value = value * BASE + (table[out[i]] - gone)
            key = np.uint32(value >> np.uint64(32))
            if _maybe(maybe_long, key, TEXT_BITS):
                best = _search(out, edges, size, i + 1 - MIN_LENGTH, key, False, long, table, best)
        for i in range(size + 1 - MIN_WHOLE):
            if edges[i]:
                value = np.uint64(0)
                for k in range(i, i + MIN_WHOLE):
                    value = value * BASE + table[out[k]]
                key = np.uint32(value >> np.uint64(32))
                if _maybe(maybe_short, key, TEXT_BITS):
                    best = _search(out, edges, size, i, key, True, short, table, best)
        if best < none and (shares[doc] < 1.0 or best < tasks[doc]):
            shares[doc] = 1.0
            tasks[doc] = best
