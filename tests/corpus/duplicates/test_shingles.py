"""Words, n-gram sets and Jaccard against `re` and Python sets of word tuples.

That a hash is the same wherever its n-gram stands is what the sets are for: the oracle of a text's set is the union of
the sets of texts that are one n-gram each.
"""

import random
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.duplicates import shingles

characters = st.one_of(
    st.sampled_from("ab_1 -\n"),
    st.sampled_from("éß中文١²Ⅷ𝒳𐍈·\u0301\u200d\u00a0\u3000🙂"),
    st.characters(exclude_categories=["Cs"]),
)


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    if len(words) < n:
        return {tuple(words)} if words else set()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def sets(texts: list[str] | list[bytes], n: int) -> list[list[int]]:
    raw = [text if isinstance(text, bytes) else text.encode() for text in texts]
    return shingles.shingles(pa.array(raw, pa.large_binary()), n).to_pylist()


def check(text: str, n: int) -> None:
    [found] = sets([text], n)
    wanted = grams(text, n)
    alone = sets([" ".join(gram) for gram in wanted], n)
    assert found == sorted(h for [h] in alone)
    assert len(found) == len(wanted)


@settings(max_examples=150, deadline=None)
@given(st.text(characters, max_size=60), st.integers(1, 6))
def test_sets(text, n):
    check(text, n)


def test_every_character_is_of_a_word_or_not_as_in_re():
    points = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
    wanted = sum(re.fullmatch(r"\w", char) is not None for char in points)
    [found] = shingles.shingles(pa.array([" ".join(points)], pa.large_string()), 1)
    assert len(found) == wanted > 100_000
    [joined] = shingles.shingles(pa.array(["".join(points)], pa.large_string()), 1)
    assert len(joined) == len(re.findall(r"\w+", "".join(points)))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([0x20, 0x61, 0x80, 0xA1, 0xC0, 0xC3, 0xE0, 0xE4, 0xED, 0xF0, 0xF4, 0xFF]), max_size=12
    )
)
def test_what_is_not_utf8_parts_words(data):
    """Oracle: Python's decoder, which puts a sign that is no word in place of what is not UTF-8."""
    raw = bytes(data)
    assert sets([raw], 2) == sets([raw.decode(errors="replace")], 2)


@pytest.mark.parametrize("n", [1, 2, 5, 1500])
@pytest.mark.parametrize("more", [-5, -1, 0, 1, 2, 4, 5, 6, 2 * shingles.TILE, 4999])
def test_texts_longer_than_a_tile(n, more):
    """Words, and what parts them, across the edges of the tiles that a text is read in."""
    rng = random.Random(more)
    words = [
        rng.choice(["a", "bc", "é", "x9"]) + str(rng.randrange(300)) for _ in range(shingles.TILE + more)
    ]
    check(" " + "  ".join(words) + rng.choice(["", " ", "  \n"]), n)


def test_nulls_slices_and_chunks():
    column = pa.array(["a b", None, "c", "", "a b"], pa.large_string())
    lists = shingles.shingles(column, 5)
    assert lists.is_valid().to_pylist() == [True, False, True, True, True]
    assert lists.to_pylist()[0] == lists.to_pylist()[4] and lists.to_pylist()[3] == []
    assert shingles.shingles(column.slice(1, 3), 5).to_pylist() == lists.to_pylist()[1:4]
    assert shingles.shingles(pa.chunked_array([column, column]), 5).to_pylist() == 2 * lists.to_pylist()
    assert shingles.shingles(column.cast(pa.binary()), 5).to_pylist() == lists.to_pylist()
    assert shingles.shingles(pa.array([], pa.large_string()), 5).to_pylist() == []
    least, any_words = shingles.signatures(column, 5, 16)
    assert any_words.tolist() == [True, False, True, False, True]
    assert (least[0] == least[4]).all() and (least[0] != least[2]).all()


def test_a_signature_is_the_least_over_the_set():
    """Oracle: the permutations in numpy, over the distinct hashes: repeated n-grams and tiles change nothing."""
    rng = random.Random(4)
    texts = [
        " ".join(f"w{rng.randrange(k)}" for _ in range(size))
        for k, size in [(3, 5000), (900, 3000), (9, 7), (2, 1)]
    ]
    column = pa.array(texts, pa.large_string())
    factors = (shingles.mixed(40) >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
    assert len(set(factors.tolist())) == 40
    least, _ = shingles.signatures(column, 3, 40)
    for mine, hashes in zip(least, shingles.shingles(column, 3), strict=True):
        halves = (hashes.values.to_numpy() >> np.uint64(32)).astype(np.uint32)
        assert mine.tolist() == (halves[:, None] * factors).min(0).tolist()


def test_much_repeated_is_one():
    """A megabyte of one word, of two in turn, and of one long word: few n-grams, and in a moment."""
    assert [
        len(s) for s in sets(["a " * 500_000, "a b " * 250_000, "a" * 1_000_000, "-" * 1_000_000], 5)
    ] == [1, 2, 1, 0]


@settings(max_examples=60, deadline=None)
@given(*2 * [st.text("ab -", max_size=40)], st.integers(1, 4))
def test_similarity(a, b, n):
    x, y = grams(a, n), grams(b, n)
    one, other = shingles.of([a, b], n)
    assert shingles.similarity(one, other) == pytest.approx(len(x & y) / len(x | y) if x and y else 0.0)


def test_texts_at_hand_may_hold_lone_surrogates():
    one, other = shingles.of(["a\ud800b", "a b"], 5)
    assert one.tolist() == other.tolist()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.lists(st.integers(0, 2**64 - 1), max_size=5)), max_size=12),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_load(tmp_path_factory, drawn, files, rng):
    """Oracle: the lists that were written, from several files in any order; one document never comes."""
    folder = tmp_path_factory.mktemp("sets")
    codes = rng.sample(range(len(drawn)), len(drawn))
    kind = pa.schema([("code", pa.int64()), ("shingles", pa.large_list(pa.uint64()))])
    for f in range(files):
        rows = [{"code": code, "shingles": drawn[code]} for code in codes[f::files]]
        pq.write_table(pa.Table.from_pylist(rows, kind), folder / f"{f}.parquet", row_group_size=2)
    found = shingles.load(folder, folder / "values", len(drawn) + 1)
    read = [found.values[a:b].tolist() for a, b in zip(found.starts, found.ends, strict=True)]
    assert read == [*(hashes or [] for hashes in drawn), []]
    found.release()
    assert [found.values[a:b].tolist() for a, b in zip(found.starts, found.ends, strict=True)] == read
