"""Two small tasks, one of each way of grading, and what becomes of programs for them: shared by tests, not a test."""

from __future__ import annotations

import pytest

from neve import sandbox
from neve.evaluation.grading.grade import grade
from neve.evaluation.grading.samples import Grade
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

PLACE = sandbox.probe()
walled = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)

LARGEST = Task(
    task_id="T/0",
    prompt='from typing import List\n\n\ndef largest(values: List[int], more=0) -> int:\n    """Largest, plus more."""\n',
    solution="    return max(values) + more\n",
    entry_point="largest",
    test="def check(candidate):\n    assert candidate([1, 3, 2]) == 3\n    assert candidate([-1], more=4) == 3, 'second'\n"
    "    assert abs(candidate([7]) - 7) < 1e-6\n",
)
DOUBLE = Task(
    task_id="T/0",
    prompt="def double(n):\n",
    solution="    return [n, n]\n",
    entry_point="double",
    test="""import unittest
class TestCases(unittest.TestCase):
    def test_a(self):
        expected = [3, 3]
        self.assertEqual(double(3), expected)
    def test_b(self):
        self.assertIsInstance(double(1), list)
        self.assertIn(1, double(1))
        self.assertAlmostEqual(sum(double(2)), 4)
    def test_c(self):
        with self.assertRaises(TypeError):
            double()
""",
)
ONE = Benchmark(TABLE["humaneval"], [LARGEST], "")


def status(body: str) -> str:
    """What becomes of a body for LARGEST."""
    return grade(ONE, [("T/0", LARGEST.prompt + body)], PLACE)[0].status


def verdicts(programs: list[str], task: Task = DOUBLE) -> list[Grade]:
    """Of whole programs, by the task's unittest class."""
    benchmark = Benchmark(TABLE["bigcodebench"], [task], "")
    return grade(benchmark, [(task.task_id, program) for program in programs], PLACE)
