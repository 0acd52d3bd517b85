"""neve.quality.annotators.folds. Oracle: the rule of the folds, label by label in plain Python."""

import numpy as np
import pytest

from neve.quality.annotator import FOLDS, Labels
from neve.quality.annotators import folds
from neve.quality.annotators.folds import Folds

COLUMNS = FOLDS + 1


def test_a_model_has_seen_all_training_labels_but_its_fold(inputs):
    labels = Labels.read(inputs)
    seen, unseen = folds.seen(labels, ["Python", "Shell"]), folds.unseen(labels, ["Python", "Shell"])
    for row, label in enumerate(labels.table.to_pylist()):
        for model in range(3 * COLUMNS):
            own = [True, label["language"] == "Python", label["language"] == "Shell"][model // COLUMNS]
            may = label["split"] == "train" and own
            assert seen[row, model] == (may and model % COLUMNS != label["fold"])
            assert unseen[row, model] == (may and model % COLUMNS == label["fold"])


def test_a_document_is_judged_by_a_model_that_has_not_seen_it(inputs, tmp_path):
    labels = Labels.read(inputs)
    Folds.save(labels, tmp_path)
    seen = folds.seen(labels, ["Python"])
    ids = np.array([*labels.table["doc_id"].to_pylist(), "f" * 32], dtype="S32")
    languages = [*labels.table["language"].to_pylist(), "Go"]
    judges = Folds.load(tmp_path, ["Python"]).judges(ids, languages)
    assert not any(seen[row, model] for row, model in enumerate(judges[:-1]))
    heldout = [row for row, split in enumerate(labels.table["split"].to_pylist()) if split == "heldout"]
    assert {judges[row] for row in heldout} <= {FOLDS, COLUMNS + FOLDS} and judges[-1] == FOLDS
    assert {int(j) // COLUMNS for j in judges[:-1]} == {1}
    assert [folds.whole(labels, ["Python"])[row] for row in heldout] == [judges[row] for row in heldout]
    assert set(folds.whole(labels)) == {FOLDS}


def test_good_and_bad_weigh_the_same_in_all_where_they_are_balanced():
    target = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.6])
    seen = np.array([[1, 1], [1, 0], [1, 1], [1, 1], [1, 0], [1, 1]], dtype=bool)
    good, bad = folds.weights(target, seen)
    assert good.sum(0) == pytest.approx(bad.sum(0)) and (good + bad).sum(0) == pytest.approx(seen.sum(0))
    assert not good[~seen].any() and not bad[~seen].any()
    good, bad = folds.weights(target, seen, balanced=False)
    assert good[5].tolist() == [0.6, 0.6] and bad[5] == pytest.approx([0.4, 0.4])
