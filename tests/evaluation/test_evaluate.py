"""The stage as a whole, on two small random models. Oracle: recomputation from what it leaves behind, and its own rerun."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from neve import packages, sandbox
from neve.documents import DOCUMENTS, doc_id, write
from neve.errors import Misuse
from neve.evaluation import evaluate
from neve.evaluation.generation.completion import Completion
from neve.evaluation.references import Read
from neve.recipe.evaluation import Evaluate
from neve.tasks import benchmarks
from neve.tokens import build_view, shards
from neve.training import model as llama

PLACE = sandbox.probe()
TASKS = 5


@pytest.fixture(scope="module")
def stage(tmp_path_factory, random_model, tokenizer_folder, tokenizer, benchmark_files):
    """Settings and inputs: 40 held-out documents of this package, 5 tasks of HumanEval, models of two seeds."""
    root = tmp_path_factory.mktemp("evaluate")
    lines = [
        line
        for p in sorted(Path(evaluate.__file__).parent.glob("*.py"))
        for line in p.read_text().splitlines()
    ]
    texts = ["\n".join(lines[k * 12 : k * 12 + 12]) + "\n" for k in range(40)]
    rows = [
        {"doc_id": doc_id(text.encode()), "source": "s", "repo": "r", "path": f"{k}.py", "language": "Python" if k % 3 else "Go",
         "split": "heldout", "size": len(text.encode()), "content": text}
        for k, text in enumerate(texts)
    ]  # fmt: skip
    write(pa.Table.from_pylist(rows, DOCUMENTS), root / "curate" / "documents")
    raw = gzip.decompress((benchmark_files / "HumanEval.jsonl.gz").read_bytes()).splitlines()[:TASKS]
    (root / "data").mkdir()
    (root / "data" / "HumanEval.jsonl.gz").write_bytes(gzip.compress(b"\n".join(raw)))
    inputs = {"documents": root / "curate", "tokenizer": tokenizer_folder}
    trained = [{**row, "split": "train"} for row in rows]
    write(pa.Table.from_pylist(trained, DOCUMENTS), root / "train" / "documents")
    for name in ("tokens", "view"):
        (root / name).mkdir()
    shards.build(None, {"documents": root / "train", "tokenizer": tokenizer_folder}, root / "tokens")
    build_view.build(
        build_view.Settings("general", "corpus", 0.0, 1), {"tokens": root / "tokens"}, root / "view"
    )
    inputs["view"] = root / "view"
    for name, seed in (("quality", 1), ("quality-random", 2)):
        inputs[f"train-{name}"] = root / f"train-{name}"
        model = random_model(tokenizer.vocab_size, seed, scale=1.0, sequence=512)
        llama.save(model, inputs[f"train-{name}"] / "model", tokenizer_folder)
    section = Evaluate(data=str(root / "data"), max_new_tokens=8, bootstrap=200, heldout_bytes=1 << 14)
    models = {"quality": "train-quality", "quality-random": "train-quality-random"}
    settings = evaluate.Settings(
        section, models, (("quality", ("quality-random",)),), tuple(models), Read("general", 1024, 64, 1), PLACE.tier, seed=1
    )  # fmt: skip
    return settings, inputs


def test_training_tasks_whose_file_cannot_be_had_are_left_out_with_a_word(
    tmp_path, monkeypatch, benchmark_files
) -> None:
    """There from the folder that NEVE_BENCHMARKS names; else, without a network, the metric's name and what to do. A
    folder that the recipe names and that lacks the file is a mistake."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(benchmarks, "HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(packages, "PAUSE_SECONDS", 0.0)
    monkeypatch.setenv("NEVE_BENCHMARKS", str(benchmark_files))
    (found,), absent = evaluate._tuning(["mbpp"], None)
    assert found.name == "mbpp" and absent == {}
    monkeypatch.setenv("NEVE_BENCHMARKS", str(tmp_path))
    nothing, absent = evaluate._tuning(["mbpp"], None)
    assert (
        nothing == []
        and list(absent) == ["mbpp-train"]
        and "put mbpp.jsonl into a folder" in absent["mbpp-train"]
    )
    with pytest.raises(Misuse, match=r"mbpp\.jsonl"):
        evaluate._tuning(["mbpp"], tmp_path)


@pytest.fixture(scope="module")
def finished(stage, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    counts = evaluate.build(*stage, out)
    return out, counts, json.loads((out / "results.json").read_text())


def test_figures_are_those_of_the_units(finished, stage):
    out, counts, results = finished
    assert counts["models"] == 2 and counts["heldout_documents"] <= 40
    assert 0 < counts["heldout_bytes"] <= 1 << 14
    for name, model in results["models"].items():
        units = json.loads((out / "models" / name / "bits.json").read_text())["units"]
        for metric, figure in (
            ("heldout", model["bits_per_byte"]["heldout"]["all"]),
            ("humaneval", model["bits_per_byte"]["humaneval"]),
        ):
            assert figure["value"] == pytest.approx(sum(units[metric]["bits"]) / figure["bytes"])
            assert figure["interval"][0] < figure["value"] < figure["interval"][1]
        by_language = model["bits_per_byte"]["heldout"]
        assert set(by_language) == {"Python", "Go", "all"}
        for part in ("documents", "bytes"):
            assert by_language["Python"][part] + by_language["Go"][part] == by_language["all"][part]
        assert by_language["all"]["documents"] == counts["heldout_documents"]
        assert model["bits_per_byte"]["humaneval"]["tasks"] == TASKS


def test_pairs_are_differences_of_the_figures(finished):
    _, _, results = finished
    pairs = {pair["metric"]: pair for pair in results["pairs"]}
    assert list(pairs) == ["humaneval", "heldout"]
    figures = [results["models"][name]["bits_per_byte"] for name in ("quality", "quality-random")]
    for metric, pick in (("humaneval", lambda f: f["humaneval"]), ("heldout", lambda f: f["heldout"]["all"])):
        pair = pairs[metric]
        assert pair["difference"] == pytest.approx(pick(figures[0])["value"] - pick(figures[1])["value"])
        assert pair["interval"][0] <= pair["difference"] <= pair["interval"][1]
        assert 0 < pair["p"] <= 1


def test_references_stand_beside_every_figure(finished):
    _, _, results = finished
    assert list(results["references"]) == ["zlib -9", "trigram"]
    for reference in results["references"].values():
        for model in results["models"].values():
            mine, other = reference["bits_per_byte"], model["bits_per_byte"]
            assert mine.keys() == other.keys() and mine["heldout"].keys() == other["heldout"].keys()
            for ours, theirs in (
                (mine["humaneval"], other["humaneval"]),
                (mine["heldout"]["all"], other["heldout"]["all"]),
            ):
                assert ours["bytes"] == theirs["bytes"] and 0.5 < ours["value"] < theirs["value"]
    assert "1,024 tokens" in results["references"]["trigram"]["what"]


def test_pass_at_1_may_be_asked_of_the_last_alone(stage, tmp_path):
    settings, inputs = stage
    evaluate.build(replace(settings, tested=("quality",)), inputs, tmp_path)
    models = json.loads((tmp_path / "results.json").read_text())["models"]
    assert models["quality"]["benchmarks"] and not models["quality-random"]["benchmarks"]


@pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
def test_pass_at_1_is_the_share_of_its_samples(finished, stage):
    out, _, results = finished
    for name, model in results["models"].items():
        benchmark = model["benchmarks"]["humaneval"]
        assert benchmark["tasks"] == len(benchmark["samples"]) == TASKS
        assert [s["task_id"] for s in benchmark["samples"]] == [f"HumanEval/{k}" for k in range(TASKS)]
        passed = sum(sample["status"] == "pass" for sample in benchmark["samples"])
        assert benchmark["pass@1"] == passed / TASKS
        assert benchmark["interval"][0] <= benchmark["pass@1"] <= benchmark["interval"][1]
        assert not benchmark["published"]
        lines = (out / "models" / name / "samples-humaneval.jsonl").read_text().split("\n")[1:]
        rows = {row["task_id"]: row for row in map(json.loads, filter(None, lines))}
        assert rows.keys() == {s["task_id"] for s in benchmark["samples"]}
        assert {row["task_id"] for row in rows.values() if row["cut"]} == set(benchmark["cut"])


@pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
def test_a_model_that_knew_the_answers_would_pass(stage, monkeypatch, tmp_path):
    """The way from completion to verdict, without a model that can write: completions are the canonical solutions."""
    settings, inputs = stage

    def write(self, traits, keys, done):
        yield [(task, number, Completion(task.solution)) for task, number in keys]

    monkeypatch.setattr(evaluate.LocalModel, "write", write)
    evaluate.build(settings, inputs, tmp_path)
    for model in json.loads((tmp_path / "results.json").read_text())["models"].values():
        assert model["benchmarks"]["humaneval"]["pass@1"] == 1.0


def test_it_resumes_by_model_and_repeats_itself(finished, stage, tmp_path):
    out, _, _ = finished
    shutil.copytree(out, tmp_path, dirs_exist_ok=True)
    (tmp_path / "results.json").unlink()
    killed = tmp_path / "models" / "quality-random"
    (killed / "results.json").unlink()
    (killed / "bits.json").unlink()
    samples = (killed / "samples-humaneval.jsonl").read_bytes()
    (killed / "samples-humaneval.jsonl").write_bytes(samples[: len(samples) // 2])
    before = (tmp_path / "models" / "quality" / "results.json").stat().st_mtime_ns
    evaluate.build(*stage, tmp_path)
    assert (tmp_path / "models" / "quality" / "results.json").stat().st_mtime_ns == before
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        assert (tmp_path / path.relative_to(out)).read_bytes() == path.read_bytes()


def test_without_a_sandbox_it_says_so_and_goes_on(finished, stage, tmp_path, monkeypatch):
    nowhere = sandbox.Sandbox("none", "bubblewrap is not installed; `apt-get install -y bubblewrap` would do")
    monkeypatch.setattr(sandbox, "probe", lambda: nowhere)
    evaluate.build(*stage, tmp_path)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["sandbox"]["tier"] == "none"
    for name, model in results["models"].items():
        assert "apt-get install" in model["benchmarks"]["humaneval"]["not_run"]
        assert model["bits_per_byte"] == finished[2]["models"][name]["bits_per_byte"]


def test_mbpp_is_split_and_its_test_tasks_are_graded(stage, tmp_path, benchmark_files):
    """Training tasks (601 to 974) for tuning stand apart from test tasks (11 to 510); the rest is left out."""
    settings, inputs = stage
    rows = (benchmark_files / "mbpp.jsonl").read_text().splitlines()
    (tmp_path / "mbpp.jsonl").write_text("\n".join(rows[k - 1] for k in (5, 11, 510, 550, 601, 700, 974)))
    section = settings.evaluate.model_copy(
        update={"tasks": ["mbpp"], "training_tasks": ["mbpp"], "data": str(tmp_path)}
    )
    only = replace(settings, evaluate=section, models={"quality": "train-quality"}, pairs=())
    evaluate.build(only, inputs, tmp_path)
    model = json.loads((tmp_path / "results.json").read_text())["models"]["quality"]
    assert model["bits_per_byte"]["mbpp"]["tasks"] == 2
    assert model["bits_per_byte"]["mbpp-train"]["tasks"] == 3
    if PLACE.tier != "none":
        graded = [sample["task_id"] for sample in model["benchmarks"]["mbpp"]["samples"]]
        assert graded == ["Mbpp/11", "Mbpp/510"]
