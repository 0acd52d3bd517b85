"""Kind `encoder`: a linear head on a frozen encoder's embeddings of a document's top, middle and bottom.

This is Arctic-SnowCoder's annotator (arXiv 2409.02326). It is the dearest kind, hours on a large corpus, and the one
that knows most of code before it has seen a label: a few hundred labels are enough.

Sections are what the head learns from, since sections are what it judges; a document weighs the same whatever their
number (by ROC-AUC both ways are equal: 0.979 and 0.976 on 1,157 Python files).

Negatives stay in the pool. So that none is judged by a head that was told it is bad, FOLDS heads each leave out one
fold of the training labels, and a labelled document is scored by the head that did not see it. All other documents,
and held-out labels, get the head of all training labels.

Sections are sorted over all documents and encoded in fixed blocks, each saved when it is done and skipped when found.
Blocks follow (length, doc_id), so the same corpus gives the same scores however its files are cut. Labels are
embedded once, when the head is fitted. The trade-off: one process holds an index of the sections (about 100 bytes a
document, the tokens lie in a file), which is what lets batches be sorted over the whole corpus.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import store
from neve.errors import Fault
from neve.hashing import seed_of
from neve.permissions import by_umask
from neve.progress import bar
from neve.quality.annotator import FOLDS, Documents, Labels, Scores, finish, save
from neve.quality.annotators import head
from neve.quality.annotators.encoder import Encoder, Sections
from neve.quality.annotators.head import Heads
from neve.quality.settings import Fit
from neve.recipe.annotators import Encoder as Table

RULES_VERSION = 1

BLOCK = 512
"""Sections between two saves: a minute's work at most on a slow laptop."""


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: head.safetensors, annotator.json, and the labels' embeddings for `score` to reuse."""
    from safetensors.numpy import save_file

    labels, about = Labels.read(inputs), settings.annotator
    encoder = Encoder(about.encoder, about.section_tokens)
    document, embeddings = _embed(encoder, labels, out)
    target, training = labels.targets(), labels.training()
    fold = labels.table["fold"].to_numpy()
    counts = np.bincount(document, minlength=len(target))
    seen = np.stack([training & (fold != k) for k in range(FOLDS)] + [training], axis=1)
    heads = head.fit(
        embeddings, target[document], 1 / counts[document], seen[document],
        about.epochs, about.lr, seed_of(f"{settings.seed}\0head"),
    )  # fmt: skip
    heads.save(out / "head.safetensors")
    save_file({"embeddings": embeddings}, out / "embeddings.safetensors")
    by_umask(out / "embeddings.safetensors")
    labelled = {
        "doc_id": labels.table["doc_id"],
        "sections": counts,
        "head": np.where(training, fold, FOLDS),
    }
    pq.write_table(pa.table(labelled), out / "labelled.parquet", compression="zstd")
    found = {
        "name": encoder.name,
        "encoder": encoder.name,
        "weights_sha256": encoder.digest,
        "pooling": encoder.pooling,
        "precision": encoder.precision,
        "section_tokens": about.section_tokens,
        "score": "mean over top, middle and bottom sections of the head's probability",
        "folds": FOLDS,
    }
    annotator = EncoderHead(encoder, heads, out)
    return finish(annotator, "encoder", labels, out / "head.safetensors", out, found)


def load(folder: Path) -> EncoderHead:
    """The annotator that `fit` left; raises Fault where its encoder is not the one that it was fitted on."""
    about = store.read_json(folder / "annotator.json")
    encoder = Encoder(about["encoder"], about["section_tokens"])
    if encoder.digest != about["weights_sha256"]:
        raise Fault(
            f"encoder = {encoder.name!r}: its weights are not those that the annotator was fitted on "
            f"({encoder.digest[:12]}… instead of {about['weights_sha256'][:12]}…); fit it again or restore them"
        )
    return EncoderHead(encoder, Heads.load(folder / "head.safetensors"), folder)


class EncoderHead:
    """An encoder, its heads, and the labels that they were fitted on."""

    def __init__(self, encoder: Encoder, heads: Heads, folder: Path) -> None:
        self.encoder, self.heads, self._folder = encoder, heads, folder

    def score(self, documents: Documents, work: Path) -> Scores:
        """Scores by block; sections are cut once. A block found in `work` is taken from there."""
        doc_ids, sections = _sections(self.encoder, documents, work)
        scores = np.empty(len(sections))
        which, done = self._labelled(doc_ids, sections, scores)
        order = sections.order(doc_ids)
        self._encode(sections, order[~done[order]], which[sections.documents], scores, work)
        return Scores(doc_ids, np.bincount(sections.documents, minlength=len(doc_ids)), scores)

    def _labelled(
        self, doc_ids: np.ndarray, sections: Sections, scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fill `scores` of the labels among the documents; gives each document's head, and which sections are done."""
        from safetensors.numpy import load_file

        labels = pq.read_table(self._folder / "labelled.parquet")
        embeddings = load_file(self._folder / "embeddings.safetensors")["embeddings"]
        place = pc.index_in(labels["doc_id"].combine_chunks(), pa.array(doc_ids.astype("U32"), pa.string()))
        place = place.fill_null(-1).to_numpy()
        counts, heads = labels["sections"].to_numpy(), labels["head"].to_numpy()
        starts = np.cumsum(counts) - counts
        which = np.full(len(doc_ids), FOLDS)
        which[place[place >= 0]] = heads[place >= 0]
        done = np.zeros(len(sections), dtype=bool)
        first = np.searchsorted(sections.documents, place)
        for row in np.flatnonzero(place >= 0):  # some labels of many documents
            start, at, count = starts[row], first[row], counts[row]
            known = embeddings[start : start + count]
            scores[at : at + count] = self.heads.probabilities(known, np.full(count, heads[row]))
            done[at : at + count] = True
        return which, done

    def _encode(
        self, sections: Sections, order: np.ndarray, which: np.ndarray, scores: np.ndarray, work: Path
    ) -> None:
        """Fill `scores` at `order`, block by block, by the head that is named for each section."""
        with bar("score", total=len(order), unit="sections") as advance:
            for number, at in enumerate(range(0, len(order), BLOCK)):
                rows, file = order[at : at + BLOCK], work / f"{number:07d}.npz"
                if not file.exists():
                    made, first = np.empty(len(rows)), 0
                    for batch in self.encoder.embed(sections, rows):
                        upto = first + len(batch)
                        made[first:upto] = self.heads.probabilities(batch, which[rows[first:upto]])
                        first = upto
                        advance(len(batch))
                    save(file, {"scores": made})
                else:
                    advance(len(rows))
                with np.load(file) as found:
                    scores[rows] = found["scores"]


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


def _embed(encoder: Encoder, labels: Labels, out: Path) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings [sections, dimensions] of the labels, and each section's row in the table of labels, ascending."""
    rows, embeddings = [], []
    for good in (True, False):
        file = out / "labels.tokens"
        wanted = labels.table.filter((pc.field("label") == 1) == good)["doc_id"]
        doc_ids, sections = encoder.gather(labels.documents.only(wanted), file)
        order = sections.order(doc_ids)
        made = np.empty((len(order), encoder.dimensions), dtype=np.float32)
        at = 0
        with bar("embed labels", total=len(order), unit="sections") as advance:
            for batch in encoder.embed(sections, order):
                made[order[at : at + len(batch)]] = batch
                at += len(batch)
                advance(len(batch))
        row = pc.index_in(pa.array(doc_ids.astype("U32")), labels.table["doc_id"].combine_chunks()).to_numpy()
        rows.append(row[sections.documents])
        embeddings.append(made)
        file.unlink()
    document = np.concatenate(rows)
    order = np.argsort(document, kind="stable")
    return document[order], np.concatenate(embeddings)[order]
