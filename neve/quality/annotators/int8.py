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
each further pass over an array costs: between two products lies one compiled pass, token by token
(`neve.quality.annotators.int8_kernels`), and each thread keeps its arrays and writes over them.

Source: Dettmers et al., "LLM.int8()" (arXiv 2208.07339), its scales by row and by column.
"""

from __future__ import annotations

import math
import threading
from typing import Any, NamedTuple

import numpy as np
import torch

from neve.quality.annotators import int8_kernels as kernels
from neve.quality.annotators.int8_kernels import F32, LARGEST

FEATURES = ("avx512_vnni", "amx_int8")
"""What a processor needs, as torch names it, to multiply 8-bit integers faster than anything else."""
ATTENDED = 4
"""Sections whose attention is computed at a time: all that it reads and writes stays in a core's cache."""
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


def _seen(x: torch.Tensor) -> np.ndarray:
    """bf16 as kernels read and write it: the upper half of a float, int16."""
    return x.view(torch.int16).numpy()


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
        made = Rounded.room(*x.shape)
        kernels.round_rows(x.numpy(), *made.arrays())
        return made

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """What the kernels fill."""
        return self.values.numpy(), self.scales


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

    def __call__(self, x: Rounded) -> torch.Tensor:
        """float32 [tokens, out]."""
        found = _room(self._use, len(x.values), len(self._bias), torch.float32)
        kernels.spread(*self._sums(x), found.numpy())
        return found

    def gelu(self, x: Rounded) -> Rounded:
        """The same through GELU, rounded."""
        size = len(self._bias)
        made, wide = Rounded.room(len(x.values), size), _room("wide", 1, size, torch.float32)
        kernels.activate(*self._sums(x), wide.numpy()[0], *made.arrays())
        return made

    def attend(self, x: Rounded, counts: np.ndarray, heads: int) -> Rounded:
        """The values of `heads` heads, mixed by attention and rounded; the outputs are queries, keys and
        values.

        `x` is [sections * tokens, in]; of section i the first `counts[i]` tokens are read.
        """
        columns, width = len(self._bias), len(x.values) // len(counts)
        size, made = columns // 3 // heads, Rounded.room(len(x.values), columns // 3)
        word = np.int16 if size % 4 else np.int64
        sums, scales, *outputs = self._sums(x)
        values, found = made.arrays()
        narrow, joined = (_seen(_room("narrow", width, n, torch.bfloat16)) for n in (columns, columns // 3))
        line, wide = (_room("wide", 1, n, torch.float32).numpy()[0] for n in (width, columns // 3))
        for at in range(0, len(counts), ATTENDED):
            seen = counts[at : at + ATTENDED]
            rows, some = len(seen), slice(at * width, (at + len(seen)) * width)
            parts = _room("parts", 3 * rows * heads * width, size, torch.bfloat16)
            mixed = _room("mixed", rows * heads * width, size, torch.bfloat16)
            scores = _room("scores", rows * heads * width, width, torch.bfloat16).view(-1, width, width)
            query, key, value = parts.view(3, -1, width, size)
            split = _seen(parts).view(word).reshape(3, rows, heads, width, -1)
            kernels.split(sums[some], scales[some], *outputs, narrow, narrow.view(word), split)
            torch.bmm(query, key.transpose(1, 2), out=scores)
            kernels.soften(_seen(scores).reshape(rows, heads * width, width), seen, line)
            torch.bmm(scores, value, out=mixed.view(value.shape))
            each = _seen(mixed).view(word).reshape(rows, heads, width, -1)
            kernels.join(each, joined.view(word), joined, wide, values[some], found[some])
        return made

    def settle(self, x: Rounded, hidden: torch.Tensor, norm: Norm) -> Rounded:
        """Add x W' + b to `hidden` (float32 [tokens, out]) and normalise it, in place; gives it rounded."""
        made = Rounded.room(*hidden.shape)
        kernels.settle(*self._sums(x), hidden.numpy(), norm, *made.arrays())
        return made


Norm = tuple[np.ndarray, np.ndarray, Any]
"""Gain, shift and what the variance is at least."""


def norm_of(layer: torch.nn.LayerNorm) -> Norm:
    """A layer norm's numbers."""
    return layer.weight.detach().numpy(), layer.bias.detach().numpy(), F32(layer.eps)


class Bert:
    """The forward pass of a transformers BertModel in fp32, its linear layers rounded, and its pooling."""

    def __init__(self, model: Any, pooling: str) -> None:
        """`pooling`: "cls" or "mean"."""
        self._heads, self._pooling, self._layers = model.config.num_attention_heads, pooling, []
        of = model.embeddings
        self._words = of.word_embeddings.weight.detach().numpy()
        self._places = (of.position_embeddings.weight + of.token_type_embeddings.weight[0]).detach().numpy()
        self._norm, exact = norm_of(of.LayerNorm), model.config.hidden_act == "gelu"
        scale = (model.config.hidden_size // self._heads) ** -0.5 / math.log(2)  # of a power of 2
        for layer in model.encoder.layer:
            attention = layer.attention
            self._layers.append(
                (
                    Linear("", attention.self.query, attention.self.key, attention.self.value, first=scale),
                    Linear("out", attention.output.dense),
                    norm_of(attention.output.LayerNorm),
                    Linear("up", layer.intermediate.dense),
                    None if exact else layer.intermediate.intermediate_act_fn,
                    Linear("down", layer.output.dense),
                    norm_of(layer.output.LayerNorm),
                )
            )

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Pooled last hidden states, float32 [rows, hidden]; `mask` (bool [rows, width]) is False at
        padding, which comes last."""
        rows, width = ids.shape
        counts, hidden = mask.sum(1).numpy(), _room("hidden", rows * width, len(self._norm[0]), torch.float32)
        x = Rounded.room(*hidden.shape)
        kernels.embed(ids.numpy(), self._words, self._places, hidden.numpy(), self._norm, *x.arrays())
        for project, out, first_norm, up, act, down, norm in self._layers:
            x = out.settle(project.attend(x, counts, self._heads), hidden, first_norm)
            x = down.settle(up.gelu(x) if act is None else Rounded.of(act(up(x))), hidden, norm)
        each = hidden.view(rows, width, -1)
        if self._pooling == "cls":
            return each[:, 0].clone()
        pooled = torch.empty(rows, hidden.shape[1])
        kernels.mean(each.numpy(), counts, pooled.numpy())
        return pooled
