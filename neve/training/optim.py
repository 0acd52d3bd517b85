"""The optimizer of a phase, AdamW or Muon: its groups of weights, clipping, and steps that are left out.

Matrices are decayed; norms and embeddings are not (a tied matrix counts as an embedding). The gradient is
clipped by its global norm. The trade-off: a step whose loss or gradient is not finite is skipped, not
repeated; the data moves on, while weights and moments stay as they are.

Sources: AdamW (arXiv 1711.05101); groups as in GPT-3 and Llama practice; `muon` for Muon.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from neve.training.distributed import full
from neve.training.model import Llama
from neve.training.muon import Muon
from neve.training.settings import Training


def make(model: Llama, training: Training, bf16: bool) -> Optimizer:
    """The recipe's optimizer; its rate is set by `update`, its moments are 0. `bf16`: how Muon iterates."""
    named = dict(model.named_parameters())
    plain = [p for name, p in named.items() if p.ndim == 1 or "embed_tokens" in name]
    inside = [p for name, p in named.items() if p.ndim == 2 and ".layers." in name]
    head = [p for name, p in named.items() if name == "lm_head.weight"]
    if training.optimizer == "adamw":
        return _adamw([(inside + head, training.weight_decay), (plain, 0.0)], training)
    rest = _adamw([(head, training.weight_decay), (plain, 0.0)], training)
    return Muon(inside, rest, training.weight_decay, training.adamw_lr_factor, bf16)


def _adamw(groups: list[tuple[list[Parameter], float]], training: Training) -> torch.optim.AdamW:
    """Fused AdamW on groups of (parameters, weight decay), with its moments."""
    kept = [(parameters, decay) for parameters, decay in groups if parameters]
    tables = [{"params": parameters, "weight_decay": decay} for parameters, decay in kept]
    made = torch.optim.AdamW(tables, lr=0.0, betas=training.betas, eps=1e-8, fused=True)
    for parameter in (p for parameters, _ in kept for p in parameters):
        made.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return made


def update(optimizer: Optimizer, loss: Tensor, rate: float, clip: float) -> tuple[float, float, bool]:
    """Take one step with learning rate `rate`: loss, the gradient's norm before clipping, and whether it was
    taken.

    It is left out where one of them is not finite. Gradients are gone afterwards.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norm = full(torch.nn.utils.clip_grad_norm_(parameters, clip))
    numbers = torch.stack((loss, norm)).tolist()
    taken = all(map(math.isfinite, numbers))
    if taken:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return numbers[0], numbers[1], taken
