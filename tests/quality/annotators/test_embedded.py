"""What sections weigh. Oracle: the same sums in plain Python; whole annotators on
embeddings are in test_encoder_head.py and test_forest.py."""

from __future__ import annotations

import numpy as np
import pytest

from neve.quality.annotators.embedded import Embeddings


def test_documents_weigh_the_same_whatever_their_sections() -> None:
    shares = Embeddings(np.zeros((6, 2), np.float32), np.array([0, 0, 0, 1, 2, 2])).shares()
    assert np.bincount([0, 0, 0, 1, 2, 2], weights=shares).tolist() == pytest.approx([2.0] * 3)
    assert shares.mean() == pytest.approx(1.0)
