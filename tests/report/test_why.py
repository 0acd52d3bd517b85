"""`neve why` on a real run: each kind of life, each looked up in the tables themselves."""

import pyarrow.compute as pc
import pytest

from neve.documents import read
from neve.errors import Fault
from neve.report.why import render, why
from neve.store import arm_stages


def stage(run, name):
    return arm_stages(run, "main")[name]


def one(table, **columns):
    for name, value in columns.items():
        table = table.filter(pc.equal(table[name], value))
    return table.slice(0, 1).to_pylist()[0]


def key(row) -> str:
    return f"{row['repo']}/{row['path']}"


def test_a_filtered_file(small_run) -> None:
    row = one(read(stage(small_run, "curate") / "verdicts"), stage="filters")
    life = why(small_run, key(row))
    assert life["verdict"]["rule"] == row["rule"] and life["verdict"]["value"] == row["value"]
    assert life["signals"] and f"stopped by filters/{row['rule']}" in render(life)


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_a_duplicate_names_what_was_kept(small_run, kind: str) -> None:
    row = one(read(stage(small_run, "curate") / "verdicts"), stage=kind)
    life = why(small_run, key(row))
    kept = why(small_run, life["verdict"]["kept_doc_id"])
    assert kept["verdict"] is None and kept["file"]["path"] == row["kept_path"]
    assert f"{row['kept_repo']}/{row['kept_path']}" in render(life)


def test_a_selected_document_with_rank_and_children(small_run) -> None:
    grown = read(stage(small_run, "synthesis") / "documents")
    refused = read(stage(small_run, "synthesis") / "verdicts")
    seed = (grown if grown.num_rows else refused)["seed_doc_id"][0].as_py()
    life = why(small_run, seed)
    assert life["scores"]["encoder"]["rank"] >= 1 and life["selected"]["quality"] == 4
    assert len(life["synthetic"]) >= 1
    seen = {phase["phase"]: phase for phase in life["phases"]}
    length = seen["quality"]["tokens"]
    assert 3 * length <= seen["quality"]["tokens_trained"] <= 5 * length
    for child in life["synthetic"]:
        if child["state"] == "accepted":
            assert why(small_run, child["doc_id"])["seed"]["doc_id"] == seed


def test_one_that_phase_1_alone_saw(small_run) -> None:
    chosen = set()
    for name in ("selection-quality", "control-quality-random", "control-synthetic-random"):
        chosen |= set(read(stage(small_run, name) / "selection.parquet")["doc_id"].to_pylist())
    documents = read(stage(small_run, "curate") / "documents", ["doc_id", "split"]).to_pylist()
    for row in documents:
        if row["split"] == "train" and row["doc_id"] not in chosen:
            life = why(small_run, row["doc_id"])
            assert {p["phase"] for p in life["phases"] if p["in_view"]} == {"general"}
            if next(p["tokens_trained"] for p in life["phases"] if p["phase"] == "general"):
                assert "selected for no phase" in render(life)
                return
    raise AssertionError("phase 1 saw no document that was not selected")


def test_keys_that_fit_nothing_or_too_much(small_run) -> None:
    with pytest.raises(Fault, match="no file of this run"):
        why(small_run, "no/such/file.py")
    with pytest.raises(Fault, match="fits"):
        why(small_run, ".py")


def test_a_contaminated_file_names_the_task(small_run) -> None:
    """Oracle: evalplus ships solutions of HumanEval/53 in perf/sas.py."""
    life = why(small_run, "evalplus/perf/sas.py")
    assert life["verdict"]["rule"] == "contaminated" and "HumanEval/53" in render(life)
