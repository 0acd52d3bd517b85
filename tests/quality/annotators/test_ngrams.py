"""neve.quality.annotators.ngrams. Oracles: a planted phrase; scores of folds; the learner in plain numpy; scikit-learn's ROC-AUC."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import roc_auc_score

from neve.quality import annotators
from neve.quality.annotator import FOLDS, Batch, Documents, Labels
from neve.quality.annotators import ngrams
from neve.quality.settings import Fit
from neve.recipe.annotators import Ngrams

TABLE = Ngrams(kind="ngrams", labels=["code"], bits=16)


@pytest.fixture(scope="module")
def fitted(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("ngrams")
    counts = ngrams.fit(Fit(TABLE, 1), inputs, out)
    return out, counts


def judged(model, texts):
    ids = np.array([b"%032d" % i for i in range(len(texts))])
    return model._batch(Batch(ids, ["Python"] * len(texts), pa.array(texts, pa.large_string())))[1]


def test_it_learns_and_another_fit_is_equal_to_the_last_bit(fitted, inputs, tmp_path):
    out, counts = fitted
    labels, scores = Labels.read(inputs), annotators.load(out).score(Labels.read(inputs).documents, tmp_path)
    place = pc.index_in(labels.table["doc_id"], pa.array(scores.doc_ids.astype("U32"))).to_numpy()
    heldout, good = ~labels.training(), labels.targets() > 0.5
    theirs = roc_auc_score(good[heldout], scores.means()[place][heldout])
    assert counts["roc_auc"] == pytest.approx(theirs)
    ngrams.fit(Fit(TABLE, 1), inputs, tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()


def test_the_words_of_good_code_score_above_those_of_the_pool(fitted, exemplars, pool):
    model = annotators.load(fitted[0])
    good, bad = (judged(model, t["content"].to_pylist()) for t in (exemplars, pool))
    assert good.mean() > bad.mean() + 0.1


def test_a_training_label_is_judged_by_the_model_that_has_not_seen_it(fitted, inputs, tmp_path):
    labels, model = Labels.read(inputs), annotators.load(fitted[0])
    scores = model.score(Documents(labels.documents.folders), tmp_path)
    of = dict(zip(scores.doc_ids.astype("U32").tolist(), scores.sections, strict=True))
    weights, bias = model._weights.copy(), model._bias
    for fold in range(FOLDS):
        model._weights[:, fold] += 1.0  # a model that is told apart
        (tmp_path / str(fold)).mkdir()
        moved = model.score(labels.documents, tmp_path / str(fold))
        changed = {
            d for d, v in zip(moved.doc_ids.astype("U32").tolist(), moved.sections, strict=True) if v != of[d]
        }
        wanted = {
            r["doc_id"] for r in labels.table.to_pylist() if r["split"] == "train" and r["fold"] == fold
        }
        assert changed == wanted
        model._weights[:] = weights
    assert bias is model._bias


def test_a_step_is_adagrad_s():
    """One document, two words, longest 1: the step by hand."""
    text = pa.array(["alpha beta"], pa.large_string())
    data, offsets, _ = ngrams.read_only(text)
    weights = np.zeros((1 << 10, FOLDS + 1), dtype=np.float32)
    squares, bias = np.full_like(weights, 0.5), np.zeros((2, FOLDS + 1))
    bias[1] = 0.5
    good, bad = np.full((1, FOLDS + 1), 3.0), np.full((1, FOLDS + 1), 1.0)
    ngrams._learn(data, offsets, ngrams.hashed.CLASSES, 1, good, bad, 0.2, weights, squares, bias)
    g = 1.0 * 0.5 - 3.0 * 0.5
    assert bias[0] == pytest.approx(-0.2 * g / np.sqrt(0.5 + g * g))
    touched = np.flatnonzero(weights[:, 0])
    assert len(touched) == 2
    scaled = g / np.sqrt(2)
    assert weights[touched, 0] == pytest.approx(-0.2 * scaled / np.sqrt(0.5 + scaled**2), rel=1e-5)


def test_a_long_document_does_not_win_by_its_length(fitted, exemplars):
    model, text = annotators.load(fitted[0]), exemplars["content"][0].as_py()
    once, often = judged(model, [text, text * 5])
    assert often == pytest.approx(once, abs=0.02)
