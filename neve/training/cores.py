"""Data parallelism over the cores of a CPU: each core trains on its own windows.

Operations that all cores share make them wait for each other some thousand times a step; threads that each
run the whole model wait once. Every thread has a replica: a model over the same weights with its own
gradients. Gradients are added up in a fixed order, so the result does not depend on which thread finishes
first. The trade-offs: one more set of gradients per thread, and sums whose order depends on the number of
threads. On a GPU, under torchrun, and with compiled layers there is one model only.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from neve.training.distributed import World
from neve.training.memory import Device
from neve.training.model import Llama


class Replicas:
    """Models over one set of weights, one for each core that has windows of a micro batch."""

    def __init__(self, model: Llama, micro_batch: int, world: World) -> None:
        self.cores = torch.get_num_threads()
        device = Device(world.device.type, world.size, self.cores, compiled=model.compiled)
        number = device.models(micro_batch) if world.alone else 1
        self.models = [model, *(_replica(model) for _ in range(1, number))]
        self.each = self.cores // len(self.models)
        self.busy = True  # threads check before each window whether anyone still waits for their result
        self.pool = ThreadPoolExecutor(len(self.models), "core", torch.set_num_threads, (self.each,))

    def sum(self, work: Callable[[int], Tensor]) -> Tensor:
        """Σ work(i) over the models' numbers, one thread each; afterwards the first model has the sum of the
        gradients."""
        first, *others = self.models
        if not others:
            return work(0)
        torch.set_num_threads(self.each)
        self.busy = True
        try:
            total = torch.stack(list(self.pool.map(work, range(len(self.models))))).sum()
        finally:
            self.busy = False
            torch.set_num_threads(self.cores)
        for other in others:
            for mine, theirs in zip(first.parameters(), other.parameters(), strict=True):
                if theirs.grad is not None and mine.grad is not None:
                    mine.grad += theirs.grad
                theirs.grad = None
        return total


def _replica(model: Llama) -> Llama:
    """A model over the same memory of weights, with its own gradients."""
    replica = Llama(model.config, seed=None)
    replica.load_state_dict(model.state_dict(), assign=True)
    replica.prepare(model.compiled, model.recomputes)
    return replica.requires_grad_().train()
