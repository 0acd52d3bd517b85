"""A selection becomes seeds: documents from which synthetic ones are grown, the best first, languages
interleaved.

So many of the seeds are Python as the recipe says; the other languages keep their proportions of the
corpus's tokens. The trade-off: seeds are an order, not a set, so synthesis may stop anywhere and has then
grown from the best of each language in about the shares that were asked for.

Source: Arctic-SnowCoder (arXiv 2409.02326), phase 3: half of the seeds are Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents
from neve.hashing import shares
from neve.quality import pools
from neve.quality.pools import Pool


@dataclass(frozen=True)
class Settings:
    seeds: int
    python_share: float


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `seeds`: seeds.parquet (doc_id, language, rank, turn) in seed order, out of `selection`.

    Where more seeds are wanted than the selection has documents of a language, they are taken again, `turn`
    1, 2, …, each turn with other lines of them as inspiration. Where the selection has only Python, or none,
    the share does not apply.
    """
    found = pools.load(inputs["tokens"], inputs["scores"])
    chosen = _chosen(found, inputs["selection"])
    whole = {name: float(found[name].tokens.sum()) for name, part in chosen.items() if len(part.tokens)}
    python = whole.pop("Python", None)
    if python is not None:
        share = settings.python_share if whole else 1.0
        scale = (1 - share) / sum(whole.values()) if whole else 0.0
        whole = {**{name: weight * scale for name, weight in whole.items()}, "Python": share}
    wanted = shares(whole, settings.seeds)
    ids, names, ranks, turns, places = [], [], [], [], []
    for name in sorted(wanted):
        row = np.arange(wanted[name])
        part = chosen[name].take(row % len(chosen[name].tokens))
        turns += (row // len(chosen[name].tokens)).tolist()
        ids += part.doc_ids.tolist()
        names += [name] * len(part.tokens)
        ranks += part.ranks.tolist()
        places += ((np.arange(len(part.tokens)) + 0.5) / max(1, len(part.tokens))).tolist()
    table = pa.table(
        {
            "doc_id": pa.array(ids, pa.string()),
            "language": pa.array(names, pa.string()),
            "rank": pa.array(ranks, pa.int64()),
            "turn": pa.array(turns, pa.int64()),
        }
    )
    order = np.lexsort((np.arange(len(places)), places))
    pq.write_table(table.take(pa.array(order)), out / "seeds.parquet", compression="zstd")
    return {name: names.count(name) for name in sorted(wanted)}


def _chosen(found: dict[str, Pool], selection: Path) -> dict[str, Pool]:
    """The documents of a selection by language, best first."""
    ids = documents.read(selection / pools.FILE, ["doc_id"])["doc_id"].combine_chunks()
    return {
        language: pool.take(
            np.flatnonzero(pc.is_in(pa.array(pool.doc_ids), ids).to_numpy(zero_copy_only=False))
        )
        for language, pool in found.items()
    }
