"""The program that runs a candidate. Oracle: Python's own answers to the same calls."""

from __future__ import annotations

import json
import marshal
import subprocess
import sys

import pytest

from neve.evaluation.grading import programs
from neve.evaluation.grading.grade import grade
from neve.evaluation.grading.inside import plain_data
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

from ..small import PLACE, walled

pytestmark = walled


@pytest.mark.parametrize("kind", ["humaneval", "humaneval+", "mbpp"])
def test_annotations_are_evaluated_as_the_candidate_wrote_them(kind):
    """A name that nobody imported is an error; the graders' own `from __future__ import annotations` once hid it."""
    tests = {
        "humaneval": "def check(candidate):\n    assert candidate(1) == 1\n",
        "mbpp": "assert f(1) == 1\n",
    }
    solution = "    return n\n" if kind != "mbpp" else "def f(n):\n    return n\n"
    task = Task(
        "T/3", "def f(n):\n", solution, "f", tests.get(kind, ""), inputs=([1],), self_contained=kind == "mbpp"
    )
    programs = [
        "def f(n: List[int]):\n    return n\n",
        "from typing import List\ndef f(n: List[int]):\n    return n\n",
        "from __future__ import annotations\ndef f(n: List[int]):\n    return n\n",
    ]
    grades = grade(Benchmark(TABLE[kind], [task], ""), [("T/3", text) for text in programs], PLACE)
    assert [g.status for g in grades] == ["fail", "pass", "pass"]
    assert "NameError" in grades[0].detail


MODULES = {
    "dataclass": "from dataclasses import dataclass, field, fields\nfrom typing import ClassVar\n@dataclass\nclass P:\n    n: int\n"
    "    kind: ClassVar[str] = 'p'\n    more: list = field(default_factory=list)\ndef f(n):\n    return len(fields(P(n))) - 1\n",
    "pickle": "import pickle\nclass P:\n    n = 1\ndef g(): return 1\ndef f(n):\n    return pickle.loads(pickle.dumps(P())).n * pickle.loads(pickle.dumps(g))()\n",
    "type hints": "from typing import get_type_hints\nclass P:\n    parent: 'P'\ndef f(n):\n    return int(get_type_hints(P)['parent'] is P)\n",
    "its own module": "import sys\nTABLE = {1: 1}\ndef f(n):\n    return sys.modules[__name__].TABLE[n]\n",
    "named tuple": "from typing import NamedTuple\nimport copy\nclass P(NamedTuple):\n    n: int\ndef f(n):\n    return copy.deepcopy(P(n)).n\n",
    "enum": "import enum, pickle\nclass E(enum.Enum):\n    A = 1\ndef f(n):\n    return pickle.loads(pickle.dumps(E.A)).value\n",
}


@pytest.mark.parametrize("kind", ["humaneval", "humaneval+", "mbpp", "bigcodebench"])
def test_a_candidate_is_a_module(kind):
    """What libraries look up in `sys.modules` is there, for candidates and for canonical solutions."""
    tests = {
        "humaneval": "def check(candidate):\n    assert candidate(1) == 1\n",
        "mbpp": "assert f(1) == 1\n",
        "bigcodebench": "import unittest\nclass TestCases(unittest.TestCase):\n    def test_a(self): self.assertEqual(f(1), 1)\n",
    }
    future = "from __future__ import annotations\n"
    programs = [start + text for text in MODULES.values() for start in ("", future)]
    for solution in (programs[1], programs[2]):
        task = Task("T/4", "", solution, "f", tests.get(kind, ""), inputs=([1],), self_contained=True)
        grades = grade(Benchmark(TABLE[kind], [task], ""), [("T/4", text) for text in programs], PLACE)
        assert [g.detail for g in grades if g.status != "pass"] == []


def answers(source: str, calls: list, **more) -> list:
    """What the program puts out for a job, run here without walls."""
    job = {
        "program": source, "entry_point": "f", "setup": "", "calls": calls, "limits": [5.0] * len(calls), "whole": True,
        "stop": False, "clock": False, **more,
    }  # fmt: skip
    command = [sys.executable, "-I", "-c", programs.source("run_candidate")]
    done = subprocess.run(command, input=marshal.dumps(job), capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def call(*args, **kwargs) -> list:
    return ["call", plain_data.encode(args), plain_data.encode(kwargs)]


def test_calls_are_answered_in_their_order() -> None:
    """Positional and named arguments, arguments as text, expressions; what is printed goes nowhere."""
    source = "def f(a, b=1):\n    print('noise', flush=True)\n    return [a, b]\n"
    asked = [call(1), call(2, b=3), ["given", "'x' * 2, 4", plain_data.encode({})], ["source", "f(5)[0] + N"]]
    found = answers(source, asked, setup="N = 6")
    assert [plain_data.decode(data) for _, data in found] == [[1, 1], [2, 3], ["xx", 4], 11]


def test_what_is_raised_is_an_answer_and_may_end_it() -> None:
    source = "def f(n):\n    return 1 / n\n"
    found = answers(source, [call(0), call(2)])
    assert (
        found[0] == ["raised", "ZeroDivisionError: division by zero"]
        and plain_data.decode(found[1][1]) == 0.5
    )
    assert answers(source, [call(0), call(2)], stop=True) == found[:1]
    assert [kind for kind, _ in answers("def g(): pass", [call(0), call(1)])] == ["raised"] * 2


def test_who_computes_too_long_is_told_from_who_waits() -> None:
    for body, limit, starved in (
        ("while True: pass", 1.0, False),
        ("__import__('time').sleep(60)", 0.1, True),
    ):
        source = f"def f(n):\n    if n:\n        {body}\n    return n\n"
        found = answers(source, [call(0), call(1)], limits=[5.0, limit])
        assert plain_data.decode(found[0][1]) == 0 and found[1:] == [{"timeout": 2, "starved": starved}]


def test_times_are_given_where_they_are_asked_for() -> None:
    found = answers("def f(n):\n    return sum(range(n))\n", [call(10), call(2_000_000)], clock=True)
    first, second = found[-1]["seconds"]
    assert len(found) == 3 and 0 <= first < second
