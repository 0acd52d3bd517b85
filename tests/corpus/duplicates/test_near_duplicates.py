"""Near duplicates against an implementation with Python sets: what is dropped, for which, and what is found.

Texts are words drawn at random from fixed seeds, so that the true similarity of each planted pair is known.
"""

import json
import random
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neve import engine
from neve.corpus.duplicates import near_duplicates, shingles
from neve.recipe.corpus import Near

NEAR = Near()


def sets_of(text: str, n: int = 5) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    if len(words) < n:
        return {tuple(words)} if words else set()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def true_jaccard(a: str, b: str, n: int = 5) -> float:
    x, y = sets_of(a, n), sets_of(b, n)
    return len(x & y) / len(x | y) if x and y else 0.0


def decided(texts: list[str], arrival: list[int] | None = None, **changes) -> near_duplicates.Decision:
    """The whole way, through Daft, of texts numbered in keeper order; `arrival` is the order in which they come in."""
    how = NEAR.model_copy(update=changes)
    rows = list(range(len(texts))) if arrival is None else arrival
    column = pa.array([texts[i] for i in rows], pa.large_string())
    frame = engine.frame(pa.table({"number": pa.array(rows, pa.uint64()), "text": column}))
    kernel = engine.kernel(
        lambda t: {"bands": near_duplicates.buckets(t, how)}, {"bands": pa.large_list(pa.uint64())}
    )
    members = near_duplicates.candidates(
        frame.select("number", kernel(frame["text"])).collect(), len(texts), how
    )
    sets = sets_as_columns(shingles.shingles(pa.array(texts, pa.large_string()), how.ngram))
    return near_duplicates.decide(
        members["bucket"].to_numpy(), members["number"].to_numpy().astype(np.int64), sets, how
    )


def sets_as_columns(lists: pa.LargeListArray) -> shingles.Sets:
    ends = lists.offsets.to_numpy()
    return shingles.Sets(lists.values.to_numpy(), ends[:-1], ends[1:])


def check_laws(texts: list[str], decision: near_duplicates.Decision, threshold: float = 0.7) -> None:
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
    decision = decided(texts)
    check_laws(texts, decision)
    values = [true_jaccard(a, b) for a, b in pairs]
    found = decision.dropped_for[len(pairs) :] == np.arange(len(pairs))
    high = [f for f, v in zip(found, values, strict=True) if v >= 0.8]
    low = [f for f, v in zip(found, values, strict=True) if v < 0.7]
    assert len(high) > 100 and len(low) > 100
    assert np.mean(high) >= 0.95
    assert not any(low)


def edited(rng: random.Random, code: str, rate: float) -> str:
    """Lines taken out and put in, and words renamed, each with this chance."""
    lines = [line for line in code.splitlines() if rng.random() > rate]
    lines = [f"{line}\nassert done_{rng.randrange(99)}" if rng.random() < rate else line for line in lines]
    return re.sub(r"\w+", lambda m: "renamed" if rng.random() < rate else m[0], "\n".join(lines))


def test_planted_in_real_code():
    """Modules of the standard library and edited copies: at least 0.95 of those at a true Jaccard of 0.8 and more fall,
    none for what it is less like than the threshold, and most of those below it stay."""
    rng = random.Random(11)
    library = [
        path.read_text(encoding="utf-8") for path in sorted(Path(json.__file__).parents[1].glob("*.py"))
    ]
    originals = [text for text in library if 4_000 < len(text) < 12_000][:40]
    copies = [edited(rng, text, rate) for rate in (0.002, 0.005, 0.01, 0.02, 0.05) for text in originals]
    texts = [*originals, *copies]
    decision = decided(texts)
    check_laws(texts, decision)
    values = np.array([true_jaccard(text, originals[i % len(originals)]) for i, text in enumerate(copies)])
    found = decision.dropped_for[len(originals) :] >= 0
    high, low = values >= 0.8, values < 0.7
    assert high.sum() > 80 and low.sum() > 30
    assert found[high].mean() >= 0.95
    assert found[low].mean() < 0.5


def test_a_chain_of_a_thousand_keeps_more_than_one():
    """Each of 1,000 documents is 0.9 similar to the next, the ends share nothing: transitive clusters would keep one."""
    rng = random.Random(6)
    stream = [f"w{rng.randrange(10**6)}" for _ in range(200 + 10 * 1000)]
    texts = [" ".join(stream[10 * i : 10 * i + 200]) for i in range(1000)]
    assert true_jaccard(texts[0], texts[1]) > 0.9
    decision = decided(texts)
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
    decision = decided(texts, bands=128, rows=2)
    assert decision.dropped_for.tolist() == [-1, 0, -1, 0]


def test_rounds_are_a_cap_that_is_counted():
    """Twelve documents in one bucket, unlike each other: only the first `rounds` are compared with, and it is told."""
    bucket, number = np.zeros(13, np.uint64), np.arange(13)
    lists = [np.arange(10 * i, 10 * i + 10, dtype=np.uint64) for i in range(12)]
    lists.append(lists[5])
    sets = shingles.Sets(np.concatenate(lists), np.arange(0, 130, 10), np.arange(10, 140, 10))
    capped = near_duplicates.decide(bucket, number, sets, NEAR.model_copy(update={"rounds": 3}))
    assert capped.dropped_for.max() == -1 and capped.capped == 9
    whole = near_duplicates.decide(bucket, number, sets, NEAR.model_copy(update={"rounds": 12}))
    assert whole.dropped_for[12] == 5 and whole.capped == 0


words = st.lists(st.sampled_from("abcdefgh"), max_size=14)
corpora = st.lists(words, min_size=1, max_size=14).map(lambda drawn: [" ".join(w) for w in drawn])
few = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
ENOUGH = {"rounds": 30}
"""More than there are texts: nothing is capped."""


@few
@given(corpora, st.integers(0, 99))
def test_order_of_rows_and_portions_do_not_matter(texts, seed):
    decision = decided(texts)
    check_laws(texts, decision)
    for first in range(len(texts)):
        for second in range(first + 1, len(texts)):
            if sets_of(texts[first]) == sets_of(texts[second]) != set():
                assert decision.dropped_for[second] >= 0
    rows = random.Random(seed).sample(range(len(texts)), len(texts))
    limits = near_duplicates.BUCKET_ROWS, near_duplicates.RELEASE_BYTES
    near_duplicates.BUCKET_ROWS, near_duplicates.RELEASE_BYTES = 5 * len(texts), 16
    try:
        again = decided(texts, rows)
    finally:
        near_duplicates.BUCKET_ROWS, near_duplicates.RELEASE_BYTES = limits
    assert again.dropped_for.tolist() == decision.dropped_for.tolist()
    assert (again.compared, again.capped) == (decision.compared, decision.capped)


@few
@given(corpora, st.data())
def test_one_more_copy_is_one_more_drop(texts, data):
    """The copy stands anywhere after what it is a copy of; it falls for what keeps the first, and nothing else changes."""
    before = decided(texts, **ENOUGH).dropped_for.tolist()
    which = data.draw(st.integers(0, len(texts) - 1))
    place = data.draw(st.integers(which + 1, len(texts)))
    after = decided([*texts[:place], texts[which], *texts[place:]], **ENOUGH).dropped_for.tolist()
    copy = after.pop(place)
    assert [k - (k > place) for k in after] == before
    assert copy == (before[which] if before[which] >= 0 else which if sets_of(texts[which]) else -1)


@few
@given(
    corpora,
    st.lists(st.sampled_from(["", "--- ++", "x y z u v w", "x", "y z u v w x y"]), max_size=4, unique=True),
    st.data(),
)
def test_the_unrelated_changes_nothing(texts, others, data):
    """Texts of other words, or none, anywhere between: who falls for whom stays the same; wordless ones never fall."""
    before = decided(texts, **ENOUGH).dropped_for.tolist()
    slots = data.draw(st.permutations([True] * len(texts) + [False] * len(others)))
    mine, theirs = iter(texts), iter(others)
    after = decided([next(mine) if own else next(theirs) for own in slots], **ENOUGH).dropped_for
    places = np.flatnonzero(slots)
    assert after[places].tolist() == [places[k] if k >= 0 else -1 for k in before]
    assert (after[~np.array(slots)] == -1).all()


@few
@given(st.lists(words, min_size=1, max_size=10))
def test_the_keeper_comes_first_in_any_numbering(drawn):
    """Numbered the other way round, again the first of alike texts stays: oracle, the greedy pass over all pairs."""
    for texts in ([" ".join(w) for w in drawn], [" ".join(w) for w in reversed(drawn)]):
        kept: list[int] = []
        wanted = []
        for i, mine in enumerate(texts):
            alike = [k for k in kept if true_jaccard(mine, texts[k]) >= 0.7]
            wanted.append(alike[0] if alike else -1)
            kept += [] if alike else [i]
        # so many bands of one row that no pair at the threshold is missed
        assert decided(texts, bands=64, rows=1, **ENOUGH).dropped_for.tolist() == wanted


def test_wordless_texts_are_in_no_bucket():
    lists = near_duplicates.buckets(pa.array(["", "++ --", None, "a", "\n\n"], pa.large_string()), NEAR)
    assert [None if bands is None else len(bands) for bands in lists.to_pylist()] == [0, 0, None, 32, 0]
    assert decided(["", "++", "", "a"]).dropped_for.tolist() == [-1, -1, -1, -1]
    frame = engine.frame(pa.table({"number": pa.array(range(5), pa.uint64()), "bands": lists}))
    assert near_duplicates.candidates(frame, 5, NEAR).num_rows == 0


def test_a_slice_of_a_column_is_in_the_same_buckets():
    column = pa.array(["a b c", None, "b c d e f g", "", "c"], pa.large_string())
    whole = near_duplicates.buckets(column, NEAR).to_pylist()
    assert near_duplicates.buckets(column.slice(1, 3), NEAR).to_pylist() == whole[1:4]
    assert near_duplicates.buckets(column.cast(pa.large_binary()), NEAR).to_pylist() == whole
    assert near_duplicates.buckets(column.slice(0, 0), NEAR).to_pylist() == []


def drawn_pairs(count: int, size: int, similarity: float) -> tuple[pa.Array, pa.Array, float]:
    """`count` pairs of texts of `size` distinct words each, and their Jaccard as word sets, close to `similarity`."""
    rng = np.random.default_rng([count, size, int(100 * similarity)])
    common = round(2 * size * similarity / (1 + similarity))
    drawn = rng.integers(0, 2**62, (count, 2 * size - common)).astype(str)
    one = [" ".join(row[:size]) for row in drawn]
    other = [" ".join(row[:common]) + " " + " ".join(row[size:]) for row in drawn]
    return pa.array(one, pa.large_string()), pa.array(other, pa.large_string()), common / (2 * size - common)


@pytest.mark.parametrize("size", [6, 40, 250])
@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_the_chance_of_a_shared_bucket(size, similarity):
    """1 − (1 − s^8)^32, and s for a place of the signature, variance s(1 − s)/256, all within 4 standard errors."""
    pairs = 1000
    one, other, s = drawn_pairs(pairs, size, similarity)
    shared = [
        near_duplicates.buckets(side, NEAR.model_copy(update={"ngram": 1})).values.to_numpy().reshape(-1, 32)
        for side in (one, other)
    ]
    chance = 1 - (1 - s**8) ** 32
    error = np.sqrt(chance * (1 - chance) / pairs)
    assert (shared[0] == shared[1]).any(1).mean() == pytest.approx(chance, abs=4 * error + 1 / pairs)
    places = [shingles.signatures(side, 1, 256)[0] for side in (one, other)]
    agree = (places[0] == places[1]).mean(1)
    variance = s * (1 - s) / 256
    assert agree.mean() == pytest.approx(s, abs=4 * np.sqrt(variance / pairs))
    assert agree.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / pairs))


def test_sets_that_lie_far_apart_are_let_go(tmp_path):
    """Small sets 64 KiB apart in a mapped file, each compared once: what is in memory of the file stays within bounds."""
    apart, pairs, mapped = 8192, 2048, []
    file = tmp_path / "sets.bin"
    np.arange(2 * pairs * apart, dtype=np.uint64).tofile(file)

    class Watched(shingles.Sets):
        def release(self) -> None:
            entry = Path("/proc/self/smaps").read_text().partition(str(file))[2]
            mapped.append(int(re.search(r"Rss: +(\d+) kB", entry)[1]) << 10)  # type: ignore[index]
            super().release()

    starts = np.arange(2 * pairs) * apart
    sets = Watched(np.memmap(file, np.uint64, "r"), starts, starts + 64)
    documents = np.arange(2 * pairs)
    decision = near_duplicates.decide((documents // 2).astype(np.uint64), documents, sets, NEAR)
    assert decision.compared == pairs and (decision.dropped_for == -1).all()
    assert len(mapped) > 1
    assert max(mapped) <= 1.25 * near_duplicates.RELEASE_BYTES < file.stat().st_size


def test_a_hundred_thousand_of_one_bucket():
    """Files that are little but one licence fall for the first; files of their own under that licence are compared with
    `rounds` of a bucket at most, and counted."""
    count = 100_000
    header = [f"h{i}" for i in range(60)]
    alike = [" ".join([*header, f"x{i}"]) for i in range(count)]
    decision = decided(alike)
    assert decision.dropped_for.tolist() == [-1] + [0] * (count - 1)
    assert (decision.compared, decision.capped) == (count - 1, 0)

    rng = np.random.default_rng(9)
    head, own = np.arange(50, dtype=np.uint64), rng.integers(50, 2**63, (count, 100), dtype=np.uint64)
    values = np.concatenate([np.broadcast_to(head, (count, 50)), np.sort(own, 1)], 1).ravel()
    sets = shingles.Sets(values, np.arange(count) * 150, np.arange(1, count + 1) * 150)
    unlike = near_duplicates.decide(np.zeros(count, np.uint64), np.arange(count), sets, NEAR)
    assert (unlike.dropped_for == -1).all()
    assert unlike.capped == count - NEAR.rounds - 1
    assert unlike.compared == sum(min(i, NEAR.rounds) for i in range(count))


@settings(max_examples=60, deadline=None)
@given(st.text("ab _-é中١ \n", max_size=40), st.text("ab _-é中١ \n", max_size=40), st.integers(1, 6))
def test_jaccard(a, b, n):
    """Oracle: Python sets of word tuples."""
    assert near_duplicates.jaccard(a, b, n) == pytest.approx(true_jaccard(a, b, n))


members = st.sets(st.integers(0, 40), max_size=30)


@settings(max_examples=200, deadline=None)
@given(members, members, st.sampled_from([0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0]))
def test_giving_up_early_is_never_too_early(a, b, threshold):
    """Oracle: Python sets, the division done as here; sets at exactly the threshold are alike."""
    value = len(a & b) / len(a | b) if a and b else 0.0
    got = near_duplicates._alike(*(np.array(sorted(s), np.uint64) for s in (a, b)), threshold)
    assert got == (value if value >= threshold else -1.0)
