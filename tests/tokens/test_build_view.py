"""A view's selection is checked. Oracle: the rules as stated; separators by hand. What a view then gives is
tested in test_view.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from neve import documents as tables
from neve.errors import Fault
from neve.tokens import build_view

from .test_view import EOS, FILE_SEP, random_shards, write_index


@pytest.fixture
def rows(tmp_path: Path) -> list[dict]:
    rows = random_shards(tmp_path / "tokens", [5, 9, 2, 7, 4, 3], seed=1)
    rows[3]["split"] = "heldout"
    write_index(tmp_path / "tokens", rows)
    return rows


def build(root: Path, chosen: list[tuple], data: str = "selection") -> dict:
    (root / "selection").mkdir()
    (root / "view").mkdir()
    columns = dict(zip(("doc_id", "repeats", "tokens"), map(list, zip(*chosen, strict=True)), strict=True))
    table = pa.table(columns, schema=tables.SELECTION)
    pa.parquet.write_table(table, root / "selection" / "selection.parquet")
    inputs = {"tokens": root / "tokens", "selection": root / "selection"}
    return build_view.build(build_view.Settings("quality", data, 0.0, 1), inputs, root / "view")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda ids: (ids[3], 1, None), "is held out; only split train may be chosen"),
        (lambda ids: ("f" * 32, 1, None), "is not in the token index"),
        (lambda ids: (ids[0], 1, None), "occurs twice"),
        (lambda ids: (ids[1], 0, None), "has repeats = 0, must be 1 or more"),
        (lambda ids: (ids[1], 1, 0), "has tokens = 0, must be 1 or more"),
    ],
)
def test_a_selection_that_cannot_be_is_a_fault(tmp_path: Path, rows: list[dict], change, said: str) -> None:
    ids = [row["doc_id"] for row in rows]
    with pytest.raises(Fault, match=said):
        build(tmp_path, [(ids[0], 1, None), change(ids)])


def test_tokens_count_repeats_cuts_and_separators(tmp_path: Path, rows: list[dict]) -> None:
    """By hand: 5 and 1 for its separator, twice; 9 cut at 4, and 1."""
    counts = build(tmp_path, [(rows[1]["doc_id"], 1, 4), (rows[0]["doc_id"], 2, None)])
    assert counts["documents"] == 2 and counts["tokens"] == 2 * 6 + 5
    assert [part["documents"] for part in counts["passes"]] == [2, 1]
    assert np.load(tmp_path / "view" / "length.npy").tolist() == [5, 4], "in the index's order"


def test_files_of_one_repository_are_joined_in_a_corpus_alone(tmp_path: Path, rows: list[dict]) -> None:
    index = tables.read(tmp_path / "tokens" / "index.parquet", ["language", "repo"])
    sentinels = {"<|endoftext|>": EOS, "<file_sep>": FILE_SEP}
    joined = build_view._separators(index, "corpus", sentinels).tolist()
    for at, row in enumerate(rows):
        after = rows[at + 1] if at + 1 < len(rows) else {"repo": None, "language": None}
        same = (row["repo"], row["language"]) == (after["repo"], after["language"])
        assert joined[at] == (FILE_SEP if same else EOS)
    assert set(build_view._separators(index, "selection", sentinels).tolist()) == {EOS}


@pytest.mark.parametrize(
    ("data", "remedy"), [("selection", "more documents"), ("synthetic", "raise synthesis.seeds")]
)
def test_a_view_without_tokens_is_a_fault_with_a_remedy(tmp_path: Path, data: str, remedy: str) -> None:
    rows = random_shards(tmp_path / "tokens", [0], 1)
    with pytest.raises(Fault, match=f"no training tokens .*{remedy}"):
        build(tmp_path, [(rows[0]["doc_id"], 1, None)], data)
