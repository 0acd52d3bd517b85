"""neve.quality.annotators.head. Oracles: one head trained alone by torch; scikit-learn's logistic and ridge regression."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

from neve.quality.annotators import head

RNG = np.random.default_rng(3)
LABELS = (RNG.random(400) < 0.3).astype(float)
ROWS = (RNG.normal(size=(400, 16)) * 3 + 5 + LABELS[:, None] * RNG.normal(size=16)).astype(np.float32)
FOLD = np.arange(400) % 4


def weights(seen, labels=LABELS):
    return np.where(seen, labels[:, None], 0.0), np.where(seen, 1 - labels[:, None], 0.0)


def fitted(seen, labels=LABELS):
    return head.logistic(ROWS, *weights(seen, labels), epochs=30, lr=3e-3, seed=9)


def test_heads_trained_together_are_those_trained_alone():
    seen = np.stack([k != FOLD for k in range(4)] + [FOLD >= 0], axis=1)
    together = fitted(seen)
    for k in (0, 4):
        np.testing.assert_allclose(together.weight[k], fitted(seen[:, [k]]).weight[0], atol=1e-4)


def test_a_head_does_not_know_the_labels_it_may_not_see():
    seen = np.stack([FOLD != 0, FOLD >= 0], axis=1)
    turned = np.where(FOLD == 0, 1 - LABELS, LABELS)
    unseen = np.stack([FOLD == 0, FOLD < 0], axis=1).astype(float)
    for fit in (fitted, lambda seen, labels=LABELS: head.ridge(ROWS, *weights(seen, labels), unseen)[0]):
        before, after = fit(seen), fit(seen, turned)
        assert np.abs(before.weight[1] - after.weight[1]).max() > 0.01
    np.testing.assert_allclose(fitted(seen).weight[0], fitted(seen, turned).weight[0], atol=1e-6)


def test_it_ranks_as_well_as_scikit_learn():
    train = FOLD != 0
    heads = fitted(train[:, None])
    ours = heads.judge(ROWS[~train], np.zeros((~train).sum(), int))
    theirs = LogisticRegression(max_iter=1000).fit(ROWS[train], LABELS[train]).decision_function(ROWS[~train])
    assert roc_auc_score(LABELS[~train], ours) > roc_auc_score(LABELS[~train], theirs) - 0.02
    assert ((ours > 0) & (ours < 1)).all()


def test_values_are_learnt_as_values():
    """A label of 0.3 everywhere is a probability of 0.3 everywhere."""
    both = weights(np.ones((400, 1), bool), np.full(400, 0.3))
    heads = head.logistic(ROWS, *both, epochs=150, lr=3e-3, seed=9)
    assert heads.judge(ROWS, np.zeros(400, int)).mean() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("values", [LABELS, RNG.random(400)], ids=["classes", "values"])
def test_ridge_is_scikit_learn_s_at_the_penalty_that_does_best_on_what_is_left_out(values):
    seen = np.stack([k != FOLD for k in range(4)] + [FOLD >= 0], axis=1)
    left_out = np.stack([k == FOLD for k in range(4)] + [FOLD < 0], axis=1).astype(float)
    heads, penalty = head.ridge(ROWS, *weights(seen, values), left_out)
    standard = (ROWS - heads.mean) / heads.std

    def error(share):
        found = 0.0
        for k in range(4):
            model = Ridge(share * seen[:, k].sum()).fit(standard[seen[:, k]], values[seen[:, k]])
            found += ((model.predict(standard[~seen[:, k]]) - values[~seen[:, k]]) ** 2).sum()
        return found

    assert penalty == min(head.PENALTIES, key=error)
    whole = Ridge(penalty * 400).fit(standard, values)
    scores = heads.judge(ROWS, np.full(400, 4))
    np.testing.assert_allclose(scores, whole.predict(standard), atol=1e-4)


def test_saved_heads_give_the_same_bits(tmp_path):
    heads = fitted(np.ones((400, 1), bool))
    heads.save(tmp_path / "head.safetensors")
    again = head.Heads.load(tmp_path / "head.safetensors")
    which = np.zeros(400, int)
    assert np.array_equal(heads.judge(ROWS, which), again.judge(ROWS, which))
    assert np.array_equal(fitted(np.ones((400, 1), bool)).weight, heads.weight)
