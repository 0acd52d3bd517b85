"""References. Oracles: Kneser and Ney's formulas over dicts, zlib itself, and that chances sum to 1."""

from __future__ import annotations

import math
import unittest
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from neve.evaluation import bits_per_byte, references
from neve.evaluation.references import Trigram

CODE = [path.read_text() for path in sorted(Path(unittest.__file__).parent.glob("*.py"))]


@pytest.fixture(scope="module")
def windows(tokenizer) -> np.ndarray:
    tokens = np.concatenate(tokenizer.encode_batch(CODE)).astype(np.int64)[:6001]
    return np.stack([tokens[k : k + 101] for k in range(0, 6000, 100)])


def by_hand(windows: np.ndarray, vocabulary: int):
    """P(w | u, v) as the papers write it."""
    trigrams = Counter(tuple(row[i : i + 3]) for row in windows.tolist() for i in range(len(row) - 2))
    levels = {3: trigrams}
    for order in (2, 1):
        levels[order] = Counter(gram[1:] for gram in levels[order + 1])

    def chance(gram: tuple[int, ...]) -> float:
        if not gram:
            return 1 / vocabulary
        counts = levels[len(gram)]
        values = list(counts.values())
        discount = values.count(1) / (values.count(1) + 2 * values.count(2))
        same = {g: n for g, n in counts.items() if g[:-1] == gram[:-1]}
        if not same:
            return chance(gram[1:])
        kept = max(counts.get(gram, 0) - discount, 0) + discount * len(same) * chance(gram[1:])
        return kept / sum(same.values())

    return chance


def test_chances_are_kneser_and_neys(windows, tokenizer) -> None:
    model, chance = Trigram(windows, tokenizer.vocab_size), by_hand(windows, tokenizer.vocab_size)
    draw = np.random.default_rng(1)
    grams = [row[i : i + 3] for row in windows[:40] for i in draw.integers(0, 98, 2)]
    grams += list(draw.integers(0, tokenizer.vocab_size, (80, 3)))
    grams = np.array(grams)
    found = model.chances(grams[:, :2], grams[:, 2])
    assert found == pytest.approx([chance(tuple(gram)) for gram in grams.tolist()])


def test_chances_after_any_context_sum_to_one(windows, tokenizer) -> None:
    model, size = Trigram(windows, tokenizer.vocab_size), tokenizer.vocab_size
    for context in ([*windows[3, 10:12]], [*windows[7, 50:52]], [size - 1, size - 1], [0, 5]):
        found = model.chances(np.tile(context, (size, 1)), np.arange(size))
        assert found.min() > 0 and found.sum() == pytest.approx(1)


def test_bits_are_those_of_the_targets_in_their_contexts(windows, tokenizer) -> None:
    model = Trigram(windows, tokenizer.vocab_size)
    text = bits_per_byte.Text("a", np.array([0, 7]), np.array([9, 11, 30]), b"", b"abc")
    alone = bits_per_byte.Text("b", np.array([0]), np.array([9]), b"", b"c")
    grams = np.array([[0, 7, 9], [7, 9, 11], [9, 11, 30], [0, 0, 9]])
    chances = model.chances(grams[:, :2], grams[:, 2])
    expected = [-sum(math.log2(p) for p in chances[:3]), -math.log2(chances[3])]
    assert model.bits([text, alone]) == pytest.approx(expected)
    assert model.tokens == 6000


def test_what_was_seen_is_cheaper_than_what_was_not(windows, tokenizer) -> None:
    model = Trigram(windows, tokenizer.vocab_size)
    seen, new = (
        bits_per_byte._units(["a"], [""], [text], tokenizer) for text in (CODE[0][:2000], CODE[-1][:2000])
    )
    assert model.bits(seen)[0] < 0.7 * model.bits(new)[0]


def test_a_stream_costs_what_zlib_writes_and_a_flush_a_unit(tokenizer) -> None:
    texts = bits_per_byte._units(list("abc"), [""] * 3, CODE[:3], tokenizer)
    found = references.zlib_bits(texts)
    whole = len(zlib.compress("".join(CODE[:3]).encode(), 9))
    assert whole <= found.sum() / 8 < 1.02 * whole
    repeated = references.zlib_bits([texts[0], texts[0]])
    small = bits_per_byte._units(["a"], [CODE[0][:3000]], [CODE[0][:3000]], tokenizer)
    assert repeated[1] <= repeated[0]
    assert references.zlib_bits(small)[0] < 8 * 60  # what the context says costs next to nothing
