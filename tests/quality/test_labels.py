"""neve.quality.labels. Oracle: the rules of drawing recomputed from the tables."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neve import documents
from neve.errors import Fault
from neve.quality import drawing, labels
from neve.quality.annotator import FOLDS
from neve.quality.drawing import divided

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
    assert set(table["fold"].to_pylist()) <= set(range(FOLDS))


def test_families_of_exemplars_are_held_out_and_dealt_whole(inputs):
    rows = documents.read(inputs["labels-code"] / "labels").to_pylist()
    place = {}
    for row in rows:
        if row["label"] == 1:
            key = row["split"] if row["split"] == "heldout" else row["fold"]
            assert place.setdefault(row["family"], key) == key
    for value in (0, 1):
        own = [row for row in rows if row["label"] == value]
        heldout = [row for row in own if row["split"] == "heldout"]
        assert 0 < len(heldout) <= 0.3 * len(own)


def test_no_family_of_the_corpus_is_held_out_as_a_whole(inputs, pool):
    """An annotator that has seen random documents of all families but one as bad ranks that one above them."""
    table = labels.choose(inputs, EVERYTHING)
    negatives = [row for row in table.to_pylist() if row["label"] == 0]
    sizes, learnt, folds = {}, {}, {}
    for row in negatives:
        sizes[row["family"]] = sizes.get(row["family"], 0) + 1
        learnt[row["family"]] = learnt.get(row["family"], 0) + (row["split"] == "train")
        folds.setdefault(row["family"], set()).add(row["fold"])
    large = {family for family, size in sizes.items() if size >= 8}
    assert len(large) >= 3
    assert all(0.4 < learnt[family] / sizes[family] < 1 and len(folds[family]) >= 2 for family in large)


def test_tests_are_among_the_random_documents_and_not_among_the_positives(tmp_path, pool, exemplars):
    paths = [f"tests/test_{i}.py" if i % 2 else name for i, name in enumerate(pool["path"].to_pylist())]
    changed = pool.set_column(3, "path", pa.array(paths))
    places = {"documents": lay(tmp_path / "c", changed), "exemplars": lay(tmp_path / "e", exemplars)}
    table = labels.choose(places, EVERYTHING)
    negatives = set(table.filter(pc.equal(table["label"], 0))["doc_id"].to_pylist())
    train = changed.filter(pc.equal(changed["split"], "train"))
    assert negatives == set(train["doc_id"].to_pylist())


@given(st.lists(st.integers(0, 12), min_size=10, max_size=200), st.integers(0, 99))
def test_division_by_families_or_by_documents_where_these_are_few(of, seed):
    families = np.array([f"f{n}" for n in of])
    keys = np.random.default_rng(seed).permutation(len(of)).astype(np.uint64)
    out, fold = divided(families, keys)
    few = len(set(of)) < 3
    if few:
        assert out.sum() == len(of) // 5 and len(set(fold[~out])) == FOLDS
    else:
        for name in set(of):
            assert len(set(out[families == f"f{name}"])) == 1 == len(set(fold[families == f"f{name}"]))
        sizes = sorted(of.count(n) for n in set(of))
        assert 0 < out.sum() <= max(0.3 * len(of), sizes[0]) < len(of)
    order = np.random.default_rng(seed + 1).permutation(len(of))
    again = divided(families[order], keys[order])
    assert np.array_equal(again[0], out[order]) and np.array_equal(again[1], fold[order])


def test_tests_and_examples_are_no_labels_and_a_family_has_at_most_its_share(tmp_path, pool, exemplars):
    paths = [f"p{i % 4}/{name}" for i, name in enumerate(exemplars["path"].to_pylist())]
    paths[0], paths[1], paths[2] = "a/tests/x.py", "a/test_y.py", "examples/z.py"
    repos = ["big==1.0" if i < 14 else f"small{i}==1.0" for i in range(exemplars.num_rows)]
    changed = exemplars.set_column(3, "path", pa.array(paths)).set_column(2, "repo", pa.array(repos))
    assert changed.column_names == exemplars.column_names
    places = {"documents": lay(tmp_path / "c", pool), "exemplars": lay(tmp_path / "e", changed)}
    for share in (0.5, 1.0, 0.2):
        table = labels.choose(places, replace(LABELS, family_share=share)).to_pylist()
        good = [row for row in table if row["label"] == 1]
        kept = {row["doc_id"] for row in good}
        assert not kept & set(exemplars["doc_id"].to_pylist()[:3])
        big = sum(row["family"] == "big" for row in good)
        others = exemplars.num_rows - 14
        assert len(good) == big + others and big <= share * len(good)
        assert big == 11 or big + 1 > share * (len(good) + 1), "no more is dropped than must be"


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


def test_shuffled_labels_are_dealt_out_within_a_language_and_the_heldout_stay(inputs):
    table = labels.choose(inputs, LABELS)
    made = drawing.shuffled(table, 1)
    assert made.drop_columns("label").equals(table.drop_columns("label"))
    learnt = np.array(table["split"].to_pylist()) == "train"
    before, after = (np.array(t["label"].to_pylist()) for t in (table, made))
    assert (before[~learnt] == after[~learnt]).all() and (before[learnt] != after[learnt]).mean() > 0.2
    languages = np.array(table["language"].to_pylist())
    for language in set(languages.tolist()):
        mine = learnt & (languages == language)
        assert sorted(before[mine]) == sorted(after[mine])
