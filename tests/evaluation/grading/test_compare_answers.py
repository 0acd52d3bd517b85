"""Answers beside what is expected. Oracle: verdicts of small jobs, told by a person."""

from __future__ import annotations

import json

import pytest

from neve.evaluation.grading import compare_answers
from neve.evaluation.grading.grade import grade
from neve.evaluation.grading.inside import plain_data
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

from .small import LARGEST, PLACE, status, walled

pytestmark = walled


@pytest.mark.parametrize(
    "forged",
    ["[]", "null", "[[]]", '[["value"]]', '{"a": 1}', "[" * 50000, '[["value", ["evil", 1]]]', "\\n\\n", "\\xff",
     '[["digest", "0"], ["digest", "0"], ["digest", "0"]]', '{"timeout": "x"}', '[["value", NaN]]'],
    ids=range(12),
)  # fmt: skip
def test_forged_answers_fail(forged):
    """Whatever a candidate writes where its answers go is data; answers in that place may at best be right."""
    body = (
        f"    return 1\nimport os\nfor fd in range(3, 64):\n    try: os.write(fd, b'''{forged}\\n''')\n"
        "    except OSError: pass\nos._exit(0)\n"
    )
    assert status(body) in ("fail", "timeout")


def test_long_answers_are_compared_whole_where_their_digests_differ():
    """A tuple of ints beside a tuple of equal floats: other bytes, equal values; and one that is wrong at its end."""
    prompt = "def many(n):\n"
    task = Task("T/1", prompt, "    return tuple(range(n))\n", "many", "", inputs=([5000], [2]))
    bodies = (
        "    return tuple(map(float, range(n)))\n",
        "    return (*range(n - 1), -1)\n",
        "    return tuple(range(n))\n",
        "    return list(range(n))\n",
    )
    grades = grade(Benchmark(TABLE["humaneval+"], [task], ""), [("T/1", prompt + b) for b in bodies], PLACE)
    assert [g.status for g in grades] == ["pass", "fail", "pass", "fail"]


def test_a_message_that_asks_again_is_no_error():
    """As HumanEval/117 does: a failing assertion's message calls the candidate once more."""
    test = "def check(candidate):\n    assert candidate([1]) == 1, str(candidate([1]))\n    assert candidate([2]) == 2\n"
    task = Task("T/1", LARGEST.prompt, LARGEST.solution, "largest", test)
    grades = grade(Benchmark(TABLE["humaneval"], [task], ""), [("T/1", LARGEST.prompt + b) for b in (LARGEST.solution, "    return 0\n")], PLACE)  # fmt: skip
    assert [g.status for g in grades] == ["pass", "fail"] and "AssertionError: 0" in grades[1].detail


def value(found) -> str:
    return json.dumps(["value", plain_data.encode(found)])


def by_rule(answers: list[str], expected: list[str], **more) -> tuple[str, str]:
    job = {
        "rule": "equal", "atol": 0.0, "tolerant": [False] * len(expected), "args": [], "places": [*range(len(expected))],
        "total": len(expected), "expected": expected, **more,
    }  # fmt: skip
    return compare_answers.judge(job, "\n".join(answers).encode())


def test_answers_are_compared_one_by_one() -> None:
    """The first that is not right is named; ints equal floats, lists no tuples."""
    assert by_rule([value(1), value([2])], [value(1.0), value([2])]) == ("pass", "")
    assert by_rule([value(1), value((2,))], [value(1), value([2])]) == (
        "fail",
        "call 1 of 2: another answer than expected",
    )
    raised = json.dumps(["raised", "ValueError: no"])
    assert by_rule([raised], [value(1)]) == ("fail", "call 0 of 1: ValueError: no")


def test_floats_are_close_where_the_benchmark_says_so() -> None:
    near = [value(1.0 + 1e-7)], [value(1.0)]
    assert by_rule(*near)[0] == "fail"
    assert by_rule(*near, tolerant=[True])[0] == by_rule(*near, atol=1e-6)[0] == "pass"


def test_digests_that_differ_leave_it_open() -> None:
    """Equal digests are equal answers; a digest beside a value says nothing."""
    one, other = json.dumps(["digest", "a"]), json.dumps(["digest", "b"])
    assert by_rule([one], [one]) == ("pass", "")
    assert by_rule([one, one], [other, value(1)]) == (compare_answers.LONG_ANSWERS, "2 long answers differ")


@pytest.mark.parametrize("line", ["[]", "null", "[1, 2, 3]", "{", '["value", ["evil", 1]]', "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])  # fmt: skip
def test_a_line_that_is_no_answer_is_wrong(line: str) -> None:
    assert by_rule([line], [value(1)])[0] == "fail"


CALLS = [["call", plain_data.encode((n,)), plain_data.encode({})] for n in (1, 2)]
CHECK = "def check(candidate):\n    assert candidate(1) == 1, candidate(1)\n    assert candidate(2) == 4\n"


def replay(answers: list[str], test: str = CHECK) -> tuple[str, str]:
    job = {"setting": "", "test": test, "entry_point": "f", "calls": CALLS}
    return compare_answers.judge(job, "\n".join(answers).encode())


def test_a_test_is_replayed_on_the_answers() -> None:
    assert replay([value(1), value(4)]) == ("pass", "")
    assert replay([value(1)]) == (compare_answers.OPEN, "there are no more answers yet")
    assert replay([value(1), json.dumps(["digest", "a"])])[0] == compare_answers.LONG_ANSWERS
    status, detail = replay([value(3), value(4)])
    assert (status, detail) == ("fail", "call 1 of 2: AssertionError: 3"), "its message asks once more"
    assert "RuntimeError: ValueError: no" in replay([json.dumps(["raised", "ValueError: no"])])[1]


def test_a_test_that_is_led_to_ask_something_else_fails() -> None:
    led = "def check(candidate):\n    assert candidate(candidate(1)) == 4\n"
    assert replay([value(7), value(4)], led)[0] == "fail"
