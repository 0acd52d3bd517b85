"""Kind `blend`: the mean of where several annotators rank a document.

Annotators err in different places: words and embeddings agree on little but the best. Ranks rather than
scores are averaged, since scores of different kinds have different scales, and ranks are what selection
uses. The trade-off: a document that one member puts first and another in the middle stands between them, and
every member's price is paid.

Source: rank averaging, Borda's count; OpenCoder and DataComp-LM mix signals likewise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neve import store
from neve.quality.annotator import Annotator, Documents, Labels, Scores, finish, ranks, standing, together
from neve.quality.annotators import members
from neve.quality.settings import Fit
from neve.recipe.annotators import Blend as Table


def fit(settings: Fit[Table], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `annotator-NAME`: members.json and blend.json; nothing is learnt."""
    table = settings.annotator
    members.keep(table.of, inputs, out)
    weights = table.weights or [1.0] * len(table.of)
    about = {"name": "blend", "of": table.of, "weights": weights}
    store.write_json(out / "blend.json", weights)
    return finish(load(out), "blend", Labels.read(inputs), out / "members.json", out, about)


def load(folder: Path) -> Blend:
    """The annotator that `fit` left."""
    return Blend(members.load(folder), store.read_json(folder / "blend.json"))


class Blend:
    """Members and what each weighs; a score is the weighted mean of the documents' standings."""

    def __init__(self, of: Sequence[Annotator], weights: Sequence[float]) -> None:
        self._of, self._weights = of, weights

    def score(self, documents: Documents, work: Path) -> Scores:
        found = [members.score(member, documents, work, str(i)) for i, member in enumerate(self._of)]
        ids = found[0].doc_ids
        languages = documents.languages(ids)
        places = [standing(ranks(scores, languages), languages) for scores in found]
        return replace(self._mean(ids, places), timings=together(found))

    def alone(self, documents: Documents, work: Path) -> Annotator:
        """The same blend of a document by itself: of where its scores stand among those of `documents`."""
        found = [_scored(member, documents, work) for member in self._of]
        languages = np.array(documents.languages(found[0].doc_ids), dtype=object).astype(str)
        known = [
            {str(name): np.sort(scores.means()[languages == name]) for name in np.unique(languages)}
            for scores in found
        ]
        return Alone(self, known)

    def _mean(self, ids: np.ndarray, places: Sequence[np.ndarray]) -> Scores:
        return Scores(
            ids, np.ones(len(ids), dtype=np.int64), np.average(places, axis=0, weights=self._weights)
        )


class Alone:
    """A blend that ranks each document against `known`, each member's scores by language, sorted; a document
    of a language that is not there is the last."""

    def __init__(self, blend: Blend, known: Sequence[Mapping[str, np.ndarray]]) -> None:
        self._blend, self._known = blend, known

    def score(self, documents: Documents, work: Path) -> Scores:
        found = [_scored(member, documents, work) for member in self._blend._of]
        ids = found[0].doc_ids
        languages = np.array(documents.languages(ids), dtype=object).astype(str)
        places = [np.zeros(len(ids)) for _ in found]
        for place, scores, known in zip(places, found, self._known, strict=True):
            values = scores.means()
            for name in set(languages.tolist()) & set(known):
                mine = languages == name
                below, upto = (np.searchsorted(known[name], values[mine], side) for side in ("left", "right"))
                place[mine] = (below + upto) / 2 / len(known[name])
        return self._blend._mean(ids, places)


def _scored(member: Annotator, documents: Documents, work: Path) -> Scores:
    """A member's scores, sorted; what a killed attempt left is not taken up."""
    with tempfile.TemporaryDirectory(dir=_made(work)) as folder:
        return member.score(documents, Path(folder)).sorted()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
