"""The automaton beside a search for each word."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neve.corpus import automaton

WORDS = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6, unique=True)


@given(WORDS, st.text("abc", max_size=30))
def test_a_state_says_which_words_end_at_a_byte(words: list[str], text: str) -> None:
    """Oracle: `endswith` of what has been read. "c" is in no word, and has their class of nothing."""
    classes = np.zeros(256, np.uint8)
    classes[ord("a")], classes[ord("b")] = 1, 2
    coded = [(word.encode(), 1 << i) for i, word in enumerate(words)]
    table, said = automaton.build(coded, classes, 3)
    state = 0
    for at, char in enumerate(text, 1):
        state = table[state, classes[ord(char)]]
        assert said[state] == sum(1 << i for i, word in enumerate(words) if text[:at].endswith(word))
