"""Kind `blend`: the mean of where several annotators rank a document.

Annotators err in different places: words and embeddings agree on little but the best. Ranks rather than
scores are averaged, since scores of different kinds have different scales, and ranks are what selection
uses. The trade-off: a document that one member puts first and another in the middle stands between them, and
every member's price is paid.

Source: rank averaging, Borda's count; OpenCoder and DataComp-LM mix signals likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neve import store
from neve.quality.annotator import Annotator, Documents, Labels, Scores, finish, ranks, standing
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
        return Scores(
            ids, np.ones(len(ids), dtype=np.int64), np.average(places, axis=0, weights=self._weights)
        )
