"""The index of accepted documents. Oracle: comparing with every one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.duplicates import near_duplicates
from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.synthesis.candidates import Accepted, Candidate
from neve.synthesis.seeds import Seed

WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=14).map(" ".join)


@given(st.lists(WORDS, min_size=1, max_size=12), WORDS, st.sampled_from([0.3, 0.5, 0.7, 0.8, 1.0]))
@settings(max_examples=150, deadline=None)
def test_the_index_finds_what_comparing_with_all_finds(texts: list[str], new: str, threshold: float) -> None:
    """Oracle: the true Jaccard with every accepted text."""
    accepted = Accepted(Near(threshold=threshold, ngram=2))
    for text in dict.fromkeys(texts):
        made = Candidate(Seed("", "", "", "Python", "", ""), Answer(""), text, 0.0, 0.0, None, 1)
        accepted.add(made)
    every = [(near_duplicates.jaccard(new, c.code, 2), doc_id) for doc_id, c in accepted.candidates.items()]
    best = max(value for value, _ in every)
    expected = next((doc_id for value, doc_id in every if value == best), None) if best >= threshold else None
    assert accepted.nearest(new)[0] == expected
