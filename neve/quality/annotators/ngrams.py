"""Kind `ngrams`: which words and word n-grams a document has, and one weight for each.

The cheapest kind that learns: some seconds to fit, thousands of documents a second to score. It reads
documents whole and knows words by their spelling alone, so it is strong where good code has a vocabulary of
its own, and blind to what it has not met. DataComp-LM found such a classifier better for web text than one
on embeddings, and than a language model's judgement.

A document is the set of its hashed n-grams, scaled to length one, so that long documents do not win by their
length. Logistic regression by AdaGrad, document by document in the order of doc_ids, which is random. The
models of the folds lie side by side in one table, so that a feature is looked up once for all of them. The
trade-off: hashing in place of a vocabulary, so that the model is an array and the text is read once an
epoch, streamed.

Sources: Li et al., DataComp-LM (arXiv 2406.11794); Joulin et al., fastText (arXiv 1607.01759); Duchi, Hazan,
Singer, "Adaptive subgradient methods" (2011).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from neve import store
from neve.corpus.text import read_only
from neve.quality.annotator import FOLDS, Batch, Documents, Labels, Scores, finish, in_batches, save_model
from neve.quality.annotators import folds, hashed
from neve.quality.annotators.folds import Folds
from neve.quality.settings import Fit
from neve.recipe.annotators import Ngrams as Table

FIRST_SQUARE = 1e-3
"""What AdaGrad's sums of squares start from: a feature's first step is not unbounded."""


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: model.safetensors, the weight of each n-gram in the model of each fold."""
    labels, table = Labels.read(inputs), settings.annotator
    good, bad = folds.weights(labels.targets(), folds.seen(labels))
    weights = np.zeros((1 << table.bits, FOLDS + 1), dtype=np.float32)
    squares = np.full_like(weights, FIRST_SQUARE)
    bias = np.zeros((2, FOLDS + 1))
    bias[1] = FIRST_SQUARE
    for _ in range(table.epochs):
        for batch, rows in labels.examples():
            data, offsets, _ = read_only(batch.content)
            _learn(
                data,
                offsets,
                hashed.CLASSES,
                table.longest,
                good[rows],
                bad[rows],
                table.lr,
                weights,
                squares,
                bias,
            )
    save_model(out / "model.safetensors", {"weights": weights, "bias": bias[0]})
    Folds.save(labels, out)
    about = table.model_dump(include={"longest", "bits", "epochs", "lr"})
    store.write_json(out / "ngrams.json", about)
    return finish(load(out), "ngrams", labels, out / "model.safetensors", out, {"name": "ngrams", **about})


def load(folder: Path) -> Ngrams:
    """The annotator that `fit` left."""
    from safetensors.numpy import load_file

    model, longest = (
        load_file(folder / "model.safetensors"),
        store.read_json(folder / "ngrams.json")["longest"],
    )
    return Ngrams(model["weights"], model["bias"], longest, Folds.load(folder))


class Ngrams:
    """Weights of n-grams, float32 [2^bits, FOLDS + 1]; a document's score is the probability that it is
    good."""

    def __init__(self, weights: np.ndarray, bias: np.ndarray, longest: int, judges: Folds) -> None:
        self._weights, self._bias, self._longest, self._folds = weights, bias, longest, judges

    def score(self, documents: Documents, work: Path) -> Scores:
        return in_batches(self._batch, documents, work)

    def _batch(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        data, offsets, _ = read_only(batch.content)
        model = self._folds.judges(batch.doc_ids, batch.languages)
        logits = _logits(data, offsets, hashed.CLASSES, self._longest, model, self._weights, self._bias)
        return np.ones(len(logits), dtype=np.int64), 1 / (1 + np.exp(-logits))


@numba.njit(nogil=True, cache=True)
def _logits(data, offsets, classes, longest, model, weights, bias):
    """The logit of each document of a column by the model that is named for it: float64 [documents]."""
    rows, size = len(offsets) - 1, np.max(offsets[1:] - offsets[:-1])
    hashes, places = np.empty(size, dtype=np.uint64), np.empty(size * longest, dtype=np.int64)
    stamp, bits = np.full(len(weights), -1, dtype=np.int32), np.int64(np.log2(len(weights)))
    logits = np.empty(rows)
    for row in range(rows):
        count = hashed.words(data, offsets[row], offsets[row + 1], classes, hashes)
        found = hashed.ngrams(hashes, count, longest, bits, stamp, row, places)
        total = 0.0
        for i in range(found):
            total += weights[places[i], model[row]]
        logits[row] = bias[model[row]] + total / np.sqrt(max(found, 1))
    return logits


@numba.njit(nogil=True, cache=True)
def _learn(data, offsets, classes, longest, good, bad, lr, weights, squares, bias):
    """One step of AdaGrad a document, in every model for which it weighs; bias is [2, models]: value,
    square."""
    rows, size, models = len(offsets) - 1, np.max(offsets[1:] - offsets[:-1]), weights.shape[1]
    hashes, places = np.empty(size, dtype=np.uint64), np.empty(size * longest, dtype=np.int64)
    stamp, bits = np.full(len(weights), -1, dtype=np.int32), np.int64(np.log2(len(weights)))
    total, gradient = np.empty(models), np.empty(models)
    for row in range(rows):
        count = hashed.words(data, offsets[row], offsets[row + 1], classes, hashes)
        found = hashed.ngrams(hashes, count, longest, bits, stamp, row, places)
        scale = 1 / np.sqrt(max(found, 1))
        total[:] = 0.0
        for i in range(found):
            for k in range(models):
                total[k] += weights[places[i], k]
        for k in range(models):
            p = 1 / (1 + np.exp(-(bias[0, k] + total[k] * scale)))
            gradient[k] = bad[row, k] * p - good[row, k] * (1 - p)
            bias[1, k] += gradient[k] ** 2
            bias[0, k] -= lr * gradient[k] / np.sqrt(bias[1, k])
            gradient[k] *= scale
        for i in range(found):
            for k in range(models):
                g = gradient[k]
                squares[places[i], k] += g * g
                weights[places[i], k] -= lr * g / np.sqrt(squares[places[i], k])
