"""unittest benchmarks. Oracle: canonical solutions of BigCodeBench pass; cheats and wrong answers do not."""

from __future__ import annotations

import pytest

from neve.evaluation.grading import unit_tests
from neve.evaluation.grading.grade import grade
from neve.tasks import benchmarks
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

from .small import DOUBLE, PLACE, verdicts, walled

pytestmark = walled


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.fail('never')\n", "never"),
        ("import absent, unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): pass\n", "absent"),
        ("import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.skipTest('no')\n", "skip"),
    ],
)  # fmt: skip
def test_a_task_whose_own_solution_fails_here_is_an_error(test, said):
    task = Task("T/1", DOUBLE.prompt, DOUBLE.solution, "double", test)
    (found,) = verdicts([DOUBLE.prompt + DOUBLE.solution], task)
    assert found.status == "error" and said in found.detail


def test_time_is_up(monkeypatch):
    monkeypatch.setattr(unit_tests, "FLOOR_SECONDS", 1.0)
    (found,) = verdicts(["def double(n):\n    while True: pass\n"])
    assert found.status == "timeout"


def test_tasks_that_need_no_library_pass(benchmark_files):
    """Some here; benchmarks/grading.py runs all."""
    whole = benchmarks.load("bigcodebench", benchmark_files)
    part = [t for t in whole.tasks if t.task_id in ("BigCodeBench/1", "BigCodeBench/4", "BigCodeBench/12", "BigCodeBench/25")]  # fmt: skip
    rows = [(task.task_id, task.prompt + task.solution) for task in part]
    assert {g.status for g in grade(Benchmark(TABLE["bigcodebench"], part, ""), rows, PLACE)} == {"pass"}


def test_the_system_s_programs_can_be_run():
    task = Task(
        "T/3", "def upper(text):\n",
        "    import subprocess\n    return subprocess.run('cat | tr a-z A-Z', shell=True, input=text, capture_output=True, text=True).stdout\n",
        "upper",
        "import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.assertEqual(upper('snow'), 'SNOW')\n",
    )  # fmt: skip
    assert [g.status for g in verdicts([task.prompt + task.solution], task)] == ["pass"]


@pytest.mark.parametrize(
    "program",
    [
        "from typing import get_type_hints\ndef double(n: int) -> list[int]:\n    return [n] * len(get_type_hints(double))\n",
        "from functools import singledispatch\n@singledispatch\ndef pair(n): raise TypeError\n@pair.register\ndef _(n: int): return [n, n]\n"
        "def double(n):\n    return pair(n)\n",
        "import pickle\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    n: int\ndef double(n):\n    return [pickle.loads(pickle.dumps(P(n))).n] * 2\n",
        "import sys\ndef double(n):\n    return [n] * (1 + (sys.modules[double.__module__].double is double))\n",
    ],
)  # fmt: skip
def test_a_candidate_is_a_module(program):
    """What looks a program up by its module's name finds it, beside its tests too."""
    (found,) = verdicts(["from __future__ import annotations\n" + program])
    assert found.status == "pass", found.detail
