"""What a new text is like. Oracles: comparing with every text; a dictionary of buckets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import documents
from neve.recipe.corpus import Near
from neve.synthesis import lookalikes
from neve.synthesis.lookalikes import Buckets, Kept, Lookalikes, alike

PARTS = st.lists(st.tuples(st.lists(st.integers(0, 20), max_size=12), st.integers(0, 5)), max_size=30)


@given(PARTS)
@settings(max_examples=100, deadline=None)
def test_the_runs_find_what_a_dictionary_finds(parts: list[tuple[list[int], int]]) -> None:
    buckets, known = Buckets(), {}
    for number, (keys, _) in enumerate(parts):
        buckets.add(np.array(keys, np.uint64), np.full(len(keys), number))
        for key in keys:
            known.setdefault(key, set()).add(number)
    for key in range(21):
        assert set(buckets.find(np.array([key], np.uint64), 1000)) == known.get(key, set())
    assert len(buckets._runs) <= 12  # merged as a counter's digits are


def test_a_long_run_lies_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookalikes, "SPILL", 8)
    buckets = Buckets(tmp_path)
    buckets.add(np.arange(10, dtype=np.uint64), np.arange(10))
    assert isinstance(buckets._runs[0][0], np.memmap)
    assert buckets.find(np.array([3, 7], np.uint64), 8) == [3, 7]
    assert list(tmp_path.iterdir()) == []


def program(n: int) -> str:
    return "".join(
        f"def part_{n}_{i}(value):\n    return value * {n} + {i} - len('{n}{i}')\n\n" for i in range(12)
    )


def test_near_texts_are_found_in_the_corpus_and_among_accepted_ones_but_for_the_seed(tmp_path: Path) -> None:
    rows = [
        {
            "doc_id": documents.doc_id(program(n).encode()), "source": "s", "repo": f"r{n}", "path": f"{n}.py",
            "language": "Python", "split": "train", "size": 1, "content": program(n),
        }
        for n in range(30)
    ]  # fmt: skip
    documents.write(pa.Table.from_pylist(rows[:15], schema=documents.DOCUMENTS), tmp_path, name="a.parquet")
    documents.write(pa.Table.from_pylist(rows[15:], schema=documents.DOCUMENTS), tmp_path, name="b.parquet")
    known = Lookalikes(Near(), tmp_path)
    changed = program(20).replace("* 20 + 3", "* 20 - 3")
    found = known.nearest(changed, seed="")
    assert found is not None and (found.repo, found.path) == ("r20", "20.py")
    assert found.jaccard == alike(changed, program(20), 5) >= 0.7
    assert known.nearest(changed, seed=rows[20]["doc_id"]) is None
    assert known.nearest(program(99), seed="") is None
    known.add(Kept("f" * 32, "synthetic/m", "x.py", program(99)))
    found = known.nearest("import os\n\n" + program(99), seed="")  # by bodies, as in curation
    assert found is not None and found == (("f" * 32), "synthetic/m", "x.py", 1.0)
    assert Lookalikes(Near(enabled=False), tmp_path).nearest(changed, seed="") is None
