"""neve.quality.annotators.tuned_encoder, from a small encoder with random weights. Oracles: which labels each model has
seen, by the folds; the encoder that it starts from; an undisturbed run for a killed one."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.quality import annotators
from neve.quality.annotator import FOLDS, Documents
from neve.quality.annotators import encoder as kind
from neve.quality.annotators import tuned_encoder
from neve.quality.annotators.encoder import Encoder
from neve.quality.settings import Fit
from neve.recipe.annotators import Tuned as Table


def fit(out, inputs, small, **more):
    table = Table(kind="tuned", labels=["code"], encoder=str(small), section_tokens=48, **more)
    return tuned_encoder.fit(Fit(table, seed=1), inputs, out)


@pytest.fixture(scope="module")
def tuned(inputs, small, tmp_path_factory):
    out = tmp_path_factory.mktemp("tuned")
    fit(out, inputs, small, sections=["top", "bottom"], epochs=8, lr=4e-3)
    return out


def test_it_has_learnt_what_it_was_shown_and_layers_have_moved(tuned, small, inputs, tmp_path):
    opened = annotators.load(tuned)
    labels = documents.read(inputs["labels-code"] / "labels", filters=pc.field("split") == "train").sort_by(
        "doc_id"
    )
    found = opened.score_by(
        "whole", Documents((inputs["labels-code"] / "documents",)).only(labels["doc_id"]), tmp_path
    )
    scores, good = found.sorted().means(), labels["label"].to_numpy() == 1
    assert scores[good].mean() > scores[~good].mean() + 0.3 and np.all((scores > 0) & (scores < 1))
    cut = opened.model("whole").first.sections(["def f():\n    return 1\n"])
    before = next(Encoder(str(small), 48, ["top"], "fp32").embed(cut, np.array([0])))
    after = next(Encoder(str(tuned / "whole"), 48, ["top"], "fp32").embed(cut, np.array([0])))
    assert not np.allclose(before, after, atol=1e-2)
    about = json.loads((tuned / "annotator.json").read_text())
    assert about["kind"] == "tuned" and about["sections"] == ["top", "bottom"]
    assert about["heldout"]["roc_auc"] is not None
    if about["gate"] is not None:
        assert about["precision"] == ("bf16" if about["gate"]["passes"] else "fp32")


def test_each_document_is_judged_by_a_model_that_has_not_learnt_from_it(tuned, inputs, tmp_path):
    found, opened = Documents((inputs["documents"] / "documents",)), annotators.load(tuned)
    (tmp_path / "all").mkdir()
    whole = opened.score(found, tmp_path / "all")
    ids = documents.read(inputs["documents"] / "documents", ["doc_id"])["doc_id"].to_pylist()
    assert sorted(whole.doc_ids.astype("U32").tolist()) == sorted(ids)
    value = dict(zip(whole.doc_ids.astype("U32").tolist(), whole.means().tolist(), strict=True))
    rows = documents.read(inputs["labels-code"] / "labels").to_pylist()
    fold = {row["doc_id"]: row["fold"] for row in rows if row["split"] == "train"}
    one, two = json.loads((tuned / "tuned.json").read_text())["halves"]
    assert sorted(one + two) == list(range(FOLDS))
    for name, folds in (("second", one), ("first", two), ("whole", None)):
        mine = [d for d in value if (fold.get(d, -1) in folds if folds else d not in fold)]
        (tmp_path / name).mkdir()
        some = found.only(pa.array(mine, pa.string()))
        again = opened.score_by(name, some, tmp_path / name)
        other = dict(zip(again.doc_ids.astype("U32").tolist(), again.means().tolist(), strict=True))
        assert mine and all(abs(other[d] - value[d]) < 1e-6 for d in mine)


def test_a_killed_run_goes_on_and_ends_the_same(tuned, inputs, tmp_path):
    found, opened = Documents((inputs["documents"] / "documents",)), annotators.load(tuned)
    whole = opened.score(found, tmp_path)
    for file in sorted(tmp_path.glob("*/0*.npz"))[1:]:
        file.unlink()
    again = opened.score(found, tmp_path)
    assert np.array_equal(again.doc_ids, whole.doc_ids) and np.array_equal(again.sections, whole.sections)


def test_two_devices_give_what_one_gives(tuned, inputs, tmp_path, monkeypatch):
    """Oracle: the scores of one device. The second device is the same processor again."""
    monkeypatch.setattr(kind, "BLOCK", 16)
    found, found_in = Documents((inputs["documents"] / "documents",)), []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        opened = annotators.load(tuned)
        if name == "two":
            for one in tuned_encoder.NAMES:
                first, other = opened.model(one).first, tuned_encoder.load_one(tuned / one).first
                monkeypatch.setattr(first, "beside", lambda pair=(first, other): list(pair))
        found_in.append(opened.score(found, tmp_path / name))
    assert np.array_equal(found_in[0].doc_ids, found_in[1].doc_ids)
    assert np.array_equal(found_in[0].sections, found_in[1].sections)
    for scored in found_in:
        assert 0 <= scored.timings["device_waits"] < 1 and scored.timings["device_seconds"] > 0
    assert other.busy > 0, "the second device took some blocks"


def test_values_are_a_regression_and_the_same_seed_gives_the_same_model(inputs, small, tmp_path):
    digests = set()
    for name in ("a", "b"):
        out = tmp_path / name
        out.mkdir()
        fit(out, inputs, small, sections=["top"], epochs=2, lr=1e-3, labels_are="values")
        digests.add((out / "whole" / "model.safetensors").read_bytes())
    assert len(digests) == 1 and annotators.load(out).model("whole")._values
