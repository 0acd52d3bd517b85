"""Token shards. Oracle: each document's slice of its shard, decoded, is its text; the bytes on disk add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents as tables
from neve.store import read_json
from neve.tokens import bpe, shards


def test_every_documents_slice_is_its_text_in_order(curate: Path, tokenizer: Path, tokens: Path) -> None:
    about = read_json(tokens / "tokens.json")
    index = tables.read(tokens / "index.parquet")
    documents = tables.read(curate / "documents")
    assert index.schema.equals(tables.INDEX)
    for column in ("doc_id", "language", "repo", "split", "size"):
        assert index[column].to_pylist() == documents[column].to_pylist()
    assert index["seed_doc_id"].null_count == len(index)
    assert len(about["shards"]) >= 3 and about["dtype"] == "uint16" and about["vocab_size"] == 3000
    data = [np.fromfile(tokens / s["file"], dtype=about["dtype"]) for s in about["shards"]]
    assert [len(d) for d in data] == [s["tokens"] for s in about["shards"]]
    assert about["tokens"] == sum(map(len, data)) == pc.sum(index["length"]).as_py()
    coder, end = bpe.load(tokenizer), [0] * len(data)
    for row, text in zip(index.to_pylist(), documents["content"].to_pylist(), strict=True):
        assert row["offset"] == end[row["shard"]]
        end[row["shard"]] += row["length"]
        assert coder.decode(data[row["shard"]][row["offset"] : row["offset"] + row["length"]]) == text
    assert end == [len(d) for d in data]
    assert min(map(len, data[:-1])) > 20_000, "shards are filled"


def test_equal_shards_however_rows_lie_in_files(
    curate: Path, tokenizer: Path, tokens: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_TOKENS", 60_000)
    monkeypatch.setattr(shards, "BATCH_ROWS", 7)
    documents = tables.read(curate / "documents")
    (tmp_path / "documents").mkdir()
    for i, start in enumerate(range(0, len(documents), 30)):
        tables.write(documents.slice(start, 30), tmp_path / f"{i}", tables.DOCUMENTS)
        (tmp_path / f"{i}" / "part-00000.parquet").rename(tmp_path / "documents" / f"part-{i:05d}.parquet")
    out = tmp_path / "out"
    out.mkdir()
    shards.build(None, {"documents": tmp_path, "tokenizer": tokenizer}, out)
    for path in sorted(tokens.glob("tokens*")):
        assert (out / path.name).read_bytes() == path.read_bytes()
    assert tables.read(out / "index.parquet").equals(tables.read(tokens / "index.parquet"))


def test_a_document_larger_than_a_shard_an_empty_one_and_seeds(
    tokenizer: Path, tmp_path: Path, monkeypatch
) -> None:
    """Synthetic documents carry their seed; a long document has a shard to itself; an empty one is no error."""
    monkeypatch.setattr(shards, "SHARD_TOKENS", 100)
    texts = ["", "a = 1\n", "b = 2\n" * 200, "", "c = 3\n"]
    table = pa.table(
        {
            "doc_id": [tables.doc_id(f"{i}".encode()) for i in range(5)],
            "source": ["synthesis"] * 5, "repo": ["synthetic/m"] * 5, "path": [f"{i}.py" for i in range(5)],
            "language": ["Python"] * 5, "split": ["train"] * 5, "size": [len(t) for t in texts], "content": texts,
            "seed_doc_id": [f"{i:032x}" for i in range(5)],
        }
    )  # fmt: skip
    tables.write(table, tmp_path / "documents", tables.DOCUMENTS)
    counts = shards.build(None, {"documents": tmp_path, "tokenizer": tokenizer}, tmp_path)
    index = tables.read(tmp_path / "index.parquet")
    assert index["seed_doc_id"].to_pylist() == table["seed_doc_id"].to_pylist()
    assert index["shard"].to_pylist() == [0, 0, 1, 2, 2]
    lengths = index["length"].to_pylist()
    assert lengths[0] == lengths[3] == 0 and lengths[2] > 100
    assert counts == {
        "documents": 5,
        "tokens": sum(lengths),
        "bytes": table["size"].to_numpy().sum(),
        "shards": 3,
    }


def test_no_documents_at_all(tokenizer: Path, tmp_path: Path) -> None:
    tables.write(tables.DOCUMENTS.empty_table(), tmp_path / "documents", tables.DOCUMENTS)
    assert shards.build(None, {"documents": tmp_path, "tokenizer": tokenizer}, tmp_path)["documents"] == 0
    assert len(tables.read(tmp_path / "index.parquet")) == 0


def test_a_large_vocabulary_takes_four_bytes(
    curate: Path, tokenizer: Path, tmp_path: Path, monkeypatch
) -> None:
    coder = bpe.load(tokenizer)
    monkeypatch.setattr(coder, "vocab_size", 70_000)
    monkeypatch.setattr(bpe, "load", lambda folder: coder)
    shards.build(None, {"documents": curate, "tokenizer": tokenizer}, tmp_path)
    about = read_json(tmp_path / "tokens.json")
    assert about["dtype"] == "uint32"
    assert (tmp_path / "tokens-00000.bin").stat().st_size == 4 * about["tokens"]


@pytest.mark.parametrize("limit", [1, 50, 10_000_000])
def test_any_shard_size_holds_the_same_tokens(
    curate: Path, tokenizer: Path, tokens: Path, tmp_path: Path, monkeypatch, limit
) -> None:
    monkeypatch.setattr(shards, "SHARD_TOKENS", limit)
    shards.build(None, {"documents": curate, "tokenizer": tokenizer}, tmp_path)
    whole = [b"".join(p.read_bytes() for p in sorted(f.glob("tokens-*.bin"))) for f in (tokens, tmp_path)]
    assert whole[0] == whole[1]
