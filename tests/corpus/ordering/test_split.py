"""Laws of the split: it depends on names and the seed alone."""

import random

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.ordering import split
from neve.corpus.ordering.families import family

names = st.lists(st.text("abc=12", min_size=1, max_size=6), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(names, st.integers(0, 5), st.sampled_from([0.03, 0.3, 0.9]))
def test_split_laws(repos, seed, share):
    """Families never straddle, at least one and never all are held out, and the order of rows does not matter."""
    flags = split.heldout(pa.array(repos), seed, share)
    families = [family(repo) for repo in repos]
    out = {f for f, flag in zip(families, flags, strict=True) if flag}
    assert out.isdisjoint({f for f, flag in zip(families, flags, strict=True) if not flag})
    distinct = len(set(families))
    assert len(out) == (min(distinct - 1, max(1, round(share * distinct))))
    shuffled = random.Random(1).sample(repos, len(repos))
    again = split.heldout(pa.array(shuffled), seed, share)
    assert {r for r, f in zip(shuffled, again, strict=True) if f} == {
        r for r, f in zip(repos, flags, strict=True) if f
    }


def test_nothing_held_out():
    assert not split.heldout(pa.array(["a", "b"]), 1, 0.0).any()
    assert not split.heldout(pa.array(["a==1", "a==2"]), 1, 0.5).any()
    assert split.heldout(pa.array([], pa.string()), 1, 0.5).tolist() == []


def test_another_seed_splits_otherwise():
    repos = pa.array([f"r{i}" for i in range(50)])
    assert (split.heldout(repos, 1, 0.2) != split.heldout(repos, 2, 0.2)).any()
