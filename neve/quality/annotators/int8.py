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
each further pass over an array costs: what comes before and after a product is one compiled pass, token by
token, and each thread keeps its arrays and writes over them.

Source: Dettmers et al., "LLM.int8()" (arXiv 2208.07339), its scales by row and by column.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numba
import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

LARGEST = 127
"""Of a rounded value: the range is symmetric."""
FEATURES = ("avx512_vnni", "amx_int8")
"""What a processor needs, as torch names it, to multiply 8-bit integers faster than anything else."""
LOOSE = {"nnan", "nsz", "reassoc", "contract", "arcp"}
"""What a compiler may assume of floats, so that it takes many at a time."""
F32 = np.float32
MAGNITUDE, TINY = np.int32(0x7FFFFFFF), F32(1e-12).view(np.int32)
"""The bits of a float but its sign; those of the least scale of a token times LARGEST."""
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


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _round(x, bits, rounded, scales, marks):
    """Each row of `x` in LARGEST-ths of its largest magnitude; that part goes to `scales`.

    `bits` and `marks` are `x` and `scales` seen as int32: without their signs, floats are in the same order
    as their bits, and of integers the compiler compares many at a time.
    """
    for row in range(len(x)):
        most = TINY
        for i in range(x.shape[1]):
            most = max(most, np.int32(bits[row, i] & MAGNITUDE))
        marks[row] = most
        factor = F32(LARGEST) / scales[row]
        for i in range(x.shape[1]):
            rounded[row, i] = np.int8(np.rint(x[row, i] * factor))
        scales[row] /= F32(LARGEST)


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _spread(sums, scales, weights, bias, out):
    """What the sums stand for, with the bias."""
    for row in range(len(sums)):
        for i in range(sums.shape[1]):
            out[row, i] = F32(sums[row, i]) * (scales[row] * weights[i]) + bias[i]


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _gelu(x):
    """x times the normal distribution's share below it, in place, to 1e-6 (Abramowitz and Stegun,
    7.1.28)."""
    for i in range(x.shape[1]):
        size = abs(x[0, i])
        z = min(size * F32(0.70710678), F32(7))
        tail = F32(0.0002765672) + z * F32(0.0000430638)
        tail = F32(0.0092705272) + z * (F32(0.0001520143) + z * tail)
        tail = F32(1) + z * (F32(0.0705230784) + z * (F32(0.0422820123) + z * tail))
        for _ in range(4):
            tail *= tail
        x[0, i] = max(x[0, i], F32(0)) - size * (F32(0.5) / tail)


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _activate(sums, scales, weights, bias, wide, bits, rounded, found, marks):
    """What the sums stand for, through GELU, rounded again; `wide` [1, columns] holds a row meanwhile."""
    for row in range(len(sums)):
        one = slice(row, row + 1)
        _spread(sums[one], scales[one], weights, bias, wide)
        _gelu(wide)
        _round(wide, bits, rounded[one], found[one], marks[one])


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _settle(sums, scales, weights, bias, hidden, gain, shift, eps):
    """What the sums stand for, added to `hidden` and normalised there."""
    size = F32(sums.shape[1])
    for row in range(len(sums)):
        mean = F32(0)
        for i in range(sums.shape[1]):
            hidden[row, i] += F32(sums[row, i]) * (scales[row] * weights[i]) + bias[i]
            mean += hidden[row, i]
        mean /= size
        spread = F32(0)
        for i in range(sums.shape[1]):
            apart = hidden[row, i] - mean
            spread += apart * apart
        factor = F32(1) / np.sqrt(spread / size + eps)
        for i in range(sums.shape[1]):
            hidden[row, i] = (hidden[row, i] - mean) * factor * gain[i] + shift[i]


class Rounded(NamedTuple):
    """Tokens in whole numbers; this thread's own, written over by the next of the same width."""

    values: torch.Tensor
    """int8 [tokens, size]."""
    scales: np.ndarray
    """float32 [tokens]: what 1 stands for."""

    @staticmethod
    def room(rows: int, size: int) -> Rounded:
        scales = _room(f"scales of {size}", rows, 1, torch.float32)[:, 0]
        return Rounded(_room("rounded", rows, size, torch.int8), scales.numpy())

    @staticmethod
    def of(x: torch.Tensor) -> Rounded:
        """Of float32 [tokens, size]."""
        made, given = Rounded.room(*x.shape), x.numpy()
        _round(given, given.view(np.int32), made.values.numpy(), made.scales, made.scales.view(np.int32))
        return made


class Linear:
    """x W' + b of one or several linear layers that read the same, side by side, in inference mode. Each of
    its calls gives this thread's own array, written over by the next of the same use."""

    def __init__(self, use: str, *layers: torch.nn.Linear) -> None:
        weight = torch.cat([layer.weight.detach().float() for layer in layers])
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / LARGEST
        self._weight = (weight / scale).round().to(torch.int8).T.contiguous()
        self._scale = scale[:, 0].contiguous().numpy()
        self._bias = torch.cat([layer.bias.detach().float() for layer in layers]).numpy()
        self._use = use

    def _sums(self, x: Rounded) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What the kernels read: sums int32 [tokens, out], scales of tokens and of outputs, and the bias."""
        sums = _room("sums", len(x.values), len(self._bias), torch.int32)
        return torch._int_mm(x.values, self._weight, out=sums).numpy(), x.scales, self._scale, self._bias

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """float32 [tokens, out] of float32 [tokens, in]."""
        found = _room(self._use, len(x), len(self._bias), torch.float32)
        _spread(*self._sums(Rounded.of(x)), found.numpy())
        return found

    def gelu(self, x: torch.Tensor) -> Rounded:
        """The same through GELU, rounded."""
        size = len(self._bias)
        made, wide = Rounded.room(len(x), size), _room("wide", 1, size, torch.float32).numpy()
        rounding = made.values.numpy(), made.scales, made.scales.view(np.int32)
        _activate(*self._sums(Rounded.of(x)), wide, wide.view(np.int32), *rounding)
        return made

    def settle(self, x: Rounded, hidden: torch.Tensor, norm: torch.nn.LayerNorm) -> None:
        """Add x W' + b to `hidden` (float32 [tokens, out]) and normalise it, in place."""
        gain, shift = (part.detach().numpy() for part in (norm.weight, norm.bias))
        _settle(*self._sums(x), hidden.numpy(), gain, shift, F32(norm.eps))


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
            out.settle(Rounded.of(mixed.transpose(1, 2).reshape(-1, size)), hidden, first_norm)
            wide = up.gelu(hidden) if act is None else Rounded.of(act(up(hidden)))
            down.settle(wide, hidden, norm)
        return hidden.view(rows, width, size)
