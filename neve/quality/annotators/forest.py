"""Kind `forest`: a random forest on a frozen encoder's embeddings.

Phi-1's annotator: an encoder's embedding of a file, a random forest, labels from a language model. It finds
what no line separates, and needs no rate and no penalty. The trade-off: beside a linear head it takes more
labels to rank as well, its scores are steps of one in the number of trees, and it costs some microseconds a
section more, which beside the encoder is nothing.

scikit-learn grows the trees; only arrays of their nodes are kept, and a compiled walk through them gives the
same sums. So a model is data, and it can be read where scikit-learn is another version or not there.

Source: Gunasekar et al., "Textbooks are all you need" (arXiv 2306.11644), section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from neve.hashing import seed_of
from neve.quality.annotator import Labels, finish, save_model
from neve.quality.annotators import embedded, folds
from neve.quality.annotators.embedded import Embedded, Embeddings
from neve.quality.settings import Fit
from neve.recipe.annotators import Forest as Table


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: forest.safetensors, and the labels' embeddings for scoring to reuse."""
    from sklearn.ensemble import RandomForestRegressor

    labels, table = Labels.read(inputs), settings.annotator
    good, bad = folds.weights(labels.targets(), folds.seen(labels))

    def learn(found: Embeddings) -> Forests:
        weights = (good + bad)[found.labels] * found.shares()[:, None]
        target = labels.targets()[found.labels]
        grown = []
        for model in range(weights.shape[1]):
            rows = np.flatnonzero(weights[:, model])
            trees = RandomForestRegressor(
                table.trees,
                min_samples_leaf=table.leaf,
                max_features="sqrt",
                n_jobs=-1,
                random_state=seed_of(f"{settings.seed}\0forest\0{model}", bits=32),
            )
            grown.append(trees.fit(found.rows[rows], target[rows], weights[rows, model]))
        return Forests.of(grown)

    made = embedded.fitted(table, labels, out, learn)
    made.models.save(out / "forest.safetensors")
    about = {
        "name": f"forest-{made.encoder.name}",
        **embedded.about(made),
        "trees": table.trees,
        "leaf": table.leaf,
    }
    annotator = Embedded(made.encoder, made.models, out)
    return finish(annotator, "forest", labels, out / "forest.safetensors", out, about)


def load(folder: Path) -> Embedded:
    """The annotator that `fit` left."""
    return Embedded(embedded.opened(folder), Forests.load(folder / "forest.safetensors"), folder)


@dataclass(frozen=True)
class Forests:
    """Forests of equally many trees, as arrays of nodes, all trees end to end."""

    feature: np.ndarray
    """int32 [nodes]: the dimension that is looked at, -1 at a leaf."""
    threshold: np.ndarray
    """float64 [nodes]: up to it, it goes left."""
    left: np.ndarray
    right: np.ndarray
    """int32 [nodes]: the next node."""
    value: np.ndarray
    """float64 [nodes]: how good what ends here is."""
    roots: np.ndarray
    """int32 [forests, trees]: each tree's first node."""

    @staticmethod
    def of(grown: list[Any]) -> Forests:
        """scikit-learn's forests of one output."""
        trees = [[estimator.tree_ for estimator in forest.estimators_] for forest in grown]
        flat = [tree for forest in trees for tree in forest]
        counts = np.array([tree.node_count for tree in flat])
        first = np.cumsum(counts) - counts
        shift = np.repeat(first, counts)
        parts = {
            "feature": np.concatenate([np.where(tree.children_left < 0, -1, tree.feature) for tree in flat]),
            "threshold": np.concatenate([tree.threshold for tree in flat]),
            "left": np.concatenate([tree.children_left for tree in flat]) + shift,
            "right": np.concatenate([tree.children_right for tree in flat]) + shift,
            "value": np.concatenate([tree.value[:, 0, 0] for tree in flat]),
        }
        kinds = {"feature": np.int32, "left": np.int32, "right": np.int32}
        return Forests(
            **{name: part.astype(kinds.get(name, np.float64)) for name, part in parts.items()},
            roots=first.reshape(len(trees), -1).astype(np.int32),
        )

    def judge(self, embeddings: np.ndarray, models: np.ndarray) -> np.ndarray:
        """How good each row is, by the forest named for that row: float64 [rows]."""
        rows = np.ascontiguousarray(embeddings, dtype=np.float32)
        return _walk(
            rows, models, self.feature, self.threshold, self.left, self.right, self.value, self.roots
        )

    def save(self, path: Path) -> None:
        save_model(path, vars(self))

    @staticmethod
    def load(path: Path) -> Forests:
        from safetensors.numpy import load_file

        return Forests(**load_file(path))


@numba.njit(nogil=True, cache=True)
def _walk(rows, models, feature, threshold, left, right, value, roots):
    """Mean of the leaves that each row comes to: float64 [rows]."""
    scores = np.zeros(len(rows))
    for i in range(len(rows)):
        for tree in range(roots.shape[1]):
            node = roots[models[i], tree]
            while feature[node] >= 0:
                node = left[node] if rows[i, feature[node]] <= threshold[node] else right[node]
            scores[i] += value[node]
    return scores / roots.shape[1]
