"""The training documents that a selection is taken from, and how it is written: what selections, controls and seeds share.

Rules of rounding. A document counts with its tokens and the separator after it. Documents are taken in order; one that
does not fit into what is left of its language's quota is passed over. So a quota is missed by less than the shortest
document left out, and `repeats` passes over a selection are the phase's tokens, no more. The trade-off: quotas are met
in whole documents, never in pieces; where a quota is a few documents' worth, as on a laptop, a shorter document further
down takes the place of a longer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from neve import documents
from neve.errors import Fault

FILE = "selection.parquet"
"""Where a selection is written (SELECTION), in the folder of its stage."""
ABOUT = "selection.json"
"""What was chosen, by language, for the report."""


@dataclass(frozen=True)
class Pool:
    """Training documents of one language, best first or in drawn order."""

    doc_ids: np.ndarray
    tokens: np.ndarray
    """int64, the separator counted."""
    ranks: np.ndarray
    scores: np.ndarray

    def take(self, rows: np.ndarray) -> Pool:
        return Pool(self.doc_ids[rows], self.tokens[rows], self.ranks[rows], self.scores[rows])


def load(tokens: Path, scores: Path | None) -> dict[str, Pool]:
    """Training documents by language, best first (by doc_id without scores); documents without tokens left out."""
    wanted = (ds.field("split") == "train") & (ds.field("length") > 0)
    columns = ["doc_id", "language", "length"]
    index = documents.read(tokens / "index.parquet", columns, wanted).sort_by("doc_id")
    ids = index["doc_id"].combine_chunks()
    ranks, values = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids))
    if scores is not None:
        scored = documents.read(scores / "scores", ["doc_id", "rank", "score"])
        place = pc.index_in(ids, scored["doc_id"].combine_chunks())
        if place.null_count:
            raise Fault(
                f"{scores}: {place.null_count} training documents have no score; score the corpus that was tokenized"
            )
        ranks, values = (scored[name].take(place).to_numpy() for name in ("rank", "score"))
    languages = index["language"].to_numpy()
    everything = Pool(ids.to_numpy(zero_copy_only=False), index["length"].to_numpy() + 1, ranks, values)
    order = np.argsort(ranks, kind="stable")
    return {name: everything.take(order[languages[order] == name]) for name in sorted(set(languages))}


def fill(tokens: np.ndarray, quota: float, longest: float) -> np.ndarray:
    """Rows, in order, that `quota` tokens hold: one longer than `longest`, or than what is left, is passed over.

    >>> fill(np.array([50, 900, 40, 30, 10]), 100, 100).tolist()
    [0, 2, 4]
    """
    rows, left = np.flatnonzero(tokens <= min(longest, quota)), quota
    taken = []
    while len(rows):
        fits = int(np.searchsorted(np.cumsum(tokens[rows]), left, side="right"))
        taken.append(rows[:fits])
        left -= tokens[rows[:fits]].sum()
        rows = rows[fits:][tokens[rows[fits:]] <= left]
    return np.concatenate([np.empty(0, dtype=np.int64), *taken])


def write(folder: Path, chosen: Mapping[str, Pool], repeats: Mapping[str, int]) -> dict[str, int]:
    """Write the selection of a stage, `repeats` by language; returns its documents and unique tokens."""
    names = sorted(chosen)
    times = [np.full(len(chosen[name].doc_ids), repeats[name], dtype=np.int32) for name in names]
    ids = pa.array(np.concatenate([chosen[name].doc_ids for name in names]), pa.string())
    table = pa.table([ids, pa.array(np.concatenate(times))], schema=documents.SELECTION)
    pq.write_table(table, folder / FILE, compression="zstd")
    return {"documents": len(ids), "tokens": sum(int(chosen[name].tokens.sum()) for name in names)}
