"""How good new documents are beside the selection: the run's annotator scores those that all cheaper gates
let pass, a batch at a time, and the limit is a quantile of the selected documents' own scores, by language.

The annotator has to judge each document by itself: what ranks a corpus gives a few documents other scores
than it gave the selection. The trade-offs: an encoder's score depends on its batch in the last bits, and a
language without selected documents, such as a textbook's Markdown, has no limit and is not asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from neve import documents
from neve.quality import annotators, pools
from neve.quality.annotator import Annotator, Documents
from neve.synthesis.candidates import Candidate


def limits(selection: Path, scores: Path, corpus: Path, quantile: float) -> dict[str, float]:
    """Language -> the score that this share of its selected documents are below."""
    chosen = documents.read(selection / pools.FILE, ["doc_id"])
    scored = documents.read(scores / "scores", ["doc_id", "score"])
    spoken = documents.read(corpus, ["doc_id", "language"])
    table = chosen.join(scored, "doc_id", join_type="inner").join(spoken, "doc_id", join_type="inner")
    languages, values = table["language"].to_numpy(), table["score"].to_numpy()
    return {
        str(name): float(np.quantile(values[languages == name], quantile)) for name in np.unique(languages)
    }


class Scorer:
    """An annotator's folder, opened, and the languages that it is asked about."""

    def __init__(self, annotator: Path, limits: Mapping[str, float]) -> None:
        self._annotator: Annotator = annotators.load(annotator)
        self._limits = limits

    def scored(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The same, each with its score where its language has a limit."""
        rows = {
            each.doc_id: {"doc_id": each.doc_id, "language": each.language, "content": each.code}
            for each in candidates
            if each.language in self._limits
        }
        if not rows:
            return list(candidates)
        with tempfile.TemporaryDirectory() as place:
            work = Path(place) / "work"
            work.mkdir()
            documents.write(pa.Table.from_pylist(list(rows.values())), Path(place) / "documents")
            found = self._annotator.score(Documents((Path(place) / "documents",)), work)
        known = dict(zip(found.doc_ids.astype("U32").tolist(), found.means().tolist(), strict=True))
        return [replace(each, score=known.get(each.doc_id or "")) for each in candidates]
