"""Shared by kinds that judge embeddings of a document's top, middle and bottom: `encoder` and `forest`.

Models learn from sections, since they judge sections; a document weighs the same whatever their number
(by ROC-AUC both ways are equal: 0.979 and 0.976 on 1,157 Python files).

Sections are sorted over all documents and encoded in fixed blocks, each saved when it is done and skipped
when found. Blocks follow (length, doc_id), so the same corpus gives the same scores however its files are
cut. Labels are embedded once, when the annotator is fitted. The trade-off: one process holds an index of the
sections (about 100 bytes a document, the tokens lie in a file), which is what lets batches be sorted over
the whole corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import store
from neve.errors import Fault
from neve.progress import bar
from neve.quality.annotator import Documents, Labels, Scores, save, save_model
from neve.quality.annotators.encoder import Encoder, Sections
from neve.quality.annotators.folds import Folds

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


def embed(encoder: Encoder, labels: Labels, out: Path) -> Embeddings:
    """Embed the labels, and keep the embeddings in `out` for `Embedded` to reuse."""
    file = out / "labels.tokens"
    doc_ids, sections = encoder.gather(labels.documents.only(labels.table["doc_id"]), file)
    order = sections.order(doc_ids)
    made = np.empty((len(order), encoder.dimensions), dtype=np.float32)
    at = 0
    with bar("embed labels", total=len(order), unit="sections") as advance:
        for batch in encoder.embed(sections, order):
            made[order[at : at + len(batch)]] = batch
            at += len(batch)
            advance(len(batch))
    file.unlink()
    place = pc.index_in(pa.array(doc_ids.astype("U32")), labels.table["doc_id"].combine_chunks()).to_numpy()
    document = place[sections.documents]
    order = np.argsort(document, kind="stable")
    found = Embeddings(made[order], document[order])
    save_model(out / EMBEDDINGS, {"embeddings": found.rows})
    counts = np.bincount(found.labels, minlength=labels.table.num_rows)
    pq.write_table(pa.table({"doc_id": labels.table["doc_id"], "sections": counts}), out / LABELLED)
    Folds.save(labels, out)
    return found


def about(encoder: Encoder) -> dict[str, Any]:
    """What annotator.json says of an encoder; `opened` reads it."""
    return {
        "encoder": encoder.name,
        "weights_sha256": encoder.digest,
        "pooling": encoder.pooling,
        "precision": encoder.precision,
        "section_tokens": encoder.capacity + 2,
    }


def opened(folder: Path) -> Encoder:
    """The encoder of an annotator; raises Fault where it is not the one that it was fitted on."""
    said = store.read_json(folder / "annotator.json")
    encoder = Encoder(said["encoder"], said["section_tokens"])
    if encoder.digest != said["weights_sha256"]:
        raise Fault(
            f"encoder = {encoder.name!r}: its weights are not those that the annotator was fitted on "
            f"({encoder.digest[:12]}… instead of {said['weights_sha256'][:12]}…); fit it again or restore them"
        )
    return encoder


class Embedded:
    """An annotator: an encoder, models of its embeddings, and the folder that `embed` wrote to."""

    def __init__(self, encoder: Encoder, models: Models, folder: Path, languages: Sequence[str] = ()) -> None:
        self.encoder, self.models = encoder, models
        self._folder, self._folds = folder, Folds.load(folder, languages)

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores by block; sections are cut once. A block found in `work` is taken from there."""
        doc_ids, sections = _sections(self.encoder, documents, work)
        which = self._folds.judges(doc_ids, documents.languages(doc_ids))[sections.documents]
        scores = np.empty(len(sections))
        done = self._labelled(doc_ids, sections, which, scores)
        order = sections.order(doc_ids)
        self._encode(sections, order[~done[order]], which, scores, work)
        return Scores(doc_ids, np.bincount(sections.documents, minlength=len(doc_ids)), scores)

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

    def _encode(
        self, sections: Sections, order: np.ndarray, which: np.ndarray, scores: np.ndarray, work: Path
    ) -> None:
        """Fill `scores` at `order`, block by block, by the model that is named for each section."""
        with bar("score", total=len(order), unit="sections") as advance:
            block = self.encoder.block
            for at in range(0, len(order), block):
                rows, file = order[at : at + block], work / f"{at:09d}-{block}.npz"
                if not file.exists():
                    made = np.concatenate(list(self.encoder.embed(sections, rows)))
                    save(file, {"scores": self.models.judge(made, which[rows])})
                with np.load(file) as found:
                    scores[rows] = found["scores"]
                advance(len(rows))


def _sections(encoder: Encoder, documents: Documents, work: Path) -> tuple[np.ndarray, Sections]:
    """The sections of all documents, cut now or by a killed attempt."""
    index, tokens = work / "sections.npz", work / "sections.tokens"
    if index.exists():
        with np.load(index) as found:
            parts = (found["starts"], found["lengths"], found["documents"])
            return found["doc_ids"], Sections(encoder.mapped(tokens), *parts)
    doc_ids, sections = encoder.gather(documents, tokens)
    places = {"starts": sections.starts, "lengths": sections.lengths, "documents": sections.documents}
    save(index, {"doc_ids": doc_ids, **places})
    return doc_ids, sections
