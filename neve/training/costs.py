"""Arithmetic of a phase: its weights, FLOPs and steps, exactly.

FLOPs of training a token are counted three ways, each with N = all parameters, the tied embedding once: 6N;
causal, 6N + 6·L·H·T (attention on the half of the square that is seen); and PaLM's 6N + 12·L·H·T (the whole
square, what most utilisation figures mean; arXiv 2204.02311, appendix B). Memory is estimated in `memory`.
"""

from __future__ import annotations

from typing import Any

from neve.tokens.mix import Mix
from neve.tokens.view import View
from neve.training.settings import Model, Phase, Training


def parameters(model: Model, vocab_size: int) -> dict[str, int]:
    """Number of weights of a model section: {"all", "embeddings" (untied: both matrices), "other"}."""
    hidden, head = model.hidden, model.hidden // model.heads
    attention = 2 * hidden * hidden + 2 * hidden * head * model.kv_heads
    layer = attention + 3 * hidden * model.intermediate + 2 * hidden
    other = model.layers * layer + hidden
    embeddings = vocab_size * hidden * (1 if model.tied else 2)
    return {"all": other + embeddings, "embeddings": embeddings, "other": other}


def flops_per_token(model: Model, vocab_size: int, sequence: int) -> dict[str, float]:
    """FLOPs of one forward and backward pass a token: {"6N", "causal", "palm"}."""
    weights = 6.0 * parameters(model, vocab_size)["all"]
    square = 12.0 * model.layers * model.hidden * sequence
    return {"6N": weights, "causal": weights + square / 2, "palm": weights + square}


def sizes(phase: Any, training: Any) -> dict[str, int]:
    """A phase's own {"sequence", "batch"}, from two tables of the recipe: tokens of a window and windows of
    a step."""
    sequence = phase.sequence or training.sequence
    return {"sequence": sequence, "batch": (phase.batch_tokens or training.batch_tokens) // sequence}


def extent(phase: Phase, training: Training, view: View | Mix) -> tuple[int, int | None]:
    """Optimizer steps of a phase, and the window at which its data ends (None where tokens are counted).

    The last step is whole: of a phase that counts tokens it reads on, else it is filled up with empty
    windows.
    """
    batch, sequence = training.batch, training.sequence
    if phase.epochs is None or isinstance(view, Mix):
        assert phase.tokens is not None, "a phase has tokens or epochs"
        return -(-phase.tokens // (batch * sequence)), None
    limit = phase.epochs * view.windows(sequence)
    return -(-limit // batch), limit
