"""The cores of a CPU, each with windows of its own.

An operation that all cores share makes them wait for each other, some thousand times a step; threads that each go through
the whole model wait once. Every thread has a model over the same weights and its own gradients, which are added up in a
fixed order, so the result does not depend on who is ready first. The trade-offs: gradients once more for each thread, sums
in an order that hangs on their number. On a GPU, under torchrun and where layers are compiled there is one model alone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from neve.training.distributed import World
from neve.training.memory import Device
from neve.training.model import Llama


class Crew:
    """Models that share one set of weights, as many as there are cores and windows of a micro batch to share."""

    def __init__(self, model: Llama, micro_batch: int, world: World) -> None:
        self.cores = torch.get_num_threads()
        device = Device(world.device.type, world.size, self.cores, compiled=model.compiled)
        number = device.models(micro_batch) if world.alone else 1
        self.models = [model, *(_twin(model) for _ in range(1, number))]
        self.each = self.cores // len(self.models)
        self.busy = True  # while somebody waits for what threads do; they look before each window
        self.pool = ThreadPoolExecutor(len(self.models), "core", torch.set_num_threads, (self.each,))

    def sum(self, work: Callable[[int], Tensor]) -> Tensor:
        """Σ work(i) over the models' numbers, each on a thread of its own; their gradients are the first one's then."""
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


def _twin(model: Llama) -> Llama:
    """A model whose weights are the same memory, with gradients of its own."""
    twin = Llama(model.config, seed=None)
    twin.load_state_dict(model.state_dict(), assign=True)
    twin.prepare(model.compiled, model.recomputes)
    return twin.requires_grad_().train()
