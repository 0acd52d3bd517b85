"""AdamW on two groups of weights, the gradient clipped by its global norm, broken steps left out.

Matrices are decayed; norms and embeddings are not (a tied matrix counts as an embedding). The trade-off: a step whose loss
or gradient is not finite is skipped, not repeated: the data moves on, weights and moments stay.

Sources: AdamW (arXiv 1711.05101); groups as in GPT-3 and Llama practice.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from neve.training.distributed import full
from neve.training.model import Llama
from neve.training.settings import Training


def adamw(model: Llama, training: Training) -> torch.optim.AdamW:
    """AdamW with the recipe's betas and weight decay, in one fused kernel; rates are set by `update`, moments start at 0."""
    decays = (training.weight_decay, 0.0)
    groups: list[dict[str, Any]] = [{"params": [], "weight_decay": decay} for decay in decays]
    for name, parameter in model.named_parameters():
        groups[parameter.ndim == 1 or "embed_tokens" in name]["params"].append(parameter)
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=training.betas, eps=1e-8, fused=True)
    for parameter in model.parameters():
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimizer


def update(optimizer: torch.optim.AdamW, loss: Tensor, rate: float, clip: float) -> tuple[float, float, bool]:
    """Take one step with learning rate `rate`: loss, the gradient's norm before clipping, and whether it was taken.

    It is not where one of them is not finite; the device decides, so that the host waits once. Gradients are gone then.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norm = full(torch.nn.utils.clip_grad_norm_(parameters, clip))
    broken = ~(torch.isfinite(loss) & torch.isfinite(norm))
    optimizer.found_inf = broken.float()  # type: ignore[attr-defined]  # fused AdamW leaves all as it is where this is 1
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    numbers = torch.stack((loss, norm, broken)).tolist()
    return numbers[0], numbers[1], not numbers[2]
