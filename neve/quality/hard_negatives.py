"""Rounds of hard negatives: what looks like the positives and is not good.

Random negatives teach an annotator to tell good code from any code, which is too easy; what it is wrong
about are documents near the top. So in each round a model of n-grams is fitted on the labels so far and
scores the corpus; the best documents without a label, as many of each language as there are, go to the
judge; what it calls good becomes a positive, the rest negatives, and the next round begins with them. A
model of n-grams finds what shares the positives' vocabulary, in seconds rather than an encoder's hours. The
trade-off: the rounds are as right as the judge, whose answers are kept beside the labels to be read.

Sources: DataComp-LM (arXiv 2406.11794) for the model, Seed-Coder (arXiv 2506.03524) for mining hard examples
over a few rounds.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.quality import drawing
from neve.quality.annotator import Documents, ranks
from neve.quality.annotators import ngrams
from neve.quality.judge import Judged, judge
from neve.quality.settings import Fit, Labels
from neve.recipe.annotators import Ngrams


def rounds(
    found: pa.Table, pool: pa.Table, settings: Labels, inputs: dict[str, Path], work: Path
) -> tuple[pa.Table, list[Judged], list[dict[str, Any]]]:
    """The labels with those of all rounds, what the judge said in each, and counts of each. `work` is made
    and removed."""
    assert settings.hard is not None and settings.judge is not None
    said, counts = [], []
    seen = found["doc_id"]
    for number in range(1, settings.hard.rounds + 1):
        rest = drawing.without(pool, seen)
        likely = drawing.evenly(_ranked(found, rest, settings, inputs, work), settings.hard.documents)
        where = Documents((inputs["documents"] / "documents",), likely["doc_id"].combine_chunks())
        values, judged = judge(where, settings.judge, Path(settings.ledger), f"round {number}")
        seen = pa.chunked_array([*seen.chunks, *likely["doc_id"].chunks])
        rated = likely.filter(pc.is_in(likely["doc_id"], pa.array(list(values), pa.string())))
        good = np.array([values[doc_id] >= settings.hard.good for doc_id in rated["doc_id"].to_pylist()])
        found = pa.concat_tables([found, drawing.labelled(rated, good, f"round {number}", "documents")])
        said.append(judged)
        counts.append({**judged.counts, "good": int(good.sum()), "bad": int((~good).sum())})
    return found, said, counts


def _ranked(
    found: pa.Table, rest: pa.Table, settings: Labels, inputs: dict[str, Path], work: Path
) -> pa.Table:
    """`rest` in the order of a model of n-grams that is fitted on the labels found so far, the best of each
    language first."""
    work.mkdir()
    try:
        drawing.write(drawing.dealt(found, settings.seed), inputs, work)
        (work / "model").mkdir()
        fit = Fit(Ngrams(kind="ngrams", labels=["so-far"]), settings.seed)
        ngrams.fit(fit, {"labels-so-far": work}, work / "model")
        where = Documents((inputs["documents"] / "documents",), rest["doc_id"].combine_chunks())
        (work / "scores").mkdir()
        scores = ngrams.load(work / "model").score(where, work / "scores").sorted()
    finally:
        shutil.rmtree(work)
    ids = pa.array(scores.doc_ids.astype("U32"), pa.string())
    place = pc.index_in(rest["doc_id"].combine_chunks(), ids).to_numpy()
    rank = ranks(scores, where.languages(scores.doc_ids))[place]
    return rest.take(pa.array(np.lexsort((rest["doc_id"].to_numpy(), rank))))
