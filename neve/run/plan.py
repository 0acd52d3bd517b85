"""What a recipe will cost, before anything runs: steps, repeats, FLOPs, hours, memory, disk, phase by phase.

Hours are of training alone and by PaLM's count of FLOPs, on GPUs at the utilisation given or on this
machine's cores at CORE_FLOPS; disk is an estimate, the rest is exact where the corpus's tokens are known
(`corpus.expected_tokens`). The trade-off: a phase counts with the tokens that the recipe states, not with
what selection and synthesis will find, and a control with random documents once each.

Source: Muennighoff et al. 2023 (arXiv 2305.16264) for what repeated tokens are worth:
D' = U + U·R·(1 − exp(−(epochs − 1)/R)) with R = 15.39.
"""

from __future__ import annotations

from typing import Any

from neve.errors import Fault, Misuse
from neve.quality.pools import effective_tokens
from neve.recipe.recipe import Recipe
from neve.recipe.training import Phase, Training
from neve.run import phases, vocabulary
from neve.settings import pick
from neve.tokens.mix import SLOTS
from neve.tokens.mix import slots as mix_slots
from neve.training import memory, schedule, settings
from neve.training.costs import flops_per_token, parameters
from neve.training.memory import Device

PEAK_FLOPS = 989e12
"""Dense bf16 operations a second of one H100 SXM."""

CORE_FLOPS = 20e9
"""Operations a second that training reaches on one core that others load; idle, it is twice as fast."""

CAPACITY = 79 << 30
"""Its memory in bytes, as CUDA reports it."""


def plan(
    recipe: Recipe,
    vocab_size: int,
    gpus: int | None = 1,
    mfu: float = 0.4,
    corpus_tokens: int | None = None,
    cores: int = 1,
) -> dict[str, Any]:
    """Figures of a recipe, for `gpus` devices of PEAK_FLOPS at a utilisation of `mfu`, or, where `gpus` is
    None, for `cores` of a CPU; `gpus` in the result is 0 then.

    `corpus_tokens` is what the corpus has, once known; before, unique tokens, epochs and effective tokens of
    a corpus phase are None, and one that counts epochs is a Fault. `memory` is that of the largest phase on
    one of the GPUs, and `cpu_memory` in one process on `cores` of a CPU. Totals leave the controls out;
    `with_controls` counts them in.
    """
    vocabulary.check(recipe.corpus)
    if not recipe.phase:
        raise Misuse(
            "phase: the recipe has none, so nothing is trained; `neve run` ends with the corpus's tokens"
        )
    peak, speed = (PEAK_FLOPS, gpus * mfu * PEAK_FLOPS) if gpus else (CORE_FLOPS, CORE_FLOPS * cores)
    model = pick(settings.Model, recipe.model)
    count = parameters(model, vocab_size)
    rows: list[dict[str, Any]] = []
    for phase in recipe.phase:
        row = _phase(phase, recipe, vocab_size, corpus_tokens)
        row["hours"] = row["flops"]["palm"] / speed / 3600
        training = phases.sized(recipe, phase)
        for name, device in _devices(recipe.training, gpus or 1, cores).items():
            row[name] = memory.estimate(model, vocab_size, training, device)
            row[name]["recomputed"] = memory.recomputed(model, vocab_size, training, device)
        rows.append(row)
        for name, kind in phase.twins.items():
            once = _unique(phase, row["tokens"], _epoch(recipe, phase, corpus_tokens), True)
            rows.append(row | (once if kind == "random" else {}) | {"phase": name, "control": True})
    kept = len({phase.start for phase in recipe.phase if phase.moments == "keep"})
    return {
        "parameters": count,
        "phases": rows,
        "total": _total([row for row in rows if not row["control"]]),
        "with_controls": _total(rows),
        **{
            name: max((row[name] for row in rows), key=lambda m: m["total"])
            for name in ("memory", "cpu_memory")
        },
        "disk": _disk(count["all"], vocab_size, rows, recipe, corpus_tokens, kept),
        "gpus": gpus or 0,
        "mfu": mfu if gpus else 1.0,
        "peak_flops": peak,
    }


def _phase(phase: Phase, recipe: Recipe, vocab_size: int, corpus_tokens: int | None) -> dict[str, Any]:
    """Of a phase: steps, repeats and FLOPs."""
    epoch, tokens = _epoch(recipe, phase, corpus_tokens), length(recipe, phase, corpus_tokens)
    size = phases.sized(recipe, phase)
    steps = -(-tokens // (size.batch * size.sequence))
    phases.check(phase, steps)
    per_token = flops_per_token(pick(settings.Model, recipe.model), vocab_size, size.sequence)
    return {
        "phase": phase.name,
        "control": False,
        "data": " + ".join(part.data for part in phase.parts),
        "tokens": tokens,
        "steps": steps,
        "wasted_steps": int(schedule.wasted(steps, pick(settings.LearningRate, phase.lr))),
        **_unique(phase, tokens, epoch),
        "flops_per_token": per_token,
        "flops": {name: flops * tokens for name, flops in per_token.items()},
    }


def length(recipe: Recipe, phase: Phase, corpus_tokens: int | None) -> int:
    """Tokens that a phase trains on; Fault where it counts epochs of what nobody knows the size of."""
    if not phase.epochs:
        return phase.tokens or 0
    once = _epoch(recipe, phase, corpus_tokens)[phase.parts[0].data]
    if once is None:
        raise Fault(
            f"phase {phase.name!r} counts epochs; say how many tokens one has: corpus.expected_tokens"
        )
    return phase.epochs * once


def _epoch(recipe: Recipe, phase: Phase, corpus_tokens: int | None) -> dict[str, int | None]:
    """Tokens that each kind of data has once, as far as they are known."""
    synthetic = recipe.synthesis.tokens if recipe.synthesis else None
    return {"corpus": corpus_tokens, "synthetic": synthetic, "selection": phase.tokens}


def _unique(
    phase: Phase, tokens: int, epoch: dict[str, int | None], random: bool = False
) -> dict[str, float | None]:
    """Unique tokens of a phase, or of its `random` control, and what they are worth; the parts of a mix are
    counted each for itself and added up."""
    unique: list[tuple[float | None, float]] = []
    for part, slots in zip(phase.parts, mix_slots([part.weight for part in phase.parts]), strict=True):
        seen = tokens * slots / SLOTS
        if random and part.data != "corpus":
            unique.append((seen, seen))
        elif part.data == "selection":
            unique.append(((phase.tokens or 0) * slots / SLOTS / phase.repeats, seen))
        else:
            unique.append((epoch[part.data], seen))
    known = [(once, seen / once) for once, seen in unique if once is not None]
    if len(known) < len(unique):
        return {"unique_tokens": None, "epochs": None, "effective_tokens": None}
    whole = sum(once for once, _ in known)
    worth = sum(effective_tokens(once, times) for once, times in known)
    return {"unique_tokens": whole, "epochs": tokens / whole, "effective_tokens": worth}


def _devices(training: Training, gpus: int, cores: int) -> dict[str, Device]:
    """What the figures of memory are for: one of `gpus` H100, compiled unless told not to be, and `cores` of
    a CPU."""
    precision, compiled = training.precision, training.compile
    return {
        "memory": Device("cuda", gpus, 1, precision != "fp32", compiled is not False, CAPACITY),
        "cpu_memory": Device("cpu", 1, cores, precision == "bf16", compiled is True),
    }


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tokens": sum(row["tokens"] for row in rows),
        "steps": sum(row["steps"] for row in rows),
        "flops": {name: sum(row["flops"][name] for row in rows) for name in ("6N", "causal", "palm")},
        "hours": sum(row["hours"] for row in rows),
    }


def _disk(
    count: int,
    vocab_size: int,
    rows: list[dict[str, Any]],
    recipe: Recipe,
    corpus_tokens: int | None,
    kept: int,
) -> dict[str, float]:
    """Bytes: token shards (an unknown corpus counts as the tokens of its longest phase), one phase's
    checkpoints with moments, one fp32 model a phase, and the moments of `kept` phases that a later one goes
    on with."""
    moments = memory.moments(pick(settings.Model, recipe.model), vocab_size, recipe.training.optimizer)
    width = 2 if vocab_size <= 1 << 16 else 4
    corpus = corpus_tokens or max((r["tokens"] for r in rows if "corpus" in r["data"]), default=0)
    synthetic = recipe.synthesis.tokens if recipe.synthesis else 0
    parts: dict[str, float] = {
        "tokens": width * (corpus + synthetic),
        "checkpoints": recipe.training.keep_checkpoints * (4 * count + moments),
        "models": 4 * count * len(rows),
        "moments": moments * kept,
    }
    return parts | {"total": sum(parts.values())}
