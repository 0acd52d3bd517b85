"""Near duplicates against an implementation with Python sets: what is dropped, for which, and what is found.

Texts are words drawn at random from fixed seeds, so that the true similarity of each planted pair is known.
"""

import random
import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neve import engine
from neve.corpus import near, shingles

NEAR = {"enabled": True, "threshold": 0.7, "ngram": 5, "bands": 32, "rows": 8, "rounds": 8}


def sets_of(text: str, n: int = 5) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    if len(words) < n:
        return {tuple(words)} if words else set()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def true_jaccard(a: str, b: str, n: int = 5) -> float:
    x, y = sets_of(a, n), sets_of(b, n)
    return len(x & y) / len(x | y) if x and y else 0.0


def near_duplicates(texts: list[str], arrival: list[int] | None = None, **changes) -> near.Decision:
    """The whole way, through Daft, of texts numbered in keeper order; `arrival` is the order in which they come in."""
    from daft import col

    how = {**NEAR, **changes}
    rows = list(range(len(texts))) if arrival is None else arrival
    frame = engine.frame(pa.table({"number": pa.array(rows, pa.uint64()), "text": [texts[i] for i in rows]}))
    frame = frame.select("number", shingles.words(col("text")).alias("words")).collect()
    bands = engine.kernel(lambda s: {"bands": near.bands(s, how)}, {"bands": pa.large_list(pa.uint64())})
    signed = frame.select("number", near.minhash(col("words"), how).alias("signature"))
    members = near.candidates(signed.select("number", bands(col("signature"))).collect(), len(texts), how)
    lists = shingles.shingles(frame.sort("number").to_arrow()["words"].combine_chunks(), how["ngram"])
    sets = shingles.Sets(lists.values.to_numpy(), lists.offsets.to_numpy())
    return near.decide(members["bucket"].to_numpy(), members["number"].to_numpy().astype(np.int64), sets, how)


def check_laws(texts: list[str], decision: near.Decision, threshold: float = 0.7) -> None:
    """Whoever is dropped names one that is kept, comes before it, and truly is that similar."""
    for i, k in enumerate(decision.dropped_for.tolist()):
        if k >= 0:
            assert k < i
            assert decision.dropped_for[k] == -1
            value = true_jaccard(texts[i], texts[k])
            assert value >= threshold
            assert decision.jaccard[i] == pytest.approx(value)


def text(rng: random.Random, words: int) -> list[str]:
    return [f"w{rng.randrange(5000)}" for _ in range(words)]


def changed(rng: random.Random, words: list[str], changes: int) -> list[str]:
    out = list(words)
    for place in rng.sample(range(len(out)), changes):
        out[place] = f"x{rng.randrange(10**9)}"
    return out


def test_planted_pairs_at_graded_similarity():
    """At least 0.95 of the pairs at a true Jaccard of 0.8 and more are found, none below the threshold."""
    rng = random.Random(5)
    pairs = []
    for changes in range(16):
        for _ in range(30):
            one = text(rng, 300)
            pairs.append((" ".join(one), " ".join(changed(rng, one, changes))))
    texts = [a for a, _ in pairs] + [b for _, b in pairs]
    decision = near_duplicates(texts)
    check_laws(texts, decision)
    values = [true_jaccard(a, b) for a, b in pairs]
    found = decision.dropped_for[len(pairs) :] == np.arange(len(pairs))
    high = [f for f, v in zip(found, values, strict=True) if v >= 0.8]
    low = [f for f, v in zip(found, values, strict=True) if v < 0.7]
    assert len(high) > 100 and len(low) > 100
    assert np.mean(high) >= 0.95
    assert not any(low)


def test_a_chain_of_a_thousand_keeps_more_than_one():
    """Each of 1,000 documents is 0.9 similar to the next, the ends share nothing: transitive clusters would keep one."""
    rng = random.Random(6)
    stream = [f"w{rng.randrange(10**6)}" for _ in range(200 + 10 * 1000)]
    texts = [" ".join(stream[10 * i : 10 * i + 200]) for i in range(1000)]
    assert true_jaccard(texts[0], texts[1]) > 0.9
    decision = near_duplicates(texts)
    check_laws(texts, decision)
    kept = np.flatnonzero(decision.dropped_for < 0)
    assert 1000 / 8 < len(kept) < 1000 / 2
    shared = [true_jaccard(texts[a], texts[b]) for a, b in pairwise(kept)]
    assert max(shared) < 0.7


def test_one_who_fell_does_not_shield_the_next():
    """b falls for a; c is like b but not like a: c stays. d is like b and a alike: d falls for a."""
    rng = random.Random(7)
    a = text(rng, 300)
    b = changed(rng, a, 8)
    c = changed(rng, b, 9)
    texts = [" ".join(w) for w in (a, b, c, a[:290])]
    assert true_jaccard(texts[1], texts[2]) >= 0.7 > true_jaccard(texts[0], texts[2])
    decision = near_duplicates(texts, bands=128, rows=2)
    assert decision.dropped_for.tolist() == [-1, 0, -1, 0]


def test_rounds_are_a_cap_that_is_counted():
    """Twelve documents in one bucket, unlike each other: only the first `rounds` are compared with, and it is told."""
    bucket, number = np.zeros(13, np.uint64), np.arange(13)
    lists = [np.arange(10 * i, 10 * i + 10, dtype=np.uint64) for i in range(12)]
    lists.append(lists[5])
    sets = shingles.Sets(np.concatenate(lists), np.arange(0, 140, 10))
    capped = near.decide(bucket, number, sets, {**NEAR, "rounds": 3})
    assert capped.dropped_for.max() == -1 and capped.capped == 9
    whole = near.decide(bucket, number, sets, {**NEAR, "rounds": 12})
    assert whole.dropped_for[12] == 5 and whole.capped == 0


words = st.lists(st.sampled_from("abcdefgh"), min_size=0, max_size=14)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(words, min_size=1, max_size=14), st.integers(0, 99))
def test_laws(drawn, seed):
    """Against Python sets; and shuffled rows, grouped in other portions, give the same decision."""
    texts = [" ".join(w) for w in drawn]
    decision = near_duplicates(texts)
    check_laws(texts, decision)
    for first in range(len(texts)):
        for second in range(first + 1, len(texts)):
            if sets_of(texts[first]) == sets_of(texts[second]) != set():
                assert decision.dropped_for[second] >= 0
    rows = random.Random(seed).sample(range(len(texts)), len(texts))
    whole, near.BUCKET_ROWS = near.BUCKET_ROWS, 5 * len(texts)
    try:
        again = near_duplicates(texts, rows)
    finally:
        near.BUCKET_ROWS = whole
    assert again.dropped_for.tolist() == decision.dropped_for.tolist()


@settings(max_examples=60, deadline=None)
@given(st.text("ab _-é中١ \n", max_size=40), st.text("ab _-é中١ \n", max_size=40), st.integers(1, 6))
def test_jaccard(a, b, n):
    """Oracle: Python sets of word tuples."""
    assert near.jaccard(a, b, n) == pytest.approx(true_jaccard(a, b, n))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=30), min_size=1, max_size=20)
)
def test_words_in_daft_are_those_of_python(texts):
    """For all characters that this Python's Unicode knows; Daft's may be newer."""
    from daft import col

    got = (
        engine.frame(pa.table({"t": texts}))
        .select(shingles.words(col("t")).alias("w"))
        .to_arrow()["w"]
        .to_pylist()
    )
    assert got == [" ".join(re.findall(r"\w+", t)) for t in texts]


def test_similar_to():
    """Oracle: the highest of all true similarities."""
    rng = random.Random(8)
    others = [text(rng, 100) for _ in range(50)]
    texts = [changed(rng, others[i], i % 12) for i in range(50)] + [["lone"], []]
    got = near.similar_to([" ".join(t) for t in texts], [" ".join(o) for o in others], NEAR)
    for mine, (index, value) in zip(texts, got, strict=True):
        values = [true_jaccard(" ".join(mine), " ".join(other)) for other in others]
        assert value == pytest.approx(max(values))
        assert index == (values.index(max(values)) if max(values) >= 0.7 else None)
    assert {index is None for index, _ in got} == {True, False}
    assert near.similar_to(["a"], [], NEAR) == [(None, 0.0)]
