"""Attention in one place: rotary positions, and PyTorch's fused kernels, causal or under a boolean mask.

The trade-off: a document mask is a plain boolean tensor [B, 1, T, T] given to SDPA. It is exact and runs
on every device, but it costs T² bytes a window and the dense kernel; without a mask the causal kernel
skips half of the square. Kernels that skip whole masked blocks are left to FlexAttention, later.

Sources: rotary positions (arXiv 2104.09864) in the half-split form of transformers; masks at document borders as in Llama 3
(arXiv 2407.21783, section 3.2).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def rotary(positions: Tensor, size: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines for positions [B, T], each [B, T, 1, size]; the second half repeats the first."""
    exponents = torch.arange(0, size, 2, dtype=torch.int64, device=positions.device).float() / size
    angles = positions[..., None].float() * (1.0 / base**exponents)
    angles = torch.cat((angles, angles), dim=-1).unsqueeze(2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (i, i + D/2) of x [B, T, heads, D] by its position's angle."""
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * cos + turned * sin


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(q kᵀ / √D) v: q [B, heads, T, D], k and v [B, kv_heads, S, D] -> [B, heads, T, D].

    Without a mask query i sees keys up to S − T + i, so that queries that continue a cache are the last
    of the keys. `mask`, bool [B, 1, T, S] with True = attend, takes the place of that rule: it has to be
    causal itself. kv_heads may be a divisor of heads (grouped queries).
    """
    grouped = q.shape[1] != k.shape[1]
    length, keys = q.shape[2], k.shape[2]
    if mask is None and 1 < length < keys:
        mask = torch.ones(length, keys, dtype=torch.bool, device=q.device).tril(keys - length)
    causal = mask is None and length > 1
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=grouped)


def document_mask(tokens: Tensor, end: int) -> Tensor:
    """Causal mask that stops at document borders: tokens [B, T] -> bool [B, 1, T, T], True = attend.

    `end` is the id of <|endoftext|>, which belongs to the document that it closes.
    """
    ends = tokens == end
    document = ends.cumsum(1) - ends.long()
    same = document[:, :, None] == document[:, None, :]
    return same.tril().unsqueeze(1)
