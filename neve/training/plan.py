"""What a recipe will cost, by arithmetic alone: parameters, steps, repeats, FLOPs, hours, memory, disk.

FLOPs of training a token are counted three ways, each with N = all parameters, the tied embedding once:
6N; causal, 6N + 6·L·H·T (attention on the half of the square that is seen); and PaLM's 6N + 12·L·H·T (the whole
square, what most utilisation figures mean, so hours are by this one). Memory and disk are estimates for
weights sharded by FSDP2, mixed precision and no recomputation; the rest is exact.

Sources: PaLM (arXiv 2204.02311, appendix B); Muennighoff et al. 2023 (arXiv 2305.16264) for what repeated
tokens are worth: D' = U + U·R·(1 − exp(−(epochs − 1)/R)) with R = 15.39.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

REPETITION = 15.39
"""R*: repeats after which a token has lost 1 − 1/e of its worth."""

PEAK_FLOPS = 989e12
"""Dense bf16 operations a second of one H100 SXM."""

KEPT_CHECKPOINTS = 2


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


def steps(tokens: int, training: Mapping[str, Any]) -> int:
    """Optimizer steps of a phase; the last one is whole, so that at least `tokens` tokens are trained on."""
    return -(-tokens // (training["batch"] * training["sequence"]))


def effective_tokens(unique: float, epochs: float) -> float:
    """Fresh tokens that `epochs` passes over `unique` tokens are worth by the repetition law."""
    repeats = max(epochs - 1.0, 0.0)
    return unique * min(epochs, 1.0) + unique * REPETITION * (1.0 - math.exp(-repeats / REPETITION))


def plan(
    recipe: Mapping[str, Any],
    vocab_size: int,
    gpus: int = 1,
    mfu: float = 0.4,
    peak_flops: float = PEAK_FLOPS,
    corpus_tokens: int | None = None,
) -> dict[str, Any]:
    """Figures of a recipe given as nested dicts, for `gpus` devices of `peak_flops` at a utilisation of `mfu`.

    `corpus_tokens` is what the corpus has, once known; before, unique tokens, epochs and effective tokens of a
    corpus phase are None. Totals leave the controls out; `with_controls` counts them in.
    """
    model, training = recipe["model"], recipe["training"]
    count = parameters(model, vocab_size)
    per_token = flops_per_token(model, vocab_size, training["sequence"])
    rows = []
    for phase in recipe["phase"]:
        row = _phase(phase, recipe, per_token, gpus * mfu * peak_flops, corpus_tokens)
        rows.append(row)
        if phase["control"]:
            rows.append(row | {"phase": f"{phase['name']}-random", "control": True})
    return {
        "parameters": count,
        "flops_per_token": per_token,
        "phases": rows,
        "total": _total([row for row in rows if not row["control"]]),
        "with_controls": _total(rows),
        "memory": _memory(model, training, count["all"], gpus),
        "disk": _disk(count["all"], vocab_size, rows, corpus_tokens),
        "gpus": gpus,
        "mfu": mfu,
        "peak_flops": peak_flops,
    }


def _phase(
    phase: Mapping[str, Any],
    recipe: Mapping[str, Any],
    per_token: Mapping[str, float],
    speed: float,
    corpus_tokens: int | None,
) -> dict[str, Any]:
    tokens = phase["tokens"]
    unique: float | None
    if phase["data"] == "selection":
        unique = tokens / phase["repeats"]
    elif phase["data"] == "synthetic":
        unique = recipe["synthesis"]["tokens"]
    else:
        unique = corpus_tokens
    epochs = None if unique is None else tokens / unique
    return {
        "phase": phase["name"],
        "control": False,
        "data": phase["data"],
        "tokens": tokens,
        "steps": steps(tokens, recipe["training"]),
        "unique_tokens": unique,
        "epochs": epochs,
        "effective_tokens": None if unique is None or epochs is None else effective_tokens(unique, epochs),
        "flops": {name: flops * tokens for name, flops in per_token.items()},
        "hours": per_token["palm"] * tokens / speed / 3600,
    }


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tokens": sum(row["tokens"] for row in rows),
        "steps": sum(row["steps"] for row in rows),
        "flops": {name: sum(row["flops"][name] for row in rows) for name in ("6N", "causal", "palm")},
        "hours": sum(row["hours"] for row in rows),
    }


def _memory(model: Mapping[str, Any], training: Mapping[str, Any], count: int, gpus: int) -> dict[str, float]:
    """Bytes on one GPU: fp32 weights, gradients and two moments in shares, what one micro batch leaves for the
    backward pass (fp32 residual stream, the rest bf16, kept attention inputs, no T² matrix), two gathered layers."""
    hidden, wide = model["hidden"], model["intermediate"]
    keys = hidden * model["kv_heads"] // model["heads"]
    per_layer = 2 * 4 * hidden + 2 * (2 * hidden + (hidden + 2 * keys) + hidden + 4 * wide)
    windows = min(training["micro_batch"], -(-training["batch"] // gpus))
    gathered = 2 * 2 * (2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * wide) if gpus > 1 else 0
    rows: dict[str, float] = {
        "weights": 4 * count / gpus,
        "gradients": 4 * count / gpus,
        "moments": 8 * count / gpus,
        "gathered_layers": gathered,
        "activations": windows * training["sequence"] * model["layers"] * per_layer,
    }
    return rows | {"total": sum(rows.values())}


def _disk(
    count: int, vocab_size: int, rows: list[dict[str, Any]], corpus_tokens: int | None
) -> dict[str, float]:
    """Bytes: token shards (an unknown corpus counts as the tokens of its longest phase), two checkpoints with
    moments, one fp32 model a phase."""
    width = 2 if vocab_size <= 1 << 16 else 4
    corpus = corpus_tokens or max((r["tokens"] for r in rows if r["data"] == "corpus"), default=0)
    synthetic = max((r["unique_tokens"] for r in rows if r["data"] == "synthetic"), default=0)
    parts: dict[str, float] = {
        "tokens": width * (corpus + synthetic),
        "checkpoints": KEPT_CHECKPOINTS * 12 * count,
        "models": 4 * count * len(rows),
    }
    return parts | {"total": sum(parts.values())}
