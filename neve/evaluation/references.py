"""What a model's bits per byte are held against: zlib, and a trigram model of the tokens that the model saw.

A figure alone says little: whether 2.2 bits per byte is good shows only beside something that everybody has.
Both references read the same units as the models, in the same order, so that their figures have the same
denominators.

* `zlib -9`, raw deflate in one stream over the units of a text, each after its context. A unit's bits are
  what it adds to the stream, flushed at its end, without the four bytes that mark a flush. The trade-off:
  each unit pays for a Huffman table of its own; in return units stay apart, and intervals can be taken.
* a trigram model with interpolated Kneser-Ney smoothing and one discount a level, counted on the tokens that
  the run's first phase trains on, in its windows, at most MOST of them. It reads what the model reads.

Sources: Deutsch (RFC 1951); Kneser and Ney (1995) in the interpolated form of Chen and Goodman (1999), with
Ney, Essen and Kneser's discount n1 / (n1 + 2 n2).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neve.evaluation.bits_per_byte import Text
from neve.tokens.view import View

MOST = 20_000_000
"""Tokens that trigrams are counted on: their keys take 160 MB a copy."""
MARK = 4
"""Bytes of the empty block by which deflate marks a flush."""


def zlib_bits(texts: Sequence[Text]) -> np.ndarray:
    """Bits that each text's target adds to one stream: float64 [texts]."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    sizes = np.empty(len(texts))
    for row, text in enumerate(texts):  # a stream is read in its order
        stream.compress(text.before)
        stream.flush(zlib.Z_SYNC_FLUSH)
        sizes[row] = len(stream.compress(text.after)) + len(stream.flush(zlib.Z_SYNC_FLUSH)) - MARK
    return 8 * sizes


ZLIB, TRIGRAM = "zlib -9", "trigram"


@dataclass(frozen=True)
class Read:
    """What trigrams are counted on: the first `tokens` of a phase's training, or one round of its view."""

    phase: str
    tokens: int | None
    sequence: int
    """Tokens of a window."""
    seed: int


def stream(view: Path, read: Read) -> np.ndarray:
    """Windows as the phase trains on them, at most MOST tokens: int64 [windows, sequence + 1], below 0 where
    nothing is."""
    opened = View(view)
    whole = opened.windows(read.sequence) if read.tokens is None else read.tokens // read.sequence
    windows = max(1, min(whole, MOST // read.sequence))
    inputs, targets = opened.batch(read.seed, 0, windows, read.sequence)
    return np.concatenate([inputs[:, :1], targets], axis=1)


@dataclass(frozen=True)
class Source:
    """Where the trigram model's tokens come from: the view of a run's first phase, and how it reads it."""

    view: Path
    read: Read


def measured(
    texts: Mapping[str, Sequence[Text]], source: Source | None
) -> dict[str, tuple[str, dict[str, np.ndarray]]]:
    """By reference what it is, and the bits of each text's units; zlib alone where no tokens are known."""
    found = {
        ZLIB: ("one stream over each text's units", {name: zlib_bits(some) for name, some in texts.items()})
    }
    if source is not None:
        model = Trigram(stream(source.view, source.read), View(source.view).vocab_size)
        what = f"counted on {model.tokens:,} tokens that {source.read.phase} trains on"
        found[TRIGRAM] = (what, {name: model.bits(some) for name, some in texts.items()})
    return found


@dataclass(frozen=True)
class _Level:
    """Counts of n-grams whose context, all but the last token, is `key // vocabulary`."""

    keys: np.ndarray
    counts: np.ndarray
    contexts: np.ndarray
    sums: np.ndarray
    kinds: np.ndarray
    """Distinct n-grams of each context."""
    discount: float

    @staticmethod
    def of(keys: np.ndarray, counts: np.ndarray, vocabulary: int) -> _Level:
        """From sorted distinct keys and their counts."""
        contexts, first = np.unique(keys // vocabulary, return_index=True)
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        return _Level(
            keys,
            counts,
            contexts,
            np.add.reduceat(counts, first),
            np.diff(np.append(first, len(keys))),
            float(once / (once + 2 * twice)) if once else 0.0,
        )

    def chance(self, keys: np.ndarray, vocabulary: int, lower: np.ndarray) -> np.ndarray:
        """Chances of the last tokens of n-grams, `lower` where their contexts were never seen."""
        place, known = _find(self.contexts, keys // vocabulary)
        at, seen = _find(self.keys, keys)
        count = np.where(seen, self.counts[at], 0)
        here = np.maximum(count - self.discount, 0) + self.discount * self.kinds[place] * lower
        return np.where(known, here / self.sums[place], lower)


class Trigram:
    """A trigram model of windows of tokens (int64 [windows, length], below 0: nothing); one trigram at
    least."""

    def __init__(self, windows: np.ndarray, vocabulary: int) -> None:
        a, b, c = (windows[:, i : windows.shape[1] - 2 + i].ravel() for i in range(3))
        keys = ((a * vocabulary + b) * vocabulary + c)[(a >= 0) & (b >= 0) & (c >= 0)]
        self.vocabulary, self.tokens = vocabulary, int((windows[:, 1:] >= 0).sum())
        self._levels = []
        keys, counts = np.unique(keys, return_counts=True)
        for order in (3, 2, 1):
            self._levels.append(_Level.of(keys, counts, vocabulary))
            # below, a token counts by how many different tokens it follows
            keys, counts = np.unique(keys % vocabulary ** (order - 1), return_counts=True)

    def chances(self, contexts: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """Chance of each of `tokens` after the two of `contexts` (int64 [tokens, 2]): float64 [tokens]."""
        pairs = contexts[:, 1] * self.vocabulary + tokens
        keys = (tokens, pairs, contexts[:, 0] * self.vocabulary**2 + pairs)
        found = np.full(len(tokens), 1 / self.vocabulary)
        for level, key in zip(reversed(self._levels), keys, strict=True):
            found = level.chance(key, self.vocabulary, found)
        return found

    def bits(self, texts: Sequence[Text]) -> np.ndarray:
        """Bits of each text's target given its context: float64 [texts]."""
        if not texts:
            return np.zeros(0)
        # the first token's context is one token, so a second stands before it that nothing was seen after
        whole = [np.concatenate([text.context[:1], text.context, text.target]) for text in texts]
        sizes = np.array([len(text.target) for text in texts])
        contexts = [np.stack([w[:-2], w[1:-1]], axis=1)[-n:] for w, n in zip(whole, sizes, strict=True) if n]
        targets = np.concatenate([text.target for text in texts])
        bits = -np.log2(self.chances(np.concatenate(contexts), targets))
        return np.bincount(np.repeat(np.arange(len(texts)), sizes), bits, minlength=len(texts))


def _find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each in sorted `keys`, and whether it is there."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted
