"""Held-out documents as arrays, so that a training node takes bits per byte with torch and numpy alone.

The trade-off: tokens are copied, not pointed at; they are few, and the folder can be read without the shards.
Languages stand in proportion to their bytes, documents by doc_id, a hash of their text: the choice of stage `evaluate`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from neve import documents as tables
from neve.errors import Fault
from neve.store import read_json, write_json

RULES_VERSION = 1


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `heldout`: at most settings["bytes"] of the held-out documents of `tokens`, one at least of each language.

    Writes tokens.npy (end to end), starts.npy (int64, one more than documents), language.npy (int32, into the
    list `languages` of heldout.json) and bytes.npy (int64, of each document's text).
    """
    names = ["doc_id", "language", "shard", "offset", "length", "size"]
    wanted = (pc.field("split") == "heldout") & (pc.field("length") > 0)
    index = tables.read(inputs["tokens"] / "index.parquet", names, wanted)
    index = index.sort_by([("language", "ascending"), ("doc_id", "ascending")])
    if not len(index):
        raise Fault(
            "training.validate_steps: no document is held out; raise corpus.heldout_share, or set it to 0"
        )
    column = {name: index[name].to_numpy() for name in names[2:]}
    languages, language = np.unique(index["language"].to_numpy(), return_inverse=True)
    share = min(1.0, settings["bytes"] / column["size"].sum())
    chosen: list[int] = []
    for number in range(len(languages)):
        rows = np.flatnonzero(language == number)
        size = np.cumsum(column["size"][rows])
        chosen += rows[: max(1, np.searchsorted(size, share * size[-1], side="right"))].tolist()
    about = read_json(inputs["tokens"] / "tokens.json")
    shards = [np.memmap(inputs["tokens"] / s["file"], about["dtype"], "r") for s in about["shards"]]
    places = (column[name][chosen].tolist() for name in names[2:5])
    parts = [shards[shard][at : at + size] for shard, at, size in zip(*places, strict=True)]
    np.save(out / "tokens.npy", np.concatenate(parts))
    np.save(out / "starts.npy", np.concatenate([[0], np.cumsum(column["length"][chosen], dtype=np.int64)]))
    np.save(out / "language.npy", language[chosen].astype(np.int32))
    np.save(out / "bytes.npy", column["size"][chosen])
    counts = {
        name: int(column[field][chosen].sum()) for name, field in (("tokens", "length"), ("bytes", "size"))
    }
    counts |= {"documents": len(chosen)}
    write_json(out / "heldout.json", {"languages": languages.tolist(), **counts})
    return counts
