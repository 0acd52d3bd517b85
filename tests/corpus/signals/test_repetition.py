"""Words, lines and n-grams that repeat. Oracle: Python's Counter, by a slow implementation written from the table of
SIGNALS."""

from __future__ import annotations

import re
import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.signals import lexing, repetition
from neve.corpus.text import buffers


def slow_repetition(text: str, marks: np.ndarray) -> dict[str, float]:
    fold = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    words = [word.translate(fold) for word in re.findall(r"\w+", text)]
    total = max(1, sum(map(len, words)))
    out: dict[str, float] = {
        "words": len(words),
        "mean_word_length": sum(map(len, words)) / max(1, len(words)),
        "unique_word_share": len(set(words)) / max(1, len(words)),
    }
    for n in range(2, 11):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        counts = Counter(grams)
        if n <= 4:
            most = max(counts.values(), default=0)
            size = max((sum(map(len, g)) for g, c in counts.items() if c == most), default=0)
            out[f"top_{n}gram_share"] = min(1.0, most * size / total) if most > 1 else 0.0
        else:
            inside = {i + k for i, gram in enumerate(grams) if counts[gram] > 1 for k in range(n)}
            out[f"duplicate_{n}gram_share"] = sum(len(words[i]) for i in inside) / total
    code = bytes(b for b, m in zip(text.encode(), marks, strict=True) if b in b"\r\n" or m in (0, 2))
    lines = [bytes(b for b in line if b not in b"\t\v\f ") for line in re.split(rb"[\r\n]", code)]
    named = Counter(line for line in lines if re.search(rb"[A-Za-z0-9\x80-\xff]", line))
    repeated = sum(count for count in named.values() if count > 1)
    out["duplicate_line_share"] = repeated / max(1, sum(bool(line) for line in lines))
    return out


def check(text: str, language: str | None = None) -> None:
    values, offsets, _ = buffers(pa.array([text], pa.large_string()))
    marks = lexing.mark(values, offsets, [language])
    row = repetition.measure(values, offsets, marks)[:, 0]
    found = dict(zip(repetition.COLUMNS, row, strict=True))
    assert found == pytest.approx(slow_repetition(text, marks), abs=1e-12), text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "b", "c", "A", "é", "_", "1", "ab", " ", "\n", "-", "»"]), max_size=80
    ).map("".join)
)
def test_repetition_of_small_alphabets(text: str) -> None:
    """Where n-grams are sure to repeat and to overlap."""
    check(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["# ", "'", '"""', "\n", " x = 1 "]))
def test_any_text(text: str, piece: str) -> None:
    """Repeated with comments and strings between."""
    check(f"{text}{piece}{text}{piece}{text}", "Python")


def test_real_files() -> None:
    """20 files of the standard library."""
    for file in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[::8][:20]:
        check(file.read_text("utf-8"), "Python")
