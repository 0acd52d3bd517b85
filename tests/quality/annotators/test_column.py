"""neve.quality.annotators.column. Oracle: the table as written."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve.errors import Fault
from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import column
from neve.quality.settings import Fit
from neve.recipe.annotators import Column as Table


def fit(inputs, out, **more):
    out.mkdir()
    return column.fit(Fit(Table(kind="column", **more), seed=1), inputs, out)


def of(pool):
    return {doc_id: (n * 37 % 101) / 7 - 3 for n, doc_id in enumerate(pool["doc_id"].to_pylist())}


def test_documents_have_the_scores_of_the_table(inputs, pool, tmp_path):
    given = of(pool)
    half = len(given) // 2
    rows = [{"doc_id": doc_id, "mine": value, "more": 1} for doc_id, value in given.items()]
    pq.write_table(pa.Table.from_pylist(rows[:half]), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[half:]))
    counts = fit(inputs, tmp_path / "out", path=str(tmp_path / "[ab].*"), column="mine")
    assert counts["lacking"] == 0 and counts["negatives"] == 30 and counts["positives"] == 0
    (tmp_path / "work").mkdir()
    found = annotators.load(tmp_path / "out").score(
        Documents((inputs["documents"] / "documents",)), tmp_path / "work"
    )
    assert dict(zip(found.doc_ids.astype("U32").tolist(), found.means().tolist(), strict=True)) == given
    assert np.all(found.counts == 1)


def test_a_table_needs_no_labels_and_a_lacking_score_is_said_or_filled(inputs, pool, tmp_path):
    given = of(pool)
    gone = sorted(given)[3]
    rows = [{"doc_id": d, "score": None if d == gone else v} for d, v in given.items()]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    only = {"documents": inputs["documents"]}
    with pytest.raises(Fault, match=rf"no score for 1 of {len(given)} documents, e\.g\. {gone}; add them"):
        fit(only, tmp_path / "one", path=str(tmp_path / "t.parquet"))
    counts = fit(only, tmp_path / "two", path=str(tmp_path / "t.parquet"), missing=-9.0)
    assert counts["lacking"] == 1 and counts["roc_auc"] is None
    (tmp_path / "work").mkdir()
    found = annotators.load(tmp_path / "two").score(
        Documents((inputs["documents"] / "documents",)), tmp_path / "work"
    )
    assert found.means()[found.doc_ids == gone.encode()] == -9.0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"doc_id": "a", "other": 1.0}], "needs doc_id and a number score"),
        ([{"doc_id": "a", "score": "good"}], "needs doc_id and a number score"),
        ([{"doc_id": "a", "score": 1.0}, {"doc_id": "a", "score": 2.0}], "document a occurs twice"),
    ],
)
def test_a_table_that_will_not_do(inputs, tmp_path, rows, said):
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    with pytest.raises(Fault, match=said):
        fit(inputs, tmp_path / "out", path=str(tmp_path / "t.parquet"))
    with pytest.raises(Fault, match="names no file"):
        fit(inputs, tmp_path / "none", path=str(tmp_path / "no*.parquet"))
