"""Held-out arrays. Oracle: the shards' bytes read by hand, and the documents that stage `evaluate` would choose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve import documents as tables
from neve.errors import Fault
from neve.evaluation import bits_per_byte
from neve.store import read_json
from neve.tokens import bpe, heldout


def read(folder: Path) -> tuple[list[np.ndarray], list[str], np.ndarray]:
    """Tokens, language and bytes of each document."""
    about = read_json(folder / "heldout.json")
    tokens, starts, language, size = (
        np.load(folder / f"{name}.npy") for name in ("tokens", "starts", "language", "bytes")
    )
    assert len(tokens) == starts[-1] == about["tokens"] and size.sum() == about["bytes"]
    assert len(starts) - 1 == len(language) == len(size) == about["documents"]
    return np.split(tokens, starts[1:-1]), [about["languages"][i] for i in language], size


@pytest.mark.parametrize("limit", [1 << 30, 60_000, 1])
def test_the_documents_that_evaluation_takes_as_the_tokenizer_encodes_them(
    curate: Path, tokenizer: Path, tokens: Path, tmp_path: Path, limit: int
) -> None:
    counts = heldout.build(heldout.Settings(limit), {"tokens": tokens}, tmp_path)
    expected = bits_per_byte.heldout(curate, limit)
    documents, languages, size = read(tmp_path)
    ids = bpe.load(tokenizer).encode_batch(expected["content"].to_pylist())
    assert len(ids) == counts["documents"] == len(documents)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(documents, ids, strict=True))
    assert languages == expected["language"].to_pylist()
    assert size.tolist() == [len(text.encode()) for text in expected["content"].to_pylist()]
    assert limit == 1 or counts["bytes"] <= limit


def test_languages_stand_in_proportion_and_none_is_missed(tokens: Path, tmp_path: Path) -> None:
    """Three held-out languages of very different size, by hand: half of the bytes is half of each."""
    (tmp_path / "tokens").mkdir()
    for path in tokens.glob("tokens*"):
        (tmp_path / "tokens" / path.name).symlink_to(path)
    index = tables.read(tokens / "index.parquet").slice(0, 90)
    language = pa.array(["C"] * 60 + ["Go"] * 29 + ["Rust"])
    index = index.set_column(index.schema.get_field_index("language"), "language", language)
    index = index.set_column(index.schema.get_field_index("split"), "split", pa.array(["heldout"] * 90))
    pq.write_table(index, tmp_path / "tokens" / "index.parquet")
    half = sum(index["size"].to_pylist()) // 2
    (tmp_path / "out").mkdir()
    counts = heldout.build(heldout.Settings(half), {"tokens": tmp_path / "tokens"}, tmp_path / "out")
    _, languages, size = read(tmp_path / "out")
    assert languages == sorted(languages) and set(languages) == {"C", "Go", "Rust"}
    for name in ("C", "Go"):
        rows = sorted(
            row["doc_id"] + f" {row['size']}" for row in index.to_pylist() if row["language"] == name
        )
        sizes = [int(row.split()[1]) for row in rows]
        taken = size[np.array(languages) == name].tolist()
        assert taken == sizes[: len(taken)] and sum(taken) <= sum(sizes) / 2 < sum(sizes[: len(taken) + 1])
    assert counts["documents"] == len(languages)


def test_nothing_held_out_is_a_fault(tokens: Path, tmp_path: Path) -> None:
    index = tables.read(tokens / "index.parquet")
    train = index.set_column(index.schema.get_field_index("split"), "split", pa.array(["train"] * len(index)))
    pq.write_table(train, tmp_path / "index.parquet")
    with pytest.raises(Fault, match="nothing is held out"):
        heldout.build(heldout.Settings(1000), {"tokens": tmp_path}, tmp_path)


@pytest.mark.parametrize(
    ("sizes", "limit", "chosen"),
    [
        ({"C": [95, 70, 80], "Go": [10, 10]}, 100, {"C": [70], "Go": [10]}),
        ({"C": [40, 40, 40], "Go": [60]}, 120, {"C": [40], "Go": [60]}),
        ({"C": [500], "Go": [300, 200]}, 250, {"Go": [200]}),
        ({"C": [500]}, 10, {"C": [500]}),
    ],
)
def test_at_most_is_at_most(sizes: dict[str, list[int]], limit: int, chosen: dict[str, list[int]]) -> None:
    """By hand: a language's first documents that fit its part, else its smallest; the largest make room."""
    rows = [(name, size) for name, each in sizes.items() for size in each]
    table = pa.table(
        {
            "doc_id": [f"{i:02}" for i in range(len(rows))],
            "language": [name for name, _ in rows],
            "size": [size for _, size in rows],
        }
    )
    found = heldout.choose(table, limit)
    mine: dict[str, list[int]] = {}
    for name, size in zip(found["language"].to_pylist(), found["size"].to_pylist(), strict=True):
        mine.setdefault(name, []).append(size)
    assert mine == chosen
