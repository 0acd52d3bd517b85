"""Kind `cascade`: a cheap annotator drops the clear bottom, an expensive one ranks the rest.

A phase selects some percent of the corpus, so most documents need not be ranked well, only kept out. `first`
scores everything, the best of each language go on, and `then` ranks them; all others come after these, in
the order of `first`. The trade-off: what `first` wrongly drops is lost. How many go on is therefore found,
not guessed: `then` judges a random sample of all documents before, and as many go on as leave the stated
share of its best tenth among them with a confidence of 95 %; a share that holds only in the mean over
samples is missed by many of them. What the sample judged is ranked by that, wherever `first` has put it.
Where `first` agrees little with `then`, nearly everything goes on, and the counts say so. They also tell
what was lost, for several sizes of a selection. The tenth is that of all languages together: a language with
few documents may lose more of its own, since a sample that tells would have to be nearly all of it.

Sources: the cascade of Viola and Jones (2001); Seed-Coder and DataComp-LM filter likewise before they rank;
Wilks, "Determination of sample sizes for setting tolerance limits" (1941): a bound from an order statistic.
"""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neve import store
from neve.hashing import draw_keys
from neve.quality.annotator import Annotator, Documents, Labels, Scores, finish, ranks, standing, together
from neve.quality.annotators import members
from neve.quality.settings import Fit
from neve.recipe.annotators import BEST, CONFIDENCE
from neve.recipe.annotators import Cascade as Table

SELECTED = (0.01, 0.03, BEST)
"""Shares of a language that a selection may take, for which recall is told."""


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: members.json and cascade.json; nothing is learnt."""
    table = settings.annotator
    members.keep(table.members, inputs, out)
    about = table.model_dump(include={"first", "then", "recall", "keep", "sample"})
    store.write_json(out / "cascade.json", about)
    labels = Labels.read(inputs)
    return finish(load(out), "cascade", labels, out / "cascade.json", out, {"name": "cascade", **about})


def load(folder: Path) -> Cascade:
    """The annotator that `fit` left."""
    about = store.read_json(folder / "cascade.json")
    first, then = members.load(folder)
    return Cascade(first, then, about["recall"], about["keep"], about["sample"])


class Cascade:
    """`first` and `then`, the recall that is asked for or the share of each language that goes on, and how
    many documents are judged before."""

    def __init__(
        self, first: Annotator, then: Annotator, recall: float, keep: float | None, sample: int
    ) -> None:
        self._first, self._then, self._recall, self._keep, self._sample = first, then, recall, keep, sample

    def score(self, documents: Documents, work: Path) -> Scores:
        rough = members.score(self._first, documents, work, "first")
        ids, languages = rough.doc_ids, documents.languages(rough.doc_ids)
        place, of = standing(ranks(rough, languages), languages), np.array(languages)
        drawn = np.zeros(len(ids), dtype=bool)
        drawn[np.argsort(draw_keys(_strings(ids), 0, "cascade"), kind="stable")[: self._sample]] = True
        check = members.score(self._then, _those(documents, ids[drawn]), work, "check")
        low = np.sort(place[drawn][_best(of[drawn], check.means())])
        total = len(_best(of, place))
        floor = 1 - self._keep if self._keep is not None else lowest(low, total, self._recall)
        above = place >= floor
        kept = above | drawn
        rest = members.score(self._then, _those(documents, ids[kept & ~drawn]), work, "then")
        fine = _both(check, rest)
        counts = np.ones(len(ids), dtype=np.int64)
        counts[kept] = fine.counts
        ends = np.cumsum(counts)
        sections = np.empty(int(counts.sum()))
        sections[ends[~kept] - 1] = fine.means().min(initial=0.0) - 1 + place[~kept]
        sections[np.repeat(kept, counts)] = fine.sections
        values = np.full(len(ids), np.nan)
        values[kept] = fine.means()
        told = {"ranked": int(kept.sum()), **recall(of, above, values)}
        if len(low) and not kept.all():
            missed = most_missed(int((low < floor).sum()), len(low), total)
            told[f"recall at {BEST:g}, at least"] = 1 - missed / total
        return Scores(ids, counts, sections, told, together((rough, check, rest)))


def lowest(low: np.ndarray, total: int, share: float) -> float:
    """The standing by `first` down to which documents have to go on, so that at least `share` of `total` do,
    with a confidence of CONFIDENCE: the highest that the sample allows.

    `low` are the standings, ascending, of those of the best that are in the sample. They are in any case
    kept. 0 where the sample is too small to drop any.
    """
    allowed = (1 - share) * total + 1e-9
    below = bisect_left(range(len(low)), True, key=lambda k: most_missed(k, len(low), total) > allowed)
    return float(low[below - 1]) if below else 0.0


def most_missed(below: int, sampled: int, total: int) -> int:
    """How many of `total` documents, outside a random sample of `sampled` of them, lie below a standing at
    most, where `below` of the sample do (with a confidence of CONFIDENCE)."""
    from scipy.stats import hypergeom

    def unlikely(missed: int) -> bool:
        return bool(hypergeom.cdf(below, total, sampled, below + missed) <= 1 - CONFIDENCE)

    return bisect_left(range(1, total - sampled + 1), True, key=unlikely)


def _best(languages: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Positions of the best tenth of each language, at least one."""
    best = [np.empty(0, dtype=np.int64)]
    for language in np.unique(languages):
        rows = np.flatnonzero(languages == language)
        best.append(rows[np.argsort(-values[rows], kind="stable")][: max(1, round(BEST * len(rows)))])
    return np.concatenate(best)


def _both(first: Scores, second: Scores) -> Scores:
    """Scores of different documents as one, sorted."""
    doc_ids, counts, sections = (
        np.concatenate([getattr(one, name) for one in (first, second)])
        for name in ("doc_ids", "counts", "sections")
    )
    return Scores(doc_ids, counts, sections).sorted()


def recall(languages: np.ndarray, above: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """What share of the best documents, as `then` sees them, is kept: for each share that may be selected,
    and for the largest by language.

    `values` are its scores, NaN where it has not judged. Kept are all that it has judged. One of these that
    is not `above` the standing from which all went on stands for all such documents of its language.
    Languages of which something was dropped and nothing judged there are left out.
    """
    found = {}
    for language in np.unique(languages):
        mine = languages == language
        judged = mine & ~np.isnan(values)
        out, checked = (mine & ~above).sum(), (judged & ~above).sum()
        if out and not checked:
            continue
        rows = np.flatnonzero(judged)
        rows = rows[np.argsort(-values[rows], kind="stable")]
        weight = np.where(above[rows], 1.0, out / max(checked, 1))
        before = np.cumsum(weight) - weight
        inside = [np.clip(share * mine.sum() - before, 0, weight) for share in SELECTED]
        found[language] = np.array([[(some / weight).sum(), some.sum()] for some in inside])
    if not found:
        return {}
    told = dict(
        zip((f"recall at {share:g}" for share in SELECTED), np.sum([*found.values()], axis=0), strict=True)
    )
    told |= {f"recall at {BEST:g}, {language}": both[-1] for language, both in found.items()}
    return {name: float(got / whole) for name, (got, whole) in told.items() if whole}


def _strings(ids: np.ndarray) -> pa.Array:
    return pa.array(ids.astype("U32"), pa.string())


def _those(documents: Documents, ids: np.ndarray) -> Documents:
    return documents.only(_strings(ids))
