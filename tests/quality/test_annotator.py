"""neve.quality.annotator. Oracles: the tables read whole; ROC-AUC by counting pairs; an undisturbed run for a killed one."""

import json

import numpy as np
import pyarrow as pa
import pytest

from neve import documents
from neve.corpus.licenses.openings import cut
from neve.quality import annotator
from neve.quality.annotator import Batch, Documents, Labels, Scores, area, finish, in_batches, ranks, standing

from .conftest import lay


def lines(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """A section a line, scored by its length."""
    parts = [[len(line) for line in text.split("\n")] for text in batch.texts]
    return np.array([len(part) for part in parts]), np.array([n for part in parts for n in part], dtype=float)


class Lines:
    def score(self, found, work):
        return in_batches(lines, found, work)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(annotator, "BATCH", 7)
    monkeypatch.setattr(annotator, "BLOCK", 3)


def test_documents_are_all_or_those_named_each_once(pool, tmp_path):
    first = lay(tmp_path / "a", pool.slice(0, 20), files=3) / "documents"
    second = lay(tmp_path / "b", pool.slice(15, 20), files=2) / "documents"
    both = Documents((first, second))
    bodies = cut(pool["content"].combine_chunks()).to_pylist()
    content = dict(zip(pool["doc_id"].to_pylist(), bodies, strict=True))

    def read(found):
        return [(d.decode(), t) for b in found.batches() for d, t in zip(b.doc_ids, b.texts, strict=True)]

    everything = read(both)
    ids = pool["doc_id"].slice(0, 35).to_pylist()
    assert sorted(d for d, _ in everything) == sorted(ids) and all(content[d] == t for d, t in everything)
    chosen = both.only(pa.array(ids[10:18]))
    assert sorted(d for d, _ in read(chosen)) == sorted(ids[10:18])
    assert sorted(d for d, _ in read(chosen.only(pool["doc_id"].slice(0, 12)))) == sorted(ids[10:12])


def test_a_choice_is_made_ready_once_for_all_batches_and_readings(pool, tmp_path, monkeypatch):
    """Of 200,000 chosen documents 20 lie here, in 12 batches: what all that is chosen costs, is paid once."""
    found = Documents((lay(tmp_path / "a", pool, files=1) / "documents",))
    wanted = pa.array([f"{k:032x}" for k in range(200_000)] + pool["doc_id"].to_pylist()[:20])
    made = []
    keys = annotator.keys
    monkeypatch.setattr(annotator, "keys", lambda ids: made.append(len(ids)) or keys(ids))
    some = found.only(wanted)
    for _ in range(2):
        assert sum(len(batch.doc_ids) for batch in some.batches()) == 20
    assert made.count(len(wanted)) == 1 and len(made) > 20


def test_a_label_of_two_sets_is_the_higher_one_and_held_out_where_either_is(inputs, tmp_path):
    own = documents.read(inputs["labels-code"] / "labels")
    other = own.slice(0, 10)
    label = pa.array([1 - v for v in other["label"].to_pylist()])
    split = pa.array(["heldout" if i % 2 else "train" for i in range(10)])
    other = other.set_column(1, "label", label).set_column(2, "split", split)
    documents.write(other, tmp_path / "labels", documents.LABELS)
    (tmp_path / "documents").mkdir()
    table = Labels.read({**inputs, "labels-more": tmp_path}).table
    assert table["doc_id"].to_pylist() == own["doc_id"].to_pylist()
    assert table["label"].to_pylist()[:10] == [1.0] * 10
    assert table["label"].to_pylist()[10:] == own["label"].to_pylist()[10:]
    either = ["heldout" if "heldout" in pair else "train" for pair in zip(
        own["split"].to_pylist()[:10], split.to_pylist(), strict=True)]  # fmt: skip
    assert table["split"].to_pylist() == either + own["split"].to_pylist()[10:]


def test_batches_are_scored_once_and_a_killed_attempt_goes_on(inputs, pool, tmp_path):
    found = Documents((inputs["documents"] / "documents",))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = in_batches(lines, found, tmp_path / "a")
    texts = [t.split("\n") for t in cut(pool["content"].combine_chunks()).to_pylist()]
    assert whole.doc_ids.astype("U32").tolist() == pool["doc_id"].to_pylist()
    assert whole.counts.tolist() == [len(parts) for parts in texts]
    assert whole.means() == pytest.approx([np.mean([len(p) for p in parts]) for parts in texts])

    seen = []

    def dies(batch):
        seen.append(batch)
        if len(seen) == 8:
            raise KeyboardInterrupt
        return lines(batch)

    with pytest.raises(KeyboardInterrupt):
        in_batches(dies, found, tmp_path / "b")
    again = in_batches(dies, found, tmp_path / "b")
    assert np.array_equal(again.sections, whole.sections) and np.array_equal(again.doc_ids, whole.doc_ids)
    batches = len(list(found.batches()))
    assert len(seen) == batches + 8 - 6, "two blocks of three batches were not scored again"


def test_no_documents_have_no_scores(tmp_path):
    (tmp_path / "documents").mkdir()
    scores = in_batches(lines, Documents((tmp_path / "documents",)), tmp_path)
    assert len(scores.doc_ids) == len(scores.means()) == 0


def test_a_fit_ends_with_what_it_is_worth_on_the_held_out_labels(inputs, tmp_path):
    labels = Labels.read(inputs)
    (tmp_path / "model").write_bytes(b"x")
    counts = finish(Lines(), "lines", labels, tmp_path / "model", tmp_path, {"name": "lines"})
    about = json.loads((tmp_path / "annotator.json").read_text())
    assert about["kind"] == "lines" and about["annotator"] == "lines@2d711642"
    (tmp_path / "work").mkdir()
    everything = Lines().score(labels.documents, tmp_path / "work")
    score = dict(zip(everything.doc_ids.astype("U32"), everything.means(), strict=True))
    rows = [row for row in labels.table.to_pylist() if row["split"] == "heldout"]
    good, bad = ([score[r["doc_id"]] for r in rows if r["label"] == v] for v in (1, 0))
    pairs = np.mean([(g > b) + 0.5 * (g == b) for g in good for b in bad])
    assert counts["roc_auc"] == about["heldout"]["roc_auc"] == pytest.approx(pairs)
    assert about["heldout"]["by_language"]["Python"]["roc_auc"] == pytest.approx(pairs)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["annotator.json", "model", "work"]


def test_ranks_are_within_languages_and_ties_go_by_doc_id():
    scores = Scores(np.array([b"b", b"a", b"d", b"c"]), np.ones(4, np.int64), np.array([0.5, 0.5, 0.9, 0.1]))
    ranked = ranks(scores, ["C", "C", "C", "Go"])
    assert ranked.tolist() == [3, 2, 1, 1]
    assert standing(ranked, ["C", "C", "C", "Go"]).tolist() == pytest.approx([1 / 6, 1 / 2, 5 / 6, 1 / 2])


def test_means_are_those_of_each_document():
    scores = Scores(np.array([b"a", b"b"]), np.array([1, 3]), np.array([4.0, 1.0, 2.0, 3.0]))
    assert scores.means().tolist() == [4.0, 2.0]


def test_area_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    target, scores = (rng.random(40) < 0.4).astype(float), rng.random(40).round(1)
    chosen = rng.random(40) < 0.8
    good, bad = scores[chosen & (target == 1)], scores[chosen & (target == 0)]
    pairs = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
    assert area(target, scores, chosen)["roc_auc"] == pytest.approx(pairs)
    assert area(np.ones(3), np.ones(3), np.ones(3, dtype=bool))["roc_auc"] is None
