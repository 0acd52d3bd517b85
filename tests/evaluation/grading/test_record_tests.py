"""What a benchmark's own tests ask and expect. Oracle: tests of a line or two, whose calls a person can count."""

from __future__ import annotations

import json
import math

import pytest

from neve.evaluation.grading import record_tests
from neve.evaluation.grading.grade import grade
from neve.evaluation.grading.inside import plain_data
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

from .small import LARGEST, PLACE, walled

pytestmark = walled


@pytest.mark.parametrize(
    "test",
    [
        "def check(candidate):\n    assert candidate([1]) == 2\n",
        "def check(candidate):\n    import time\n    assert candidate([time.perf_counter_ns()])\n",
        "import absent\n",
    ],
)
def test_a_test_that_cannot_judge_is_an_error(test):
    task = Task("T/1", LARGEST.prompt, LARGEST.solution, "largest", test)
    rows = [("T/1", task.prompt + task.solution)]
    assert grade(Benchmark(TABLE["humaneval"], [task], ""), rows, PLACE)[0].status == "error"


def job(**more) -> dict:
    return {"setting": "", "whole": True, "entry_point": "f", **more}


def test_check_is_taken_apart_by_calling_it() -> None:
    """Positional and named arguments, in their order, and the canonical solution's answers to them."""
    test = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(n=-1) == -2\n"
    found = record_tests.record_check(job(solution="def f(n):\n    return 2 * n\n", test=test))
    assert [(plain_data.decode(a), plain_data.decode(k)) for _, a, k in found["calls"]] == [
        ((2,), {}),
        ((), {"n": -1}),
    ]
    assert [plain_data.decode(json.loads(answer)[1]) for answer in found["answers"]] == [4, -2]


def test_a_check_whose_calls_differ_each_time_is_refused() -> None:
    test = "def check(candidate):\n    import time\n    candidate(time.perf_counter_ns())\n"
    with pytest.raises(ValueError, match="in another way each time"):
        record_tests.record_check(job(solution="def f(n):\n    return n\n", test=test))


def test_random_numbers_of_a_test_are_the_same_each_time() -> None:
    test = "import random\ndef check(candidate):\n    candidate(random.random())\n"
    solution = "def f(n):\n    return n\n"
    first, second = (record_tests.record_check(job(solution=solution, test=test)) for _ in range(2))
    assert first == second


def test_assertions_are_taken_apart_as_source() -> None:
    """The left side stays source, the right side is evaluated; other statements set up."""
    test = "import math\nassert f(1) == 2\nassert round(f(0.5), 2) == math.floor(1.5)\n"
    found = record_tests.record_assertions(job(solution="def f(n):\n    return 2 * n\n", test=test))
    assert found["calls"] == [["source", "f(1)"], ["source", "round(f(0.5), 2)"]]
    assert [plain_data.decode(json.loads(answer)[1]) for answer in found["answers"]] == [2, 1]
    assert found["floats"] == [False, False] and found["setup"] == "import math"


@pytest.mark.parametrize(
    ("test", "said"),
    [("assert f(1)\n", "not of the form"), ("assert f(1) != 3\n", "not of the form"), ("assert f(1) == f\n", "no plain data")],
)  # fmt: skip
def test_what_cannot_be_taken_apart_is_said(test: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        record_tests.record_assertions(job(solution="def f(n):\n    return 2 * n\n", test=test))


def test_given_inputs_are_answered_with_their_times() -> None:
    calls = [["call", plain_data.encode((n,)), plain_data.encode({})] for n in (1, 0.5)]
    found = record_tests.record_inputs(
        job(solution="def f(n):\n    return [n]\n", calls=calls, brief=math.inf)
    )
    assert [plain_data.decode(json.loads(answer)[1]) for answer in found["answers"]] == [[1], [0.5]]
    assert found["floats"] == [False, True] and len(found["seconds"]) == 2 and min(found["seconds"]) >= 0
