"""Muon: a matrix moves along its orthogonalized momentum, scaled so that AdamW's rates and weight decay fit.

Five Newton-Schulz steps push all singular values of the momentum towards 1 (they end between about 0.7 and
1.2, which is enough), and the result is scaled by 0.2 · √(larger side), the RMS of AdamW's usual update.
Only the matrices inside layers are trained so; embeddings, head and norms are AdamW's. One moment a weight
is kept instead of two. The trade-offs: a step costs about 5 · (4 r²c + 2 r³) FLOPs for each matrix of r rows
and c ≥ r columns, a quarter of a step of 2,048 tokens at a hidden size of 192; and a sharded matrix has to
be put together. For that, processes take matrices in turn: each gets the shards of its own, iterates, and
sends shards back, so no work is done twice.

The iteration runs in the precision of training: in fp32 where a processor does not multiply bf16 natively,
which would take it a hundred times as long.

Sources: Jordan et al., Muon (2024), for the coefficients; Liu et al. (arXiv 2502.16982) for scale and weight
decay.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor import DTensor

COEFFICIENTS, STEPS = (3.4445, -4.7750, 2.0315), 5
"""Of the quintic polynomial that is applied to the singular values, and how often."""

MOMENTUM = 0.95
RMS = 0.2
"""Root mean square of AdamW's updates, in units of the learning rate."""


def orthogonalized(matrix: Tensor) -> Tensor:
    """U Vᵀ of matrix = U S Vᵀ [rows, columns], roughly, in the matrix's type."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(STEPS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Muon on `matrices`, and fused AdamW on the groups of `rest`, whose rate is `factor` times Muon's.

    All moments exist from the start, so that a checkpoint can be read into them.
    """

    def __init__(
        self,
        matrices: Sequence[Tensor],
        rest: torch.optim.AdamW,
        weight_decay: float,
        factor: float,
        bf16: bool,
    ) -> None:
        super().__init__([{"params": matrices, "weight_decay": weight_decay, "lr": 0.0}], {})
        self.rest, self.factor = rest, factor
        self.precision = torch.bfloat16 if bf16 else torch.float32
        for matrix in matrices:
            self.state[matrix] = {"momentum": torch.zeros_like(matrix)}
        self.state.update(rest.state)
        self.param_groups += rest.param_groups

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of both; every parameter must have its gradient."""
        group, *others = self.param_groups
        matrices, rate, steps = group["params"], group["lr"], []
        for matrix in matrices:
            momentum, gradient = _local(self.state[matrix]["momentum"]), _local(matrix.grad)
            momentum.lerp_(gradient, 1 - MOMENTUM)
            steps.append(gradient.lerp(momentum, MOMENTUM).to(self.precision))
        shapes = [tuple(matrix.shape) for matrix in matrices]
        sharded = bool(matrices) and isinstance(matrices[0], DTensor)
        moved = _in_turn(steps, shapes) if sharded else map(orthogonalized, steps)
        for matrix, shape, step in zip(matrices, shapes, moved, strict=True):
            part = _local(matrix)
            part.mul_(1 - rate * group["weight_decay"])
            part.add_(step, alpha=-rate * RMS * math.sqrt(max(shape)))
        for other in others:
            other["lr"] = rate * self.factor
        self.rest.step()


def _local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _in_turn(shards: list[Tensor], shapes: list[tuple[int, ...]]) -> Iterator[Tensor]:
    """This process's shards of the orthogonalized matrices, given its shards of the matrices, which are cut
    by rows.

    Of each `world size` matrices every process puts one together, iterates, and sends the others their rows
    of it.
    """
    processes, rank = dist.get_world_size(), dist.get_rank()
    for first in range(0, len(shards), processes):
        turn = shards[first : first + processes]
        given = [shard.numel() for shard in turn] + [0] * (processes - len(turn))
        rows, columns = shapes[first + rank] if rank < len(turn) else (0, 0)
        most = -(-rows // processes)
        taken = [max(0, min(most, rows - most * i)) * columns for i in range(processes)]
        sent = torch.cat([shard.flatten() for shard in turn])
        whole, returned = sent.new_empty(sum(taken)), torch.empty_like(sent)
        dist.all_to_all_single(whole, sent, taken, given)
        if rows:
            whole = orthogonalized(whole.view(rows, columns)).flatten()
        dist.all_to_all_single(returned, whole.contiguous(), given, taken)
        yield from (
            part.view(shard.shape)
            for part, shard in zip(returned.split(given[: len(turn)]), turn, strict=True)
        )
