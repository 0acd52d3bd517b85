"""unittest benchmarks. Oracle: canonical solutions of BigCodeBench pass; cheats and wrong answers do not."""

from __future__ import annotations

import pytest

from neve import sandbox
from neve.evaluation.grading import unit_tests
from neve.evaluation.grading.grade import grade
from neve.tasks import benchmarks
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

from .cheats import CHEATS, program

PLACE = sandbox.probe()
pytestmark = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)

TASK = Task(
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
ONE = Benchmark(TABLE["bigcodebench"], [TASK], "")


def verdicts(bodies: list[str], task: Task = TASK):
    return grade(
        Benchmark(TABLE["bigcodebench"], [task], ""), [(task.task_id, body) for body in bodies], PLACE
    )


def test_right_and_wrong_programs():
    found = verdicts(
        [
            "def double(n):\n    return [n] * 2\n",
            "def double(n):\n    print('ok'); return [n]\n",
            "def double(n): return (",
            "import absent\n",
            "def double(n: Absent):\n    return [n, n]\n",
            "class L(list): pass\ndef double(n):\n    import logging, collections, functools\n    logging.info('x')\n    collections.namedtuple('P', 'x y')(1, 2)\n    return L([n, n])\n",
            "def double(n):\n    try: raise ValueError\n    except ValueError:\n        import traceback; traceback.format_exc()\n    return [n, n]\n",
        ]
    )
    assert [g.status for g in found] == ["pass", "fail", "fail", "fail", "fail", "pass", "pass"]
    assert "test_" in found[1].detail and "NameError" in found[4].detail


@pytest.fixture(scope="module")
def cheated() -> dict[str, str]:
    patch = pytest.MonkeyPatch()
    patch.setattr(unit_tests, "FLOOR_SECONDS", 2.0)
    grades = verdicts([program(cheat, TASK.prompt, TASK.entry_point) for cheat in CHEATS])
    patch.undo()
    return {cheat: f"{g.status}: {g.detail}" for cheat, g in zip(CHEATS, grades, strict=True)}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_scores_nothing(cheat, cheated):
    assert cheated[cheat].startswith(("fail", "timeout")), cheated[cheat]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.fail('never')\n", "never"),
        ("import absent\nclass TestCases: pass\n", "absent"),
        ("import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.skipTest('no')\n", "skip"),
    ],
)  # fmt: skip
def test_a_task_whose_own_solution_fails_here_is_an_error(test, said):
    task = Task("T/1", TASK.prompt, TASK.solution, "double", test)
    (found,) = verdicts([TASK.prompt + TASK.solution], task)
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


def test_the_test_s_own_patches_are_its_own():
    task = Task(
        "T/2", "def read(p):\n", "    return open(p).read()\n", "read",
        "import unittest\nfrom unittest.mock import patch, mock_open\nclass TestCases(unittest.TestCase):\n"
        "    @patch('builtins.open', mock_open(read_data='snow'))\n    def test_a(self): self.assertEqual(read('x'), 'snow')\n"
        "    @patch('time.sleep')\n    def test_b(self, sleep):\n        with self.assertRaises(OSError): read('/absent')\n",
    )  # fmt: skip
    assert [g.status for g in verdicts([task.prompt + task.solution], task)] == ["pass"]


def test_the_system_s_programs_can_be_run():
    task = Task(
        "T/3", "def upper(text):\n",
        "    import subprocess\n    return subprocess.run('cat | tr a-z A-Z', shell=True, input=text, capture_output=True, text=True).stdout\n",
        "upper",
        "import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.assertEqual(upper('snow'), 'SNOW')\n",
    )  # fmt: skip
    assert [g.status for g in verdicts([task.prompt + task.solution], task)] == ["pass"]
