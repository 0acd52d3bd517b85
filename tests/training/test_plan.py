"""Oracle: figures of the paper and of issue 2, a model that is really built, and the law written out."""

import math

import pytest

from neve.recipe import Recipe
from neve.training.model import Config, Llama
from neve.training.plan import effective_tokens, parameters, plan


@pytest.fixture
def paper() -> dict:
    """The recipe of the paper, with the defaults that are its own."""
    positives = [{"kind": "table", "path": "p.parquet"}]
    return Recipe.model_validate(
        {
            "run": {"name": "paper"},
            "corpus": {"sources": positives},
            "annotator": {"positives": positives},
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
                    "control": True,
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
    ).model_dump(mode="json")


def test_parameters_of_the_paper(paper):
    """1,364,297,728 with the tied embedding, 1.233B without."""
    count = parameters(paper["model"], 64_000)
    assert count["all"] == 1_364_297_728
    assert count["other"] == 1_233_225_728 and count["embeddings"] == 64_000 * 2048


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_of_a_built_model(tied):
    section = {"hidden": 48, "intermediate": 100, "layers": 3, "heads": 6, "kv_heads": 2, "tied": tied}
    model = Llama(Config(vocab_size=99, rope_base=1e4, norm_eps=1e-5, max_positions=8, **section))
    assert parameters(section, 99)["all"] == sum(p.numel() for p in model.parameters())


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
    per_token = plan(paper, 64_000)["flops_per_token"]["palm"]
    assert 0.5 * 989e12 / per_token == pytest.approx(38_000, rel=0.01)


def test_phases_and_controls(paper):
    figures = plan(paper, 64_000, corpus_tokens=400_000_000_000)
    assert [r["phase"] for r in figures["phases"]] == ["general", "quality", "quality-random", "synthetic"]
    general, quality, control, synthetic = figures["phases"]
    assert general["epochs"] == 1.25 and quality["epochs"] == 4 and synthetic["epochs"] == 2.5
    assert quality["unique_tokens"] == 12_500_000_000
    assert control["control"] and control["flops"] == quality["flops"]
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
    assert eight["disk"]["tokens"] == 2 * 402_000_000_000
    assert eight["disk"]["checkpoints"] == 24 * n and eight["disk"]["models"] == 4 * 4 * n
    assert plan(paper, 70_000)["disk"]["tokens"] == 4 * 502_000_000_000


def test_activation_estimate_is_what_autograd_keeps():
    """Oracle: bytes saved for the backward pass by a real bf16 forward pass of the layers, within 15 %."""
    import torch

    section = {"hidden": 256, "intermediate": 704, "layers": 3, "heads": 4, "kv_heads": 2, "tied": True}
    model = Llama(Config(vocab_size=64, rope_base=1e4, norm_eps=1e-5, max_positions=256, **section))
    storages: dict[int, int] = {}
    shapes = {s for p in model.parameters() for s in (p.shape, p.shape[::-1])}

    def pack(t: torch.Tensor) -> torch.Tensor:
        where = t.untyped_storage().data_ptr()
        if t.shape not in shapes:
            storages[where] = t.untyped_storage().nbytes()
        return t

    tokens = torch.randint(0, 64, (2, 256))
    with (
        torch.autocast("cpu", dtype=torch.bfloat16),
        torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t),
    ):
        hidden = model(tokens)
    assert hidden.requires_grad
    from neve.training.plan import _memory

    training = {"micro_batch": 2, "batch": 2, "sequence": 256}
    assert _memory(section, training, 1, 1)["activations"] == pytest.approx(sum(storages.values()), rel=0.15)
