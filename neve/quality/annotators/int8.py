"""A BERT encoder's forward pass with its matrix products in 8-bit integers.

It is for processors that multiply these natively. Weights are rounded once, with a scale for each output;
what a layer reads is rounded as it comes, with a scale for each token. Sums are integers, so they are exact,
and a token's rounding depends on no other section, thread or batch. Attention's two products are in bf16,
which such processors mostly multiply twice as fast as fp32. Everything between (norms, softmax, residuals)
is computed in fp32. Query, key and value are one product, so a token is rounded once for the three.

The trade-off: for encoders of BERT's shape alone, layer by layer as transformers computes them, without what
only training needs. Rounding moves scores a little; whether too much is for the gate to say
(`neve.quality.annotators.embedded`), on the labels that it is used for. With one scale for a whole batch, as
torch's dynamic quantization has it, a tenth of the best documents were others. Beside products this fast
each further pass over an array costs: what comes before and after a product is one compiled pass, token by
token, and each thread keeps its arrays and writes over them.

Source: Dettmers et al., "LLM.int8()" (arXiv 2208.07339), its scales by row and by column.
"""

from __future__ import annotations

import math
import threading
from typing import Any, NamedTuple

import numba
import numpy as np
import torch

LARGEST = 127
"""Of a rounded value: the range is symmetric."""
FEATURES = ("avx512_vnni", "amx_int8")
"""What a processor needs, as torch names it, to multiply 8-bit integers faster than anything else."""
LOOSE = {"nnan", "nsz", "reassoc", "contract", "arcp"}
"""What a compiler may assume of floats, so that it takes many at a time."""
F32 = np.float32
HALF = np.int32(0x8000)
"""Added to a float's bits before they are cut to bf16's: it rounds."""
ATTENDED = 4
"""Sections whose attention is computed at a time: their scores stay in cache."""
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


def _bits(x: torch.Tensor) -> np.ndarray:
    """bf16 as kernels read and write it: the upper half of a float, int16."""
    return x.view(torch.int16).numpy()


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
def _split(sums, scales, weights, bias, wide, bits, parts):
    """What the sums stand for, as attention reads it: `parts` [query, key, value; section, head, token,
    size]. `wide` [1, columns] holds a row meanwhile, `bits` is the same seen as int32."""
    _, rows, heads, width, size = parts.shape
    for token in range(rows * width):
        row, place, one = token // width, token % width, slice(token, token + 1)
        _spread(sums[one], scales[one], weights, bias, wide)
        for part in range(3):
            for head in range(heads):
                first = (part * heads + head) * size
                for i in range(size):
                    parts[part, row, head, place, i] = (bits[0, first + i] + HALF) >> 16


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _powers(scores, counts, shares, room, bits):
    """2 to the power of each score, in place, and 0 for keys from `counts` on; one over the sum of a query's
    goes to `shares`. `room` is [2, keys], `bits` the same seen as int32.

    `scores` are [section, query, key]. Beyond ±100, where one weight is all there is, they are cut off,
    which spares looking for the largest. The power of a fraction is a polynomial, to 4e-6; that of a whole
    number is a float's exponent.
    """
    for row in range(len(scores)):
        count = counts[row]
        for query in range(scores.shape[1]):
            for i in range(count):
                bits[0, i] = np.int32(scores[row, query, i]) << 16
            for i in range(count):
                x = min(max(room[0, i], F32(-100)), F32(100))
                whole = np.rint(x)
                bits[1, i] = (np.int32(whole) + np.int32(127)) << 23
                x -= whole
                power = F32(0.009618129) + x * F32(0.0013333558)
                power = F32(0.2402265) + x * (F32(0.055504109) + x * power)
                room[0, i] = F32(1) + x * (F32(0.69314718) + x * power)
            total = F32(0)
            for i in range(count):
                room[0, i] *= room[1, i]
                total += room[0, i]
            for i in range(count):
                scores[row, query, i] = (bits[0, i] + HALF) >> 16
            scores[row, query, count:] = 0
            shares[row, query] = F32(1) / total


@numba.njit(nogil=True, cache=True, fastmath=LOOSE, error_model="numpy")
def _join(mixed, shares, wide, bits, rounded, scales, marks):
    """The heads of each token side by side, each times its share, and rounded. `mixed` is [section, head,
    token, size]; `wide` [1, columns] holds a row meanwhile."""
    rows, heads, width, size = mixed.shape
    for token in range(rows * width):
        row, place, one = token // width, token % width, slice(token, token + 1)
        for head in range(heads):
            for i in range(size):
                bits[0, head * size + i] = np.int32(mixed[row, head, place, i]) << 16
            for i in range(size):
                wide[0, head * size + i] *= shares[row, head, place]
        _round(wide, bits, rounded[one], scales[one], marks[one])


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
        _round(given, given.view(np.int32), *made.arrays())
        return made

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the kernels fill."""
        return self.values.numpy(), self.scales, self.scales.view(np.int32)


class Linear:
    """x W' + b of one or several linear layers that read the same, side by side, in inference mode. Each of
    its calls gives this thread's own array, written over by the next of the same use."""

    def __init__(self, use: str, *layers: torch.nn.Linear, first: float = 1.0) -> None:
        """`first`: a factor of what the first layer gives."""
        weight = torch.cat([layer.weight.detach().float() for layer in layers])
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / LARGEST
        self._weight = (weight / scale).round().to(torch.int8).T.contiguous()
        self._scale = scale[:, 0].contiguous().numpy()
        self._bias = torch.cat([layer.bias.detach().float() for layer in layers]).numpy()
        self._scale[: layers[0].out_features] *= first
        self._bias[: layers[0].out_features] *= first
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
        _activate(*self._sums(Rounded.of(x)), wide, wide.view(np.int32), *made.arrays())
        return made

    def attend(self, x: torch.Tensor, counts: np.ndarray, heads: int) -> Rounded:
        """The values of `heads` heads, mixed by attention and rounded; the outputs are queries, keys and
        values.

        `x` is float32 [sections * tokens, in]; of section i the first `counts[i]` tokens are read.
        """
        rows, columns = len(counts), len(self._bias)
        width, size = len(x) // rows, columns // 3 // heads
        parts = _room("parts", 3 * rows * heads * width, size, torch.bfloat16)
        mixed = _room("mixed", rows * heads * width, size, torch.bfloat16)
        shares = _room("shares", rows, heads * width, torch.float32).numpy()
        wide, room = (_room("wide", n, m, torch.float32).numpy() for n, m in ((1, columns), (2, width)))
        split = _bits(parts).reshape(3, rows, heads, width, size)
        _split(*self._sums(Rounded.of(x)), wide, wide.view(np.int32), split)
        query, key, value = parts.view(3, rows * heads, width, size)
        for at in range(0, rows, ATTENDED):
            some, several = slice(at, at + ATTENDED), slice(at * heads, (at + ATTENDED) * heads)
            scores = _room("scores", len(query[several]) * width, width, torch.bfloat16)
            each = scores.view(-1, width, width)
            torch.bmm(query[several], key[several].transpose(1, 2), out=each)
            powers = _bits(scores).reshape(-1, heads * width, width)
            _powers(powers, counts[some], shares[some], room, room.view(np.int32))
            torch.bmm(each, value[several], out=mixed.view(-1, width, size)[several])
        made, wide = Rounded.room(len(x), columns // 3), wide[:, : columns // 3]
        found = _bits(mixed).reshape(rows, heads, width, size), shares.reshape(rows, heads, width)
        _join(*found, wide, wide.view(np.int32), *made.arrays())
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
        scale = (model.config.hidden_size // self._heads) ** -0.5 / math.log(2)  # of a power of 2
        for layer in model.encoder.layer:
            attention = layer.attention
            self._layers.append(
                (
                    Linear("", attention.self.query, attention.self.key, attention.self.value, first=scale),
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
        padding, which comes last."""
        hidden = self._embeddings(input_ids=ids)
        rows, width, size = hidden.shape
        hidden, counts = hidden.reshape(-1, size), mask.sum(1).numpy()
        for project, out, first_norm, up, act, down, norm in self._layers:
            out.settle(project.attend(hidden, counts, self._heads), hidden, first_norm)
            wide = up.gelu(hidden) if act is None else Rounded.of(act(up(hidden)))
            down.settle(wide, hidden, norm)
        return hidden.view(rows, width, size)
