"""Shared by kinds that judge embeddings of a document's top, middle and bottom: `encoder` and `forest`.

Models learn from sections, since they judge sections; a document weighs the same whatever their number
(by ROC-AUC both ways are equal: 0.979 and 0.976 on 1,157 Python files).

Labels are embedded once, when the annotator is fitted, and scoring takes their embeddings from there; all
else is embedded block by block (`blocks`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import store
from neve.errors import Fault
from neve.progress import bar
from neve.quality import annotators
from neve.quality.annotator import Documents, Labels, Scores, save_model
from neve.quality.annotators import blocks, folds
from neve.quality.annotators.encoder import Encoder, Sections, formats, gather
from neve.quality.annotators.folds import Folds

GATE_DOCUMENTS = 400
"""Labelled documents that are scored in both number formats."""
GATE_CORRELATION, GATE_TOP, GATE_OVERLAP = 0.995, 0.1, 0.95
"""A faster format passes where ranks correlate so well with fp32's, and so much of the best tenth is the
same."""
LABELLED, EMBEDDINGS = "labelled.parquet", "embeddings.safetensors"


class Models(Protocol):
    """Models of embeddings, one for each fold and one for all."""

    def judge(self, embeddings: np.ndarray, models: np.ndarray) -> np.ndarray:
        """How good each row of `embeddings` is by the model that is named for it: float64 [rows]."""


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of labels."""

    rows: np.ndarray
    """float32 [sections, dimensions]."""
    labels: np.ndarray
    """int64 [sections]: the row of each section's document in the table of labels, ascending."""

    def shares(self) -> np.ndarray:
        """What each section weighs, 1 in the mean; the sections of one document weigh as much as those of
        another."""
        share = 1 / np.bincount(self.labels)[self.labels]
        return share / share.mean()


M = TypeVar("M", bound=Models)


@dataclass(frozen=True)
class Fitted(Generic[M]):
    """What `fitted` gives."""

    encoder: Encoder
    found: Embeddings
    models: M
    gate: list[dict[str, Any]]
    """What the gate measured of each format that was tried, the fastest first; none where fp32 is the
    device's."""


def fitted(
    table: Any, labels: Labels, out: Path, learn: Callable[[Embeddings], M], languages: Sequence[str] = ()
) -> Fitted[M]:
    """Models that `learn` fits on the embeddings of the labels, in the fastest number format of the device
    that passes the gate, or else in fp32. `languages` have models of their own."""
    which = folds.whole(labels, languages)
    tried: list[dict[str, Any]] = []
    exact: tuple[np.ndarray, np.ndarray] | None = None
    for precision in formats(table.encoder):
        encoder = Encoder(table.encoder, table.section_tokens, table.sections, precision)
        found = embed(encoder, labels, out)
        made = Fitted(encoder, found, learn(found), tried)
        if encoder.precision == "fp32":
            break
        if exact is None:
            reader = Encoder(table.encoder, table.section_tokens, table.sections, "fp32")
            some = _embed(reader, labels.documents, labels.table.slice(0, GATE_DOCUMENTS), out)
            exact = (some.rows, some.labels)
        tried.append(gate(made, *exact, which))
        if tried[-1]["passes"]:
            break
    return made


def gate(made: Fitted[Any], rows: np.ndarray, of: np.ndarray, which: np.ndarray) -> dict[str, Any]:
    """How well the scores of the first labelled documents (by doc_id, which is random) agree with those of
    their embeddings in fp32, and whether that will do: rank correlation, and the share of the best that is
    the same.

    `rows` are embeddings in fp32 and `of` the label of each; `which` is the model that judges each label.
    """
    mine = made.found.labels < GATE_DOCUMENTS
    scores = [
        np.bincount(label, made.models.judge(found, which[label])) / np.bincount(label)
        for found, label in ((made.found.rows[mine], made.found.labels[mine]), (rows, of))
    ]
    return agreement(scores[0], scores[1], made.encoder.precision)


def agreement(fast: np.ndarray, exact: np.ndarray, precision: str) -> dict[str, Any]:
    """The gate's figures for the scores of the same documents in a fast format and in fp32."""
    from scipy.stats import spearmanr

    best = max(1, round(GATE_TOP * len(fast)))
    first, second = (np.argsort(-score, kind="stable")[:best] for score in (fast, exact))
    correlation, overlap = float(spearmanr(fast, exact)[0]), len(np.intersect1d(first, second)) / best
    return {
        "precision": precision,
        "documents": len(fast),
        "rank_correlation": correlation,
        "top_overlap": overlap,
        "passes": correlation >= GATE_CORRELATION and overlap >= GATE_OVERLAP,
    }


def embed(encoder: Encoder, labels: Labels, out: Path) -> Embeddings:
    """Embed the labels, and keep the embeddings in `out` for `Embedded` to reuse."""
    found = _embed(encoder, labels.documents, labels.table, out)
    save_model(out / EMBEDDINGS, {"embeddings": found.rows})
    counts = np.bincount(found.labels, minlength=labels.table.num_rows)
    pq.write_table(pa.table({"doc_id": labels.table["doc_id"], "sections": counts}), out / LABELLED)
    Folds.save(labels, out)
    return found


def _embed(encoder: Encoder, documents: Documents, table: pa.Table, out: Path) -> Embeddings:
    """The embeddings of the documents in `table`."""
    file = out / "labels.tokens"
    doc_ids, sections = gather(encoder, documents.only(table["doc_id"]), file)
    order = sections.order(doc_ids)
    made = np.empty((len(order), encoder.dimensions), dtype=np.float32)
    at = 0
    with bar("embed labels", total=len(order), unit="sections") as advance:
        for batch in encoder.embed(sections, order):
            made[order[at : at + len(batch)]] = batch
            at += len(batch)
            advance(len(batch))
    file.unlink()
    place = pc.index_in(pa.array(doc_ids.astype("U32")), table["doc_id"].combine_chunks()).to_numpy()
    document = place[sections.documents]
    order = np.argsort(document, kind="stable")
    return Embeddings(made[order], document[order])


def about(made: Fitted[Any]) -> dict[str, Any]:
    """What annotator.json says of an encoder; `opened` reads it."""
    encoder = made.encoder
    return {
        "encoder": encoder.name,
        "weights_sha256": encoder.digest,
        "pooling": encoder.pooling,
        "precision": encoder.precision,
        "section_tokens": encoder.capacity + 2,
        "sections": list(encoder.places),
        "gate": made.gate,
    }


def opened(folder: Path) -> Encoder:
    """The encoder of an annotator, in fp32 unless its gate let another format pass that the device computes;
    raises Fault where it is not the one that it was fitted on."""
    said = store.read_json(folder / "annotator.json")
    passed = {row["precision"] for row in said["gate"] if row["passes"]}
    precision = said["precision"] if said["precision"] in passed else "fp32"
    encoder = Encoder(said["encoder"], said["section_tokens"], said["sections"], precision)
    if encoder.digest != said["weights_sha256"]:
        raise Fault(
            f"encoder = {encoder.name!r}: its weights are not those that the annotator was fitted on "
            f"({encoder.digest[:12]}… instead of {said['weights_sha256'][:12]}…); fit it again or restore them"
        )
    return encoder


class Embedded:
    """An annotator: an encoder, models of its embeddings, and the folder that `embed` wrote to."""

    def __init__(self, encoder: Encoder, models: Models, folder: Path, languages: Sequence[str] = ()) -> None:
        self.encoder = self.first = encoder
        self.models = models
        self._folder, self._folds = folder, Folds.load(folder, languages)

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores by block; sections are cut once. A block found in `work` is taken from there."""
        doc_ids, sections = blocks.sections_of(self.encoder, documents, work)
        which = self._folds.judges(doc_ids, documents.languages(doc_ids))[sections.documents]
        scores = np.empty(len(sections))
        done = self._labelled(doc_ids, sections, which, scores)
        order = sections.order(doc_ids)
        kept = blocks.Kept(annotators.load, self._folder)
        timings = blocks.score(self, kept, blocks.Todo(sections, order[~done[order]], which, work), scores)
        counts = np.bincount(sections.documents, minlength=len(doc_ids))
        return Scores(doc_ids, counts, scores, timings=timings)

    def judge(self, device: Encoder, sections: Sections, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Scores of sections, each by the model that is named for it."""
        return self.models.judge(np.concatenate(list(device.embed(sections, rows))), which)

    def _labelled(
        self, doc_ids: np.ndarray, sections: Sections, which: np.ndarray, scores: np.ndarray
    ) -> np.ndarray:
        """Fill `scores` of sections that were embedded as labels; gives which those are (bool)."""
        from safetensors.numpy import load_file

        labels = pq.read_table(self._folder / LABELLED)
        ids = pa.array(doc_ids.astype("U32"), pa.string())
        place = pc.index_in(ids, labels["doc_id"].combine_chunks()).fill_null(-1).to_numpy()
        of_section = place[sections.documents]
        done = of_section >= 0
        counts = labels["sections"].to_numpy()
        inside = np.arange(len(sections)) - np.searchsorted(sections.documents, sections.documents)
        row = ((np.cumsum(counts) - counts)[of_section] + inside)[done]
        known = load_file(self._folder / EMBEDDINGS)["embeddings"][row]
        scores[done] = self.models.judge(known, which[done])
        return done
