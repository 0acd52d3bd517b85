"""Scores become selections: the best of each language to a token budget, random controls, seeds for synthesis.

As in Arctic-SnowCoder (arXiv 2409.02326) documents are ranked within each language, so the language mix of
the first phase is kept, and the top tokens / repeats are seen `repeats` times. A control sees as many tokens
of each language as the phase that it is the twin of, in random documents, once each where the pool suffices.

Rules of rounding. A document counts with its tokens and the separator behind it. Documents are taken in
order; one that does not fit into what is left of its language's quota is passed over. So a quota is missed by less than
its shortest document left out, and `repeats` passes over the selection are the phase's tokens, no more.
The trade-off: quotas are met in whole documents, never in pieces; where a quota is a few documents' worth, as on a
laptop, a shorter document further down takes the place of a longer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve import documents
from neve.errors import Fault
from neve.hashing import draw_keys, shares
from neve.store import write_json

RULES_VERSION = 1


@dataclass(frozen=True)
class Pool:
    """Training documents of one language, best first or in drawn order."""

    doc_ids: np.ndarray
    tokens: np.ndarray
    """int64, the separator counted."""
    ranks: np.ndarray
    scores: np.ndarray

    def take(self, rows: np.ndarray) -> Pool:
        return Pool(self.doc_ids[rows], self.tokens[rows], self.ranks[rows], self.scores[rows])


@dataclass(frozen=True)
class SelectedPhase:
    name: str
    tokens: int
    repeats: int
    control: bool
    scores: str
    """The input that it ranks by."""


@dataclass(frozen=True)
class Seeds:
    seeds: int
    python_share: float


@dataclass(frozen=True)
class Settings:
    phases: tuple[SelectedPhase, ...]
    synthesis: Seeds | None
    seed: int


@dataclass(frozen=True)
class ControlSettings:
    name: str
    """The phase whose control is drawn."""
    tokens: int
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `selection`: <phase>.parquet, <phase>-random.parquet for controls, seeds.parquet, selection.json."""
    counts: dict[str, Any] = {}
    report: dict[str, Any] = {"phases": {}}
    for phase in settings.phases:
        pools = _pools(inputs["tokens"], inputs[phase.scores])
        chosen, about = quality(pools, phase.tokens, phase.repeats)
        repeats = dict.fromkeys(chosen, phase.repeats)
        counts[phase.name] = _write(out / f"{phase.name}.parquet", chosen, repeats)
        report["phases"][phase.name] = {
            "tokens": phase.tokens, "repeats": phase.repeats,
            "documents": sum(row["documents"] for row in about.values()),
            "unique_tokens": sum(row["tokens"] for row in about.values()), "languages": about,
        }  # fmt: skip
        if settings.synthesis and "seeds" not in report:
            report["seeds"] = counts["seeds"] = _seeds(
                chosen, pools, settings.synthesis, out / "seeds.parquet"
            )
        if phase.control:
            name = f"{phase.name}-random"
            quotas = shares({language: row["tokens"] for language, row in about.items()}, phase.tokens)
            longest = {language: row["longest"] for language, row in about.items()}
            counts[name] = _control(pools, quotas, longest, settings.seed, name, out, report["phases"])
    write_json(out / "selection.json", report)
    return counts


def build_control(settings: ControlSettings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `control-<phase>` of a synthetic phase: random documents in the languages' shares of its tokens."""
    index = documents.read(inputs["synthetic-tokens"] / "index.parquet", ["language", "length", "split"])
    made = index.filter(pc.equal(index["split"], "train")).group_by("language").aggregate([("length", "sum")])
    if not made.num_rows:
        raise Fault(
            f"phase {settings.name}: synthesis accepted no document, so its control has no language mix to follow"
        )
    pools = _pools(inputs["tokens"], None)
    weights = {row["language"]: row["length_sum"] for row in made.to_pylist() if row["language"] in pools}
    if not weights:
        raise Fault(
            f"phase {settings.name}: the corpus has no document in any language of the synthetic ones"
        )
    quotas = shares(weights, settings.tokens)
    name = f"{settings.name}-random"
    report: dict[str, Any] = {"phases": {}}
    counts = {name: _control(pools, quotas, quotas, settings.seed, name, out, report["phases"])}
    write_json(out / "selection.json", report)
    return counts


def fill(tokens: np.ndarray, quota: float, longest: float) -> np.ndarray:
    """Rows, in order, that `quota` tokens hold: one longer than `longest`, or than what is left, is passed over.

    >>> fill(np.array([50, 900, 40, 30, 10]), 100, 100).tolist()
    [0, 2, 4]
    """
    rows, left = np.flatnonzero(tokens <= min(longest, quota)), quota
    taken = []
    while len(rows):
        fits = int(np.searchsorted(np.cumsum(tokens[rows]), left, side="right"))
        taken.append(rows[:fits])
        left -= tokens[rows[:fits]].sum()
        rows = rows[fits:][tokens[rows[fits:]] <= left]
    return np.concatenate([np.empty(0, dtype=np.int64), *taken])


def quality(pools: dict[str, Pool], budget: int, repeats: int) -> tuple[dict[str, Pool], dict[str, Any]]:
    """The best of each language for a phase of `budget` tokens at `repeats`, and what was chosen, by language."""
    whole = {language: int(pool.tokens.sum()) for language, pool in pools.items()}
    quotas = shares(whole, -(-budget // repeats))
    chosen, about = {}, {}
    for language, pool in pools.items():
        quota = quotas[language]
        part = pool.take(fill(pool.tokens, quota, quota))
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


def _control(
    pools: dict[str, Pool],
    quotas: dict[str, int],
    longest: dict[str, int],
    seed: int,
    name: str,
    out: Path,
    report: dict[str, Any],
) -> dict[str, int]:
    """Write random documents to `quotas` tokens a language; a pool that is too small is repeated, evenly."""
    chosen, repeats, about = {}, {}, {}
    for language in sorted(quotas):
        quota, pool = quotas[language], pools[language]
        drawn = pool.take(np.argsort(draw_keys(pa.array(pool.doc_ids), seed, name), kind="stable"))
        part = drawn.take(fill(drawn.tokens, quota, longest[language]))
        taken, there = int(part.tokens.sum()), int((drawn.tokens <= longest[language]).sum())
        short = 0 < len(part.tokens) == there
        chosen[language], repeats[language] = part, -(-quota // taken) if short else 1
        about[language] = {
            "quota": quota, "tokens": taken, "documents": len(part.tokens), "repeats": repeats[language],
            "cutoff_score": None, "cutoff_rank": None,
        }  # fmt: skip
    counts = _write(out / f"{name}.parquet", chosen, repeats)
    report[name] = {"documents": counts["documents"], "unique_tokens": counts["tokens"], "languages": about}
    return counts


def _write(path: Path, chosen: dict[str, Pool], repeats: dict[str, int]) -> dict[str, int]:
    import pyarrow.parquet as pq

    names = sorted(chosen)
    times = np.concatenate(
        [np.full(len(chosen[name].doc_ids), repeats[name], dtype=np.int32) for name in names]
    )
    ids = pa.array(np.concatenate([chosen[name].doc_ids for name in names]), pa.string())
    pq.write_table(pa.table([ids, pa.array(times)], schema=documents.SELECTION), path, compression="zstd")
    return {"documents": len(ids), "tokens": sum(int(chosen[name].tokens.sum()) for name in names)}


def _seeds(chosen: dict[str, Pool], pools: dict[str, Pool], synthesis: Seeds, path: Path) -> dict[str, int]:
    """Write the seeds: the best of the selection, `python_share` of them Python, languages evenly interleaved.

    The other languages keep their proportions of the corpus's tokens. Where more seeds are wanted than the selection
    has documents of a language, they are taken again, `turn` 1, 2, …, each turn with other lines of them as
    inspiration. Where the selection has only Python, or none, the share does not apply.
    """
    import pyarrow.parquet as pq

    whole = {name: float(pools[name].tokens.sum()) for name, part in chosen.items() if len(part.tokens)}
    python = whole.pop("Python", None)
    if python is not None:
        share = synthesis.python_share if whole else 1.0
        scale = (1 - share) / sum(whole.values()) if whole else 0.0
        whole = {**{name: weight * scale for name, weight in whole.items()}, "Python": share}
    wanted = shares(whole, synthesis.seeds)
    ids, names, ranks, turns, places = [], [], [], [], []
    for name in sorted(wanted):
        row = np.arange(wanted[name])
        part = chosen[name].take(row % len(chosen[name].tokens))
        turns += (row // len(chosen[name].tokens)).tolist()
        ids += part.doc_ids.tolist()
        names += [name] * len(part.tokens)
        ranks += part.ranks.tolist()
        places += ((np.arange(len(part.tokens)) + 0.5) / max(1, len(part.tokens))).tolist()
    table = pa.table(
        {
            "doc_id": pa.array(ids, pa.string()),
            "language": pa.array(names, pa.string()),
            "rank": pa.array(ranks, pa.int64()),
            "turn": pa.array(turns, pa.int64()),
        }
    )
    order = np.lexsort((np.arange(len(places)), places))
    pq.write_table(table.take(pa.array(order)), path, compression="zstd")
    return {name: names.count(name) for name in sorted(wanted)}


def _pools(tokens: Path, scores: Path | None) -> dict[str, Pool]:
    """Training documents by language, best first (by doc_id without scores); documents without tokens left out."""
    wanted = (ds.field("split") == "train") & (ds.field("length") > 0)
    index = documents.read(tokens / "index.parquet", ["doc_id", "language", "length"], wanted).sort_by(
        "doc_id"
    )
    ids = index["doc_id"].combine_chunks()
    ranks, values = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids))
    if scores is not None:
        scored = documents.read(scores / "scores", ["doc_id", "rank", "score"])
        place = pc.index_in(ids, scored["doc_id"].combine_chunks())
        if place.null_count:
            raise Fault(
                f"{scores}: {place.null_count} training documents have no score; score the corpus that was tokenized"
            )
        ranks, values = (scored[name].take(place).to_numpy() for name in ("rank", "score"))
    languages = index["language"].to_numpy()
    everything = Pool(ids.to_numpy(zero_copy_only=False), index["length"].to_numpy() + 1, ranks, values)
    order = np.argsort(ranks, kind="stable")
    return {name: everything.take(order[languages[order] == name]) for name in sorted(set(languages))}
