"""Kind `student`: a small network on pooled embeddings of hashed words, which learns to rank as another
annotator does.

An encoder's judgement at a hundredth of its price. A teacher scores a sample of the corpus; the student
learns, from the words at a document's top, middle and bottom, where the document stood among those of its
language, and then scores everything. It may stand alone, or be the first half of a cascade. The trade-off: a
section is a bag of words and pairs of words, without attention, so the student is right about the coarse
order and less about the fine one; and its sample costs the teacher's price, so it pays from some ten
thousand documents on. Taught on 1,500 documents, its better half of 300 others held 90 % of the encoder's
best tenth of them.

It learns ranks and not scores, since selection uses ranks and every teacher has them. Marin found that a
network without attention nearly matches a small transformer (marin-community/marin, issues 6739, 6855).

Sources: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network" (arXiv 1503.02531); Iyyer et
al., "Deep unordered composition rivals syntactic methods" (ACL 2015).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pyarrow as pa

from neve import documents as tables
from neve import store
from neve.corpus.text import read_only
from neve.hashing import draw_keys, seed_of
from neve.progress import bar
from neve.quality import annotators
from neve.quality.annotator import (
    Batch,
    Documents,
    Labels,
    Scores,
    finish,
    in_batches,
    ranks,
    save_model,
    spans,
    standing,
)
from neve.quality.annotators import hashed
from neve.quality.settings import Fit
from neve.recipe.annotators import Student as Table

BATCH = 64
"""Documents of one step."""
CHECKED = 0.1
"""Share of the sample that is not learnt from: on it the student is held against its teacher."""
TOP = 0.1
"""Share of the best on which they are compared."""
DROPOUT, WEIGHT_DECAY = 0.2, 0.01


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME` (resumes): student.safetensors; the teacher and the corpus are among
    `inputs`."""
    table, folder = settings.annotator, inputs["documents"] / "documents"
    ids = tables.read(folder, ["doc_id"])["doc_id"].combine_chunks()
    order = np.argsort(draw_keys(ids, settings.seed, "student"), kind="stable")[: table.sample]
    sample = Documents((folder,), ids.take(pa.array(np.sort(order))))
    work = out / "work"
    work.mkdir(exist_ok=True)
    taught = annotators.load(inputs[f"annotator-{table.teacher}"]).score(sample, work).sorted()
    languages = sample.languages(taught.doc_ids)
    target = standing(ranks(taught, languages), languages)
    lesson = _lesson(sample, taught.doc_ids, table)
    # Rows are in the order of doc_ids, which is random.
    learnt = np.arange(len(target)) % round(1 / CHECKED) != 0
    weights = _learn(lesson, target, np.flatnonzero(learnt), table, settings.seed)
    save_model(out / "student.safetensors", weights)
    about = table.model_dump(include={"teacher", "sample", "section_bytes", "bits", "dimensions", "epochs"})
    store.write_json(out / "student.json", about)
    student = load(out)
    agreed = _agreement(student, lesson, target, np.flatnonzero(~learnt))
    said = {"name": f"student-{table.teacher}", **about, "teacher_agreement": agreed}
    counts = finish(student, "student", Labels.read(inputs), out / "student.safetensors", out, said)
    shutil.rmtree(work)  # only now: an attempt that is killed before does not ask the teacher again
    return {**counts, **agreed}


def load(folder: Path) -> Student:
    """The annotator that `fit` left."""
    from safetensors.numpy import load_file

    return Student(
        load_file(folder / "student.safetensors"), store.read_json(folder / "student.json")["section_bytes"]
    )


@dataclass(frozen=True)
class Lesson:
    """Sections of documents as places of words, flat, as `hashed.sections` gives them."""

    places: np.ndarray
    starts: np.ndarray
    counts: np.ndarray


class Student:
    """The network: mean of embeddings, one hidden layer; a document's score is the mean over its sections, 0
    to 1."""

    def __init__(self, weights: dict[str, np.ndarray], section_bytes: int) -> None:
        self._weights, self._size = weights, section_bytes

    def score(self, documents: Documents, work: Path) -> Scores:
        return in_batches(self._batch, documents, work)

    def _batch(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        data, offsets, _ = read_only(batch.content)
        bits = int(np.log2(len(self._weights["embedding"])))
        places, starts, counts = hashed.sections(data, offsets, self._size, bits, hashed.CLASSES)
        return counts, self.judge(places, starts)

    def judge(self, places: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """How good each section is: float64 [sections]."""
        from scipy.special import erf

        w = self._weights
        hidden = _pool(places, starts, w["embedding"]) @ w["hidden"].T + w["hidden_bias"]
        hidden = hidden * (1 + erf(hidden / np.sqrt(2))) / 2
        return 1 / (1 + np.exp(-(hidden @ w["out"] + w["out_bias"][0]).astype(np.float64)))


@numba.njit(nogil=True, cache=True)
def _pool(places, starts, embedding):
    """Mean embedding of each section: float32 [sections, dimensions]; 0 where it has no words."""
    pooled = np.zeros((len(starts) - 1, embedding.shape[1]), dtype=np.float32)
    for i in range(len(starts) - 1):
        for at in range(starts[i], starts[i + 1]):
            pooled[i] += embedding[places[at]]
        pooled[i] /= max(1, starts[i + 1] - starts[i])
    return pooled


def _lesson(sample: Documents, doc_ids: np.ndarray, table: Table) -> Lesson:
    """The sections of the sample, documents in the order of `doc_ids`, which are sorted."""
    ids, parts = [], []
    for batch in sample.batches():
        data, offsets, _ = read_only(batch.content)
        ids.append(batch.doc_ids)
        parts.append(hashed.sections(data, offsets, table.section_bytes, table.bits, hashed.CLASSES))
    counts = np.concatenate([part[2] for part in parts])
    lengths = np.concatenate([np.diff(part[1]) for part in parts])
    places = np.concatenate([part[0] for part in parts])
    starts, first = np.cumsum(lengths) - lengths, np.cumsum(counts) - counts
    order = np.argsort(np.concatenate(ids))
    assert np.array_equal(np.concatenate(ids)[order], doc_ids), "the teacher scored other documents"
    sections = spans(first[order], counts[order])
    flat = places[spans(starts[sections], lengths[sections])]
    return Lesson(flat, np.append(0, np.cumsum(lengths[sections])), counts[order])


def _learn(
    lesson: Lesson, target: np.ndarray, rows: np.ndarray, table: Table, seed: int
) -> dict[str, np.ndarray]:
    """Train the network on documents `rows` by AdamW, the rate falling along a line to 0; one thread, so
    that sums agree."""
    import torch
    from torch.nn import functional as F

    generator = torch.Generator().manual_seed(seed_of(f"{seed}\0student"))
    size, hidden = table.dimensions, 64
    shapes = {"embedding": (1 << table.bits, size), "hidden": (hidden, size), "hidden_bias": (hidden,),
              "out": (hidden,), "out_bias": (1,)}  # fmt: skip
    scales = {"embedding": 0.3, "hidden": size**-0.5, "out": hidden**-0.5}
    weights = {
        name: (torch.randn(shape, generator=generator) * scales.get(name, 0.0)).requires_grad_()
        for name, shape in shapes.items()
    }
    optimizer = torch.optim.AdamW(weights.values(), lr=table.lr, weight_decay=WEIGHT_DECAY)
    first = np.cumsum(lesson.counts) - lesson.counts
    steps, done = table.epochs * -(-len(rows) // BATCH), 0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with bar("teach the student", total=steps, unit="steps") as advance:
            for _ in range(table.epochs):
                order = torch.randperm(len(rows), generator=generator).numpy()
                for at in range(0, len(rows), BATCH):
                    chosen = rows[order[at : at + BATCH]]
                    counts = lesson.counts[chosen]
                    sections = spans(first[chosen], counts)
                    lengths = np.diff(lesson.starts)[sections]
                    flat = spans(lesson.starts[sections], lengths)
                    words = torch.from_numpy(lesson.places[flat].astype(np.int64))
                    offsets = torch.from_numpy(np.cumsum(lengths) - lengths)
                    pooled = F.embedding_bag(words, weights["embedding"], offsets, mode="mean")
                    noise = torch.rand(pooled.shape, generator=generator) >= DROPOUT
                    made = F.gelu(
                        (pooled * noise / (1 - DROPOUT)) @ weights["hidden"].T + weights["hidden_bias"]
                    )
                    judged = torch.sigmoid(made @ weights["out"] + weights["out_bias"])
                    owner = torch.from_numpy(np.repeat(np.arange(len(chosen)), counts))
                    means = torch.zeros(len(chosen)).index_add(0, owner, judged) / torch.from_numpy(counts)
                    wanted = torch.from_numpy(target[chosen].astype(np.float32))
                    for group in optimizer.param_groups:
                        group["lr"] = table.lr * (1 - done / steps)
                    optimizer.zero_grad()
                    F.binary_cross_entropy(means.clamp(1e-4, 1 - 1e-4), wanted).backward()
                    optimizer.step()
                    done += 1
                    advance(1)
    finally:
        torch.set_num_threads(threads)
    return {name: weight.detach().numpy() for name, weight in weights.items()}


def _agreement(student: Student, lesson: Lesson, target: np.ndarray, rows: np.ndarray) -> dict[str, float]:
    """On documents that it has not learnt from: rank correlation with the teacher, and how much of its best
    it finds."""
    from scipy.stats import spearmanr

    judged = student.judge(lesson.places, lesson.starts)
    owner = np.repeat(np.arange(len(lesson.counts)), lesson.counts)
    scores = (np.bincount(owner, judged) / lesson.counts)[rows]
    best = max(1, round(TOP * len(rows)))
    common = np.intersect1d(np.argsort(-scores)[:best], np.argsort(-target[rows])[:best])
    return {
        "rank correlation": float(spearmanr(scores, target[rows])[0]),
        "of the best tenth": len(common) / best,
    }
