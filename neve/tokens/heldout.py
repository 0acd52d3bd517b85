"""Held-out documents as arrays, so that a training node takes bits per byte with torch and numpy alone.

The trade-off: tokens are copied, not pointed at; they are few, and the folder can be read without the
shards. The choice of documents (`choose`) is that of stage `evaluate` too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents as tables
from neve.errors import Fault
from neve.store import read_json, write_json


def choose(table: pa.Table, limit: int) -> pa.Table:
    """Rows of `table` (doc_id, language, size, …) of at most `limit` bytes, languages in proportion to their
    bytes.

    Within a language they are taken by doc_id, which is a hash of their text, until the next one would pass
    the language's part of `limit`. Where the first one would, the smallest stands for the language, and
    languages with more documents make room; where even the smallest do not fit, the largest go, but the last
    document stays. Ordered by language and doc_id.
    """
    table = table.sort_by([("language", "ascending"), ("doc_id", "ascending")])
    sizes, language = table["size"].to_numpy(), table["language"].to_numpy()
    share = min(1.0, limit / max(1, sizes.sum()))
    kept: list[list[int]] = []
    for name in np.unique(language):
        mine = np.flatnonzero(language == name)
        total = np.cumsum(sizes[mine])
        fit = int(np.searchsorted(total, share * total[-1], side="right"))
        kept.append(mine[:fit].tolist() if fit else [int(mine[np.argmin(sizes[mine])])])
    over = sum(int(sizes[rows].sum()) for rows in kept) - limit
    while over > 0 and sum(map(len, kept)) > 1:
        largest = max(kept, key=lambda rows: (len(rows) > 1, int(sizes[rows].sum())))
        over -= int(sizes[largest.pop()])
        kept = [rows for rows in kept if rows]
    return table.take(pa.array(sorted(row for rows in kept for row in rows), pa.int64()))


@dataclass(frozen=True)
class Settings:
    bytes: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `heldout`: at most settings.bytes of the held-out documents of `tokens`, one document at least.

    Writes tokens.npy (end to end), starts.npy (int64, one more than documents), language.npy (int32, into
    the list `languages` of heldout.json) and bytes.npy (int64, of each document's text).
    """
    names = ["doc_id", "language", "shard", "offset", "length", "size"]
    wanted = (pc.field("split") == "heldout") & (pc.field("length") > 0)
    index = tables.read(inputs["tokens"] / "index.parquet", names, wanted)
    if not len(index):
        raise Fault("training.validate_steps: nothing is held out; raise corpus.heldout_share, or set 0")
    index = choose(index, settings.bytes)
    languages, language = np.unique(index["language"].to_numpy(), return_inverse=True)
    column = {name: index[name].to_numpy() for name in names[2:]}
    about = read_json(inputs["tokens"] / "tokens.json")
    shards = [np.memmap(inputs["tokens"] / s["file"], about["dtype"], "r") for s in about["shards"]]
    places = (column[name].tolist() for name in names[2:5])
    parts = [shards[shard][at : at + size] for shard, at, size in zip(*places, strict=True)]
    np.save(out / "tokens.npy", np.concatenate(parts))
    np.save(out / "starts.npy", np.concatenate([[0], np.cumsum(column["length"], dtype=np.int64)]))
    np.save(out / "language.npy", language.astype(np.int32))
    np.save(out / "bytes.npy", column["size"])
    tokens, size = (int(column[name].sum()) for name in ("length", "size"))
    counts = {"tokens": tokens, "bytes": size, "documents": len(index)}
    write_json(out / "heldout.json", {"languages": languages.tolist(), **counts})
    return counts
