"""neve.quality.labels. Oracle: the rules of drawing recomputed from the tables; ROC-AUC by counting pairs."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.errors import Fault
from neve.quality import labels

from .conftest import ANNOTATOR, lay


def test_labels_are_exemplars_and_training_documents_each_once(inputs, pool, exemplars):
    table = documents.read(inputs["annotator"] / "labels")
    assert table.schema.equals(documents.LABELS)
    label = dict(zip(table["doc_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert len(label) == table.num_rows
    assert {d for d, v in label.items() if v == 1} == set(exemplars["doc_id"].to_pylist())
    training = set(pool.filter(pc.equal(pool["split"], "train"))["doc_id"].to_pylist())
    assert {d for d, v in label.items() if v == 0} <= training and table.num_rows - exemplars.num_rows == 30
    for value in (0, 1):
        own = table.filter(pc.equal(table["label"], value))
        assert own["split"].to_pylist().count("heldout") == own.num_rows // 5


def test_an_exemplar_that_is_in_the_pool_is_no_negative(tmp_path, pool, exemplars):
    both = pa.concat_tables([pool, exemplars.slice(0, 3)])
    places = {"documents": lay(tmp_path / "c", both), "exemplars": lay(tmp_path / "e", exemplars)}
    table = labels.choose(places, 1000, 10**6, 1)
    assert len(set(table["doc_id"].to_pylist())) == table.num_rows
    assert pc.sum(table["label"]).as_py() == exemplars.num_rows


def test_negatives_take_the_positives_languages_and_then_the_rest(inputs, pool):
    table = labels.choose(inputs, 1000, 30, 1)
    negatives = table.filter(pc.equal(table["label"], 0))
    assert set(negatives["language"].to_pylist()) == {"Python"}
    everything = labels.choose(inputs, 1000, 10**6, 1)
    train = pool.filter(pc.equal(pool["split"], "train"))
    assert everything.num_rows - pc.sum(everything["label"]).as_py() == train.num_rows


def test_rows_in_another_order_draw_the_same(tmp_path, inputs, pool, exemplars):
    turned = {
        "documents": lay(tmp_path / "c", pool.take(np.arange(pool.num_rows)[::-1]), files=3),
        "exemplars": lay(tmp_path / "e", exemplars),
    }
    for limit in (1000, 12):
        assert labels.choose(turned, limit, 20, 1).equals(labels.choose(inputs, limit, 20, 1))
    assert not labels.choose(inputs, 12, 20, 2).equals(labels.choose(inputs, 12, 20, 1))


def test_the_head_has_learnt_what_it_was_shown(inputs):
    found = json.loads((inputs["annotator"] / "annotator.json").read_text())
    assert found["weights_sha256"].startswith("53aa5117")
    assert found["positives"] >= 10 and found["negatives"] == 30
    assert found["heldout"]["roc_auc"] > 0.6
    assert found["heldout"]["by_language"]["Python"]["roc_auc"] == found["heldout"]["roc_auc"]


def test_area_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    target, scores = (rng.random(40) < 0.4).astype(float), rng.random(40).round(1)
    chosen = rng.random(40) < 0.8
    good, bad = scores[chosen & (target == 1)], scores[chosen & (target == 0)]
    pairs = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
    assert labels._auc(target, scores, chosen)["roc_auc"] == pytest.approx(pairs)
    assert labels._auc(np.ones(3), np.ones(3), np.ones(3, dtype=bool))["roc_auc"] is None


def test_too_few_exemplars_are_a_fault(tmp_path, inputs, exemplars):
    few = {**inputs, "exemplars": lay(tmp_path / "e", exemplars.slice(0, 9))}
    with pytest.raises(Fault, match=r"annotator\.positives: 9 documents"):
        labels.build(ANNOTATOR, few, tmp_path)
