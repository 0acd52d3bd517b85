"""Scores become a phase's selection: the best of each language, to a token budget.

As in Arctic-SnowCoder (arXiv 2409.02326) documents are ranked within each language, so the language mix of
the first phase is kept, or set by weights, and the top tokens / repeats are seen `repeats` times. Instead of
that step, repeats may follow a curve (OLMo 3, arXiv 2512.13961): with x the share of a language's tokens
that rank below a document, it is seen C · x^p · e^(λx) times, rounded and capped, and not at all below a
share; C is what meets the budget. And instead of cutting at the budget, documents may be drawn by score
(QuRating, arXiv 2402.09739): without replacement, with weights e^(score / temperature), scores in standard
deviations of their language.

The trade-off: a language's share is fixed before quality is looked at, so the best documents of a large
language may be worse than those left out of a small one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neve.errors import Fault
from neve.hashing import draw_keys, shares
from neve.quality import pools
from neve.quality.pools import Chosen, Pool
from neve.recipe.training import Curve
from neve.store import write_json

HALVINGS = 60
"""Steps in which the factor of a curve is found."""


@dataclass(frozen=True)
class Settings:
    tokens: int
    """Tokens of the phase, repeats counted."""
    repeats: int
    curve: Curve | None
    """Instead of `repeats`."""
    temperature: float
    """0: the best are taken; above, documents are drawn."""
    seed: int
    languages: Mapping[str, float] = field(default_factory=dict)
    """Weight of each language in the phase; none: as many tokens as the pool has."""


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `selection-<phase>`: the best documents of `tokens` by `scores`: selection.parquet and
    selection.json."""
    chosen, about = best(pools.load(inputs["tokens"], inputs["scores"]), settings)
    counts = pools.write(out, chosen)
    made = {"tokens": settings.tokens, "repeats": settings.repeats, "documents": counts["documents"]}
    write_json(out / pools.ABOUT, {**made, "unique_tokens": counts["tokens"], "languages": about})
    return counts


def best(found: dict[str, Pool], settings: Settings) -> tuple[dict[str, Chosen], dict[str, Any]]:
    """What a phase reads of each language, and what there is to say of it, by language."""
    whole = {language: int(pool.tokens.sum()) for language, pool in found.items()}
    once = 1 if settings.curve else settings.repeats
    quotas = shares(_weights(whole, settings.languages), -(-settings.tokens // once))
    chosen, about = {}, {}
    for language, pool in found.items():
        ordered = _drawn(pool, settings) if settings.temperature else pool
        quota = quotas[language]
        if settings.curve:
            part = curved(ordered, quota, settings.curve)
        else:
            part = pools.flat(ordered, quota, settings.repeats)
        chosen[language], taken = part, int(part.tokens.sum())
        lowest = int(np.argmax(part.pool.ranks)) if len(part.tokens) else None
        about[language] = {
            "quota": quota, "tokens": taken, "seen": part.seen(), "effective": part.effective(), "documents": len(part.tokens),
            "short": part.seen() < quota * once - pools.LEAST * once,
            "cutoff_score": None if lowest is None else float(part.pool.scores[lowest]),
            "cutoff_rank": None if lowest is None else int(part.pool.ranks[lowest]),
            "pool_tokens": whole[language], "pool_documents": len(pool.tokens),
            "share": taken / whole[language],
        }  # fmt: skip
    if not any(len(part.tokens) for part in chosen.values()):
        raise Fault(
            f"phase tokens = {settings.tokens} at {settings.repeats} repeats is less than a token and its separator in "
            "every language; give the phase more tokens, or fewer repeats"
        )
    return chosen, about


def _weights(whole: Mapping[str, int], wanted: Mapping[str, float]) -> Mapping[str, float]:
    """What the tokens are shared out by, for each language of the pool."""
    for language in sorted(set(wanted) - set(whole)):
        raise Fault(
            f"phase languages.{language} = {wanted[language]:g}: the corpus has no training document in it, it has "
            f"{', '.join(whole)}; leave it out"
        )
    return {language: wanted.get(language, 0.0) for language in whole} if wanted else whole


def curved(pool: Pool, budget: int, curve: Curve) -> Chosen:
    """The documents of a pool, best first, as often as the curve says, `budget` tokens in all, repeats
    counted.

    Repeats fall along the pool. What rounding leaves of the budget goes to the best documents that have
    none, once.
    """
    below = 1 - (np.cumsum(pool.tokens) - pool.tokens / 2) / pool.tokens.sum()
    shape = np.where(below >= curve.drop, below**curve.power * np.exp(curve.growth * below), 0.0)

    def repeats(factor: float) -> np.ndarray:
        return np.floor(np.minimum(factor * shape, curve.cap) + 0.5).astype(np.int32)

    positive = shape[shape > 0]
    low = np.log(0.49 / positive.max(initial=1e-300))  # nothing is seen
    high = np.log(curve.cap / positive.min(initial=1.0))  # all are seen as often as may be
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = (pool.tokens * repeats(np.exp(middle))).sum() <= budget
        low, high = (middle, high) if fits else (low, middle)
    times, more = repeats(np.exp(low)), repeats(np.exp(high)) - repeats(np.exp(low))
    left = budget - int((pool.tokens * times).sum())
    times = times + np.where(np.cumsum(more * pool.tokens) <= left, more, 0)
    left = budget - int((pool.tokens * times).sum())
    taken = int((times > 0).sum())
    rest = pools.fill(pool.tokens[taken : int((shape > 0).sum())], left)
    tokens = np.concatenate([pool.tokens[:taken], rest])
    times = np.append(times[:taken], np.ones(len(rest), dtype=np.int32)).astype(np.int32)
    return Chosen(pool.take(np.arange(len(tokens))), tokens, times)


def _drawn(pool: Pool, settings: Settings) -> Pool:
    """The pool in the order of a draw by score: Gumbel noise on score / temperature, the largest first."""
    uniform = (
        draw_keys(pa.array(pool.doc_ids), settings.seed, "selection").astype(np.float64) + 0.5
    ) / 2.0**64
    noise = -np.log(-np.log(np.clip(uniform, 1e-300, 1 - 1e-16)))
    standard = (pool.scores - pool.scores.mean()) / max(float(pool.scores.std()), 1e-12)
    return pool.take(np.argsort(-(standard / settings.temperature + noise), kind="stable"))
