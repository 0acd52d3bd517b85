"""Kind `cascade`: a cheap annotator drops the clear bottom, an expensive one ranks the rest.

A phase selects some percent of the corpus, so most documents need not be ranked well, only kept out. `first`
scores everything, the best of each language go on, and `then` ranks them; all others come after these, in
the order of `first`. The trade-off: what `first` wrongly drops is lost. How many go on is therefore found,
not guessed: `then` judges a sample of all documents before, and as many go on as leave the stated share of
its best tenth among them (one order statistic more careful than the sample's own share, so that the recall
holds in the mean over samples). Where `first` agrees little with `then`, that is nearly everything, and the
counts say so. The sample also tells what was lost: the recall for several sizes of a selection.

Source: the cascade of Viola and Jones (2001); Seed-Coder and DataComp-LM filter likewise before they rank.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neve import store
from neve.hashing import draw_keys
from neve.quality.annotator import Annotator, Documents, Labels, Scores, finish, ranks, standing
from neve.quality.annotators import members
from neve.quality.settings import Fit
from neve.recipe.annotators import BEST
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
        if self._keep is None:
            kept = place >= lowest(place[drawn], of[drawn], check.means(), self._recall)
        else:
            kept = place > 1 - self._keep
        rest = members.score(self._then, _those(documents, ids[kept & ~drawn]), work, "then")
        fine = _both(check, rest)
        went = kept[kept | drawn]
        floor = fine.means().min(initial=0.0)
        counts = np.ones(len(ids), dtype=np.int64)
        counts[kept] = fine.counts[went]
        ends = np.cumsum(counts)
        sections = np.empty(int(counts.sum()))
        sections[ends[~kept] - 1] = floor - 1 + place[~kept]
        sections[np.repeat(kept, counts)] = fine.sections[np.repeat(went, fine.counts)]
        values = np.full(len(ids), np.nan)
        values[kept | drawn] = fine.means()
        told = {"ranked": int(kept.sum()), "judged": len(fine.doc_ids), **recall(of, kept, values)}
        return Scores(ids, counts, sections, told)


def lowest(place: np.ndarray, languages: np.ndarray, values: np.ndarray, recall: float) -> float:
    """The standing by `first` down to which documents have to go on, so that the share `recall` of the best
    tenth by `then` (its `values`) is among them, in the mean over samples like this one.

    Below the j-th lowest of n of the best lie j / (n + 1) of all of them in the mean. A sample too small for
    that keeps all of its own best.
    """
    best = []
    for language in np.unique(languages):
        rows = np.flatnonzero(languages == language)
        order = rows[np.argsort(-values[rows], kind="stable")]
        best.append(place[order[: max(1, round(BEST * len(rows)))]])
    found = np.sort(np.concatenate([np.empty(0), *best]))
    at = int((1 - recall) * (len(found) + 1) + 1e-9)
    return float(found[max(0, at - 1)]) if len(found) else 0.0


def _both(first: Scores, second: Scores) -> Scores:
    """Scores of different documents as one, sorted."""
    doc_ids, counts, sections = (
        np.concatenate([getattr(one, name) for one in (first, second)])
        for name in ("doc_ids", "counts", "sections")
    )
    return Scores(doc_ids, counts, sections).sorted()


def recall(languages: np.ndarray, kept: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """What share of the best documents, as `then` sees them, went on: for each share that may be selected.

    `values` are its scores, NaN where it has not judged. A dropped document that it has judged stands for
    all dropped ones of its language. Languages of which something was dropped and nothing judged are left
    out.
    """
    gained, whole = np.zeros(len(SELECTED)), np.zeros(len(SELECTED))
    for language in np.unique(languages):
        mine = languages == language
        judged = mine & ~np.isnan(values)
        out, checked = (mine & ~kept).sum(), (judged & ~kept).sum()
        if out and not checked:
            continue
        rows = np.flatnonzero(judged)
        rows = rows[np.argsort(-values[rows], kind="stable")]
        weight = np.where(kept[rows], 1.0, out / max(checked, 1))
        before = np.cumsum(weight) - weight
        for i, share in enumerate(SELECTED):
            inside = np.clip(share * mine.sum() - before, 0, weight)
            gained[i] += inside[kept[rows]].sum()
            whole[i] += inside.sum()
    return {
        f"recall at {share:g}": float(got / all_)
        for share, got, all_ in zip(SELECTED, gained, whole, strict=True)
        if all_
    }


def _strings(ids: np.ndarray) -> pa.Array:
    return pa.array(ids.astype("U32"), pa.string())


def _those(documents: Documents, ids: np.ndarray) -> Documents:
    return documents.only(_strings(ids))
