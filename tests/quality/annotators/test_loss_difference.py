"""neve.quality.annotators.loss_difference. Oracle: log-probabilities of each section by itself, unpadded, from the
model's logits; and a model that was trained on some of the documents."""

import math

import numpy as np
import pytest
import torch

from neve.errors import Fault
from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import loss_difference
from neve.quality.settings import Fit
from neve.recipe.annotators import LossDifference as Table


@pytest.fixture(scope="module")
def annotator(checkpoints, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("annotator")
    folders = {name: str(checkpoints / name) for name in ("better", "base")}
    table = Table(kind="loss-difference", section_tokens=48, **folders)
    loss_difference.fit(Fit(table, seed=1), {"documents": inputs["documents"]}, out)
    return out


def test_a_score_is_what_the_better_model_saves(annotator, inputs, pool, tmp_path):
    opened = annotators.load(annotator)
    scored = opened.score(Documents((inputs["documents"] / "documents",)), tmp_path).sorted()
    order = np.argsort(pool["doc_id"].to_numpy())
    ends = np.cumsum(scored.counts)
    for row in (0, 7, 23):
        text = pool["content"][int(order[row])].as_py()
        found = opened.sections([text])
        for at, section in enumerate(np.split(found.tokens, found.starts[1:])):
            bits = []
            for one in opened.models:
                given = torch.tensor([[opened.tokenizer.eos, *section[:-1].tolist()]])
                logits = torch.log_softmax(one.logits(one(given)[0]).float(), dim=-1)
                bits.append(-logits[range(len(section)), section.tolist()].sum().item() / math.log(2))
            place = ends[row] - scored.counts[row] + at
            assert abs(scored.sections[place] - (bits[1] - bits[0]) / len(section)) < 2e-3


def test_what_the_better_model_has_seen_ranks_first(annotator, inputs, pool, tmp_path):
    scored = annotators.load(annotator).score(Documents((inputs["documents"] / "documents",)), tmp_path)
    seen = np.isin(scored.doc_ids.astype("U32"), pool["doc_id"].to_pylist()[-12:])
    means = scored.means()
    assert means[seen].mean() > means[~seen].mean() and means.mean() > 0.5


def test_a_killed_run_goes_on_and_layout_makes_no_difference(annotator, inputs, pool, tmp_path):
    from ..conftest import lay

    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir(), second.mkdir()
    opened = annotators.load(annotator)
    whole = opened.score(Documents((inputs["documents"] / "documents",)), first)
    for file in sorted(first.glob("0*.npz"))[1:]:
        file.unlink()
    again = opened.score(Documents((inputs["documents"] / "documents",)), first)
    assert np.array_equal(again.sections, whole.sections)
    other = lay(tmp_path / "turned", pool.take(np.arange(pool.num_rows)[::-1]), files=3)
    moved = opened.score(Documents((other / "documents",)), second).sorted()
    assert np.array_equal(moved.sections, whole.sorted().sections)


def test_two_devices_give_what_one_gives(annotator, inputs, tmp_path, monkeypatch):
    """Oracle: the scores of one device. The second device is the same processor again."""
    monkeypatch.setattr(loss_difference.LossDifference, "block", 64)
    found, scored = Documents((inputs["documents"] / "documents",)), []
    one, two, other = (annotators.load(annotator) for _ in range(3))
    monkeypatch.setattr(two, "beside", lambda: [two, other])
    for name, opened in (("one", one), ("two", two)):
        (tmp_path / name).mkdir()
        scored.append(opened.score(found, tmp_path / name))
        assert 0 <= scored[-1].timings["device_waits"] < 1
    assert np.array_equal(scored[0].sections, scored[1].sections) and two.busy > 0 and other.busy > 0


def test_further_gpus_are_those_that_this_process_may_use(annotator, monkeypatch):
    """Two GPUs that are not there: models stay where they are, and which device each is for is told."""
    opened = annotators.load(annotator)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert opened.beside() == [opened], "on the processor there is one"
    opened.device = "cuda:0"
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, device: self)
    assert [one.device for one in opened.beside()] == ["cuda:0", "cuda:1"]


def test_models_that_will_not_do(annotator, checkpoints, inputs, tmp_path):
    def fit(**more):
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        given = {"better": str(checkpoints / "better"), "base": str(checkpoints / "base")} | more
        loss_difference.fit(Fit(Table(kind="loss-difference", **given), seed=1), inputs, out)

    with pytest.raises(Fault, match="the models read 64 at most"):
        fit()
    with pytest.raises(Fault, match=r"base = .*no model with a tokenizer\.json"):
        fit(base=str(tmp_path))
    file = checkpoints / "base" / "model.safetensors"
    kept = file.read_bytes()
    try:
        file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        with pytest.raises(Fault, match="is not the model that it was"):
            annotators.load(annotator)
    finally:
        file.write_bytes(kept)
