"""Kind `column`: scores of one's own, from a column of a table.

Whoever has scored documents elsewhere, with a model that Neve does not know or by hand, selects by those
scores as by any annotator's. The table is Parquet or JSON lines with a `doc_id` and a number a row, such as
one makes from `documents/`. The trade-off: a document is known by its text alone, so a table made for
another curation of the same files serves as far as their texts are the same; one that lacks a document is an
error, unless the recipe says what such a document is worth. Labels only measure it, those that it scores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from neve import documents as tables
from neve import store
from neve.corpus.sources import table as files
from neve.errors import Fault
from neve.quality.annotator import Batch, Documents, Labels, Scores, finish, in_batches, keys, places
from neve.quality.settings import Fit
from neve.recipe.annotators import Column as Table

SCORES = "scores.parquet"


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: scores.parquet, the documents' scores; nothing is learnt.

    Raises Fault where a document of the corpus has none and no score is set for such.
    """
    table = settings.annotator
    given = _given(table.path, table.column)
    ids = given["doc_id"].to_numpy()
    again = np.flatnonzero(ids[1:] == ids[:-1])
    if len(again):
        raise Fault(f"column: {table.path}: document {ids[again[0]]} occurs twice; give each one score")
    corpus = tables.read(inputs["documents"] / "documents", ["doc_id"])["doc_id"]
    lacking = corpus.filter(pc.invert(pc.is_in(corpus, given["doc_id"].combine_chunks())))
    if len(lacking) and table.missing is None:
        raise Fault(
            f"column: {table.path} has no {table.column} for {len(lacking)} of {len(corpus)} documents, e.g. "
            f"{lacking[0].as_py()}; add them, or set missing = a score for such"
        )
    pq.write_table(given, out / SCORES, compression="zstd")
    about = {"name": "column", **table.model_dump(include={"path", "column", "missing"})}
    store.write_json(out / "column.json", table.missing)
    labels = Labels.read(inputs)
    scored = pc.is_in(labels.table["doc_id"], given["doc_id"].combine_chunks())
    known = Labels(labels.table.filter(scored).combine_chunks(), labels.documents)
    return {**finish(load(out), "column", known, out / SCORES, out, about), "lacking": len(lacking)}


def load(folder: Path) -> Column:
    """The annotator that `fit` left."""
    return Column(pq.read_table(folder / SCORES), store.read_json(folder / "column.json"))


def _given(path: str, column: str) -> pa.Table:
    """doc_id and score of all rows that have both, sorted by doc_id."""
    parts = []
    for file in files.files(path):
        try:
            if file.suffix == ".parquet":
                table = pq.read_table(file, columns=["doc_id", column])
            else:
                table = pa.json.read_json(file).select(["doc_id", column])
            made = pa.table(
                [table["doc_id"].cast(pa.string()), table[column].cast(pa.float64())], ["doc_id", "score"]
            )
        except (pa.ArrowException, KeyError, OSError) as error:
            why = " ".join(str(error).split())[:200]
            raise Fault(f"column: {file}: needs doc_id and a number {column} in every row: {why}") from None
        parts.append(made.filter(pc.and_(pc.is_valid(made["doc_id"]), pc.is_finite(made["score"]))))
    if not parts:
        raise Fault(f"column: path = {path!r} names no file; give a glob of Parquet or JSON lines")
    return pa.concat_tables(parts).sort_by("doc_id").combine_chunks()


class Column:
    """Scores by doc_id, and what a document without one gets (None: there is none)."""

    def __init__(self, table: pa.Table, missing: float | None) -> None:
        ids = table["doc_id"]
        names = pc.and_(pc.string_is_ascii(ids), pc.less_equal(pc.binary_length(ids), 32))  # a doc_id has 32
        table = table.filter(names)
        self._ids, self._scores = keys(table["doc_id"]), table["score"].to_numpy()
        self._missing = missing

    def score(self, documents: Documents, work: Path) -> Scores:
        return in_batches(self._batch, documents, work)

    def _batch(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        place = places(batch.doc_ids, self._ids)
        if self._missing is None and (place < 0).any():
            name = batch.doc_ids[int(np.argmax(place < 0))].decode()
            raise Fault(
                f"column: no score for document {name}; it may be held out of the corpus, or an exemplar"
            )
        known = self._scores[place] if len(self._scores) else np.zeros(len(place))
        scores = np.where(place < 0, np.nan if self._missing is None else self._missing, known)
        return np.ones(len(scores), dtype=np.int64), scores
