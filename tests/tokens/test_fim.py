"""Fill-in-the-middle. Oracle: `restore` reads the sentinels as StarCoder's readers do and must give the document back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.tokens import fim

SENTINELS = PREFIX, MIDDLE, SUFFIX = 1, 2, 3


def restore(tokens: list[int]) -> tuple[list[int], str]:
    """The document and the form of a transformed sequence; asserts that it is well formed."""
    assert [tokens.count(s) for s in SENTINELS] == [1, 1, 1] and tokens[0] == PREFIX
    suffix, middle = tokens.index(SUFFIX), tokens.index(MIDDLE)
    assert suffix < middle
    if suffix == 1 and tokens[middle + 1 :]:
        return tokens[middle + 1 :] + tokens[2:middle], "spm"
    return tokens[1:suffix] + tokens[middle + 1 :] + tokens[suffix + 1 : middle], "psm"


@given(
    st.lists(st.integers(10, 60_000), min_size=1, max_size=50), st.integers(0, 2**64 - 1), st.integers(1, 9)
)
@settings(max_examples=100, deadline=None)
def test_a_rearrangement_with_three_sentinels_that_restores(
    document: list[int], key: int, epoch: int
) -> None:
    turned = fim.transform(np.array(document, dtype=np.uint16), SENTINELS, key, epoch, 0)
    assert turned.dtype == np.uint16
    assert sorted(turned.tolist()) == sorted([*document, *SENTINELS])
    assert restore(turned.tolist())[0] == document


def test_both_forms_and_all_cuts_occur() -> None:
    document = np.arange(10, 18, dtype=np.uint16)
    forms, middles = {"psm": 0, "spm": 0}, set()
    for key in range(2000):
        tokens = fim.transform(document, SENTINELS, key).tolist()
        forms[restore(tokens)[1]] += 1
        if tokens[1] != SUFFIX:
            middles.add(tuple(tokens[tokens.index(MIDDLE) + 1 :]))
    assert min(forms.values()) > 800
    assert {m for m in middles if m} >= {tuple(range(a, b)) for a in range(11, 18) for b in range(a + 1, 19)}


def test_chosen_share_passes_and_empty_documents() -> None:
    keys, lengths = np.arange(20_000, dtype=np.uint64), np.ones(20_000, dtype=np.int64)
    first, second = (fim.chosen(keys, lengths, epoch, 0.3) for epoch in (1, 2))
    assert abs(first.mean() - 0.3) < 0.02 and abs((first & second).mean() - 0.09) < 0.02
    assert fim.chosen(keys, lengths, 1, 1.0).all() and not fim.chosen(keys, lengths, 1, 0.0).any()
    assert not fim.chosen(keys, lengths * 0, 1, 1.0).any()
