"""Every document gets its score: the mean over its sections of the annotator's probability.

This is the annotator's dear half, hours on a large corpus, so it must survive a kill: sections are cut once,
sorted, and encoded in fixed blocks of BLOCK, each saved when it is done and skipped when found. Blocks follow
(length, doc_id), so the same corpus gives the same scores however its files are cut. Documents that the
annotator has embedded already, its labels, are scored from there; a training label is scored by the head that
did not see it.

The trade-off: one process holds an index of the sections (about 100 bytes a document, the tokens lie in a
file), which is what lets batches be sorted over the whole corpus.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents, store
from neve.errors import Fault
from neve.progress import bar
from neve.quality.encoder import Encoder, Sections
from neve.quality.head import Heads
from neve.quality.labels import FOLDS, folds

RULES_VERSION = 1

BLOCK = 512
"""Sections between two saves: a minute's work at most on a slow laptop."""


def build(settings: None, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `scores` (resumes): scores/*.parquet (SCORES) for every document, sorted by doc_id."""
    annotator = store.read_json(inputs["annotator"] / "annotator.json")
    heads = Heads.load(inputs["annotator"] / "head.safetensors")
    work = out / "blocks"
    work.mkdir(exist_ok=True)
    encoder = Encoder(annotator["encoder"], annotator["section_tokens"])
    if encoder.digest != annotator["weights_sha256"]:
        raise Fault(
            f"annotator.encoder = {encoder.name!r}: its weights are not those that the annotator was trained on "
            f"({encoder.digest[:12]}… beside {annotator['weights_sha256'][:12]}…); train it anew or restore them"
        )
    doc_ids, sections = _sections(encoder, inputs["documents"] / "documents", work)
    labels = _Labels(inputs["annotator"], doc_ids, annotator["seed"])
    scores = np.empty(len(sections))
    done = labels.score(heads, sections, scores)
    order = sections.order(doc_ids)
    order = order[~done[order]]
    _encode(encoder, heads, sections, order, labels.head[sections.documents], scores, work)
    table = ranked(
        doc_ids, sections.documents, scores, annotator["annotator"], inputs["documents"] / "documents"
    )
    rows = documents.write(table, out / "scores", documents.SCORES)
    for file in sorted(work.iterdir()):
        file.unlink()
    work.rmdir()
    return {
        "documents": rows,
        "sections": len(sections),
        "encoded": len(order),
        "precision": encoder.precision,
    }


def ranked(
    doc_ids: np.ndarray, document: np.ndarray, scores: np.ndarray, annotator: str, folder: Path
) -> pa.Table:
    """SCORES from section scores [sections] and their documents; rank by language, best first, ties by doc_id."""
    counts = np.bincount(document, minlength=len(doc_ids))
    lists = pa.ListArray.from_arrays(pa.array(np.append(0, np.cumsum(counts)), pa.int32()), pa.array(scores))
    table = pa.table(
        {
            "doc_id": pa.array(doc_ids.astype("U32"), pa.string()),
            "annotator": pa.array([annotator] * len(doc_ids), pa.string()),
            "score": np.bincount(document, scores, minlength=len(doc_ids)) / counts,
            "section_scores": lists,
        }
    ).sort_by("doc_id")
    about = documents.read(folder, ["doc_id", "language"]).sort_by("doc_id")
    languages = about["language"].combine_chunks().dictionary_encode().indices.to_numpy()
    best = np.lexsort((np.arange(len(languages)), -table["score"].to_numpy(), languages))
    first = np.searchsorted(languages[best], languages[best])
    rank = np.empty(len(best), dtype=np.int64)
    rank[best] = np.arange(len(best)) - first + 1
    return table.append_column("rank", pa.array(rank))


def _sections(encoder: Encoder, folder: Path, work: Path) -> tuple[np.ndarray, Sections]:
    """The sections of all documents, cut anew or as a killed attempt left them."""
    index, tokens = work / "sections.npz", work / "sections.tokens"
    if index.exists():
        with np.load(index) as found:
            parts = (found["starts"], found["lengths"], found["documents"])
            return found["doc_ids"], Sections(encoder.mapped(tokens), *parts)
    doc_ids, sections = encoder.gather(folder, None, tokens)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        doc_ids=doc_ids,
        starts=sections.starts,
        lengths=sections.lengths,
        documents=sections.documents,
    )
    store.atomic_write(index, buffer.getvalue())
    return doc_ids, sections


def _encode(
    encoder: Encoder,
    heads: Heads,
    sections: Sections,
    order: np.ndarray,
    head: np.ndarray,
    scores: np.ndarray,
    work: Path,
) -> None:
    """Fill `scores` at `order`, block by block; a block that is found in `work` is taken from there."""
    with bar("score", total=len(order), unit="sections") as advance:
        for number, at in enumerate(range(0, len(order), BLOCK)):
            rows, file = order[at : at + BLOCK], work / f"{number:07d}.npy"
            if not file.exists():
                made, first = np.empty(len(rows)), 0
                for batch in encoder.embed(sections, rows):
                    upto = first + len(batch)
                    made[first:upto] = heads.probabilities(batch, head[rows[first:upto]])
                    first = upto
                    advance(len(batch))
                buffer = io.BytesIO()
                np.save(buffer, made)
                store.atomic_write(file, buffer.getvalue())
            else:
                advance(len(rows))
            scores[rows] = np.load(file)


class _Labels:
    """What the annotator knows of the corpus's documents: their embeddings, and which head may judge them."""

    def __init__(self, annotator: Path, doc_ids: np.ndarray, seed: int) -> None:
        from safetensors.numpy import load_file

        labels = documents.read(annotator / "labels", ["doc_id", "split"])
        stored = load_file(annotator / "embeddings.safetensors")
        place = pc.index_in(labels["doc_id"].combine_chunks(), pa.array(doc_ids.astype("U32"), pa.string()))
        place = place.fill_null(-1).to_numpy()
        counts = stored["sections"]
        starts = np.cumsum(counts) - counts
        self._rows = [(p, s, c) for p, s, c in zip(place, starts, counts, strict=True) if p >= 0]
        self._embeddings = stored["embeddings"]
        training = pc.equal(labels["split"], "train").to_numpy() & (place >= 0)
        self.head = np.full(len(doc_ids), FOLDS)
        self.head[place[training]] = folds(labels["doc_id"], seed)[training]

    def score(self, heads: Heads, sections: Sections, scores: np.ndarray) -> np.ndarray:
        """Fill `scores` of sections embedded already; gives which those are (bool)."""
        done = np.zeros(len(sections), dtype=bool)
        first = np.searchsorted(sections.documents, [p for p, _, _ in self._rows])
        for at, (place, start, count) in zip(first, self._rows, strict=True):
            embeddings = self._embeddings[start : start + count]
            scores[at : at + count] = heads.probabilities(embeddings, np.full(count, self.head[place]))
            done[at : at + count] = True
        return done
