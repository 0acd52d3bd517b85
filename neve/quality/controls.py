"""A phase's controls: random documents in the place of the best, so that causes can be told apart.

Kind `random` sees as many tokens of each language as the phase, in random documents, once each where the
pool suffices: beside it, the phase shows what selecting and repeating did together. Kind `random-repeated`
sees as many unique tokens as the phase, as often: beside it, the phase shows what selecting did alone. Kind
`random-length` does the same in documents as long as the phase's, language by language: beside it, the phase
shows what selecting did other than to prefer a length. A control may be drawn several times; the draws
differ by their names, and on them rests what chance does. The trade-off: lengths agree by twentieths of the
pool, not to the token.
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
from neve.quality.pools import Chosen, Pool
from neve.recipe.training import Control
from neve.store import read_json, write_json

BINS = 20
"""Parts of a language's documents by length, equally many in each, within which `random-length` draws."""


@dataclass(frozen=True)
class Settings:
    name: str
    """The control; its draw is a function of the name and the seed."""
    kind: Control
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
        unique = {language: row["tokens"] for language, row in about.items()}
        seen = {language: row["seen"] for language, row in about.items()}
    else:
        unique = seen = _synthetic(settings, inputs["synthetic"], set(found))
    times, like = 1, {}
    if settings.kind == "random-length":
        like = _lengths(inputs)
    if settings.kind != "random":
        times = max(1, round(settings.tokens / sum(unique.values())))
    quotas = shares(unique if times > 1 else seen, -(-settings.tokens // times))
    chosen, languages = {}, {}
    for language in sorted(quotas):
        quota, pool = quotas[language], found[language]
        keys = draw_keys(pa.array(pool.doc_ids), settings.seed, settings.name)
        order = np.argsort(keys, kind="stable")
        drawn = pool.take(_alike(pool.tokens, order, like[language]) if language in like else order)
        there = int(drawn.tokens.sum())
        repeats = times if quota <= there else -(-quota * times // there)
        part = pools.flat(drawn, quota, times) if quota <= there else _beyond(drawn, quota * times)
        chosen[language] = part
        languages[language] = {
            "quota": quota, "tokens": int(part.tokens.sum()), "seen": part.seen(), "effective": part.effective(), "documents": len(part.tokens),
            "repeats": repeats, "cutoff_score": None, "cutoff_rank": None,
        }  # fmt: skip
    counts = pools.write(out, chosen)
    made = {"documents": counts["documents"], "unique_tokens": counts["tokens"], "languages": languages}
    write_json(out / pools.ABOUT, made)
    return counts


def _beyond(pool: Pool, tokens: int) -> Chosen:
    """More tokens than a pool has: all its documents as often as fits, its first ones once more."""
    often, left = divmod(tokens, int(pool.tokens.sum()))
    more = np.cumsum(pool.tokens) <= left
    return Chosen(pool, pool.tokens, (often + more).astype(np.int32))


def _lengths(inputs: dict[str, Path]) -> dict[str, np.ndarray]:
    """By language the tokens, separators counted, of the documents that the phase sees, each once."""
    if "selection" in inputs:
        index = documents.read(inputs["tokens"] / "index.parquet", ["doc_id", "language", "length"])
        chosen = documents.read(inputs["selection"] / pools.FILE, ["doc_id"])["doc_id"]
        index = index.filter(pc.is_in(index["doc_id"], chosen.combine_chunks()))
    else:
        index = documents.read(inputs["synthetic"] / "index.parquet", ["language", "length"])
    languages, lengths = index["language"].to_numpy(), index["length"].to_numpy() + 1
    return {str(language): lengths[languages == language] for language in np.unique(languages)}


def _alike(tokens: np.ndarray, order: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The pool's rows in an order whose beginning is as long, document for document, as `like`.

    `tokens` are the lengths of the pool's documents, `order` their draw. Round by round a document of each
    length comes that `like` has; where a length has run out, the others go on.
    """
    edges = np.quantile(tokens, np.linspace(0, 1, BINS + 1)[1:-1])
    wanted = np.bincount(np.searchsorted(edges, like), minlength=BINS)
    bins = np.searchsorted(edges, tokens[order])
    place = np.empty(len(order))
    for number in range(BINS):
        mine = np.flatnonzero(bins == number)
        place[mine] = (np.arange(len(mine)) + 0.5) / wanted[number] if wanted[number] else np.inf
    return order[np.argsort(place, kind="stable")]


def _synthetic(settings: Settings, synthetic: Path, languages: set[str]) -> dict[str, int]:
    """Tokens of each language in the synthetic documents, as far as the corpus has the languages."""
    index = documents.read(synthetic / "index.parquet", ["language", "length", "split"])
    made = index.filter(pc.equal(index["split"], "train")).group_by("language").aggregate([("length", "sum")])
    if not made.num_rows:
        raise Fault(
            f"{settings.name}: synthesis accepted no document, so the control has no language mix to follow"
        )
    found = {row["language"]: row["length_sum"] for row in made.to_pylist() if row["language"] in languages}
    if not found:
        raise Fault(f"{settings.name}: the corpus has no document in any language of the synthetic ones")
    return found
