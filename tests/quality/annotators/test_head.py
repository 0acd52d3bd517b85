"""neve.quality.annotators.head. Oracles: one head trained alone by torch; scikit-learn's logistic regression for the ranking."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from neve.quality.annotators import head

RNG = np.random.default_rng(3)
LABELS = (RNG.random(400) < 0.3).astype(float)
ROWS = (RNG.normal(size=(400, 16)) * 3 + 5 + LABELS[:, None] * RNG.normal(size=16)).astype(np.float32)
FOLD = np.arange(400) % 4


def fitted(seen):
    return head.fit(ROWS, LABELS, np.ones(400), seen, epochs=30, lr=3e-3, seed=9)


def test_heads_trained_together_are_those_trained_alone():
    seen = np.stack([k != FOLD for k in range(4)] + [FOLD >= 0], axis=1)
    together = fitted(seen)
    for k in (0, 4):
        alone = fitted(seen[:, [k]])
        np.testing.assert_allclose(together.weight[k], alone.weight[0], atol=1e-4)


def test_a_head_does_not_know_the_labels_it_may_not_see():
    seen = np.stack([FOLD != 0, FOLD >= 0], axis=1)
    turned = head.fit(ROWS, np.where(FOLD == 0, 1 - LABELS, LABELS), np.ones(400), seen, 30, 3e-3, 9)
    before = fitted(seen)
    np.testing.assert_allclose(before.weight[0], turned.weight[0], atol=1e-6)
    assert np.abs(before.weight[1] - turned.weight[1]).max() > 0.01


def test_it_ranks_as_well_as_scikit_learn():
    train = FOLD != 0
    heads = fitted(train[:, None])
    ours = heads.probabilities(ROWS[~train], np.zeros((~train).sum(), int))
    theirs = LogisticRegression(max_iter=1000).fit(ROWS[train], LABELS[train]).decision_function(ROWS[~train])
    assert roc_auc_score(LABELS[~train], ours) > roc_auc_score(LABELS[~train], theirs) - 0.02


def test_saved_heads_give_the_same_bits(tmp_path):
    heads = fitted(np.ones((400, 1), bool))
    heads.save(tmp_path / "head.safetensors")
    again = head.Heads.load(tmp_path / "head.safetensors")
    which = np.zeros(400, int)
    assert np.array_equal(heads.probabilities(ROWS, which), again.probabilities(ROWS, which))
    assert np.array_equal(fitted(np.ones((400, 1), bool)).weight, heads.weight)
