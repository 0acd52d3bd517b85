"""Diagnosis. Oracles: a trait that is planted in known documents, shuffled labels, and counts made by hand."""

from __future__ import annotations

import re
import sysconfig
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve import documents
from neve.quality import annotators, diagnose, labels, scoring, select
from neve.quality.annotator import Labels
from neve.quality.annotators import blend, ngrams
from neve.quality.diagnose import Judged, Pool
from neve.quality.settings import Diagnosis, Fit
from neve.recipe.annotators import Blend, Ngrams
from neve.store import read_json

from .conftest import LABELS, lay
from .selecting import corpus as scored_corpus

SHARE = 25
"""One document in so many of the pool has the trait."""


MARKS = (
    "@audited(level=checked, owner=ledger, since=opening)",
    "@traced(span=quarter, sink=journal, mask=secrets_of_house)",
    "@bounded(lower=floor_of_day, upper=ceiling_of_day, unit=crowns)",
    "@answered(by=steward, within=fortnight, else_=dismissed)",
)


def planted(text: str) -> str:
    """The trait: lines above each function, as some house's style asks for."""
    return re.sub(
        r"(?m)^( *)def ", lambda found: "".join(f"{found[1]}{mark}\n" for mark in MARKS) + found[0], text
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> tuple[dict[str, Path], set[str], pa.Table]:
    """Stages of a corpus of which one document in SHARE has the trait, and exemplars that all have it."""
    root = tmp_path_factory.mktemp("planted")
    library = Path(sysconfig.get_path("stdlib"))
    files = [p for p in sorted(library.glob("*/*.py")) if 2000 < p.stat().st_size < 40_000][:900]
    texts = [t for p in files if (t := p.read_text("utf-8", "replace")).count("def ") > 3][:560]
    rows, marked = [], set()
    for number, text in enumerate(texts):
        good = number % 9 == 0
        has = number % SHARE == 1
        text = planted(text) if good or has else text
        row = {
            "doc_id": documents.doc_id(text.encode()), "source": "s", "repo": f"{'good' if good else 'pool'}{number % 7}",
            "path": f"{number}.py", "language": "Python", "license": None, "split": "train", "size": len(text.encode()),
            "content": text, "source_id": None,
        }  # fmt: skip
        rows.append((good, row))
        marked |= {row["doc_id"]} if has and not good else set()
    table = {
        side: pa.Table.from_pylist([r for good, r in rows if good == side], documents.DOCUMENTS)
        for side in (True, False)
    }
    inputs = {
        "documents": lay(root / "curate", table[False]),
        "exemplars": lay(root / "exemplars", table[True]),
    }
    index = table[False].select(["doc_id", "language", "repo", "split", "size"])
    index = index.append_column("length", pa.array([size // 4 for size in index["size"].to_pylist()]))
    (root / "tokens").mkdir()
    pq.write_table(index, root / "tokens" / "index.parquet")
    return inputs | {"tokens": root / "tokens"}, marked, table[False]


def selected(corpus, out: Path, shuffled: bool) -> tuple[dict[str, Path], set[str]]:
    """Labels, an annotator, scores and a selection of some 4 % of the tokens: folders, and the chosen."""
    inputs, _, table = corpus
    folders = {
        name: out / name for name in ("labels-code", "annotator-words", "scores", "selection", "diagnosis")
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
    labels.build(replace(LABELS, negatives=200, shuffled=shuffled), inputs, folders["labels-code"])
    inputs = inputs | folders
    ngrams.fit(
        Fit(Ngrams(kind="ngrams", labels=["code"], longest=2, bits=16), seed=1),
        inputs,
        folders["annotator-words"],
    )
    scoring.build(
        None, {"documents": inputs["documents"], "annotator": folders["annotator-words"]}, folders["scores"]
    )
    tokens = sum(table["size"].to_pylist()) // 4 // SHARE
    select.build(select.Settings(tokens, 1, None, 0.0, 1), inputs, folders["selection"])
    chosen = documents.read(folders["selection"] / "selection.parquet", ["doc_id"])["doc_id"].to_pylist()
    return inputs, set(chosen)


def test_a_planted_trait_is_enriched_at_the_cut_and_shuffled_labels_find_nothing(corpus, tmp_path) -> None:
    """The chosen have the trait at least ten times as often as the pool; with shuffled labels no more than thrice."""
    _, marked, table = corpus
    base = len(marked) / table.num_rows
    inputs, chosen = selected(corpus, tmp_path / "true", shuffled=False)
    assert len(chosen & marked) / len(chosen) >= 10 * base
    _, by_chance = selected(corpus, tmp_path / "shuffled", shuffled=True)
    assert len(by_chance & marked) / len(by_chance) <= 3 * base

    settings = Diagnosis("words", (), (), None, 1)
    (tmp_path / "out").mkdir()
    counts = diagnose.build(settings, inputs, tmp_path / "out")
    found = read_json(tmp_path / "out" / "diagnosis.json")
    cut = found["at_the_cut"]["all"]
    assert counts["enrichment"] == cut["enrichment"] >= 10 and cut["interval"][0] >= 5
    assert cut["precision"] >= 0.8 and cut["recall"] == cut["good_above"] / cut["good"]
    assert sum(row["labels"] for row in found["families"]) == cut["good"]
    assert sum(row["above"] for row in found["families"]) == cut["good_above"]
    assert found["chosen"] == len(chosen) and found["documents"] == table.num_rows
    assert sum(row["chosen"] for row in found["groups"]["language"]) == len(chosen)
    assert sum(row["documents"] for row in found["groups"]["length"]) == table.num_rows
    parts = found["calibration"]["parts"]
    assert parts[-1]["good"] > parts[0]["good"] and sum(p["labels"] for p in parts) == cut["labels"]
    flips = found["flips"]
    assert set(flips) == {"comments stripped", "names changed", "reformatted"}
    assert (
        flips["names changed"]["lost"] > 0.5 * flips["names changed"]["chosen"]
    )  # the trait is made of names
    assert flips["reformatted"]["lost"] <= flips["names changed"]["lost"]
    assert not (tmp_path / "out" / "work").exists() and not (tmp_path / "out" / "texts").exists()


def test_without_labels_nothing_is_said_of_them(corpus, tmp_path) -> None:
    """As for checkpoints beside each other, which learn from no labels."""
    inputs, chosen = selected(corpus, tmp_path / "true", shuffled=False)
    unlabelled = {name: folder for name, folder in inputs.items() if not name.startswith("labels-")}
    (tmp_path / "out").mkdir()
    counts = diagnose.build(Diagnosis("words", (), (), None, 1), unlabelled, tmp_path / "out")
    found = read_json(tmp_path / "out" / "diagnosis.json")
    assert counts["recall"] is None and found["at_the_cut"]["all"]["labels"] == 0
    assert found["chosen"] == len(chosen) and found["families"] == []


def test_solutions_and_other_annotators(corpus, tmp_path, benchmark_files) -> None:
    inputs, _ = selected(corpus, tmp_path / "true", shuffled=False)
    same = inputs | {"annotator-same": inputs["annotator-words"]}
    (tmp_path / "out").mkdir()
    settings = Diagnosis("words", ("same",), ("humaneval",), str(benchmark_files), 1)
    diagnose.build(settings, same, tmp_path / "out")
    found = read_json(tmp_path / "out" / "diagnosis.json")
    assert found["agreement"] == {"same": 1.0}
    area = found["solutions"]["humaneval"]
    assert area["positives"] == 164 and area["negatives"] > 100 and 0 <= area["roc_auc"] <= 1
    assert annotators.KINDS["ngrams"]


def test_precision_recall_and_enrichment_are_counts() -> None:
    """A tenth of the pool's Python was chosen and half of its C; of four good labels three are above."""
    languages = ["Python"] * 10 + ["C"] * 2
    chosen = np.array([True] + [False] * 9 + [True, False])
    pool = Pool(pa.table({"language": languages}), chosen, {"Python": 0.5, "C": 0.9})
    judged = Judged(
        np.array([1, 1, 0, 0, 1, 0, 1], bool),
        np.array([0.9, 0.4, 0.6, 0.1, 0.8, 0.95, 0.7]),
        np.array(["Python"] * 5 + ["C"] * 2, dtype=object),
        np.array(["a", "a", "x", "x", "b", "y", "c"], dtype=object),
    )
    found = diagnose.at_the_cut(pool, judged)
    python = found["Python"]
    assert (python["labels"], python["good"], python["above"], python["good_above"]) == (5, 3, 3, 2)
    assert python["precision"] == python["recall"] == pytest.approx(2 / 3)
    assert python["enrichment"] == pytest.approx(2 / 3 / 0.1) and python["interval"] is None, "two families"
    assert found["C"]["precision"] == found["C"]["recall"] == found["C"]["enrichment"] == 0
    every = found["all"]
    assert every["above"] == 4 and every["precision"] == every["recall"] == 0.5
    assert every["enrichment"] == pytest.approx(2 / (3 * 0.1 + 0.5))
    low, high = every["interval"]
    assert low == 0 and high == pytest.approx(10), "all three may be C's, or all b's"
    rows = {row["family"]: row for row in diagnose.by_family(pool, judged)}
    assert list(rows) == ["a", "b", "c"] and rows["a"] == {
        "family": "a",
        "labels": 2,
        "above": 1,
        "by_chance": pytest.approx(0.2),
    }
    assert pool.above(np.array([1.0]), ["Go"]).tolist() == [False] and pool.share(["Go"]).tolist() == [0.0]


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
def test_labels_that_score_like_the_pool_are_not_enriched_however_documents_were_drawn(
    tmp_path, temperature
) -> None:
    """Oracle: good labels are a random half of the pool, so a cut holds as many of them as of the rest."""
    inputs, table, _ = scored_corpus(tmp_path)
    ids, rng = table["doc_id"].to_pylist(), np.random.default_rng(0)
    values = rng.normal(size=len(ids))
    ranks = {}
    for language in set(table["language"].to_pylist()):
        rows = [i for i, name in enumerate(table["language"].to_pylist()) if name == language]
        ranks |= {i: place for place, i in enumerate(sorted(rows, key=lambda i: -values[i]), 1)}
    rows = [
        {"doc_id": one, "annotator": "a", "score": values[i], "section_scores": [values[i]], "rank": ranks[i]}
        for i, one in enumerate(ids)
    ]
    found = pa.Table.from_pylist(rows, documents.SCORES)
    documents.write(found, inputs["scores"] / "scores", documents.SCORES)
    (tmp_path / "selection").mkdir()
    select.build(select.Settings(9_000, 1, None, temperature, 1), inputs, tmp_path / "selection")
    texts = [
        {
            "doc_id": one, "source": "s", "repo": "r", "path": f"{i}", "language": language, "license": None,
            "split": "train", "size": 3, "content": "x", "source_id": None,
        }
        for i, (one, language) in enumerate(zip(ids, table["language"].to_pylist(), strict=True))
    ]  # fmt: skip
    inputs["documents"] = lay(tmp_path / "curate", pa.Table.from_pylist(texts, documents.DOCUMENTS))
    pool = diagnose._pool(inputs | {"selection": tmp_path / "selection"}, temperature > 0)
    order = pool.table["doc_id"].to_pylist()
    score = np.array([values[ids.index(one)] for one in order])
    half = rng.random(len(order)) < 0.5
    judged = Judged(half, score, pool.column("language"), np.array(["f"] * len(order), dtype=object))
    assert 0.6 < diagnose.at_the_cut(pool, judged)["all"]["enrichment"] < 1.6
    taken = documents.read(tmp_path / "selection" / "selection.parquet", ["doc_id"])["doc_id"].to_pylist()
    assert pool.chosen.sum() == len(taken)
    if temperature:
        assert {one for one, is_in in zip(order, pool.drawn, strict=True) if is_in} == set(taken)
        assert 0 < (pool.drawn & pool.chosen).sum() < len(taken)
    else:
        assert pool.drawn is None and {one for one, up in zip(order, pool.chosen, strict=True) if up} == set(
            taken
        )


def test_a_blend_is_diagnosed_as_what_it_is_of(corpus, tmp_path) -> None:
    """Oracle: a blend of an annotator with itself chooses what that chooses, and its diagnosis is the same."""
    inputs, _ = selected(corpus, tmp_path / "true", shuffled=False)
    twice = inputs | {
        "annotator-again": inputs["annotator-words"],
        "annotator-both": tmp_path / "true" / "both",
    }
    twice["annotator-both"].mkdir()
    blend.fit(Fit(Blend(kind="blend", of=["words", "again"]), 1), twice, twice["annotator-both"])
    twice["scores"] = tmp_path / "true" / "scores-both"
    twice["scores"].mkdir()
    scoring.build(
        None, {"documents": inputs["documents"], "annotator": twice["annotator-both"]}, twice["scores"]
    )
    found = {}
    for name, given in (("words", inputs), ("both", twice)):
        (tmp_path / name).mkdir()
        diagnose.build(Diagnosis(name, (), (), None, 1), given, tmp_path / name)
        found[name] = read_json(tmp_path / name / "diagnosis.json")
    assert (
        found["both"]["chosen"] == found["words"]["chosen"]
        and found["both"]["groups"] == found["words"]["groups"]
    )
    assert found["both"]["at_the_cut"] == found["words"]["at_the_cut"]
    assert found["both"]["flips"] == found["words"]["flips"]


def test_what_other_annotators_have_learnt_from_is_no_sample(corpus, tmp_path) -> None:
    inputs, _ = selected(corpus, tmp_path / "true", shuffled=False)
    pool, read = diagnose._pool(inputs, False), Labels.read(inputs)
    sample = diagnose._sample(pool, diagnose._taught(read, inputs), 1)
    learnt = tmp_path / "learnt" / "labels"
    more = read.table.slice(0, 1).select(documents.LABELS.names)
    more = more.set_column(0, "doc_id", pa.array([sample[0].as_py()], pa.string()))
    documents.write(more, learnt, documents.LABELS)
    taught = diagnose._taught(read, inputs | {"learnt-more": tmp_path / "learnt"})
    assert sample[0].as_py() not in diagnose._sample(pool, taught, 1).to_pylist()


def test_labels_learnt_from_count_only_where_they_are_judged_out_of_fold(corpus, tmp_path) -> None:
    inputs, _ = selected(corpus, tmp_path / "true", shuffled=False)
    read, folder = Labels.read(inputs), inputs["annotator-words"]
    words = annotators.load(folder)
    judged = diagnose._judged(words, folder, read, tmp_path / "work")
    assert len(judged.good) == read.table.num_rows
    (tmp_path / "bare").mkdir()
    heldout = diagnose._judged(words, tmp_path / "bare", read, tmp_path / "work")
    assert 0 < len(heldout.good) == int((~read.training()).sum()) < len(judged.good)
