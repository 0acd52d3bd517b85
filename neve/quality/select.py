"""Scores become a phase's selection: the best of each language, to a token budget.

As in Arctic-SnowCoder (arXiv 2409.02326) documents are ranked within each language, so the language mix of the first
phase is kept, and the top tokens / repeats are seen `repeats` times. The trade-off: a language's share is fixed before
quality is looked at, so the best documents of a large language may be worse than those left out of a small one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.hashing import shares
from neve.quality import pools
from neve.quality.pools import Pool
from neve.store import write_json

RULES_VERSION = 2


@dataclass(frozen=True)
class Settings:
    tokens: int
    """Tokens of the phase, repeats counted."""
    repeats: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `selection-<phase>`: the best documents of `tokens` by `scores`: selection.parquet and selection.json."""
    chosen, about = best(pools.load(inputs["tokens"], inputs["scores"]), settings.tokens, settings.repeats)
    counts = pools.write(out, chosen, dict.fromkeys(chosen, settings.repeats))
    made = {"tokens": settings.tokens, "repeats": settings.repeats, "documents": counts["documents"]}
    write_json(out / pools.ABOUT, {**made, "unique_tokens": counts["tokens"], "languages": about})
    return counts


def best(found: dict[str, Pool], budget: int, repeats: int) -> tuple[dict[str, Pool], dict[str, Any]]:
    """The best of each language for a phase of `budget` tokens at `repeats`, and what was chosen, by language."""
    whole = {language: int(pool.tokens.sum()) for language, pool in found.items()}
    quotas = shares(whole, -(-budget // repeats))
    chosen, about = {}, {}
    for language, pool in found.items():
        quota = quotas[language]
        part = pool.take(pools.fill(pool.tokens, quota, quota))
        chosen[language], taken = part, int(part.tokens.sum())
        about[language] = {
            "quota": quota, "tokens": taken, "documents": len(part.tokens), "longest": quota, "short": whole[language] < quota,
            "cutoff_score": float(part.scores[-1]) if len(part.scores) else None,
            "cutoff_rank": int(part.ranks[-1]) if len(part.ranks) else None,
            "pool_tokens": whole[language], "pool_documents": len(pool.tokens),
            "share": taken / whole[language],
        }  # fmt: skip
    if not any(len(part.tokens) for part in chosen.values()):
        raise Fault(
            f"phase tokens = {budget} at {repeats} repeats is less than the shortest document needs in every language; "
            "give the phase more tokens, or fewer repeats"
        )
    return chosen, about
