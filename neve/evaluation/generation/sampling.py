"""How the next token is chosen: the likeliest, or drawn by temperature and nucleus.

Each sample has random numbers of its own, from (seed, key), one a step: what a sample becomes does not depend on which
others share its batch or how many there are. Trade-off: softmax and the sort are in fp32 on the model's device,
the draw is by inverse distribution, one row at a time in NumPy.

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
    """0: the likeliest token."""
    top_p: float = 1.0
    seed: int = 1


def likeliest(logits: Tensor, rows: Sequence[int]) -> Tensor:
    return logits.argmax(dim=-1)


def chooser(sampling: Sampling, keys: Sequence[str]) -> Choose:
    """A way to choose for the rows of a batch, known by `keys`."""
    if sampling.temperature == 0:
        return likeliest
    import torch

    generators = [np.random.Generator(np.random.PCG64(seed_of(sampling.seed, key))) for key in keys]

    def choose(logits: Tensor, rows: Sequence[int]) -> Tensor:
        chances, order = torch.softmax(logits.float() / sampling.temperature, dim=-1).sort(
            dim=-1, descending=True
        )
        mass = chances.double().cumsum(dim=-1).cpu().numpy()
        places = []
        for line, row in zip(mass, rows, strict=True):
            kept = int(np.searchsorted(line, sampling.top_p * line[-1])) + 1
            places.append(
                min(
                    int(
                        np.searchsorted(
                            line, generators[row].random() * line[min(kept, len(line)) - 1], "right"
                        )
                    ),
                    len(line) - 1,
                )
            )
        index = torch.tensor(places, device=order.device)[:, None]
        return order.gather(1, index)[:, 0]

    return choose


def seed_of(seed: int, key: str) -> int:
    """A seed for what is known by `key`."""
    return hashing.seed_of(f"{seed}/sample/{key}", bits=64)
