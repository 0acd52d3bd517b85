"""Figures of a benchmark. Oracle: the same by hand, from the verdicts."""

from __future__ import annotations

import json

import pytest

from neve.errors import Fault
from neve.evaluation import results
from neve.evaluation.grading.samples import Grade
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

TASKS = [Task(f"T/{k}", "", "", "f", "") for k in range(4)]
BENCHMARK = Benchmark(TABLE["humaneval+"], TASKS, "abc")


def entry(statuses: dict[str, list[str]], ks=(1, 2)) -> dict:
    samples = [(task, k) for task, found in statuses.items() for k in range(len(found))]
    causes = {"cut": "cut", "unanswered": "unanswered", "error": "ungraded"}
    grades = [
        Grade("error" if status in causes else status, "", "pass", causes.get(status, ""))
        for found in statuses.values()
        for status in found
    ]
    return results.summarize(BENCHMARK, TASKS, samples, grades, ks, 1)


def test_figures_missing_and_ungraded():
    found = entry({"T/0": ["pass", "fail"], "T/1": ["fail", "timeout"], "T/2": ["error", "error"]})
    assert found["tasks"] == 2 and found["missing"] == ["T/3"] and found["ungraded"] == ["T/2"]
    assert found["pass@1"] == 0.25 and found["pass@2"] == 0.5 and found["base"]["pass@1"] == 1.0
    assert found["intervals"]["pass@1"] == found["interval"]
    assert not found["published"] and found["version"] is None


def test_no_answer_does_not_count_and_a_cut_one_is_unsolved():
    found = entry({"T/0": ["pass"], "T/1": ["unanswered"], "T/2": ["cut"], "T/3": ["fail"]})
    assert found["tasks"] == 3 and found["pass@1"] == pytest.approx(1 / 3)
    assert (found["unanswered"], found["cut"], found["ungraded"], found["missing"]) == (
        ["T/1"],
        ["T/2"],
        [],
        [],
    )
    assert [row["status"] for row in found["samples"]] == ["pass", "error", "error", "fail"]
    several = entry({"T/0": ["pass", "unanswered"], "T/1": ["cut", "pass"]})
    assert several["pass@1"] == 0.75 and several["unanswered"] == ["T/0"] and "pass@2" not in several


def test_with_nothing_judged_there_is_no_figure():
    found = entry({"T/0": ["error"], "T/1": ["unanswered"]})
    assert found["tasks"] == 0 and "pass@1" not in found and found["missing"] == ["T/2", "T/3"]


def test_a_k_beyond_the_samples_has_no_figure():
    found = entry({"T/0": ["pass"], "T/1": ["pass", "fail"]})
    assert "pass@2" not in found and found["pass@1"] == 0.75


def test_two_models_on_the_tasks_that_both_have():
    a, b = (
        entry({"T/0": ["pass"], "T/1": ["pass"], "T/2": ["fail"]}),
        entry({"T/0": ["fail"], "T/1": ["pass"]}),
    )
    found = results.compare(a, b, 1)
    assert found["tasks"] == 2 and found["difference"] == 0.5
    assert found["interval"][0] <= 0.5 <= found["interval"][1] and 0 < found["p"] <= 1


def test_what_cannot_be_graded_does_not_count_between_two_models():
    a, b = entry({"T/0": ["pass"], "T/1": ["error"]}), entry({"T/0": ["pass"], "T/1": ["fail"]})
    assert results.compare(a, b, 1)["tasks"] == 1 and results.compare(a, b, 1)["difference"] == 0
    with pytest.raises(Fault, match="no graded task in common"):
        results.compare(entry({"T/0": ["pass"]}), entry({"T/1": ["pass"]}), 1)


def test_another_s_results_are_read_or_refused(tmp_path):
    mine = entry({"T/0": ["pass"], "T/1": ["fail"]})
    (tmp_path / "results.json").write_text(json.dumps({"benchmarks": {"humaneval+": mine}}))
    other = results.read(tmp_path, {"humaneval+": "abc", "mbpp": "d"})
    found = results.against(other, {"humaneval+": entry({"T/0": ["pass"], "T/1": ["pass"]}), "mbpp": mine}, 1)
    assert found["against"]["folder"] == str(tmp_path)
    assert {n: g["difference"] for n, g in found["against"]["benchmarks"].items()} == {"humaneval+": 0.5}
    assert results.read(None, {}) is None and results.against(None, {}, 1) == {}
    for folder, data, said in (
        (tmp_path / "absent", {}, "neve evaluate or neve grade"),
        (tmp_path, {"mbpp": "d"}, "none of which"),
        (tmp_path, {"humaneval+": "other"}, "another file"),
    ):
        with pytest.raises(Fault, match=said):
            results.read(folder, data)
