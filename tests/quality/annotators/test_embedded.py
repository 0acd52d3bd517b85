"""What sections weigh. Oracle: the same sums in plain Python; whole annotators on
embeddings are in test_encoder_head.py and test_forest.py."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from neve.quality.annotators.embedded import Embeddings, Fitted, gate


def test_documents_weigh_the_same_whatever_their_sections() -> None:
    shares = Embeddings(np.zeros((6, 2), np.float32), np.array([0, 0, 0, 1, 2, 2])).shares()
    assert np.bincount([0, 0, 0, 1, 2, 2], weights=shares).tolist() == pytest.approx([2.0] * 3)
    assert shares.mean() == pytest.approx(1.0)


class OfItsOwn:
    """Models 5 and 11: the first reads what rounding leaves, the other what it loses."""

    def judge(self, embeddings: np.ndarray, models: np.ndarray) -> np.ndarray:
        return embeddings[np.arange(len(embeddings)), np.where(models == 11, 1, 0)]


@pytest.mark.parametrize(("own", "passes"), [(5, True), (11, False)])
def test_the_gate_asks_the_models_that_will_judge(own: int, passes: bool) -> None:
    """A language with models of its own is let pass by those alone."""
    rows = np.random.default_rng(1).normal(size=(300, 2))
    rounded = np.stack([rows[:, 0], np.random.default_rng(2).normal(size=300)], axis=1)
    labels, encoder = np.arange(300), SimpleNamespace(precision="int8")
    made = Fitted(encoder, Embeddings(rounded, labels), OfItsOwn(), [])  # type: ignore[arg-type]
    told = gate(made, rows, labels, np.where(labels < 150, 5, own))
    assert told["passes"] is passes and told["documents"] == 300 and told["precision"] == "int8"
