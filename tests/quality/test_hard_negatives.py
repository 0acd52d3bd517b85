"""neve.quality.hard_negatives, by way of the stage. Oracle: traits planted in the pool: documents that look like
the exemplars and that the judge, a server with a rule of our own, calls bad."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve import documents
from neve.quality import labels
from neve.recipe.annotators import Best, Hard, Judge

from .conftest import LABELS, lay

sys.path.append(str(Path(__file__).parents[1] / "llm"))

import chat_server

MARK = "\n# copied by hand\n"


@pytest.fixture
def planted(pool: pa.Table, exemplars: pa.Table) -> tuple[pa.Table, set[str]]:
    """The pool with copies of exemplars in it, each with a mark; their doc_ids."""
    texts = [text + MARK for text in exemplars["content"].to_pylist()]
    ids = [documents.doc_id(text.encode()) for text in texts]
    copies = exemplars.set_column(0, "doc_id", pa.array(ids))
    copies = copies.set_column(8, "content", pa.array(texts, pa.large_string()))
    copies = copies.set_column(6, "split", pa.array(["train"] * len(ids)))
    copies = copies.set_column(2, "repo", pa.array([f"copy{i}" for i in range(len(ids))]))
    return pa.concat_tables([pool, copies.cast(pool.schema)]), set(ids)


def test_rounds_find_what_resembles_the_positives_and_take_the_judges_word(tmp_path, planted, exemplars):
    rows, copies = planted
    inputs = {"documents": lay(tmp_path / "c", rows), "exemplars": lay(tmp_path / "e", exemplars)}

    def reply(question: dict, before: int) -> bytes:
        text = question["messages"][0]["content"]
        return chat_server.completion(f'{{"educational value": {1 if MARK.strip() in text else 4}}}')

    with chat_server.endpoint(reply) as server:
        judge = Judge(endpoint=server.url, model="m", characters=100_000)
        given = replace(
            LABELS, judge=judge, hard=Hard(rounds=2, documents=12), negatives=20, ledger=str(tmp_path / "ledger")
        )  # fmt: skip
        out = tmp_path / "labels"
        out.mkdir()
        counts = labels.build(given, inputs, out)
        asked = len(server.asked)
        again = tmp_path / "again"
        again.mkdir()
        assert labels.build(given, inputs, again) == counts and len(server.asked) == asked
    table = documents.read(out / "labels")
    assert table.equals(documents.read(again / "labels"))
    assert len(counts["rounds"]) == 2 and asked == sum(one["asked"] for one in counts["rounds"]) == 24
    assert not (out / "rounds").exists() and documents.read(out / "judged").num_rows == 24
    found = {row["doc_id"]: row for row in table.to_pylist()}
    mined = [row for row in found.values() if row["origin"].startswith("round")]
    assert len(mined) == 24 and len(found) == table.num_rows
    for row in mined:
        assert row["label"] == (0.0 if row["doc_id"] in copies else 1.0)
    python = sum(row["language"] == "Python" for row in mined)
    share = len(copies) / pc.sum(pc.equal(rows["language"], "Python")).as_py()
    hit = sum(row["doc_id"] in copies for row in mined)
    assert hit >= 2.5 * share * python, "the planted copies are among the first"
    texts = documents.read(out / "documents")
    assert sorted(texts["doc_id"].to_pylist()) == sorted(found)


def test_judged_documents_are_spread_over_languages_and_labelled_with_values(tmp_path, pool):
    inputs = {"documents": lay(tmp_path / "c", pool)}
    with chat_server.endpoint(
        lambda question, _: chat_server.completion(str(len(question["messages"][0]["content"]) % 6))
    ) as server:
        judge = Judge(endpoint=server.url, model="m", documents=40)
        given = replace(LABELS, judge=judge, ledger=str(tmp_path / "ledger"))
        out = tmp_path / "labels"
        out.mkdir()
        counts = labels.build(given, inputs, out)
    table = documents.read(out / "labels")
    shell = pc.sum(pc.equal(table["language"], "Shell")).as_py()
    train = pool.filter(pc.and_(pc.equal(pool["split"], "train"), pc.equal(pool["language"], "Shell")))
    assert table.num_rows == 40 and train.num_rows - 3 <= shell <= train.num_rows < 20
    assert set(table["label"].to_pylist()) <= {n / 5 for n in range(6)}
    assert counts["positives"] + counts["negatives"] == 40 and counts["judge"]["unparsed"] == 0
    assert {"train", "heldout"} == set(table["split"].to_pylist())


def test_the_best_by_another_annotator_are_positives(tmp_path, pool):
    train = pool.filter(pc.equal(pool["split"], "train")).sort_by("doc_id")
    inputs = {"documents": lay(tmp_path / "c", pool), "scores": tmp_path / "s"}
    rank = {}
    for language in ("Python", "Shell"):
        ids = pool.filter(pc.equal(pool["language"], language))["doc_id"].to_pylist()
        rank |= {doc_id: place for place, doc_id in enumerate(sorted(ids), 1)}
    scores = pa.table({"doc_id": list(rank), "rank": list(rank.values())})
    documents.write(scores, inputs["scores"] / "scores")
    given = replace(LABELS, best=Best(annotator="a", documents=20), family_share=1.0)
    table = labels.choose(inputs, given)
    good = table.filter(pc.equal(table["label"], 1.0))
    assert good.num_rows == 20 and set(good["origin"].to_pylist()) == {"best of a"}
    candidates = labels.drawing.candidates(inputs["documents"], pc.field("split") == "train")
    for language in ("Python", "Shell"):
        mine = good.filter(pc.equal(good["language"], language))
        there = candidates.filter(pc.equal(candidates["language"], language))["doc_id"].to_pylist()
        assert mine["doc_id"].to_pylist() == sorted(there)[: mine.num_rows] and mine.num_rows
    assert train.num_rows > good.num_rows
