"""Oracle: figures of the paper, and the law of repetition written out."""

import copy
import math
from typing import Any

import pytest

from neve.errors import Fault
from neve.quality.pools import effective_tokens
from neve.recipe.recipe import Recipe, RecipeError
from neve.run.plan import plan
from neve.settings import pick
from neve.training.costs import parameters
from neve.training.settings import Model


@pytest.fixture
def paper() -> Recipe:
    """The recipe of the paper, with the defaults that are its own."""
    return Recipe.model_validate(PAPER)


POSITIVES = [{"kind": "table", "path": "p.parquet"}]
PAPER: dict[str, Any] = {
    "run": {"name": "paper"},
    "corpus": {"sources": POSITIVES},
    "labels": {"good": {"positives": POSITIVES}},
    "annotators": {"encoder": {"kind": "encoder", "labels": ["good"]}},
    "phase": [
        {
            "name": "general",
            "data": "corpus",
            "tokens": 500_000_000_000,
            "lr": {"peak": 5.3e-4, "floor": 5.3e-5, "warmup": 600, "shape": "cosine"},
        },
        {
            "name": "quality",
            "data": "selection",
            "tokens": 50_000_000_000,
            "start": "general",
            "controls": {"random": 1},
            "lr": {"peak": 5.3e-4, "warmup": 1000},
        },
        {
            "name": "synthetic",
            "data": "synthetic",
            "tokens": 5_000_000_000,
            "start": "quality",
            "lr": {"peak": 5.3e-4},
        },
    ],
    "synthesis": {"tokens": 2_000_000_000, "seeds": 1000},
}


def test_parameters_of_the_paper(paper):
    """1,364,297,728 with the tied embedding, 1.233B without."""
    count = parameters(pick(Model, paper.model), 64_000)
    assert count["all"] == 1_364_297_728
    assert count["other"] == 1_233_225_728 and count["embeddings"] == 64_000 * 2048


def test_steps_flops_and_hours_of_the_paper(paper):
    """About 119.2k, 11.9k and 1.2k steps; 4.54e21 by 6N, 5.88e21 causal, 7.22e21 by PaLM over 555B tokens."""
    figures = plan(paper, 64_000, gpus=8, mfu=0.5)
    named = {row["phase"]: row for row in figures["phases"]}
    assert [named[n]["steps"] for n in ("general", "quality", "synthetic")] == [119_210, 11_921, 1_193]
    total = figures["total"]
    assert total["tokens"] == 555_000_000_000
    assert total["flops"]["6N"] == pytest.approx(4.54e21, rel=2e-3)
    assert total["flops"]["causal"] == pytest.approx(5.88e21, rel=2e-3)
    assert total["flops"]["palm"] == pytest.approx(7.22e21, rel=2e-3)
    assert total["hours"] == pytest.approx(7.2248e21 / (8 * 0.5 * 989e12) / 3600, rel=1e-3)
    half = plan(paper, 64_000, gpus=4, mfu=0.5)["total"]["hours"]
    assert half == pytest.approx(2 * total["hours"])


def test_one_h100_at_half_utilisation(paper):
    """38,000 tokens a second at T = 8192, the figure of the peers' page."""
    per_token = plan(paper, 64_000)["phases"][0]["flops_per_token"]["palm"]
    assert 0.5 * 989e12 / per_token == pytest.approx(38_000, rel=0.01)


def test_phases_and_controls(paper):
    figures = plan(paper, 64_000, corpus_tokens=400_000_000_000)
    assert [r["phase"] for r in figures["phases"]] == ["general", "quality", "quality-random", "synthetic"]
    general, quality, control, synthetic = figures["phases"]
    assert general["epochs"] == 1.25 and quality["epochs"] == 4 and synthetic["epochs"] == 2.5
    assert quality["unique_tokens"] == 12_500_000_000
    assert control["control"] and control["flops"] == quality["flops"]
    assert control["epochs"] == 1 and control["effective_tokens"] == control["tokens"] == quality["tokens"]
    assert figures["with_controls"]["tokens"] == 605_000_000_000
    unknown = plan(paper, 64_000)["phases"][0]
    assert unknown["unique_tokens"] is unknown["epochs"] is unknown["effective_tokens"] is None


def test_repetition_law():
    """One epoch is worth itself, four nearly four (3.73), and no number more than U (1 + R*)."""
    assert effective_tokens(100, 1) == 100
    assert effective_tokens(100, 0.5) == 50
    assert effective_tokens(100, 4) == pytest.approx(100 + 100 * 15.39 * (1 - math.exp(-3 / 15.39)))
    assert effective_tokens(1, 4) == pytest.approx(3.725, abs=1e-3)
    assert effective_tokens(1, 1e6) == pytest.approx(16.39)


def test_memory_and_disk(paper):
    """16 bytes a weight in shares; uint16 tokens; two checkpoints of 12 bytes a weight; an fp32 model a phase."""
    one, eight = (plan(paper, 64_000, gpus=g, corpus_tokens=400_000_000_000) for g in (1, 8))
    n = 1_364_297_728
    states = ("weights", "gradients", "moments")
    assert sum(one["memory"][s] for s in states) == 16 * n
    assert sum(eight["memory"][s] for s in states) == 2 * n
    assert one["memory"]["recomputed"] and eight["memory"]["recomputed"], "16 windows of 8,192 tokens"
    smaller = plan(Recipe.model_validate(PAPER | {"training": {"micro_batch": 2}}), 64_000, gpus=8)["memory"]
    assert not smaller["recomputed"] and smaller["activations"] < eight["memory"]["activations"]
    assert eight["disk"]["tokens"] == 2 * 402_000_000_000
    assert eight["disk"]["checkpoints"] == 24 * n and eight["disk"]["models"] == 4 * 4 * n
    assert plan(paper, 70_000)["disk"]["tokens"] == 4 * 502_000_000_000


def test_each_core_of_a_cpu_has_gradients(paper):
    """Sixteen windows of a micro batch are shared by 4 cores, each with 4 bytes a weight of gradients."""
    one, four = (plan(paper, 64_000, cores=cores)["cpu_memory"] for cores in (1, 4))
    assert one["gradients"] == 4 * 1_364_297_728 and four["gradients"] == 4 * one["gradients"]


def test_phases_with_sizes_epochs_and_mixes_of_their_own(paper):
    """Figures by hand: steps of other windows and batches, epochs over known tokens, parts of a mix each by the law."""
    data = copy.deepcopy(PAPER)
    general, quality, synthetic = data["phase"]
    general |= {"epochs": 2}
    quality |= {"sequence": 2048, "batch_tokens": 1 << 20}
    mix = [{"data": "selection", "weight": 1.0}, {"data": "corpus", "weight": 3.0}]
    synthetic |= {"mix": mix, "tokens": 40_000_000_000, "controls": {"random": 1, "random-repeated": 1}}
    del general["tokens"], synthetic["data"]
    paper = Recipe.model_validate(data)
    with pytest.raises(Fault, match=r"phase 'general' counts epochs.*corpus\.expected_tokens"):
        plan(paper, 64_000)
    known = plan(paper, 64_000, corpus_tokens=100_000_000_000)
    rows = {row["phase"]: row for row in known["phases"]}
    assert rows["general"]["tokens"] == 200_000_000_000 and rows["general"]["epochs"] == 2
    assert rows["general"]["steps"] == math.ceil(200e9 / (512 * 8192))
    assert rows["quality"]["steps"] == math.ceil(50e9 / (1 << 20))
    attention = 12 * 24 * 2048 * (8192 - 2048)
    per_token = [rows[name]["flops_per_token"]["palm"] for name in ("general", "quality")]
    assert per_token[0] - per_token[1] == attention
    assert rows["quality"]["cpu_memory"]["activations"] == rows["general"]["cpu_memory"]["activations"] / 4
    assert known["memory"] == rows["general"]["memory"]
    mixed = rows["synthetic"]
    assert mixed["data"] == "selection + corpus" and mixed["unique_tokens"] == 2.5e9 + 100e9
    assert mixed["effective_tokens"] == effective_tokens(2.5e9, 4) + 30e9
    once, repeated = rows["synthetic-random"], rows["synthetic-random-repeated"]
    assert once["unique_tokens"] == 10e9 + 100e9 and once["effective_tokens"] == 10e9 + 30e9
    assert repeated["unique_tokens"] == mixed["unique_tokens"] and repeated["control"]


def test_a_curve_that_does_not_fit_its_phase_fails_as_its_training_would(paper):
    """A warm-up longer than the epochs of a known corpus, and a single step at the rate 0; a last one is said."""
    data = copy.deepcopy(PAPER)
    del data["phase"][0]["tokens"]
    data["phase"][0]["epochs"] = 1
    with pytest.raises(
        RecipeError, match=r"phase 'general': lr\.warmup = 600.*phase of 239 steps; lower them"
    ):
        plan(Recipe.model_validate(data), 64_000, corpus_tokens=1_000_000_000)
    one = copy.deepcopy(PAPER)
    one["phase"][2]["tokens"] = 4_000_000
    with pytest.raises(RecipeError, match=r"phase 'synthetic': lr\.floor = 0 is the rate of its only"):
        plan(Recipe.model_validate(one), 64_000)
    rows = plan(paper, 64_000)["phases"]
    assert {row["phase"]: row["wasted_steps"] for row in rows if not row["control"]} == {
        "general": 0, "quality": 1, "synthetic": 1,
    }  # fmt: skip


def test_kept_moments_take_disk(paper):
    phases = [*PAPER["phase"][:2], PAPER["phase"][2] | {"moments": "keep"}]
    kept = plan(Recipe.model_validate(PAPER | {"phase": phases}), 64_000)
    assert kept["disk"]["moments"] == 8 * kept["parameters"]["all"]
    assert plan(paper, 64_000)["disk"]["moments"] == 0
