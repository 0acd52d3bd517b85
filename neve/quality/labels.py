"""Labels: what counts as good, and what it is told from.

Arctic-SnowCoder's annotator (arXiv 2409.02326) learns exemplar files against random files of the pool. Here
positives come from exemplar repositories that the recipe names (curated like the corpus, and kept out of it), and
negatives are training documents drawn by a hash. A fifth of each is held out: annotators are measured on it.

Ranking is within each language, so an annotator that merely knows the languages apart would have learnt nothing of
use. Negatives therefore take the positives' language mix as far as the pool has it; what is missing is filled
from the pool at large. The trade-off: a language without positives is ranked by what good code of the others
has taught.

Text is copied beside the labels: some hundred megabytes at the paper's size, and an annotator reads one folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from neve import documents
from neve.errors import Fault
from neve.hashing import draw_keys, shares
from neve.quality import settings as quality
from neve.quality.annotator import FOLDS

RULES_VERSION = 1

HELDOUT = 0.2
FEWEST = 10
"""Labels of either kind without which an annotator is not worth the name."""


def build(settings: quality.Labels, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `labels-NAME`: labels/ (LABELS, `language` and `fold`) and documents/, their text, of
    `exemplars` and `documents`."""
    labels = choose(inputs, settings)
    documents.write(labels, out / "labels", documents.LABELS)
    written = documents.write(_texts(labels, inputs), out / "documents")
    assert written == labels.num_rows, "a label without its text"
    return {
        "positives": int(pc.sum(pc.equal(labels["label"], 1)).as_py()),
        "negatives": int(pc.sum(pc.equal(labels["label"], 0)).as_py()),
    }


def choose(inputs: dict[str, Path], settings: quality.Labels) -> pa.Table:
    """The labelled documents, sorted by doc_id. Raises Fault with too few of either kind."""
    columns, seed = ["doc_id", "language", "source", "repo"], settings.seed
    good = _drawn(documents.read(inputs["exemplars"] / "documents", columns), seed, "positive")
    if good.num_rows < FEWEST:
        raise Fault(
            f"labels.positives: {good.num_rows} documents are left of the exemplars after curation, "
            f"at least {FEWEST} are needed; name more or larger exemplar sources"
        )
    pool = documents.read(inputs["documents"] / "documents", columns, ds.field("split") == "train")
    pool = pool.filter(pc.invert(pc.is_in(pool["doc_id"], good["doc_id"].combine_chunks())))
    good, pool = good.slice(0, settings.positives_limit), _drawn(pool, seed, "negative")
    if pool.num_rows < FEWEST:
        raise Fault(
            f"labels.negatives: the corpus has {pool.num_rows} training documents; at least {FEWEST} are needed"
        )

    mix = {row["values"]: row["counts"] for row in pc.value_counts(good["language"]).to_pylist()}
    languages, wanted = (
        pool["language"].to_numpy(zero_copy_only=False),
        min(settings.negatives, pool.num_rows),
    )
    taken = np.zeros(pool.num_rows, dtype=bool)
    for language, count in shares(mix, wanted).items():
        taken[np.flatnonzero(languages == language)[:count]] = True
    taken[np.flatnonzero(~taken)[: wanted - int(taken.sum())]] = True
    labels = pa.concat_tables([_labelled(good, 1.0), _labelled(pool.filter(pa.array(taken)), 0.0)])
    labels = labels.sort_by("doc_id").combine_chunks()
    return labels.append_column("fold", pa.array(folds(labels["doc_id"], seed)))


def folds(doc_ids: pa.Array | pa.ChunkedArray, seed: int) -> np.ndarray:
    """The fold of each document: int64, 0 to FOLDS - 1."""
    return (draw_keys(doc_ids, seed, "fold") % np.uint64(FOLDS)).astype(np.int64)


def _drawn(table: pa.Table, seed: int, use: str) -> pa.Table:
    """Rows in the order in which they are drawn."""
    if not table.num_rows:
        return table
    return table.take(pa.array(np.argsort(draw_keys(table["doc_id"], seed, use), kind="stable")))


def _labelled(table: pa.Table, label: float) -> pa.Table:
    """Rows, drawn by a hash and in that order, with their labels; the first fifth is held out."""
    split = np.where(np.arange(table.num_rows) < int(HELDOUT * table.num_rows), "heldout", "train")
    origin = (
        pc.binary_join_element_wise(table["source"], table["repo"], ":")
        if label
        else ["pool"] * table.num_rows
    )
    return pa.table(
        {
            "doc_id": table["doc_id"],
            "label": pa.array(np.full(table.num_rows, label)),
            "split": pa.array(split, pa.string()),
            "origin": origin,
            "language": table["language"],
        }
    )


def _texts(labels: pa.Table, inputs: dict[str, Path]) -> Iterator[pa.Table]:
    """The labelled documents with their text, streamed from the folder that each label was drawn from."""
    for role, label in (("exemplars", 1.0), ("documents", 0.0)):
        wanted = labels.filter(pc.field("label") == label)["doc_id"].combine_chunks()
        for path in sorted((inputs[role] / "documents").glob("*.parquet")):
            columns = ["doc_id", "repo", "path", "language", "content"]
            for batch in pq.ParquetFile(path).iter_batches(256, columns=columns):
                rows = batch.filter(pc.is_in(batch["doc_id"], wanted))
                if rows.num_rows:
                    yield pa.Table.from_batches([rows])
