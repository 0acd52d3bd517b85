"""Grading. Oracle: the canonical solutions pass, all of them; cheats, each known to pass elsewhere, do not."""

from __future__ import annotations

import pytest

from neve import benchmarks, sandbox
from neve.benchmarks import Task
from neve.errors import Fault
from neve.evaluation import grade as module
from neve.evaluation.grade import grade

PLACE = sandbox.probe()
pytestmark = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)

TASK = Task(
    task_id="T/0",
    prompt='from typing import List\n\n\ndef largest(values: List[int], more=0) -> int:\n    """Largest, plus more."""\n',
    solution="    return max(values) + more\n",
    entry_point="largest",
    test="def check(candidate):\n    assert candidate([1, 3, 2]) == 3\n    assert candidate([-1], more=4) == 3, 'second'\n"
    "    assert abs(candidate([7]) - 7) < 1e-6\n",
)


def status(body: str) -> str:
    return grade([TASK], [("T/0", TASK.prompt + body)], PLACE)[0].status


def test_canonical_solutions_of_humaneval_pass(benchmark_files):
    tasks = benchmarks.load("humaneval", benchmark_files).tasks
    grades = grade(tasks, [(task.task_id, task.prompt + task.solution) for task in tasks], PLACE)
    assert {task.task_id: g for task, g in zip(tasks, grades, strict=True) if g.status != "pass"} == {}


def test_a_task_s_own_prompt_passes_no_test(benchmark_files):
    """No body, and a wrong constant, on tasks whose tests look at values."""
    tasks = benchmarks.load("humaneval", benchmark_files).tasks[:24]
    for body in ("    pass\n", "    return 'snow'\n"):
        grades = grade(tasks, [(task.task_id, task.prompt + body) for task in tasks], PLACE)
        assert {g.status for g in grades} == {"fail"}


@pytest.mark.parametrize(
    "body",
    [
        TASK.solution,
        "    print('noise' * 100000)\n    return max(values) + more\n",
        "    values.sort()\n    return float(values[-1] + more)\n",
        "    import sys; sys.setrecursionlimit(10**6)\n    return max(values) + more\n\nif __name__ == '__main__':\n    raise SystemExit(1)\n",
    ],
)
def test_right_answers_pass(body):
    assert status(body) == "pass"


CHEATS = {
    "exit": "    import sys; sys.exit(0)\n",
    "exit at import": "    return 1\nimport sys; sys.exit(0)\n",
    "os exit": "    import os; os._exit(0)\n",
    "os exit at import": "    return 1\nimport os; os._exit(0)\n",
    "print": "    print('pass')\n",
    "equal to everything": "    class E:\n        def __eq__(self, o): return True\n        def __sub__(self, o): return 0\n"
    "        __abs__ = __sub__\n    return E()\n",
    "int equal to everything": "    class E(int):\n        def __eq__(self, o): return True\n        def __sub__(self, o): return 0\n    return E(5)\n",
    "frames": "    import sys\n    f = sys._getframe()\n    found = 0\n    while f:\n        for v in list(f.f_locals.values()):\n"
    "            if isinstance(v, str) and 'assert' in v: found = 3\n        f = f.f_back\n    return found\n",
    "own verdict": "    return 1\nimport os\nfor fd in range(3, 64):\n    try: os.write(fd, b'[0, \"pass\", \"\"]\\n')\n    except OSError: pass\nos._exit(0)\n",
    "patched json": "    return 1\nimport json\njson.dumps = lambda *a, **k: '[\"pass\", \"\"]'\n",
    "patched encoder": "    return 1\nimport sys, gc\nfor f in gc.get_objects():\n    if getattr(f, '__name__', '') == 'encode' and hasattr(f, '__code__'):\n"
    "        f.__code__ = (lambda value: ['foreign', 'x']).__code__\n",
    "builtins": "    return 1\nimport builtins\nbuiltins.abs = lambda x: 0\nbuiltins.AssertionError = Warning\n",
    "answers too large": "    return 'x' * (1 << 25)\n",
    "answers without end": "    import itertools\n    return itertools.count()\n",
    "answers too deep": "    x = []\n    for _ in range(100000): x = [x]\n    return x\n",
    "raises": "    raise ValueError\n",
    "does not parse": "    return (\n",
    "memory": "    return [0] * (1 << 40)\n",
    "killed": "    import os; os.kill(os.getpid(), 9)\n",
    "one wrong": "    return max(values)\n",
}  # fmt: skip


def test_cheats_score_nothing():
    grades = grade([TASK], [("T/0", TASK.prompt + body) for body in CHEATS.values()], PLACE)
    assert {name: g.status for name, g in zip(CHEATS, grades, strict=True)} == dict.fromkeys(CHEATS, "fail")


def test_forged_answers_of_another_shape_fail():
    """Whatever a candidate writes where its answers go is data; answers in that place may at best be right."""
    for forged in (
        "[]",
        "null",
        "[[]]",
        '[["value"]]',
        '{"a": 1}',
        "[" * 50000,
        '[["value", ["evil", 1]]]',
        "\\n\\n",
        "\\xff",
    ):
        body = (
            f"    return 1\nimport os\nfor fd in range(3, 64):\n    try: os.write(fd, b'''{forged}''')\n"
            "    except OSError: pass\nos._exit(0)\n"
        )
        assert status(body) == "fail", forged


def test_time_is_up(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 1.0)
    monkeypatch.setattr(module, "ALONE_SECONDS", 2.0)
    programs = [("T/0", TASK.prompt + body) for body in ("    while True: pass\n", TASK.solution)]
    assert [g.status for g in grade([TASK], programs, PLACE)] == ["timeout", "pass"]


def test_slow_only_beside_others_passes(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.5)
    body = "    import time; time.sleep(0.4)\n    return max(values) + more\n"
    assert status(body) == "pass"


def test_order_and_repeats_are_kept():
    bodies = [TASK.solution, "    return 0\n", TASK.solution]
    grades = grade([TASK], [("T/0", TASK.prompt + body) for body in bodies], PLACE)
    assert [g.status for g in grades] == ["pass", "fail", "pass"]
    assert "AssertionError" in grades[1].detail


@pytest.mark.parametrize(
    "test",
    [
        "def check(candidate):\n    assert candidate([1]) == 2\n",
        "def check(candidate):\n    import time\n    assert candidate([time.perf_counter_ns()])\n",
        "import absent\n",
    ],
)
def test_a_test_that_cannot_judge_is_an_error(test):
    task = Task("T/1", TASK.prompt, TASK.solution, "largest", test)
    assert grade([task], [("T/1", task.prompt + task.solution)], PLACE)[0].status == "error"


def test_an_unknown_task_is_a_fault():
    with pytest.raises(Fault, match="T/9"):
        grade([TASK], [("T/9", "")], PLACE)
