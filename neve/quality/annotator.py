"""The seam between documents and what judges them: an annotator is fitted on labels, kept in a folder, and
scores.

A kind of annotator is a module with two functions (`Kind`): `fit` is the stage that learns from labels and
leaves a folder, `load` opens that folder again. What it gives is asked one thing: section scores for
documents. A document's score is the mean over its sections, as in Arctic-SnowCoder (arXiv 2409.02326), where
they are its top, middle and bottom; a kind that reads a document whole gives one section. Whatever else a
kind needs (embeddings, folds, blocks of a fixed size) is its own affair: nothing outside its module knows of
it.

The trade-off: an annotator is handed all documents at once, as a table on disk that it streams, rather than
a batch at a time. So one whose result depends on the batch in its last bits can sort the whole corpus into
fixed batches, and one that ranks or cascades can see everything. A kind that judges each document by itself
says so with `in_batches`, which also makes it resumable.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents as tables
from neve import store
from neve.corpus.licenses import openings
from neve.permissions import by_umask
from neve.progress import bar

COLUMNS = ["doc_id", "language", "content"]
FOLDS = 5
"""Parts that training labels are dealt into: a model that left one out judges it fairly."""
BATCH = 256
"""Documents in one batch."""
BLOCK = 16
"""Batches between two saves of `in_batches`."""
GOOD = 0.5
"""Labels above are good, the others bad."""


@dataclass(frozen=True)
class Batch:
    """Some documents with their text."""

    doc_ids: np.ndarray
    """S32 [documents]: hex digits."""
    languages: list[str]
    content: pa.Array
    """large_string [documents]: the text, without the notices of licence that it opens with."""

    @cached_property
    def texts(self) -> list[str]:
        return self.content.to_pylist()


@dataclass(frozen=True)
class Documents:
    """Documents on disk: Parquet folders with `doc_id`, `language` and `content`, all of them or those
    named.

    A document that lies in several folders is that of the first.
    """

    folders: tuple[Path, ...]
    wanted: pa.Array | None = None
    """The doc_ids (string) to read; None: all."""

    @cached_property
    def _wanted(self) -> np.ndarray | None:
        """The same, sorted: S32."""
        return None if self.wanted is None else np.sort(keys(self.wanted))

    def only(self, doc_ids: pa.Array | pa.ChunkedArray) -> Documents:
        """Those of these documents whose doc_id is among `doc_ids`."""
        chosen = doc_ids.combine_chunks() if isinstance(doc_ids, pa.ChunkedArray) else doc_ids
        if self.wanted is not None:
            chosen = chosen.filter(pc.is_in(chosen, self.wanted))
        return Documents(self.folders, chosen)

    def languages(self, doc_ids: np.ndarray) -> list[str]:
        """The language of each doc_id (S32)."""
        table = pa.concat_tables([tables.read(folder, ["doc_id", "language"]) for folder in self.folders])
        ids = pa.array(doc_ids.astype("U32"), pa.string())
        place = pc.index_in(ids, table["doc_id"].cast(pa.string()).combine_chunks())
        return table["language"].take(place).to_pylist()

    def batches(self) -> Iterator[Batch]:
        """Batches in the order of the files, streamed; none is empty."""
        seen = np.empty(0, "S32")
        for folder in self.folders:
            for path in sorted(folder.glob("*.parquet")):
                for rows in pq.ParquetFile(path).iter_batches(BATCH, columns=COLUMNS):
                    ids = keys(rows["doc_id"])
                    mine = places(ids, seen) < 0
                    if self._wanted is not None:
                        mine &= places(ids, self._wanted) >= 0
                    if mine.any():
                        rows = rows.filter(pa.array(mine))
                        yield Batch(
                            ids[mine],
                            rows["language"].to_pylist(),
                            openings.cut(rows["content"].cast(pa.large_string())),
                        )
            if folder != self.folders[-1]:
                seen = np.sort(np.append(seen, keys(tables.read(folder, ["doc_id"])["doc_id"])))


def keys(doc_ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """doc_ids as bytes: S32."""
    if isinstance(doc_ids, pa.ChunkedArray):
        return doc_ids.to_numpy().astype("S32")
    return doc_ids.to_numpy(zero_copy_only=False).astype("S32")


def places(doc_ids: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where each of `doc_ids` (S32) stands in `known` (S32, sorted): int64, -1 where it does not. By
    bisection, since Arrow would hash all that is known once more for every batch.

    >>> places(np.array([b"b", b"x"]), np.array([b"a", b"b"])), places(np.array([b"b"]), np.array([], "S1"))
    (array([ 1, -1]), array([-1]))
    """
    if not len(known):
        return np.full(len(doc_ids), -1)
    at = np.minimum(np.searchsorted(known, doc_ids), len(known) - 1)
    return np.where(known[at] == doc_ids, at, -1)


def spans(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The numbers from each start on, as many as its length says, end to end.

    >>> spans(np.array([7, 0]), np.array([2, 3]))
    array([7, 8, 0, 1, 2])
    """
    return np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())


@dataclass(frozen=True)
class Scores:
    """Section scores of documents, flat: document i has `counts[i]` of `sections`, at least one."""

    doc_ids: np.ndarray
    """S32 [documents], in any order, each once."""
    counts: np.ndarray
    """int64 [documents]."""
    sections: np.ndarray
    """float64 [sections], from top to bottom of each document."""
    about: Mapping[str, float] = field(default_factory=dict)
    """What there is to say of this scoring; the stage counts it."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """What a clock measured (`timed`); the stage writes it apart from what it counts."""

    def sorted(self) -> Scores:
        """The same, sorted by doc_id."""
        order = np.argsort(self.doc_ids)
        counts = self.counts[order]
        first = (np.cumsum(self.counts) - self.counts)[order]
        sections = self.sections[spans(first, counts)]
        return Scores(self.doc_ids[order], counts, sections, self.about, self.timings)

    def means(self) -> np.ndarray:
        """The score of each document: float64 [documents]."""
        rows = np.repeat(np.arange(len(self.counts)), self.counts)
        return np.bincount(rows, self.sections, minlength=len(self.counts)) / self.counts


def timed(busy: float, seconds: float) -> dict[str, float]:
    """How long all devices together could have computed, and the share of it that they waited; nothing where
    none computed."""
    return {"device_seconds": seconds, "device_waits": max(0.0, 1 - busy / seconds)} if busy else {}


def together(parts: Iterable[Scores]) -> dict[str, float]:
    """What a clock measured of scores that were made one after the other."""
    measured = [part.timings for part in parts if part.timings]
    whole = sum(one["device_seconds"] for one in measured)
    return timed(sum(one["device_seconds"] * (1 - one["device_waits"]) for one in measured), whole)


def ranks(scores: Scores, languages: list[str]) -> np.ndarray:
    """The rank of each document among those of its language: int64 [documents], 1 the best, ties
    by doc_id."""
    codes = np.unique(np.array(languages, dtype=object).astype(str), return_inverse=True)[1]
    order = np.lexsort((scores.doc_ids, -scores.means(), codes))
    ranked = np.empty(len(order), dtype=np.int64)
    ranked[order] = np.arange(len(order)) - np.searchsorted(codes[order], codes[order]) + 1
    return ranked


def standing(ranked: np.ndarray, languages: list[str]) -> np.ndarray:
    """Ranks as the share of a language's documents that rank lower: float64 [documents], in (0, 1), 1 the
    best."""
    codes = np.unique(np.array(languages, dtype=object).astype(str), return_inverse=True)[1]
    return 1 - (ranked - 0.5) / np.bincount(codes)[codes]


class Annotator(Protocol):
    """A fitted annotator."""

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores of all `documents`. What it leaves in the folder `work` lets a killed attempt go on from
        there."""


class Kind(Protocol):
    """The module of a kind."""

    def fit(self, settings: Any, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
        """Stage `annotator-NAME`: learn from the labels among `inputs`, leave `out` as `finish` does."""

    def load(self, folder: Path) -> Annotator:
        """The annotator that `fit` left."""


@dataclass(frozen=True)
class Labels:
    """What an annotator learns from: labelled documents and their text."""

    table: pa.Table
    """LABELS, `language`, `fold` (0 to FOLDS - 1) and `family`, sorted by doc_id, each document once."""
    documents: Documents

    @staticmethod
    def read(inputs: Mapping[str, Path]) -> Labels:
        """The labels of all stages `labels-NAME` among `inputs`; none where there is no such stage.

        A document with several labels has the highest one: what one set calls good may be a random document
        of another. It is held out if it is in any.
        """
        folders = [folder for role, folder in inputs.items() if role.startswith("labels-")]
        if not folders:
            columns = [
                pa.field("language", pa.string()),
                pa.field("fold", pa.int64()),
                pa.field("family", pa.string()),
            ]
            return Labels(pa.schema([*tables.LABELS, *columns]).empty_table(), Documents(()))
        table = pa.concat_tables([tables.read(folder / "labels") for folder in folders])
        best = [("doc_id", "ascending"), ("label", "descending"), ("split", "ascending")]
        table = table.sort_by(best).combine_chunks()
        ids = table["doc_id"].to_numpy()
        first = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])[: len(ids)])
        heldout = np.logical_or.reduceat(pc.equal(table["split"], "heldout").to_numpy(), first)
        split = pa.array(np.where(heldout, "heldout", "train"), pa.string())
        table = table.take(pa.array(first))
        table = table.set_column(table.column_names.index("split"), "split", split)
        return Labels(table, Documents(tuple(folder / "documents" for folder in folders)))

    def training(self) -> np.ndarray:
        """Whether each label may be learnt from (bool); the others are held out."""
        return pc.equal(self.table["split"], "train").to_numpy()

    def targets(self) -> np.ndarray:
        """How good each document is: float64, 0 to 1."""
        return self.table["label"].to_numpy()

    def examples(self) -> Iterator[tuple[Batch, np.ndarray]]:
        """What may be learnt from: batches of documents, with the row of each in `table`."""
        ids, known = self.table["doc_id"].combine_chunks(), keys(self.table["doc_id"])
        for batch in self.documents.only(ids.filter(pa.array(self.training()))).batches():
            yield batch, places(batch.doc_ids, known)


def in_batches(
    score: Callable[[Batch], tuple[np.ndarray, np.ndarray]], documents: Documents, work: Path
) -> Scores:
    """Scores of documents that are judged each by itself: `score` gives (counts, sections) of a batch."""
    ids, counts, sections = [np.empty(0, "S32")], [np.empty(0, np.int64)], [np.empty(0)]
    for number, block in enumerate(_blocks(documents)):
        file = work / f"{number:07d}.npz"
        if not file.exists():
            parts = [score(batch) for batch in block]
            made = {
                "doc_ids": np.concatenate([batch.doc_ids for batch in block]),
                "counts": np.concatenate([part[0] for part in parts]),
                "sections": np.concatenate([part[1] for part in parts]),
            }
            save(file, made)
        with np.load(file) as found:
            ids.append(found["doc_ids"])
            counts.append(found["counts"])
            sections.append(found["sections"])
    return Scores(np.concatenate(ids), np.concatenate(counts), np.concatenate(sections))


def _blocks(documents: Documents) -> Iterator[list[Batch]]:
    block: list[Batch] = []
    with bar("score", unit="documents") as advance:
        for batch in documents.batches():
            block.append(batch)
            if len(block) == BLOCK:
                yield block
                advance(sum(len(part.doc_ids) for part in block))
                block = []
        if block:
            yield block


def save(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an .npz file, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    store.atomic_write(file, buffer.getvalue())


def save_model(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as safetensors."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, file)
    by_umask(file)


def finish(
    annotator: Annotator, kind: str, labels: Labels, weights: Path, out: Path, about: dict[str, Any]
) -> dict[str, Any]:
    """End of a `fit`: measure on the held-out labels, write annotator.json with `about`; gives the stage's
    counts.

    `weights` is the file that tells one fit from another: scores name it.
    """
    table, target, heldout = labels.table, labels.targets(), ~labels.training()
    work = out / "heldout"
    work.mkdir(exist_ok=True)
    scored = annotator.score(labels.documents.only(table["doc_id"].filter(pa.array(heldout))), work)
    shutil.rmtree(work)
    place = pc.index_in(table["doc_id"].combine_chunks(), pa.array(scored.doc_ids.astype("U32"), pa.string()))
    scores = scored.means()[place.fill_null(0).to_numpy()] if len(scored.doc_ids) else np.zeros(len(target))
    language = table["language"].to_numpy()
    by_language = {
        str(name): area(target, scores, heldout & (language == name)) for name in np.unique(language)
    }
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    counts = {"positives": int((target > GOOD).sum()), "negatives": int((target <= GOOD).sum())}
    overall = area(target, scores, heldout)
    store.write_json(
        out / "annotator.json",
        {
            "kind": kind,
            "annotator": f"{about['name']}@{digest[:8]}",
            **about,
            **counts,
            "heldout": {**overall, "by_language": by_language},
        },
    )
    return {**counts, "roc_auc": overall["roc_auc"]}


def area(target: np.ndarray, scores: np.ndarray, chosen: np.ndarray) -> dict[str, Any]:
    """ROC-AUC of the documents `chosen` with their counts; null where only good or only bad ones are there.
    Of labels that are values the rank correlation too."""
    from scipy.stats import spearmanr
    from sklearn.metrics import roc_auc_score

    target, scores = target[chosen], scores[chosen]
    positives, negatives = int((target > GOOD).sum()), int((target <= GOOD).sum())
    value = float(roc_auc_score(target > GOOD, scores)) if positives and negatives else None
    found = {"roc_auc": value, "positives": positives, "negatives": negatives}
    if len(np.unique(target)) > 2 and len(np.unique(scores)) > 1:
        found["rank_correlation"] = float(spearmanr(target, scores)[0])
    return found
