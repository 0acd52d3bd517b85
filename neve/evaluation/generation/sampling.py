"""How the next token is chosen: the most likely one, or drawn by temperature and nucleus.

Each sample has random numbers of its own, from (seed, key), one a step: what a sample becomes does not
depend on which others share its batch, nor on how many there are. The trade-off: softmax and sort are in
fp32 on the model's device, the draw is by inverse distribution, one row at a time in NumPy.

Source: Holtzman et al. (arXiv 1904.09751) for the nucleus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neve import hashing

if TYPE_CHECKING:
    from torch import Tensor

Choose = Callable[["Tensor", Sequence[int]], "Tensor"]
"""(logits [rows, V], numbers of the rows) -> ids [rows]"""


@dataclass(frozen=True)
class Sampling:
    temperature: float = 0.0
    """0: the most likely token."""
    top_p: float = 1.0
    seed: int = 1


def likeliest(logits: Tensor, rows: Sequence[int]) -> Tensor:
    return logits.argmax(dim=-1)


def chooser(sampling: Sampling, keys: Sequence[str]) -> Choose:
    """The function that chooses for the rows of a batch, known by `keys`."""
    if sampling.temperature == 0:
        return likeliest
    import torch

    generators = [np.random.Generator(np.random.PCG64(seed_of(sampling.seed, key))) for key in keys]

    def choose(logits: Tensor, rows: Sequence[int]) -> Tensor:
        scaled = torch.softmax(logits.float() / sampling.temperature, dim=-1)
        chances, order = scaled.sort(dim=-1, descending=True)
        mass = chances.double().cumsum(dim=-1).cpu().numpy()
        drawn = [
            _drawn(line, sampling.top_p, generators[row].random())
            for line, row in zip(mass, rows, strict=True)
        ]
        index = torch.tensor(drawn, device=order.device)[:, None]
        return order.gather(1, index)[:, 0]

    return choose


def _drawn(mass: np.ndarray, top_p: float, number: float) -> int:
    """Which token, by falling chance, `number` (0 to 1) draws from the nucleus; `mass` is
    cumulative, [V]."""
    nucleus = int(np.searchsorted(mass, top_p * mass[-1])) + 1
    wanted = number * mass[min(nucleus, len(mass)) - 1]
    return min(int(np.searchsorted(mass, wanted, "right")), len(mass) - 1)


def seed_of(seed: int, key: str) -> int:
    """The seed of the sample that is known by `key`."""
    return hashing.seed_of(f"{seed}/sample/{key}", bits=64)
