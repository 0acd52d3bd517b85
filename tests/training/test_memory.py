"""Oracles: what PyTorch's allocator holds in a real step (`held`), alone and in two processes; figures of a real H100."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import held
import pytest
import torch
from processes import together

from neve.training.cores import Replicas
from neve.training.distributed import ALONE
from neve.training.loss import scaled_loss
from neve.training.memory import Device, estimate, recomputed
from neve.training.model import Config, Llama
from neve.training.settings import Model, Training

PAPER = Model(2048, 5632, 24, 16, 16, 1e4, 1e-5, tied=True)


def paper(sequence: int, micro_batch: int, windows: int, recomputation: str = "none") -> Training:
    return replace(
        held.training(held.CASES[0], 1), sequence=sequence, batch=windows, micro_batch=micro_batch,
        activation_checkpointing=recomputation,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sequence", "micro_batch", "recomputation", "gib"),
    [
        (8192, 1, "none", 37.8), (8192, 2, "none", 51.1), (8192, 3, "none", 63.5), (2048, 4, "none", 37.8),
        (2048, 8, "none", 51.1), (2048, 12, "none", 63.5), (2048, 16, "none", 75.9), (8192, 4, "selective", 45.1),
    ],
)  # fmt: skip
def test_peaks_measured_on_one_h100(sequence, micro_batch, recomputation, gib):
    """`benchmarks/h100.py`, torch 2.13: peaks of the allocator with the recipe's model, compiled, several micro batches a
    step."""
    training = paper(sequence, micro_batch, 2 * micro_batch, recomputation)
    assert estimate(PAPER, 64_000, training, Device("cuda"))["total"] / 2**30 == pytest.approx(gib, rel=0.03)


def within(cases: list[dict], processes: int) -> None:
    for case, found in zip(held.CASES, cases, strict=True):
        device = Device("cpu", processes, bf16=case[0] == "bf16", compiled=False)
        rows = estimate(held.SHAPE, held.VOCABULARY, held.training(case, processes), device)
        assert rows["gradients"] == found["gradients"], case
        assert rows["total"] == pytest.approx(found["peak"], rel=0.1), case


def test_memory_of_one_process():
    within([held.measure(case, ALONE) for case in held.CASES], 1)


def test_memory_of_two_processes():
    """Each holds half of the gradients, also after several micro batches."""
    for done in together(Path(held.__file__).read_text().replace("__file__", repr(held.__file__))):
        assert done.returncode == 0, done.stderr[-2000:]
        within(json.loads(done.stdout), 2)


def test_gradients_of_the_paper_on_64_gpus():
    """Four micro batches a step: 4 bytes a weight in 64 shares."""
    rows = estimate(PAPER, 64_000, paper(8192, 2, 512), Device("cuda", 64))
    assert rows["gradients"] == 4 * 1_364_297_728 / 64
    assert rows["gathered"] > 2 * 64_000 * 2048, "the embedding is gathered for the whole step"


def test_each_core_has_gradients_of_its_own():
    """Bytes of all models' gradients in a step, before they are added up."""
    torch.set_num_threads(3)
    config = Config(vocab_size=held.VOCABULARY, max_positions=held.SEQUENCE, **asdict(held.SHAPE))
    replicas = Replicas(Llama(config, seed=1), 2, ALONE)
    tokens = torch.zeros(1, held.SEQUENCE, dtype=torch.int64)
    sizes = [0] * len(replicas.models)

    def share(number: int) -> torch.Tensor:
        scaled_loss(replicas.models[number], tokens, tokens, 1.0).backward()
        sizes[number] = sum(p.grad.nbytes for p in replicas.models[number].parameters())
        return torch.zeros(())

    with replicas.pool:
        replicas.sum(share)
    training = held.training(("fp32", 2, 2, "none", False, "adamw"), 1)
    rows = estimate(held.SHAPE, held.VOCABULARY, training, Device("cpu", 1, 3, bf16=False, compiled=False))
    assert len(sizes) == 2 and rows["gradients"] == sum(sizes)


def test_auto_recomputes_where_the_rest_does_not_fit():
    """The paper's model in micro batches of 16 windows of 2,048 tokens takes 75.9 GiB: too much for nine tenths of 79."""
    asked = {name: paper(2048, 16, 32, name) for name in ("auto", "none", "selective")}
    card = Device("cuda", capacity=79 << 30)
    assert recomputed(PAPER, 64_000, asked["auto"], card)
    assert not recomputed(PAPER, 64_000, asked["auto"], Device("cuda", capacity=139 << 30))
    assert not recomputed(PAPER, 64_000, asked["auto"], Device("cpu"))
    assert recomputed(PAPER, 64_000, asked["selective"], Device("cuda", capacity=139 << 30))
    totals = {name: estimate(PAPER, 64_000, training, card)["total"] for name, training in asked.items()}
    assert totals["auto"] == totals["selective"] < totals["none"]
