"""neve.quality.labels. Oracle: the rules of drawing recomputed from the tables."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.errors import Fault
from neve.quality import labels
from neve.quality.annotator import FOLDS

from .conftest import LABELS, lay

EVERYTHING = replace(LABELS, negatives=10**6)


def test_labels_are_exemplars_and_training_documents_each_once(inputs, pool, exemplars):
    table = documents.read(inputs["labels-code"] / "labels")
    assert table.schema.names[: len(documents.LABELS)] == documents.LABELS.names
    label = dict(zip(table["doc_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert len(label) == table.num_rows
    assert {d for d, v in label.items() if v == 1} == set(exemplars["doc_id"].to_pylist())
    training = set(pool.filter(pc.equal(pool["split"], "train"))["doc_id"].to_pylist())
    assert {d for d, v in label.items() if v == 0} <= training and table.num_rows - exemplars.num_rows == 30
    for value in (0, 1):
        own = table.filter(pc.equal(table["label"], value))
        assert own["split"].to_pylist().count("heldout") == own.num_rows // 5
    assert set(table["fold"].to_pylist()) == set(range(FOLDS))


def test_every_label_has_its_text(inputs):
    found = documents.read(inputs["labels-code"] / "documents").to_pylist()
    table = documents.read(inputs["labels-code"] / "labels")
    assert sorted(row["doc_id"] for row in found) == table["doc_id"].to_pylist()
    assert all(documents.doc_id(row["content"].encode()) == row["doc_id"] for row in found)


def test_an_exemplar_that_is_in_the_pool_is_no_negative(tmp_path, pool, exemplars):
    both = pa.concat_tables([pool, exemplars.slice(0, 3)])
    places = {"documents": lay(tmp_path / "c", both), "exemplars": lay(tmp_path / "e", exemplars)}
    table = labels.choose(places, EVERYTHING)
    assert len(set(table["doc_id"].to_pylist())) == table.num_rows
    assert pc.sum(table["label"]).as_py() == exemplars.num_rows


def test_negatives_take_the_positives_languages_and_then_the_rest(inputs, pool):
    table = labels.choose(inputs, LABELS)
    negatives = table.filter(pc.equal(table["label"], 0))
    assert set(negatives["language"].to_pylist()) == {"Python"}
    everything = labels.choose(inputs, EVERYTHING)
    train = pool.filter(pc.equal(pool["split"], "train"))
    assert everything.num_rows - pc.sum(everything["label"]).as_py() == train.num_rows


def test_rows_in_another_order_draw_the_same(tmp_path, inputs, pool, exemplars):
    turned = {
        "documents": lay(tmp_path / "c", pool.take(np.arange(pool.num_rows)[::-1]), files=3),
        "exemplars": lay(tmp_path / "e", exemplars),
    }
    few = replace(LABELS, positives_limit=12, negatives=20)
    for chosen in (LABELS, few):
        assert labels.choose(turned, chosen).equals(labels.choose(inputs, chosen))
    assert not labels.choose(inputs, replace(few, seed=2)).equals(labels.choose(inputs, few))


def test_too_few_of_either_kind_are_a_fault(tmp_path, inputs, pool, exemplars):
    few = {**inputs, "exemplars": lay(tmp_path / "e", exemplars.slice(0, 9))}
    with pytest.raises(Fault, match=r"labels\.positives: 9 documents"):
        labels.build(LABELS, few, tmp_path)
    few = {**inputs, "documents": lay(tmp_path / "d", pool.slice(0, 4))}
    with pytest.raises(Fault, match=r"labels\.negatives: the corpus has 4"):
        labels.build(LABELS, few, tmp_path)
