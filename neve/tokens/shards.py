"""Token shards: every document encoded once, in the order it comes in, and an index of where each lies.

Shards are bare arrays of little-endian integers (two bytes a token where the vocabulary allows), content
only: separators and sentinels belong to views, so that one set of shards serves every phase. Documents never
straddle shards. The trade-off: a shard is mapped into memory, not decompressed, which takes twice the disk
of zstd and no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neve import documents as tables
from neve.progress import bar
from neve.store import write_json
from neve.tokens import bpe

SHARD_TOKENS = 1 << 29
"""A document starts a new shard where this one would grow past this many tokens (1 GiB at two bytes)."""

BATCH_ROWS = 1024

KEPT = ("doc_id", "language", "repo", "split", "size", "seed_doc_id", "content")
"""Columns of a document that are read; its row of the index repeats all but the last."""


def build(settings: None, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stages `tokens` and `synthetic-tokens`: encode `documents` with `tokenizer`. Writes tokens-NNNNN.bin,
    index.parquet (INDEX, one row a document, order kept) and tokens.json."""
    tokenizer = bpe.load(inputs["tokenizer"])
    dtype = np.dtype("<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4")
    paths = sorted((inputs["documents"] / "documents").glob("*.parquet"))
    rows = sum(pq.ParquetFile(path).metadata.num_rows for path in paths)
    shards: list[int] = []
    size = 0
    with (
        bar(f"tokens ({rows:,} documents)", unit="MB") as advance,
        pq.ParquetWriter(out / "index.parquet", tables.INDEX, compression="zstd") as index,
    ):
        for batch in _batches(paths):
            encoded = tokenizer.encode_batch(batch["content"].to_pylist())
            index.write_batch(_append(encoded, batch, shards, dtype, out))
            part = int(np.sum(batch["size"].to_numpy()))
            size += part
            advance(part / 1e6)
    about = {
        "dtype": dtype.name,
        "vocab_size": tokenizer.vocab_size,
        "sentinels": tokenizer.sentinels,
        "shards": [{"file": _name(i), "tokens": n} for i, n in enumerate(shards)],
        "tokens": sum(shards),
    }
    write_json(out / "tokens.json", about)
    return {"documents": rows, "tokens": sum(shards), "bytes": size, "shards": len(shards)}


def _batches(paths: list[Path]) -> Iterator[pa.RecordBatch]:
    """Documents in order, never more than a row group (64 MiB of text) at once."""
    for path in paths:
        parquet = pq.ParquetFile(path)
        columns = [name for name in KEPT if name in parquet.schema_arrow.names]
        for group in range(parquet.num_row_groups):
            yield from parquet.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns)


def _append(
    encoded: list[np.ndarray], batch: pa.RecordBatch, shards: list[int], dtype: np.dtype, out: Path
) -> pa.RecordBatch:
    """Append documents to the last shard or new ones, `shards` counting their tokens; returns their rows of
    the index."""
    lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
    ends = np.cumsum(lengths)
    shard, offset = np.empty(len(encoded), dtype=np.int32), np.empty(len(encoded), dtype=np.int64)
    first = 0
    while first < len(encoded):
        done = ends[first] - lengths[first]
        if not shards or (shards[-1] > 0 and shards[-1] + lengths[first] > SHARD_TOKENS):
            shards.append(0)
        fits = np.searchsorted(ends, done + SHARD_TOKENS - shards[-1], side="right")
        last = max(first + 1, int(fits))
        offset[first:last] = shards[-1] + ends[first:last] - lengths[first:last] - done
        shard[first:last] = len(shards) - 1
        with (out / _name(len(shards) - 1)).open("ab") as handle:
            np.concatenate(encoded[first:last]).astype(dtype).tofile(handle)
        shards[-1] += int(ends[last - 1] - done)
        first = last
    columns = {name: batch[name] for name in batch.schema.names if name != "content"}
    columns |= {"shard": pa.array(shard), "offset": pa.array(offset), "length": pa.array(lengths)}
    columns.setdefault("seed_doc_id", pa.nulls(len(batch), pa.string()))
    return pa.record_batch([columns[f.name].cast(f.type) for f in tables.INDEX], schema=tables.INDEX)


def _name(shard: int) -> str:
    return f"tokens-{shard:05d}.bin"
