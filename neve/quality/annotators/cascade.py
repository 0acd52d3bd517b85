"""Kind `cascade`: a cheap annotator drops the clear bottom, an expensive one ranks the rest.

A phase selects some percent of the corpus, so most documents need not be ranked well, only kept out. `first`
scores everything, the best `keep` of each language go on, and `then` ranks them; all others come after
these, in the order of `first`. The trade-off: what `first` wrongly drops is lost. How much that is, is
measured whenever it scores: `then` also judges a sample of what was dropped, which tells what share of its
own best documents went on. That recall stands in the stage's counts, for several sizes of a selection.

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
from neve.recipe.annotators import Cascade as Table

SELECTED = (0.01, 0.03, 0.1)
"""Shares of a language that a selection may take, for which recall is told."""


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: members.json and cascade.json; nothing is learnt."""
    table = settings.annotator
    members.keep(table.members, inputs, out)
    about = table.model_dump(include={"first", "then", "keep", "sample"})
    store.write_json(out / "cascade.json", about)
    labels = Labels.read(inputs)
    return finish(load(out), "cascade", labels, out / "cascade.json", out, {"name": "cascade", **about})


def load(folder: Path) -> Cascade:
    """The annotator that `fit` left."""
    about = store.read_json(folder / "cascade.json")
    first, then = members.load(folder)
    return Cascade(first, then, about["keep"], about["sample"])


class Cascade:
    """`first` and `then`, the share of each language that goes on, and how many of the dropped are judged as
    a check."""

    def __init__(self, first: Annotator, then: Annotator, keep: float, sample: int) -> None:
        self._first, self._then, self._keep, self._sample = first, then, keep, sample

    def score(self, documents: Documents, work: Path) -> Scores:
        rough = members.score(self._first, documents, work, "first")
        ids, languages = rough.doc_ids, documents.languages(rough.doc_ids)
        place = standing(ranks(rough, languages), languages)
        kept = place > 1 - self._keep
        fine = members.score(self._then, _those(documents, ids[kept]), work, "then")
        dropped = np.flatnonzero(~kept)
        order = np.argsort(draw_keys(_strings(ids[dropped]), 0, "cascade"), kind="stable")
        drawn = np.sort(dropped[order[: self._sample]])
        check = members.score(self._then, _those(documents, ids[drawn]), work, "check")
        floor = fine.means().min(initial=0.0)
        counts = np.ones(len(ids), dtype=np.int64)
        counts[kept] = fine.counts
        ends = np.cumsum(counts)
        sections = np.empty(int(counts.sum()))
        sections[ends[~kept] - 1] = floor - 1 + place[~kept]
        sections[np.repeat(kept, counts)] = fine.sections
        values = np.full(len(ids), np.nan)
        values[kept], values[drawn] = fine.means(), check.means()
        told = recall(np.array(languages), kept, values)
        return Scores(ids, counts, sections, {"ranked": int(kept.sum()), **told})


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
