"""A BERT encoder's forward pass with its matrix products in 8-bit integers.

It is for processors that multiply these natively. Weights are rounded once, with a scale for each output;
what a layer reads is rounded as it comes, with a scale for each token. Sums are integers, so they are exact,
and a token's rounding depends on no other section, thread or batch. Everything between the products (norms,
softmax, residuals) stays in fp32. Query, key and value are one product, so a token is rounded once for the
three.

The trade-off: for encoders of BERT's shape alone, layer by layer as transformers computes them, without what
only training needs. Rounding moves scores a little; whether too much is for the gate to say
(`neve.quality.annotators.embedded`), on the labels that it is used for. With one scale for a whole batch, as
torch's dynamic quantization has it, a tenth of the best documents were others. Beside products this fast
fresh memory would cost as much as they do, so each thread keeps its arrays and writes over them.

Source: Dettmers et al., "LLM.int8()" (arXiv 2208.07339), its scales by row and by column.
"""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

LARGEST = 127
"""Of a rounded value: the range is symmetric."""
FEATURES = ("avx512_vnni", "amx_int8")
"""What a processor needs, as torch names it, to multiply 8-bit integers faster than anything else."""
_kept = threading.local()


def able() -> bool:
    """Whether this processor multiplies 8-bit integers natively."""
    found = torch.cpu.get_capabilities()
    return any(found.get(feature) for feature in FEATURES)


def _room(use: str, rows: int, columns: int, kind: torch.dtype) -> torch.Tensor:
    """This thread's array [rows, columns] for a use; what was in it is written over."""
    found = vars(_kept).get(key := f"{use} {columns}")
    if found is None or len(found) < rows:
        found = torch.empty(rows, columns, dtype=kind)
        vars(_kept)[key] = found
    return found[:rows]


class Linear:
    """x W' + b of one or several linear layers that read the same, side by side."""

    def __init__(self, use: str, *layers: torch.nn.Linear) -> None:
        weight = torch.cat([layer.weight.detach().float() for layer in layers])
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / LARGEST
        self._weight = (weight / scale).round().to(torch.int8).T.contiguous()
        self._scale = scale[:, 0]
        self._bias = torch.cat([layer.bias.detach().float() for layer in layers])
        self._use = use

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [tokens, out] of float32 [tokens, in], in inference mode; written over by the next call of
        the same use."""
        rows, size = x.shape
        work = torch.abs(x, out=_room("work", rows, size, torch.float32))
        scale = work.amax(1, keepdim=True).clamp_(min=1e-12).div_(LARGEST)
        torch.div(x, scale, out=work).round_()
        rounded = _room("rounded", rows, size, torch.int8).copy_(work)
        wide = len(self._bias)
        sums = torch._int_mm(rounded, self._weight, out=_room("sums", rows, wide, torch.int32))
        found = _room(self._use, rows, wide, torch.float32).copy_(sums).mul_(scale)
        return torch.addcmul(self._bias, found, self._scale, out=found)


class Bert:
    """The forward pass of a transformers BertModel in fp32, its linear layers rounded; `model` is kept for
    its embeddings, norms and activation."""

    def __init__(self, model: Any) -> None:
        self._embeddings, self._heads = model.embeddings, model.config.num_attention_heads
        exact, self._layers = model.config.hidden_act == "gelu", []
        for layer in model.encoder.layer:
            attention = layer.attention
            self._layers.append(
                (
                    Linear("project", attention.self.query, attention.self.key, attention.self.value),
                    Linear("out", attention.output.dense),
                    attention.output.LayerNorm,
                    Linear("up", layer.intermediate.dense),
                    None if exact else layer.intermediate.intermediate_act_fn,
                    Linear("down", layer.output.dense),
                    layer.output.LayerNorm,
                )
            )

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Last hidden states, float32 [rows, width, hidden]; `mask` (bool [rows, width]) is False at
        padding."""
        hidden = self._embeddings(input_ids=ids)
        rows, width, size = hidden.shape
        hidden = hidden.reshape(-1, size)
        attend = None if bool(mask.all()) else mask[:, None, None, :]
        for project, out, first_norm, up, act, down, norm in self._layers:
            parts = project(hidden).view(rows, width, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            mixed = scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=attend)
            hidden = first_norm(out(mixed.transpose(1, 2).reshape(-1, size)).add_(hidden))
            wide = up(hidden)
            wide = torch.ops.aten.gelu_(wide) if act is None else act(wide)
            hidden = norm(down(wide).add_(hidden))
        return hidden.view(rows, width, size)
