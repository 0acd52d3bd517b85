"""Blocks of sections, and what sections weigh. Oracle: the same sums in plain Python; whole annotators on
embeddings are in test_encoder_head.py and test_forest.py."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from neve.quality.annotators.embedded import Embeddings, in_blocks

ORDER = np.random.default_rng(1).permutation(1000)


def test_documents_weigh_the_same_whatever_their_sections() -> None:
    shares = Embeddings(np.zeros((6, 2), np.float32), np.array([0, 0, 0, 1, 2, 2])).shares()
    assert np.bincount([0, 0, 0, 1, 2, 2], weights=shares).tolist() == pytest.approx([2.0] * 3)
    assert shares.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("lanes", [["one"], ["one", "two", "three"]])
def test_every_block_is_judged_once_by_any_device_and_kept(tmp_path: Path, lanes: list[str]) -> None:
    asked: list[int] = []
    lock = threading.Lock()

    def judge(lane: str, rows: np.ndarray) -> np.ndarray:
        with lock:
            asked.extend(rows.tolist())
        return np.sqrt(rows)

    scores = np.zeros(1000)
    in_blocks(judge, lanes, ORDER, 64, scores, tmp_path)
    assert sorted(asked) == list(range(1000)) and (scores == np.sqrt(np.arange(1000))).all()
    again = np.zeros(1000)
    in_blocks(judge, lanes, ORDER, 64, again, tmp_path)
    assert len(asked) == 1000 and (again == scores).all(), "taken from where they lie"


def test_blocks_before_a_failure_stay(tmp_path: Path) -> None:
    def judge(lane: str, rows: np.ndarray) -> np.ndarray:
        if 999 in rows:
            raise RuntimeError("out of memory")
        return np.sqrt(rows)

    with pytest.raises(RuntimeError, match="out of memory"):
        in_blocks(judge, ["one"], np.arange(1000), 100, np.zeros(1000), tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 9
