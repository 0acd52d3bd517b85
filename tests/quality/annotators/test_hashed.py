"""neve.quality.annotators.hashed. Oracle: words by a regular expression, sets of tuples for n-grams."""

import re

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.text import read_only
from neve.quality.annotators import hashed

WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+|[^\x00-\x20\x7fA-Za-z0-9_\x80-\xff]")
TEXT = st.text(st.sampled_from("ab_1 9\n\t(=é漢.\x00"), max_size=60)


def plain(text: str) -> list[bytes]:
    """Words, numbers all alike."""
    return [b"0" if word[:1].isdigit() else word for word in WORD.findall(text.encode())]


def hashes(text: str) -> list[int]:
    data, offsets, _ = read_only(pa.array([text], pa.large_string()))
    out = np.empty(len(text.encode()) + 1, dtype=np.uint64)
    return out[: hashed.words(data, offsets[0], offsets[1], hashed.CLASSES, out)].tolist()


@settings(deadline=None, max_examples=60)
@given(TEXT, TEXT)
def test_equal_words_have_equal_hashes_and_others_do_not(one, other):
    words, numbers = plain(one) + plain(other), hashes(one) + hashes(other)
    assert len(words) == len(numbers)
    assert len(set(zip(words, numbers, strict=True))) == len(set(words)) == len(set(numbers))


@settings(deadline=None, max_examples=60)
@given(TEXT, st.integers(1, 4))
def test_ngrams_are_the_distinct_runs_of_words(text, longest):
    numbers, words = hashes(text), plain(text)
    stamp, out = np.full(1 << 24, -1, dtype=np.int32), np.empty(len(numbers) * longest, dtype=np.int64)
    found = hashed.ngrams(np.array(numbers, dtype=np.uint64), len(numbers), longest, 24, stamp, 0, out)
    runs = {tuple(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1)}
    assert found == len(set(out[:found].tolist())) == len(runs)
    again = hashed.ngrams(np.array(numbers, dtype=np.uint64), len(numbers), longest, 24, stamp, 1, out)
    assert again == found, "another text may have them too"


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXT, min_size=1, max_size=4), st.integers(1, 40))
def test_sections_are_the_words_of_the_top_the_middle_and_the_bottom(texts, size):
    data, offsets, _ = read_only(pa.array(texts, pa.large_string()))
    places, starts, counts = hashed.sections(data, offsets, size, 24, hashed.CLASSES)
    assert len(starts) == counts.sum() + 1 and starts[-1] == len(places)
    at = 0
    for text, count in zip(texts, counts, strict=True):
        raw = text.encode()
        spare = max(0, len(raw) - size)
        cuts = [0] if not spare else [0, spare] if spare == 1 else [0, spare // 2, spare]
        assert count == len(cuts)
        for cut in cuts:
            piece = raw[cut : cut + size]
            words = len(WORD.findall(piece))
            assert starts[at + 1] - starts[at] == max(0, 2 * words - 1)
            at += 1


def test_sections_that_overlap_have_room_for_all_their_words():
    """Every byte a word, each text one or two bytes longer than a section."""
    texts = ["(" * 41, "(" * 42] * 500
    data, offsets, _ = read_only(pa.array(texts, pa.large_string()))
    places, starts, counts = hashed.sections(data, offsets, 40, 24, hashed.CLASSES)
    assert counts.tolist() == [2, 3] * 500 and np.diff(starts).tolist() == [79] * 2500
    assert len(places) == 79 * 2500
