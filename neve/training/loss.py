"""Cross-entropy over the vocabulary without ever holding the logits of all positions.

Positions go through the vocabulary projection in chunks. In training the gradient of a chunk is taken right
after its loss, while its logits are still in cache, so they are computed once. On a GPU the passes over a
chunk's logits are compiled into two. The trade-off: the gradient of the projection is kept (one more matrix
of its size), and only the summed loss can be differentiated, once.

Source: the fused linear cross-entropy of Liger Kernel (arXiv 2410.10989), in plain PyTorch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from neve.tokens.view import IGNORED
from neve.training.attention import Mask
from neve.training.memory import LOGITS
from neve.training.model import Llama, compute_dtype


def _chunks(positions: int, vocabulary: int, device: torch.device) -> Iterator[slice]:
    """Slices of nearly equal size, so that a compiled kernel sees one size."""
    count = -(-positions * vocabulary // LOGITS[device.type])
    size = max(-(-positions // max(count, 1)), 1)
    return (slice(start, start + size) for start in range(0, positions, size))


def _losses_and_gradient(logits: Tensor, targets: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Summed loss of logits [N, V], and its gradient with respect to them, times `scale`, in their type."""
    known = targets != IGNORED
    chosen = targets.clamp(min=0)[:, None]
    log_p = torch.log_softmax(logits.float(), dim=-1)
    total = -(log_p.gather(1, chosen)[:, 0] * known).sum()
    grad = log_p.exp_()
    if torch.compiler.is_compiling():  # fuses with its neighbours; a scatter would be one more pass
        grad = grad - (torch.arange(logits.shape[1], device=logits.device) == chosen).float()
    else:
        grad.scatter_add_(1, chosen, grad.new_full((1, 1), -1.0).expand(len(chosen), 1))
    return total, grad.mul_((known * scale)[:, None]).to(logits.dtype)


@functools.cache
def _kernel(device: str) -> Callable[..., tuple[Tensor, Tensor]]:
    return torch.compile(_losses_and_gradient, dynamic=False) if device == "cuda" else _losses_and_gradient


class _LinearCrossEntropy(torch.autograd.Function):
    """Σ −log softmax(hidden · weightᵀ)[target] · scale over positions with a target."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, scale: Tensor) -> Tensor:
        # Autocast does not reach into a custom function's backward, and here the backward is inside.
        dtype, device = compute_dtype(hidden), hidden.device
        cast, projection = hidden.to(dtype), weight.to(dtype)
        grad_hidden = torch.empty_like(cast)
        grad_weight = torch.zeros_like(weight, dtype=torch.float32)
        total = torch.zeros((), dtype=torch.float32, device=device)
        with torch.autocast(device.type, enabled=False):
            for part in _chunks(len(targets), len(weight), device):
                loss, grad = _kernel(device.type)(cast[part] @ projection.T, targets[part], scale)
                total += loss
                torch.mm(grad, projection, out=grad_hidden[part])
                if dtype == torch.float32:
                    grad_weight.addmm_(grad.T, cast[part])
                else:
                    grad_weight += grad.T @ cast[part]
        ctx.save_for_backward(grad_hidden.to(hidden.dtype), grad_weight.to(weight.dtype))
        return total * scale

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        grad_hidden, grad_weight = ctx.saved_tensors
        return grad_hidden.mul_(grads[0]), grad_weight.mul_(grads[0]), None, None


def scaled_loss(model: Llama, inputs: Tensor, targets: Tensor, scale: float, mask: Mask = None) -> Tensor:
    """Summed negative log-likelihood (nats) of targets [B, T] given inputs [B, T], times `scale`, as a
    scalar.

    With scale = 1 / (valid targets of the optimizer step) the losses of micro batches add up to the step's
    mean loss and their gradients to its gradient, however the step was cut. Targets of −100 are ignored.
    """
    hidden = model(inputs, mask=mask)
    factor = torch.as_tensor(scale, dtype=torch.float32, device=hidden.device)
    return _LinearCrossEntropy.apply(hidden.flatten(0, 1), model.head, targets.flatten(), factor)


@torch.no_grad()
def token_losses(model: Llama, inputs: Tensor, targets: Tensor) -> Tensor:
    """Negative log-likelihood in nats of each target: int64 [B, T] twice -> float32 [B, T], 0 where ignored.
    No gradients."""
    hidden, flat = model(inputs).flatten(0, 1), targets.flatten()
    losses = torch.zeros(len(flat), dtype=torch.float32, device=hidden.device)
    (wanted,) = torch.where(flat != IGNORED)
    for part in _chunks(len(wanted), len(model.head), hidden.device):
        rows = wanted[part]
        losses[rows] = F.cross_entropy(model.logits(hidden[rows]).float(), flat[rows], reduction="none")
    return losses.view(targets.shape)
