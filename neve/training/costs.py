"""Arithmetic of a phase: its weights, FLOPs, steps, and memory on a GPU.

FLOPs of training a token are counted three ways, each with N = all parameters, the tied embedding once: 6N; causal,
6N + 6·L·H·T (attention on the half of the square that is seen); and PaLM's 6N + 12·L·H·T (the whole square, what most
utilisation figures mean; arXiv 2204.02311, appendix B). Memory is an estimate for weights sharded by FSDP2, mixed
precision and no recomputation; the rest is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neve.tokens.mix import Mix
from neve.tokens.view import View


def parameters(model: Mapping[str, Any], vocab_size: int) -> dict[str, int]:
    """Number of weights of a model section: {"all", "embeddings" (untied: both matrices), "other"}."""
    hidden, head = model["hidden"], model["hidden"] // model["heads"]
    attention = 2 * hidden * hidden + 2 * hidden * head * model["kv_heads"]
    layer = attention + 3 * hidden * model["intermediate"] + 2 * hidden
    other = model["layers"] * layer + hidden
    embeddings = vocab_size * hidden * (1 if model["tied"] else 2)
    return {"all": other + embeddings, "embeddings": embeddings, "other": other}


def flops_per_token(model: Mapping[str, Any], vocab_size: int, sequence: int) -> dict[str, float]:
    """FLOPs of one forward and backward pass a token: {"6N", "causal", "palm"}."""
    weights = 6.0 * parameters(model, vocab_size)["all"]
    square = 12.0 * model["layers"] * model["hidden"] * sequence
    return {"6N": weights, "causal": weights + square / 2, "palm": weights + square}


def sizes(phase: Mapping[str, Any], training: Mapping[str, Any]) -> dict[str, int]:
    """A phase's own {"sequence", "batch"}: tokens of a window and windows of a step."""
    sequence = phase["sequence"] or training["sequence"]
    return {"sequence": sequence, "batch": (phase["batch_tokens"] or training["batch_tokens"]) // sequence}


def extent(phase: Mapping[str, Any], training: Mapping[str, int], view: View | Mix) -> tuple[int, int | None]:
    """Optimizer steps of a phase, and the window at which its data ends (None where tokens are counted).

    The last step is whole: of a phase that counts tokens it reads on, else it is filled up with empty windows.
    """
    batch, sequence = training["batch"], training["sequence"]
    if phase["epochs"] is None or isinstance(view, Mix):
        return -(-phase["tokens"] // (batch * sequence)), None
    limit = phase["epochs"] * view.windows(sequence)
    return -(-limit // batch), limit


def memory(model: Mapping[str, Any], training: Mapping[str, Any], count: int, gpus: int) -> dict[str, float]:
    """Bytes on one GPU: fp32 weights, gradients and two moments in shares, what one micro batch leaves for the
    backward pass (bf16, kept attention inputs, no T² matrix), and weights in bf16: all on one GPU, else two gathered layers.

    On one H100 the 1.364B model at micro batches of 8,192, 16,384 and 24,576 tokens took 40.6, 54.9 and 68.2 GB; this
    says 39.9, 55.2 and 70.5.
    """
    hidden, wide = model["hidden"], model["intermediate"]
    keys = hidden * model["kv_heads"] // model["heads"]
    per_layer = 2 * (2 * hidden + 2 * hidden + (hidden + 2 * keys) + hidden + 4 * wide)
    windows = min(training["micro_batch"], -(-training["batch"] // gpus))
    layer = 2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * wide
    rows: dict[str, float] = {
        "weights": 4 * count / gpus,
        "gradients": 4 * count / gpus,
        "moments": 8 * count / gpus,
        "bf16_weights": 2 * count if gpus == 1 else 2 * 2 * layer,
        "activations": windows * training["sequence"] * model["layers"] * per_layer,
    }
    return rows | {"total": sum(rows.values())}
