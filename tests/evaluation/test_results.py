"""Figures of a benchmark. Oracle: the same by hand, from the verdicts."""

from __future__ import annotations

import pytest

from neve.benchmarks import Benchmark, Task
from neve.evaluation import results
from neve.evaluation.verdict import Grade

TASKS = [Task(f"T/{k}", "", "", "f", "") for k in range(4)]
BENCHMARK = Benchmark("humaneval+", TASKS, "abc")


def entry(statuses: dict[str, list[str]], ks=(1, 2)) -> dict:
    samples = [(task, k) for task, found in statuses.items() for k in range(len(found))]
    grades = [Grade(status, "", "pass") for found in statuses.values() for status in found]
    return results.summarize(BENCHMARK, TASKS, samples, grades, ks, 1)


def test_figures_missing_and_ungraded():
    found = entry({"T/0": ["pass", "fail"], "T/1": ["fail", "timeout"], "T/2": ["error", "error"]})
    assert found["tasks"] == 2 and found["missing"] == ["T/3"] and found["ungraded"] == ["T/2"]
    assert found["pass@1"] == 0.25 and found["pass@2"] == 0.5 and found["base"]["pass@1"] == 1.0
    assert found["intervals"]["pass@1"] == found["interval"]
    assert not found["published"] and found["version"] is None


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


def test_evoeval_beside_published_figures_is_the_mean_of_its_altered_sets():
    found = {name: {"pass@1": k / 10} for k, name in enumerate(results.ALTERED)}
    row = results.beside_published({**found, "mbpp+": {"pass@1": 0.5}})
    assert row["evoeval"] == pytest.approx(20.0)
    assert row["mbpp+"] == 50.0 and row["bigcodebench"] is None
    assert all(len(values) == len(results.PUBLISHED_ON) for values in results.PUBLISHED.values())
