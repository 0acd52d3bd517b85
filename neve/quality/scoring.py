"""Every document gets its score by an annotator, and its rank among the documents of its language.

Scoring takes most of an annotator's time, so it must survive a kill: an annotator saves what it has finished
in a work folder and goes on from there. Ranks are computed here, alike for all kinds: 1 is the best of a
language, ties go by doc_id, so the same scores give the same ranks however files lie. A language of which no
good and bad label was held out is ranked all the same; the counts name it, since nothing there says whether
the ranking is right.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neve import documents, store
from neve.errors import Fault
from neve.quality import annotators
from neve.quality.annotator import Documents, Scores, ranks


def build(settings: None, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `scores-NAME` (resumes): scores/*.parquet (SCORES) for all `documents`, sorted by doc_id, and
    timings.json: what share of the time its devices waited, where the annotator knows it."""
    annotator = annotators.load(inputs["annotator"])
    about = store.read_json(inputs["annotator"] / "annotator.json")
    folder, work = inputs["documents"] / "documents", out / "work"
    work.mkdir(exist_ok=True)
    scores = annotator.score(Documents((folder,)), work)
    rows = documents.write(ranked(scores, about["annotator"], folder), out / "scores", documents.SCORES)
    store.write_json(out / "timings.json", dict(scores.timings))
    shutil.rmtree(work)
    found = documents.read(folder, ["language"])["language"].unique().to_pylist()
    measured = {name for name, row in about["heldout"]["by_language"].items() if row["roc_auc"] is not None}
    counts = {"documents": rows, "sections": len(scores.sections), **scores.about}
    return {**counts, "not_validated": sorted(set(found) - measured)}


def ranked(scores: Scores, annotator: str, folder: Path) -> pa.Table:
    """SCORES, sorted by doc_id: ranks within the languages that the documents in `folder` have."""
    ends = np.append(0, np.cumsum(scores.counts))
    table = pa.table(
        {
            "doc_id": pa.array(scores.doc_ids.astype("U32"), pa.string()),
            "annotator": pa.array([annotator] * len(scores.doc_ids), pa.string()),
            "score": scores.means(),
            "section_scores": pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(scores.sections)),
            "rank": ranks(scores, Documents((folder,)).languages(scores.doc_ids)),
        }
    ).sort_by("doc_id")
    about = documents.read(folder, ["doc_id"]).sort_by("doc_id")
    if not table["doc_id"].equals(about["doc_id"]):
        raise Fault(
            f"{annotator}: scored {table.num_rows} documents; each of {about.num_rows} needs one score"
        )
    return table
