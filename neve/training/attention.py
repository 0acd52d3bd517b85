"""Attention: rotary positions, and one function over PyTorch's kernels, chosen by the mask it is given.

    None           causal        SDPA; on Hopper cuDNN's kernel first (`kernels`);
                                 fp32 training on a CPU: `_Causal`
    bool tensor    any mask      SDPA over the full T × T square: exact on every device,
                                 the oracle for the others
    BlockMask      by document   FlexAttention: blocks of 128 × 128 outside every document
                                 are never computed

The block mask is computed from the ends of documents, with a few operations on [B, T/128] instead of on the
square. The trade-off: FlexAttention is slower than cuDNN on a full causal square, so it is used only with a
document mask. It is a fused kernel only inside compiled code and has no gradient on a CPU, where the boolean
mask is used instead. `_Causal` keeps its probabilities for the backward pass, while SDPA computes them
again, so it is limited to short windows.

Sources: rotary positions (arXiv 2104.09864) in the half-split form of transformers; masks at document
boundaries as in Llama 3 (arXiv 2407.21783, section 3.2); FlexAttention (arXiv 2412.05496).
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from neve.errors import Fault
from neve.training.memory import LONGEST

BLOCK = 128
"""Positions in a block of FlexAttention's mask."""

Mask = Tensor | BlockMask | None

ROWS = 64
"""Queries that `_Causal` processes at a time."""


def rotary(positions: Tensor, size: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines for positions [B, T], each [B, T, 1, size]; the second half repeats the first."""
    exponents = torch.arange(0, size, 2, dtype=torch.int64, device=positions.device).float() / size
    angles = positions[..., None].float() * (1.0 / base**exponents)
    angles = torch.cat((angles, angles), dim=-1).unsqueeze(2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each pair (i, i + D/2) of x [B, T, heads, D] by the angle of its position."""
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * cos + turned * sin


def _turn(x: Tensor, cos: Tensor, sin: Tensor, out: Tensor) -> Tensor:
    """`rotate` x [B, heads, T, D] into `out`, given half of the cosines and sines, [B, 1, T, D/2]."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    torch.mul(first, cos, out=out[..., :half]).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=out[..., half:]).addcmul_(first, sin)
    return out


class _Causal(torch.autograd.Function):
    """Rotation and causal attention of q [B, T, heads, D], k and v [B, T, kv_heads, D].

    Each block of queries is multiplied with the keys up to its end, so most of the masked half of the square
    is never computed. Inside, heads that share keys are adjacent: [B · kv_heads, heads / kv_heads, T, D].
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        (batch, length, heads, size), kv_heads = q.shape, k.shape[2]
        shared, scale = (batch * kv_heads, heads // kv_heads), size**-0.5
        cos, sin = (part[..., : size // 2].transpose(1, 2) for part in (cos, sin))
        out = q.new_empty(batch, length, kv_heads, shared[1], size)
        mixed, most = out.permute(0, 2, 3, 1, 4), min(ROWS, length)
        future = q.new_full((most, most), -torch.inf).triu_(1)
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        q = _turn(q, cos * scale, sin * scale, q.new_empty(q.shape)).view(*shared, length, size)
        k, v = _turn(k, cos, sin, k.new_empty(k.shape)).flatten(0, 1), v.flatten(0, 1)
        kept = []
        for start in range(0, length, ROWS):
            rows = q[:, :, start : start + ROWS]
            end = start + rows.shape[2]
            scores = rows.flatten(1, 2) @ k[:, :end].transpose(1, 2)
            scores.view(*rows.shape[:3], end)[..., start:] += future[: end - start, : end - start]
            kept.append(torch.softmax(scores, -1))
            mixed[:, :, :, start:end] = (kept[-1] @ v[:, :end]).view(batch, kv_heads, *rows.shape[1:])
        ctx.save_for_backward(q, k, v, cos, sin, *kept)
        return out.view(batch, length, heads, size)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, cos, sin, *kept = ctx.saved_tensors
        batch, length, _, size = grads[0].shape
        grad = grads[0].transpose(1, 2).reshape(q.shape)
        grad_q, grad_k, grad_v = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for start, p in zip(range(0, length, ROWS), kept, strict=True):
            end = p.shape[2]
            rows, above = (x[:, :, start:end].flatten(1, 2) for x in (q, grad))
            grad_v[:, :end].baddbmm_(p.transpose(1, 2), above)
            below = torch._softmax_backward_data(above @ v[:, :end].transpose(1, 2), p, -1, p.dtype)
            grad_q[:, :, start:end] = (below @ k[:, :end]).view(*q.shape[:2], end - start, size)
            grad_k[:, :end].baddbmm_(below.transpose(1, 2), rows)
        grad_q, grad_k, grad_v = (x.view(batch, -1, length, size) for x in (grad_q, grad_k, grad_v))
        out_q, out_k = (x.new_empty(batch, length, x.shape[1], size) for x in (grad_q, grad_k))
        _turn(grad_q, cos * size**-0.5, sin * -(size**-0.5), out_q.transpose(1, 2))
        _turn(grad_k, cos, -sin, out_k.transpose(1, 2))
        return out_q, out_k, grad_v.transpose(1, 2), None, None


def rotary_causal(q: Tensor, k: Tensor, v: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor | None:
    """`rotate` and `attend` without a mask in one step: q and the result [B, T, heads, D], k and v [B, T,
    kv_heads, D].

    Only for fp32 training on a CPU with windows of at most LONGEST; returns None otherwise.
    """
    plain = q.device.type == "cpu" and q.dtype == torch.float32 and q.shape[1] <= LONGEST
    if not (plain and torch.is_grad_enabled()) or torch.compiler.is_compiling():
        return None
    return _Causal.apply(q, k, v, *turn)


def kernels() -> contextlib.AbstractContextManager[Any]:
    """A context in which SDPA tries cuDNN's kernel first on Hopper and later, where it is fastest; elsewhere
    no change."""
    if not torch.cuda.is_available() or torch.cuda.get_device_capability() < (9, 0):
        return contextlib.nullcontext()
    order = ["CUDNN_ATTENTION", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "MATH"]
    return sdpa_kernel([getattr(SDPBackend, name) for name in order], set_priority=True)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Mask = None) -> Tensor:
    """softmax(q kᵀ / √D) v: q [B, heads, T, D], k and v [B, kv_heads, S, D] -> [B, heads, T, D].

    Without a mask query i sees keys up to S − T + i, so queries that continue a cache are the last of the
    keys. A `mask`, bool [B, 1, T, S], True = attend, or a BlockMask, replaces that rule. kv_heads may divide
    heads.
    """
    grouped = q.shape[1] != k.shape[1]
    if isinstance(mask, BlockMask):
        return flex_attention(q, k, v, block_mask=mask, enable_gqa=grouped)
    length, keys = q.shape[2], k.shape[2]
    if mask is None and 1 < length < keys:
        mask = torch.ones(length, keys, dtype=torch.bool, device=q.device).tril(keys - length)
    causal = mask is None and length > 1
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=grouped)


def _documents(tokens: Tensor, end: int) -> Tensor:
    """Number, within its window, of the document that each position [B, T] belongs to; `end` belongs to the
    one it ends."""
    ends = tokens == end
    return ends.cumsum(1) - ends.long()


def document_mask(tokens: Tensor, end: int) -> Tensor:
    """Causal mask that stops at document boundaries, after <|endoftext|>: tokens [B, T] -> bool [B, 1, T,
    T]."""
    document = _documents(tokens, end)
    same = document[:, :, None] == document[:, None, :]
    return same.tril().unsqueeze(1)


def block_mask(tokens: Tensor, end: int) -> BlockMask:
    """The same rule for FlexAttention: tokens [B, T], T a multiple of 128. Raises Fault for another T.

    Document numbers never decrease along a window. So a key block at or before a query block is needed if
    its last document reaches the query block's first one, and needs no mask inside if both blocks are one
    and the same document.
    """
    length = tokens.shape[1]
    if length % BLOCK:
        raise Fault(
            f"training.sequence = {length} is not a multiple of {BLOCK}; training.attention = 'sdpa' takes any length"
        )
    document = _documents(tokens, end)
    blocks = document.view(len(tokens), -1, BLOCK)
    first, last = blocks[..., 0], blocks[..., -1]
    place = torch.arange(blocks.shape[1], device=tokens.device)
    before, here = place[None, :] < place[:, None], place[None, :] == place[:, None]
    needed = last[:, None, :] >= first[:, :, None]
    whole = before & (first[:, None, :] == last[:, :, None])
    partial = (before & needed & ~whole) | here

    def listed(chosen: Tensor) -> tuple[Tensor, Tensor]:
        order = torch.argsort(chosen.int(), dim=-1, descending=True, stable=True)
        return chosen.sum(-1, dtype=torch.int32)[:, None], order.int()[:, None]

    def rule(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (document[batch, query] == document[batch, key])

    return BlockMask.from_kv_blocks(
        *listed(partial), *listed(whole), BLOCK_SIZE=BLOCK, mask_mod=rule, seq_lengths=(length, length)
    )
