"""Labels: what counts as good, and what it is told from.

Arctic-SnowCoder's annotators (arXiv 2409.02326) learn good files against random files of the pool, or what a
language model said of files. So positives come from exemplar sources that the recipe names (curated like the
corpus, and kept out of it), or are the corpus's best documents by another annotator; negatives are training
documents drawn by a hash; a judge (`neve.quality.judge`) labels documents of the corpus with values between
0 and 1; and rounds of hard negatives look for what resembles the positives and is not good
(`neve.quality.hard_negatives`).

Ranking is within each language, so an annotator that merely knows the languages apart would have learnt
nothing of use. Negatives therefore take the positives' language mix as far as the pool has it; what is
missing is filled from the pool at large. The trade-off: a language without positives is ranked by what good
code of the others has taught.

Text is copied beside the labels: some hundred megabytes at the paper's size, and an annotator reads one
folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve import documents
from neve.errors import Fault
from neve.hashing import shares
from neve.quality import drawing, hard_negatives
from neve.quality import settings as quality
from neve.quality.annotator import GOOD, Documents
from neve.quality.judge import Judged, judge

FEWEST = 10
"""Labels of either side without which an annotator is not worth the name."""
JUDGED = "judged"
"""Folder of what a judge said, word by word."""


def build(settings: quality.Labels, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `labels-NAME`: labels/ (LABELS, `language`, `family` and `fold`) and documents/, their text, of
    `exemplars` and `documents`; judged/, what a judge answered."""
    pool = drawing.candidates(inputs["documents"], ds.field("split") == "train")
    found = _positives(inputs, settings, pool)
    counts: dict[str, Any] = {}
    said: list[Judged] = []
    if found is not None:
        found = pa.concat_tables([found, _negatives(found, pool, settings)])
    if settings.judge is not None and settings.judge.documents:
        rated, judged = _rated(
            pool if found is None else drawing.without(pool, found["doc_id"]), settings, inputs
        )
        found = rated if found is None else pa.concat_tables([found, rated])
        said.append(judged)
        counts["judge"] = dict(judged.counts)
    assert found is not None, "the recipe asks for labels of some kind"
    if settings.hard is not None:
        found, more, counts["rounds"] = hard_negatives.rounds(found, pool, settings, inputs, out / "rounds")
        said += more
    labels = drawing.dealt(found, settings.seed)
    if settings.shuffled:
        labels = drawing.shuffled(labels, settings.seed)
    drawing.write(labels, inputs, out)
    if said:
        documents.write((one.table() for one in said), out / JUDGED)
    good = int(pc.sum(pc.greater(labels["label"], GOOD)).as_py())
    return {"positives": good, "negatives": labels.num_rows - good, **counts}


def choose(inputs: dict[str, Path], settings: quality.Labels) -> pa.Table:
    """The labels of positives and negatives, sorted by doc_id. Raises Fault with too few of either."""
    pool = drawing.candidates(inputs["documents"], ds.field("split") == "train")
    good = _positives(inputs, settings, pool)
    assert good is not None
    return drawing.dealt(pa.concat_tables([good, _negatives(good, pool, settings)]), settings.seed)


def _positives(inputs: dict[str, Path], settings: quality.Labels, pool: pa.Table) -> pa.Table | None:
    """Exemplars and the best of the corpus, labelled 1; None where the recipe asks for neither."""
    parts = []
    if "exemplars" in inputs:
        good = drawing.drawn(
            drawing.proper(drawing.candidates(inputs["exemplars"])), settings.seed, "positive"
        )
        if good.num_rows < FEWEST:
            raise Fault(
                f"labels.positives: {good.num_rows} documents are left of the exemplars after curation, "
                f"at least {FEWEST} are needed; name more or larger exemplar sources"
            )
        good = drawing.capped(good, settings.positives_limit, settings.family_share)
        origin = pc.binary_join_element_wise(good["source"], good["repo"], ":")
        parts.append(drawing.labelled(good, 1.0, origin, "exemplars"))
    if settings.best is not None:
        rest = drawing.without(pool, parts[0]["doc_id"]) if parts else pool
        best = _best(drawing.proper(rest), inputs["scores"], settings.best.documents)
        best = drawing.capped(best, settings.best.documents, settings.family_share)
        parts.append(drawing.labelled(best, 1.0, f"best of {settings.best.annotator}", "documents", True))
    return pa.concat_tables(parts) if parts else None


def _best(pool: pa.Table, scores: Path, count: int) -> pa.Table:
    """The best documents of each language by their ranks, languages in proportion to their documents."""
    ranks = documents.read(scores / "scores", ["doc_id", "rank"])
    place = pc.index_in(pool["doc_id"], ranks["doc_id"].combine_chunks())
    pool = pool.append_column("rank", ranks["rank"].take(place)).sort_by("rank")
    names, codes = np.unique(pool["language"].to_numpy().astype(str), return_inverse=True)
    there = np.bincount(codes, minlength=len(names))
    dealt = shares(dict(zip(names.tolist(), there.tolist(), strict=True)), min(count, pool.num_rows))
    most = np.array([dealt[name] for name in names.tolist()])
    return pool.filter(pa.array(drawing.position(codes) < most[codes])).drop_columns("rank")


def _negatives(good: pa.Table, pool: pa.Table, settings: quality.Labels) -> pa.Table:
    """Random documents in the languages of the positives, labelled 0."""
    pool = drawing.drawn(drawing.without(pool, good["doc_id"]), settings.seed, "negative")
    if pool.num_rows < FEWEST:
        raise Fault(
            f"labels.negatives: the corpus has {pool.num_rows} training documents; at least {FEWEST} are needed"
        )
    mix = {row["values"]: row["counts"] for row in pc.value_counts(good["language"]).to_pylist()}
    languages, wanted = pool["language"].to_numpy(), min(settings.negatives, pool.num_rows)
    taken = np.zeros(pool.num_rows, dtype=bool)
    for language, count in shares(mix, wanted).items():
        taken[np.flatnonzero(languages == language)[:count]] = True
    taken[np.flatnonzero(~taken)[: wanted - int(taken.sum())]] = True
    return drawing.labelled(pool.filter(pa.array(taken)), 0.0, "pool", "documents", True)


def _rated(pool: pa.Table, settings: quality.Labels, inputs: dict[str, Path]) -> tuple[pa.Table, Judged]:
    """Documents of the pool, as many of each language as there are, with what the judge says of them."""
    assert settings.judge is not None
    drawn = drawing.evenly(drawing.drawn(pool, settings.seed, "judge"), settings.judge.documents)
    where = Documents((inputs["documents"] / "documents",), drawn["doc_id"].combine_chunks())
    values, judged = judge(where, settings.judge, Path(settings.ledger))
    if len(values) < FEWEST:
        raise Fault(
            f"labels.judge: {len(values)} of {drawn.num_rows} documents got a label; at least {FEWEST} are needed"
        )
    rated = drawn.filter(pc.is_in(drawn["doc_id"], pa.array(list(values), pa.string())))
    label = np.array([values[doc_id] for doc_id in rated["doc_id"].to_pylist()])
    return drawing.labelled(rated, label, f"judge {settings.judge.rubric}", "documents"), judged
