"""A selection becomes seeds: documents from which synthetic ones are grown, languages interleaved.

Of each language documents are drawn without replacement, the better the likelier, and spread over
repositories: each further document of one counts half, a third, a quarter of what it would alone. As
many of the seeds are Python as the recipe says; the other languages keep their proportions of the
corpus's tokens. The trade-off: seeds are an order, not a set, so synthesis may stop anywhere and has
then grown from about the shares that were asked for.

Source: Arctic-SnowCoder (arXiv 2409.02326), phase 3: half of the seeds are Python. Efraimidis and Spirakis,
"Weighted random sampling with a reservoir" (2006), for the draw.
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
from neve.hashing import draw_keys, shares
from neve.quality import pools
from neve.quality.pools import Pool


@dataclass(frozen=True)
class Settings:
    seeds: int
    python_share: float
    sharpness: float
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `seeds`: seeds.parquet (doc_id, language, rank, turn, quantile) in seed order, out of
    `selection`.

    Without `scores` and `selection`, as in synthesis alone, all training documents are drawn from
    evenly. Where more seeds are wanted than there are documents of a language, they are taken again,
    `turn` 1, 2, …, each turn with other lines of them as inspiration. Where there is only Python, or
    none, the share does not apply. `quantile` is a document's place in the selection of its language,
    null without scores.
    """
    scored = "scores" in inputs
    found = pools.load(inputs["tokens"], inputs.get("scores"))
    chosen = _chosen(found, inputs["selection"]) if scored else found
    repos = documents.read(inputs["tokens"] / "index.parquet", ["doc_id", "repo"])
    whole = {name: float(found[name].tokens.sum()) for name, part in chosen.items() if len(part.tokens)}
    python = whole.pop("Python", None)
    if python is not None:
        share = settings.python_share if whole else 1.0
        scale = (1 - share) / sum(whole.values()) if whole else 0.0
        whole = {**{name: weight * scale for name, weight in whole.items()}, "Python": share}
    wanted = shares(whole, settings.seeds)
    parts = [
        _drawn(name, wanted[name], chosen[name], repos, settings, scored)
        for name in sorted(wanted)
        if wanted[name]
    ]
    places = np.concatenate(
        [(np.arange(part.num_rows) + 0.5) / part.num_rows for part in parts] or [np.zeros(0)]
    )
    table = pa.concat_tables(parts) if parts else _table([], "", [], [], [])
    order = np.lexsort((np.arange(len(places)), places))
    pq.write_table(table.take(pa.array(order)), out / "seeds.parquet", compression="zstd")
    return {name: wanted[name] for name in sorted(wanted)}


def _drawn(name: str, count: int, pool: Pool, repos: pa.Table, settings: Settings, scored: bool) -> pa.Table:
    """`count` seeds of a language, in the order drawn."""
    size = len(pool.tokens)
    quantiles = (np.arange(size) + 0.5) / size
    ids = pa.array(pool.doc_ids, pa.string())
    of_repo = repos["repo"].combine_chunks().take(pc.index_in(ids, repos["doc_id"].combine_chunks()))
    order = draw(ids, of_repo, quantiles if scored else np.zeros(size), settings.sharpness, settings.seed)
    row = np.arange(count)
    rows = order[row % size]
    return _table(
        ids.take(pa.array(rows)), name, pool.ranks[rows], row // size,
        pa.array(quantiles[rows], mask=np.full(count, not scored)),
    )  # fmt: skip


def _table(ids: Any, language: str, ranks: Any, turns: Any, quantiles: Any) -> pa.Table:
    return pa.table(
        {
            "doc_id": pa.array(ids, pa.string()),
            "language": pa.array([language] * len(ids), pa.string()),
            "rank": pa.array(ranks, pa.int64()),
            "turn": pa.array(turns, pa.int64()),
            "quantile": pa.array(quantiles, pa.float64()),
        }
    )


def draw(ids: pa.Array, repos: pa.Array, places: np.ndarray, sharpness: float, seed: int) -> np.ndarray:
    """All of n documents in the order drawn, int64 [n], each with the weight (1 − place)^sharpness.

    `places` are in [0, 1), 0 the best. The j-th document of a repository, by its own draw, has 1 / j of its
    weight.
    """
    uniform = (draw_keys(ids, seed, "seeds").astype(np.float64) + 0.5) / 2.0**64
    keys = sharpness * np.log1p(-places) - np.log(-np.log(uniform))
    codes = repos.dictionary_encode().indices.to_numpy()
    by_repo = np.lexsort((-keys, codes))
    starts = np.flatnonzero(np.diff(codes[by_repo], prepend=-1))
    turn = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    spread = np.empty(len(keys))
    spread[by_repo] = keys[by_repo] - np.log1p(turn)
    return np.argsort(-spread, kind="stable").astype(np.int64)


def _chosen(found: dict[str, Pool], selection: Path) -> dict[str, Pool]:
    """The documents of a selection by language, best first."""
    ids = documents.read(selection / pools.FILE, ["doc_id"])["doc_id"].combine_chunks()
    return {
        language: pool.take(
            np.flatnonzero(pc.is_in(pa.array(pool.doc_ids), ids).to_numpy(zero_copy_only=False))
        )
        for language, pool in found.items()
    }
