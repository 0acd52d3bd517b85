"""neve.quality.scoring. Oracles: ranks and means recomputed from the rows."""

import numpy as np
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.errors import Fault
from neve.quality import scoring
from neve.quality.annotator import Scores

from .conftest import lay


@pytest.fixture(scope="module")
def scored(inputs, encoder_head, tmp_path_factory):
    out = tmp_path_factory.mktemp("scores")
    counts = scoring.build(None, {**inputs, "annotator": encoder_head}, out)
    assert counts["not_validated"] == ["Shell"], "no exemplar is Shell"
    assert sorted(p.name for p in out.iterdir()) == ["scores", "timings.json"]
    return documents.read(out / "scores")


def test_every_document_has_its_mean_and_its_rank(scored, pool):
    assert scored.schema.equals(documents.SCORES)
    assert scored["doc_id"].to_pylist() == sorted(pool["doc_id"].to_pylist())
    rows = scored.to_pylist()
    assert all(abs(np.mean(r["section_scores"]) - r["score"]) < 1e-12 for r in rows)
    assert all(1 <= len(r["section_scores"]) <= 3 for r in rows)
    language = dict(zip(pool["doc_id"].to_pylist(), pool["language"].to_pylist(), strict=True))
    for name in set(language.values()):
        own = sorted(
            (r for r in rows if language[r["doc_id"]] == name), key=lambda r: (-r["score"], r["doc_id"])
        )
        assert [r["rank"] for r in own] == list(range(1, len(own) + 1))


def equal_scores(ids) -> Scores:
    return Scores(np.array(ids, dtype="S32"), np.ones(len(ids), dtype=np.int64), np.full(len(ids), 0.5))


def test_ties_are_ranked_by_doc_id(inputs, pool):
    table = scoring.ranked(equal_scores(pool["doc_id"].to_pylist()), "a", inputs["documents"] / "documents")
    python = pc.is_in(
        table["doc_id"], pool.filter(pc.equal(pool["language"], "Python"))["doc_id"].combine_chunks()
    )
    assert table.filter(python)["rank"].to_pylist() == list(range(1, pc.sum(python).as_py() + 1))


def test_a_document_without_a_score_or_with_two_is_a_fault(inputs, pool):
    ids = pool["doc_id"].to_pylist()
    for wrong in (ids[1:], [*ids, ids[0]]):
        with pytest.raises(Fault, match=f"scored {len(wrong)} documents; each of {len(ids)} needs one"):
            scoring.ranked(equal_scores(wrong), "a", inputs["documents"] / "documents")


def test_files_in_another_order_and_number_give_equal_scores(inputs, encoder_head, pool, scored, tmp_path):
    order = np.random.default_rng(2).permutation(pool.num_rows)
    turned = {"annotator": encoder_head, "documents": lay(tmp_path / "curate", pool.take(order), files=3)}
    (tmp_path / "out").mkdir()
    scoring.build(None, turned, tmp_path / "out")
    assert documents.read(tmp_path / "out" / "scores").equals(scored)
