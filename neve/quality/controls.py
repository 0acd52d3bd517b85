"""A phase's control: random documents in the place of the best, so that what quality did can be told from the rest.

A control sees as many tokens of each language as the phase whose twin it is, in random documents, once each where the
pool suffices. The trade-off: it follows the languages, not the lengths of what the phase sees; only documents longer
than any that the phase could take are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents
from neve.errors import Fault
from neve.hashing import draw_keys, shares
from neve.quality import pools
from neve.store import read_json, write_json

RULES_VERSION = 2


@dataclass(frozen=True)
class Settings:
    name: str
    """The control; its draw is a function of the name and the seed."""
    tokens: int
    """Tokens of the phase, repeats counted."""
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `control-<name>`: selection.parquet and selection.json, random documents of `tokens`.

    The languages' shares are those of the phase's `selection`, or of the documents of `synthetic` shards.
    """
    found = pools.load(inputs["tokens"], None)
    if "selection" in inputs:
        about = read_json(inputs["selection"] / pools.ABOUT)["languages"]
        quotas = shares({language: row["tokens"] for language, row in about.items()}, settings.tokens)
        longest = {language: row["longest"] for language, row in about.items()}
    else:
        longest = quotas = _quotas(settings, inputs["synthetic"], set(found))
    chosen, repeats, languages = {}, {}, {}
    for language in sorted(quotas):
        quota, pool = quotas[language], found[language]
        keys = draw_keys(pa.array(pool.doc_ids), settings.seed, settings.name)
        drawn = pool.take(np.argsort(keys, kind="stable"))
        part = drawn.take(pools.fill(drawn.tokens, quota, longest[language]))
        taken, there = int(part.tokens.sum()), int((drawn.tokens <= longest[language]).sum())
        short = 0 < len(part.tokens) == there
        chosen[language], repeats[language] = part, -(-quota // taken) if short else 1
        languages[language] = {
            "quota": quota, "tokens": taken, "documents": len(part.tokens), "repeats": repeats[language],
            "cutoff_score": None, "cutoff_rank": None,
        }  # fmt: skip
    counts = pools.write(out, chosen, repeats)
    made = {"documents": counts["documents"], "unique_tokens": counts["tokens"], "languages": languages}
    write_json(out / pools.ABOUT, made)
    return counts


def _quotas(settings: Settings, synthetic: Path, languages: set[str]) -> dict[str, int]:
    """Tokens of each language: the synthetic documents' mix, as far as the corpus has the languages."""
    index = documents.read(synthetic / "index.parquet", ["language", "length", "split"])
    made = index.filter(pc.equal(index["split"], "train")).group_by("language").aggregate([("length", "sum")])
    if not made.num_rows:
        raise Fault(
            f"{settings.name}: synthesis accepted no document, so the control has no language mix to follow"
        )
    weights = {row["language"]: row["length_sum"] for row in made.to_pylist() if row["language"] in languages}
    if not weights:
        raise Fault(f"{settings.name}: the corpus has no document in any language of the synthetic ones")
    return shares(weights, settings.tokens)
