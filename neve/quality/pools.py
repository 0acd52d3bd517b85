"""The training documents that a selection is taken from, and how it is written: what selections, controls
and seeds share.

A document counts with its tokens and the separator after it. Documents are taken in order until a quota is
full, and the last one is cut there: a quota is met to the token, and no document from far down the order
takes the place of a longer one. The trade-off: one document a language ends early, at a token where nothing
ends.
"""

from __future__ import annotations

import math
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
REPETITION = 15.39
"""R*: repeats after which a token has lost 1 − 1/e of its worth."""
LEAST = 2
"""Tokens of the shortest piece of a document that is worth taking: one and its separator."""


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


@dataclass(frozen=True)
class Chosen:
    """The documents at the head of a pool that were chosen, all whole but the last."""

    pool: Pool
    """The documents, as they are in the pool."""
    tokens: np.ndarray
    """int64 [documents]: tokens taken of each, its separator counted."""
    repeats: np.ndarray
    """int32 [documents]."""

    def seen(self) -> int:
        """Tokens taken, repeats counted."""
        return int((self.tokens * self.repeats).sum())

    def effective(self) -> int:
        """Fresh tokens that those seen are worth."""
        return round(
            sum(
                effective_tokens(int(self.tokens[self.repeats == times].sum()), int(times))
                for times in np.unique(self.repeats)
            )
        )


def effective_tokens(unique: float, epochs: float) -> float:
    """Fresh tokens that `epochs` passes over `unique` tokens are worth by the repetition law (Muennighoff et
    al., arXiv 2305.16264)."""
    repeats = max(epochs - 1.0, 0.0)
    return unique * min(epochs, 1.0) + unique * REPETITION * (1.0 - math.exp(-repeats / REPETITION))


def load(tokens: Path, scores: Path | None) -> dict[str, Pool]:
    """Training documents by language, best first (by doc_id without scores); documents without tokens left
    out."""
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


def fill(tokens: np.ndarray, quota: int) -> np.ndarray:
    """Tokens taken of each document, in order, until `quota` is full: int64 [documents taken], the last one
    cut.

    >>> fill(np.array([50, 900, 40]), 100).tolist()
    [50, 50]
    """
    reached = np.cumsum(tokens)
    count = min(len(tokens), int(np.searchsorted(reached, quota)) + 1)
    taken = np.array(tokens[:count], dtype=np.int64)
    if count and reached[count - 1] > quota:
        taken[-1] -= reached[count - 1] - quota
    return taken[: count - 1] if count and taken[-1] < LEAST else taken


def flat(pool: Pool, quota: int, repeats: int) -> Chosen:
    """The first documents of a pool, `quota` tokens of them, each seen `repeats` times."""
    taken = fill(pool.tokens, quota)
    part = pool.take(np.arange(len(taken)))
    return Chosen(part, taken, np.full(len(taken), repeats, dtype=np.int32))


def write(folder: Path, chosen: Mapping[str, Chosen]) -> dict[str, int]:
    """Write the selection of a stage; returns its documents, its unique tokens, and those seen, repeats
    counted."""
    parts = [chosen[name] for name in sorted(chosen)]
    cut = [np.where(part.tokens < part.pool.tokens, part.tokens - 1, 0) for part in parts]
    ids = pa.array(np.concatenate([part.pool.doc_ids for part in parts]), pa.string())
    repeats = pa.array(np.concatenate([part.repeats for part in parts]), pa.int32())
    tokens = np.concatenate(cut)
    table = pa.table([ids, repeats, pa.array(tokens, mask=tokens == 0)], schema=documents.SELECTION)
    pq.write_table(table, folder / FILE, compression="zstd")
    unique = sum(int(part.tokens.sum()) for part in parts)
    return {"documents": len(ids), "tokens": unique, "seen": sum(part.seen() for part in parts)}
