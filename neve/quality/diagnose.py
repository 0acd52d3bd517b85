"""An annotator where it matters: at the cut of the selection that a phase makes with it.

ROC-AUC is a mean over all cuts; a phase makes one, near the top, where an annotator with a good ROC-AUC may
be no better than chance. So it is the documents on either side of that cut that are looked at: how much
more often good labels are above it than documents of the pool, where the annotators that the run builds
agree, which languages, lengths, licences and repositories are preferred, and how many decisions change with
what should not matter (comments, names, format). ROC-AUC is given too, of benchmark solutions against
documents of the pool; nothing is tuned on it.

Good labels count if the model that judges them has not seen their family: held-out ones, and those learnt
from where the kind judges them out of fold. They are held against the pool, not against the bad labels:
these are random documents, so a few families of them decide what a share among labels is. What an annotator
is worth differs from family to family, so each is shown, and the interval is over families.

Where documents were drawn by score there is no cut. What is looked at then is the one that would have taken
as many of each language, and how many of the drawn lie above it; the groups are those of what was drawn.

Only an annotator whose scores do not depend on what else is scored can be asked so: of a cascade it is the
second, which ranks what is chosen, and a blend ranks each document against the pool (`Blend.alone`).

The trade-off: a sample of the pool is scored again for agreement and changes, at most SAMPLE documents that
no annotator has learnt from.

Sources: precision at the cut as Penedo et al. report for FineWeb-Edu's classifier (arXiv 2406.17557);
calibration by Guo et al. (arXiv 1706.04599).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import documents as tables
from neve import store
from neve.hashing import draw_keys
from neve.quality import annotators, pools
from neve.quality.annotator import GOOD, Annotator, Documents, Labels, Scores, area
from neve.quality.annotators import folds, members
from neve.quality.annotators.blend import Blend
from neve.quality.settings import Diagnosis as Settings
from neve.quality.variants import VARIANTS
from neve.tasks import benchmarks

SAMPLE = 150
"""Documents that are changed, and scored by each other annotator that the run builds."""
DRAWN = 400
"""Documents of the pool, of the solutions' language, that benchmark solutions are told from."""
AGAINST = 4000
"""Documents of the pool against which a blend ranks a text."""
BINS = 10
GROUPS = 12
"""Groups that are shown of each kind, the largest."""
FEWEST, RESAMPLES = 3, 2000
"""Families of good labels without which there is no interval, and how often they are drawn again for it."""


@dataclass(frozen=True)
class Pool:
    """Training documents with their standing: columns of one length."""

    table: pa.Table
    """doc_id, language, license, repo, size, score, rank; sorted by doc_id."""
    chosen: np.ndarray
    """bool: above the cut."""
    cuts: dict[str, float]
    """The lowest score above the cut, of each language of which something was chosen."""
    drawn: np.ndarray | None = None
    """bool: what was chosen, where documents were drawn instead of cut."""

    def column(self, name: str) -> np.ndarray:
        return self.table[name].to_numpy()

    def above(self, scores: np.ndarray, languages: Sequence[str]) -> np.ndarray:
        """Whether documents with these scores would be chosen (bool)."""
        return scores >= np.array([self.cuts.get(language, np.inf) for language in languages])

    def share(self, languages: Sequence[str]) -> np.ndarray:
        """The share of documents of each of these languages that was chosen: float64 [languages]."""
        of = self.column("language")
        known = {name: float(self.chosen[of == name].mean()) for name in np.unique(of).tolist()}
        return np.array([known.get(language, 0.0) for language in languages])


@dataclass(frozen=True)
class Judged:
    """Labels that were judged by a model which has not seen their family: columns of one length."""

    good: np.ndarray
    """bool."""
    scores: np.ndarray
    languages: np.ndarray
    families: np.ndarray


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `diagnosis-PHASE`: diagnosis.json.

    inputs: documents, scores, selection, annotator-NAME of each annotator named, and labels-NAME that they
    learn from.
    """
    pool = _pool(inputs, settings.drawn)
    folder = Documents((inputs["documents"] / "documents",))
    mine = annotators.load(inputs[f"annotator-{settings.annotator}"])
    labels = Labels.read(inputs)
    work = out / "work"
    if isinstance(mine, Blend):
        mine = mine.alone(folder.only(_some(pool, settings.seed)), work)
    judged = _judged(mine, inputs[f"annotator-{settings.annotator}"], labels, work)
    sample = _sample(pool, _taught(labels, inputs), settings.seed)
    found: dict[str, Any] = {
        "annotator": settings.annotator,
        "chosen": int(pool.chosen.sum()),
        "documents": len(pool.chosen),
        "drawn_above": None if pool.drawn is None else int((pool.drawn & pool.chosen).sum()),
        "at_the_cut": at_the_cut(pool, judged),
        "families": by_family(pool, judged),
        "calibration": calibration(judged),
        "agreement": _agreement(settings, pool, folder, inputs, sample, work),
        "solutions": _solutions(settings, mine, pool, folder, labels, work),
        "groups": groups(pool),
        "flips": _flips(pool, mine, folder, sample, work),
    }
    shutil.rmtree(work, ignore_errors=True)
    store.write_json(out / "diagnosis.json", found)
    cut = found["at_the_cut"]["all"]
    flipped = {f"flip, {name}": row["share"] for name, row in found["flips"].items()}
    return {"recall": cut["recall"], "enrichment": cut["enrichment"], **flipped}


def _pool(inputs: dict[str, Path], drawn: bool) -> Pool:
    columns = ["doc_id", "language", "license", "repo", "size", "split"]
    about = tables.read(inputs["documents"] / "documents", columns)
    scored = tables.read(inputs["scores"] / "scores", ["doc_id", "score", "rank"])
    table = about.join(scored, "doc_id", join_type="inner").sort_by("doc_id").combine_chunks()
    table = table.filter(pc.equal(table["split"], "train"))
    picked = tables.read(inputs["selection"] / pools.FILE, ["doc_id"])["doc_id"].combine_chunks()
    taken = pc.is_in(table["doc_id"], picked).to_numpy()
    language, score = table["language"].to_numpy(), table["score"].to_numpy()
    above = _best(table["rank"].to_numpy(), language, taken) if drawn else taken
    cuts = {str(name): float(score[above & (language == name)].min()) for name in np.unique(language[above])}
    return Pool(table, above, cuts, taken if drawn else None)


def _best(rank: np.ndarray, language: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Of each language the documents of the best ranks, as many as were taken of it: bool."""
    best = np.zeros(len(rank), bool)
    for name in np.unique(language[taken]):
        rows = np.flatnonzero(language == name)
        best[rows[np.argsort(rank[rows], kind="stable")][: int(taken[rows].sum())]] = True
    return best


def _scored(annotator: Annotator, documents: Documents, work: Path) -> Scores:
    """Scores sorted by doc_id; what a killed attempt left is not taken up."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return annotator.score(documents, work).sorted()


def _judged(annotator: Annotator, folder: Path, labels: Labels, work: Path) -> Judged:
    """The labels that the annotator in `folder` judges fairly: all if it has folds, else those held out."""
    fair = np.ones(labels.table.num_rows, bool) if _folded(folder) else ~labels.training()
    table = labels.table.filter(pa.array(fair))
    scored = _scored(annotator, labels.documents.only(table["doc_id"]), work)
    place = pc.index_in(table["doc_id"].combine_chunks(), _strings(scored.doc_ids)).to_numpy()
    columns = (table[name].to_numpy() for name in ("language", "family"))
    return Judged(table["label"].to_numpy() > GOOD, scored.means()[place], *columns)


def _folded(folder: Path) -> bool:
    """Whether an annotator, or all that a blend is of, judges what it has learnt from out of fold."""
    of = members.folders(folder)
    return all(map(_folded, of)) if of else (folder / folds.FILE).exists()


def at_the_cut(pool: Pool, judged: Judged) -> dict[str, Any]:
    """Of the labels above the cut of their language, in all and by language: recall, the share of good ones
    that is above; enrichment, recall over the share of the pool's documents that was chosen in the same
    languages, with its interval over families; precision, the share of good ones among labels above. None
    where there is nothing to divide by."""
    above = pool.above(judged.scores, judged.languages.tolist())
    expected = pool.share(judged.languages.tolist())
    languages = np.unique(judged.languages).tolist()
    parts = {"all": np.ones(len(above), bool)} | {str(name): judged.languages == name for name in languages}
    found = {}
    for name, mine in parts.items():
        good, taken = judged.good & mine, above & mine
        hit, chance = int((good & above).sum()), float(expected[good].sum())
        found[name] = {
            "labels": int(mine.sum()), "good": int(good.sum()), "above": int(taken.sum()), "good_above": hit,
            "precision": hit / int(taken.sum()) if taken.any() else None,
            "recall": hit / int(good.sum()) if good.any() else None,
            "enrichment": hit / chance if chance else None,
            "interval": _interval(judged.families[good], above[good], expected[good]),
        }  # fmt: skip
    return found


def _interval(families: np.ndarray, above: np.ndarray, expected: np.ndarray) -> list[float] | None:
    """95 % of enrichment when the families of good labels are drawn again; None for fewer than FEWEST."""
    names, codes = np.unique(families.astype(str), return_inverse=True)
    if len(names) < FEWEST or not expected.any():
        return None
    hits, chance = (np.bincount(codes, one, minlength=len(names)) for one in (above, expected))
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    values = (drawn @ hits) / np.maximum(drawn @ chance, 1e-12)
    return [float(edge) for edge in np.quantile(values, [0.025, 0.975])]


def by_family(pool: Pool, judged: Judged) -> list[dict[str, Any]]:
    """Good labels of each family: how many, those above the cut, and how many would be by chance; the GROUPS
    largest."""
    above = pool.above(judged.scores, judged.languages.tolist())
    names, codes = np.unique(judged.families.astype(str), return_inverse=True)
    columns = [
        judged.good,
        judged.good & above,
        np.where(judged.good, pool.share(judged.languages.tolist()), 0),
    ]
    labels, hits, chance = (np.bincount(codes, one, minlength=len(names)) for one in columns)
    rows: list[dict[str, Any]] = [
        {"family": str(name), "labels": int(n), "above": int(k), "by_chance": float(c)}
        for name, n, k, c in zip(names, labels, hits, chance, strict=True)
        if n
    ]
    return sorted(rows, key=lambda row: (-row["labels"], row["family"]))[:GROUPS]


def calibration(judged: Judged) -> dict[str, Any]:
    """Labels in BINS parts of equally many by score: mean score and share of good ones in each; the mean
    distance of the two, weighted, where scores are chances (all within 0 and 1)."""
    good, scores = judged.good, judged.scores
    order = np.argsort(scores, kind="stable")
    rows = [
        {"score": float(scores[part].mean()), "good": float(good[part].mean()), "labels": len(part)}
        for part in np.array_split(order, max(1, min(BINS, len(order))))
        if len(part)
    ]
    chances = len(scores) and scores.min() >= 0 and scores.max() <= 1
    distance = sum(abs(row["score"] - row["good"]) * row["labels"] for row in rows) / max(1, len(scores))
    return {"parts": rows, "error": float(distance) if chances else None}


def groups(pool: Pool) -> dict[str, list[dict[str, Any]]]:
    """By language, length, licence and repository: documents, those chosen or drawn, and how many times as
    often they are as all are; the GROUPS largest of each."""
    chosen = pool.chosen if pool.drawn is None else pool.drawn
    size = pool.column("size")
    edges = np.quantile(size, [0.25, 0.5, 0.75]) if len(size) else np.zeros(3)
    names = [
        f"up to {edges[0]:,.0f} bytes", f"up to {edges[1]:,.0f}", f"up to {edges[2]:,.0f}", f"above {edges[2]:,.0f}"
    ]  # fmt: skip
    columns = {
        "language": pool.table["language"].to_pylist(),
        "length": [names[k] for k in np.searchsorted(edges, size).tolist()],
        "licence": [name or "not known" for name in pool.table["license"].to_pylist()],
        "repository": pool.table["repo"].to_pylist(),
    }
    share = float(chosen.mean()) if len(chosen) else 0.0
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, values in columns.items():
        distinct, codes = np.unique(np.array(values, dtype=object).astype(str), return_inverse=True)
        there = np.bincount(codes, minlength=len(distinct))
        taken = np.bincount(codes, chosen, minlength=len(distinct)).astype(int)
        rows: list[dict[str, Any]] = [
            {"group": str(name), "documents": int(n), "chosen": int(k), "ratio": float(k / n / share) if share else None}
            for name, n, k in zip(distinct, there, taken, strict=True)
        ]  # fmt: skip
        kept = sorted(rows, key=lambda row: (-row["documents"], row["group"]))[:GROUPS]
        found[kind] = sorted(kept, key=lambda row: names.index(row["group"])) if kind == "length" else kept
    return found


def _some(pool: Pool, seed: int) -> pa.Array:
    """doc_ids of at most AGAINST documents, by which a blend's ranks are told."""
    ids = pool.table["doc_id"].combine_chunks()
    order = np.argsort(draw_keys(ids, seed, "standing"), kind="stable")[:AGAINST]
    return ids.take(pa.array(np.sort(order)))


def _taught(labels: Labels, inputs: dict[str, Path]) -> pa.Array:
    """doc_ids of all that any of the annotators may have learnt from."""
    others = [
        tables.read(folder / "labels", ["doc_id"])["doc_id"]
        for role, folder in inputs.items()
        if role.startswith("learnt-")
    ]
    return pa.concat_arrays([one.combine_chunks() for one in (labels.table["doc_id"], *others)])


def _sample(pool: Pool, taught: pa.Array, seed: int) -> pa.Array:
    """doc_ids of at most SAMPLE training documents that nobody has learnt from, half of them above the cut
    as far as there are as many."""
    ids = pool.table["doc_id"].combine_chunks()
    free = pc.invert(pc.is_in(ids, taught)).to_numpy(zero_copy_only=False)
    free &= np.isin(pool.column("language"), list(pool.cuts))
    order = np.argsort(draw_keys(ids, seed, "diagnosis"), kind="stable")
    sides = [order[free[order] & (pool.chosen[order] == side)] for side in (True, False)]
    taken = sides[0][: SAMPLE // 2]
    return ids.take(pa.array(np.sort(np.concatenate([taken, sides[1][: SAMPLE - len(taken)]]))))


def _agreement(
    settings: Settings, pool: Pool, folder: Documents, inputs: dict[str, Path], sample: pa.Array, work: Path
) -> dict[str, float]:
    """Of the sample's documents above the cut, the share that is among as many best ones of each other
    annotator, language by language."""
    rows = pc.index_in(sample, pool.table["doc_id"].combine_chunks()).to_numpy()
    chosen, languages = pool.chosen[rows], pool.column("language")[rows]
    found = {}
    for name in settings.others:
        other = annotators.load(inputs[f"annotator-{name}"])
        scored = _scored(other, folder.only(sample), work)
        values = scored.means()[pc.index_in(sample, _strings(scored.doc_ids)).to_numpy()]
        both = 0
        for language in np.unique(languages):
            mine = np.flatnonzero(languages == language)
            best = mine[np.argsort(-values[mine], kind="stable")][: int(chosen[mine].sum())]
            both += int(chosen[best].sum())
        found[name] = both / max(1, int(chosen.sum()))
    return found


def _solutions(
    settings: Settings, annotator: Annotator, pool: Pool, folder: Documents, labels: Labels, work: Path
) -> dict[str, Any]:
    """ROC-AUC of each benchmark's solutions against documents of Python in the pool that carry no label."""
    mine = pool.table.filter(pc.equal(pool.table["language"], "Python"))["doc_id"].combine_chunks()
    mine = mine.filter(pc.invert(pc.is_in(mine, labels.table["doc_id"].combine_chunks())))
    order = np.argsort(draw_keys(mine, settings.seed, "solutions"), kind="stable")[:DRAWN]
    others = _scored(annotator, folder.only(mine.take(pa.array(np.sort(order)))), work).means()
    found = {}
    for name in settings.tasks:
        benchmark = benchmarks.load(name, Path(settings.data) if settings.data else None)
        texts = [task.prompt + task.solution for task in benchmark.tasks if task.split == "test"]
        scores = _texts(annotator, texts, ["Python"] * len(texts), work)[0]
        target = np.append(np.ones(len(scores)), np.zeros(len(others)))
        found[name] = area(target, np.append(scores, others), np.ones(len(target), bool))
    return found


def _flips(
    pool: Pool, annotator: Annotator, folder: Documents, sample: pa.Array, work: Path
) -> dict[str, dict[str, Any]]:
    """By change: how many of the sample's decisions, chosen or not, are others after it."""
    texts, languages = [], []
    for batch in folder.only(sample).batches():
        texts += batch.texts
        languages += batch.languages
    before = pool.above(_texts(annotator, texts, languages, work)[0], languages)
    found = {}
    for name, change in VARIANTS.items():
        made = [change(text, language) for text, language in zip(texts, languages, strict=True)]
        after = pool.above(_texts(annotator, made, languages, work)[0], languages)
        found[name] = {
            "documents": len(texts), "share": float((before != after).mean()) if texts else None,
            "lost": int((before & ~after).sum()), "chosen": int(before.sum()), "gained": int((after & ~before).sum()),
        }  # fmt: skip
    return found


def _texts(
    annotator: Annotator, texts: Sequence[str], languages: Sequence[str], work: Path
) -> tuple[np.ndarray, Scores]:
    """Scores of texts, in their order, as of documents that nobody has learnt from."""
    ids = [tables.doc_id(f"{place} {text}".encode()) for place, text in enumerate(texts)]
    table = pa.table(
        {"doc_id": ids, "language": list(languages), "content": pa.array(texts, pa.large_string())}
    )
    folder = work.with_name("texts")
    shutil.rmtree(folder, ignore_errors=True)
    tables.write(table, folder)
    scored = _scored(annotator, Documents((folder,)), work)
    shutil.rmtree(folder)
    place = pc.index_in(pa.array(ids, pa.string()), _strings(scored.doc_ids)).to_numpy()
    return scored.means()[place], scored


def _strings(ids: np.ndarray) -> pa.Array:
    return pa.array(ids.astype("U32"), pa.string())
