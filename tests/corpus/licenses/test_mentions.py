"""Words in the heads of texts, beside Python's own `in` on the same texts."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.licenses import mentions, statements

WORDS = ("licens", "not be", "gpl", "gpl v", "ens", "版权所有", "лицензи", "droits r")
PIECES = st.sampled_from([*WORDS, *(w.upper() for w in WORDS), "Licens", "Лицензи", " ", "\n", "li", "x", "é", "not"])  # fmt: skip


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=5), st.integers(0, 60))
def test_words_are_those_that_a_search_finds(texts: list[str], head: int) -> None:
    """Oracle: `in` on the bytes of the head, lowered as text."""
    found = mentions.masks(pa.array(texts, pa.large_string()), WORDS, head)
    for mask, text in zip(found, texts, strict=True):
        shown = text.encode()[:head].decode("utf-8", "ignore").lower()
        assert mentions.named(mask, WORDS) == [word for word in WORDS if word in shown]


def test_a_slice_with_nulls_is_read_where_it_lies() -> None:
    """Oracle: by hand; the second word is past the head."""
    column = pa.array(["gpl", None, "under the GPL", "x licens"], pa.large_string())[1:]
    found = mentions.masks(column, WORDS, 13)
    assert [mentions.named(mask, WORDS) for mask in found] == [[], ["gpl"], ["licens", "ens"]]
    assert mentions.named(mentions.masks(column, WORDS, 5)[2], WORDS) == []


def test_more_than_64_words_have_a_bit_each() -> None:
    """Oracle: each word of the table alone gives itself, and what it holds."""
    words = statements.PARAGRAPH
    assert len(words) > 64
    found = mentions.masks(pa.array(words, pa.large_string()), words, 100)
    for mask, text in zip(found, words, strict=True):
        assert mentions.named(mask, words) == [word for word in words if word in text]


@settings(deadline=None)
@given(
    st.lists(st.none() | st.text("abS:-", max_size=30), max_size=5), st.text("abS:-", min_size=1, max_size=6)
)
def test_a_word_is_found_where_a_search_finds_it(texts: list[str | None], word: str) -> None:
    """Oracle: Python's `in`; a null holds nothing, and a slice is read where it lies."""
    column = pa.array([word, *texts], pa.large_string())[1:]
    held = [text is not None and word in text for text in texts]
    assert mentions.holding(column, word.encode()).tolist() == held
