"""Kind `encoder`: a linear head on a frozen encoder's embeddings of a document's top, middle and bottom.

This is Arctic-SnowCoder's annotator (arXiv 2409.02326). It is the most expensive kind, hours on a large
corpus, and the one that knows most of code before it has seen a label: a few hundred labels are enough.
Labels may be classes (good or not, weighing the same in all) or values (how good, learnt as they are). A
language with enough labels may have separate heads, as in Stack-Edu (arXiv 2502.02737): they know what is
good there, from fewer examples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neve import store
from neve.hashing import seed_of
from neve.quality.annotator import Labels, finish
from neve.quality.annotators import embedded, folds, head
from neve.quality.annotators.embedded import Embedded, Embeddings
from neve.quality.annotators.head import Heads
from neve.quality.settings import Fit
from neve.recipe.annotators import Encoder as Table

FEWEST = 100
"""Training labels of either kind that a language needs for separate heads."""


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: head.safetensors, and the labels' embeddings for scoring to reuse."""
    labels, table = Labels.read(inputs), settings.annotator
    languages = _languages(labels) if table.per_language else []
    weights = folds.weights(labels.targets(), folds.seen(labels, languages), table.labels_are == "classes")
    more: dict[str, Any] = {}

    def learn(found: Embeddings) -> Heads:
        shares = found.shares()[:, None]
        good, bad = (part[found.labels] * shares for part in weights)
        if table.head == "logistic":
            seed = seed_of(f"{settings.seed}\0head")
            return head.logistic(found.rows, good, bad, table.epochs, table.lr, seed)
        left_out = folds.unseen(labels, languages)[found.labels] * shares
        heads, more["penalty"] = head.ridge(found.rows, good, bad, left_out)
        return heads

    made = embedded.fitted(table, labels, out, learn, languages)
    made.models.save(out / "head.safetensors")
    said = {
        "name": made.encoder.name,
        **embedded.about(made),
        **table.model_dump(include={"head", "labels_are"}),
        "languages": languages,
        **more,
    }
    annotator = Embedded(made.encoder, made.models, out, languages)
    return finish(annotator, "encoder", labels, out / "head.safetensors", out, said)


def load(folder: Path) -> Embedded:
    """The annotator that `fit` left."""
    languages = store.read_json(folder / "annotator.json")["languages"]
    return Embedded(embedded.opened(folder), Heads.load(folder / "head.safetensors"), folder, languages)


def _languages(labels: Labels) -> list[str]:
    """Languages with enough training labels of either kind."""
    rows = labels.training()
    of, good = labels.table["language"].to_numpy()[rows], labels.targets()[rows] > 0.5
    return [
        str(name)
        for name in np.unique(of)
        if min((good & (of == name)).sum(), (~good & (of == name)).sum()) >= FEWEST
    ]
