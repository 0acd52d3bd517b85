"""Models that leave out a fold each, so that a label in the corpus is judged by one that has not seen it.

Negatives are documents of the corpus, and will be scored: a model that was told they are bad would say so.
So a kind that learns from them fits FOLDS models on all training labels but one fold, and one on all of
them. A training label is judged by the model of its fold; every other document, held-out labels among them,
by the last.

A kind may do so for some languages apart: then the models of all languages come first, after them those of
each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve.quality.annotator import FOLDS, Labels

FILE = "folds.parquet"


def seen(labels: Labels, languages: Sequence[str] = ()) -> np.ndarray:
    """Which labels each model may learn from: bool [labels, models]."""
    training, fold = labels.training(), labels.table["fold"].to_numpy()
    models = np.stack([training & (fold != k) for k in range(FOLDS)] + [training], axis=1)
    return np.concatenate([models & own for own in _own(labels, languages)], axis=1)


def unseen(labels: Labels, languages: Sequence[str] = ()) -> np.ndarray:
    """Which training labels each model leaves out, so that it can be tried on them: bool
    [labels, models]."""
    training = labels.training()[:, None]
    return np.concatenate([training & own for own in _own(labels, languages)], axis=1).repeat(
        FOLDS + 1, axis=1
    ) & ~seen(labels, languages)


def _own(labels: Labels, languages: Sequence[str]) -> list[np.ndarray]:
    """For all languages, then for each of `languages`, which labels are of it: bool [labels, 1]."""
    of = labels.table["language"].to_numpy()[:, None]
    return [np.ones((len(of), 1), dtype=bool), *(of == language for language in languages)]


def whole(labels: Labels, languages: Sequence[str] = ()) -> np.ndarray:
    """The model that has learnt from all folds, that of a label's language where there is one: int64
    [labels]."""
    return _model(labels.table["language"].to_pylist(), languages, FOLDS)


def _model(of: Sequence[str], languages: Sequence[str], fold: Any) -> np.ndarray:
    """The number of the model that leaves out `fold`, of each language in `of`: int64."""
    own = pc.index_in(pa.array(of, pa.string()), pa.array(languages, pa.string()))
    return (own.fill_null(-1).to_numpy() + 1) * (FOLDS + 1) + fold


def weights(target: np.ndarray, seen: np.ndarray, balanced: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """What being good and being bad weigh for each label in each model, both [labels, models], 0 where not
    seen.

    A label weighs 1 in the mean; one of 0.6 is 0.6 good and 0.4 bad. Where they are `balanced`, good and bad
    weigh the same in all.
    """
    parts = [np.where(seen, share[:, None], 0.0) for share in (target, 1 - target)]
    if balanced:
        parts = [part * (seen.sum(0) / 2 / np.maximum(part.sum(0), 1e-12)) for part in parts]
    return parts[0], parts[1]


@dataclass(frozen=True)
class Folds:
    """The training labels and the fold of each."""

    doc_ids: pa.Array
    folds: np.ndarray
    languages: Sequence[str]
    """Those that have models of their own."""

    @staticmethod
    def save(labels: Labels, folder: Path) -> None:
        """Keep what `load` needs beside the models in `folder`."""
        rows = labels.table.select(["doc_id", "fold"]).filter(pa.array(labels.training()))
        pq.write_table(rows, folder / FILE, compression="zstd")

    @staticmethod
    def load(folder: Path, languages: Sequence[str] = ()) -> Folds:
        table = pq.read_table(folder / FILE)
        return Folds(table["doc_id"].combine_chunks(), table["fold"].to_numpy(), languages)

    def judges(self, doc_ids: np.ndarray, languages: Sequence[str]) -> np.ndarray:
        """The model that judges each document, from its doc_id (S32) and its language: int64 [documents]."""
        place = pc.index_in(pa.array(doc_ids.astype("U32"), pa.string()), self.doc_ids)
        place = place.fill_null(len(self.folds)).to_numpy()
        return _model(languages, self.languages, np.append(self.folds, FOLDS)[place])
