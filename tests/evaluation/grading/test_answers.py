"""Answers compared as they come. Oracle: the rule `equal` for what is plainly wrong; how many inputs a program was run on."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve import sandbox
from neve.evaluation.grading import answers, comparisons, suites
from neve.evaluation.grading.answers import answer
from neve.evaluation.grading.inside import plain_data
from neve.evaluation.grading.machine import Machine
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

PLACE = sandbox.probe()
walled = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.integers() | st.floats() | st.sampled_from(["", "a", "1", "list"])
    | st.sampled_from([Fraction(1), Fraction(1, 2), complex(1), b"a", 1 << 70, {1}, {"a": 1}]),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)  # fmt: skip


@given(VALUES, VALUES, st.sampled_from([0.0, 1e-6]))
@settings(max_examples=500, deadline=None)
def test_what_is_plainly_unequal_is_wrong_by_the_rule(a, b, atol):
    if answers._unequal(plain_data.encode(a), plain_data.encode(b)):
        assert not comparisons.right("equal", [], a, b, atol)
    assert not answers._unequal(plain_data.encode(a), plain_data.encode(a))


@pytest.mark.parametrize(
    ("a", "b", "unequal"),
    [
        (1, 2, True), (1, True, False), (1, 1.0, False), (1, 2.0, False), ("a", "b", True), ("1", 1, True), (None, 0, True),
        ([1, 2], [1, 3], True), ([1], (1,), True), ([1], [1, 1], True), ([0.1], [0.2], False), ([], 0, True),
        (Fraction(2), 2, False), (1 << 70, 1, False), ({1}, [1], False), ({"a": 1}, {"a": 2}, False), ([[1, "a"]], [[1, "b"]], True),
    ],
)  # fmt: skip
def test_what_needs_no_rule(a, b, unequal):
    assert answers._unequal(plain_data.encode(a), plain_data.encode(b)) is unequal


def suite_of(task: Task, machine: Machine) -> suites.Suite:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return suites.build([task], machine, pool, lambda n: None)[task.task_id].result()


@pytest.fixture
def slow(tmp_path, monkeypatch) -> tuple[Task, suites.Suite, Machine]:
    """A task of forty inputs; a program that sleeps at each takes more than ten seconds for all."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    inputs = tuple([k] for k in range(40))
    task = Task(
        "T/0",
        "def f(n):\n",
        "    return [n / 4, n / 2]\n",
        "f",
        "",
        inputs=inputs[:20],
        plus_inputs=inputs[20:],
    )
    machine = Machine(TABLE["humaneval+"], PLACE)
    return task, suite_of(task, machine), machine


SLOW = "import time\ndef f(n):\n    time.sleep(0.3)\n"


@walled
@pytest.mark.parametrize(
    ("body", "ending", "lines"),
    [
        ("    return [n, n]\n", "fail", None),  # a rule must say so: floats
        ("    return [n / 4]\n", "fail", 0),
        ("    return 'snow'\n", "fail", 0),
        ("    return 1 / 0\n", "fail", 0),
        ("    return [n / 4, n / 2] if n < 3 else None\n", "fail", 3),
    ],
)
def test_the_first_wrong_answer_ends_a_slow_program(body, ending, lines, slow, monkeypatch):
    task, suite, machine = slow
    ran, said = Machine.run, {}

    def run(self, kind, *given):
        result = said[kind] = ran(self, kind, *given)
        return result

    monkeypatch.setattr(Machine, "run", run)
    found = answer(task, suite, SLOW + body, machine)
    assert found.ending.status == ending and "of 40" in found.ending.detail
    assert said["run_candidate"].stdout.count(b"\n") < 40, "all inputs were run"
    assert lines is None or len(found.lines) == lines


@walled
def test_a_slow_program_that_fails_added_tests_keeps_its_base_tests(slow, monkeypatch):
    """Right within the tolerance on the first twenty, wrong in the added twenty: a rule must say so of each."""
    task, suite, machine = slow
    monkeypatch.setattr(answers, "FIRST_LOOK_SECONDS", 0.3)
    body = "    time.sleep(0.07)\n    return [n / 4 + 1e-12, n / 2] if n < 20 else [n / 4 + 1, n / 2]\n"
    found = answer(task, suite, f"import time\ndef f(n):\n{body}", machine)
    assert found.ending.status == "fail" and len(found.lines) == 20 == len(found.unsure)
    job = answers.comparison(suite, found.unsure, found.lines)
    assert answers.compare([job], machine) == {0: answers.Grade("pass")}


@walled
def test_a_right_one_comes_through_and_what_a_rule_must_judge_is_unsure(slow):
    task, suite, machine = slow
    found = answer(task, suite, "def f(n):\n    return [n * 0.25 + 1e-12, n / 2]\n", machine)
    assert found.ending.status == "pass" and len(found.lines) == 40 and len(found.unsure) > 30
    job = answers.comparison(suite, found.unsure, found.lines)
    assert answers.compare([job, job], machine) == dict.fromkeys((0, 1), answers.Grade("pass"))


@walled
def test_who_uses_its_time_is_out_of_time_and_who_waits_may_have_been_starved(slow, monkeypatch):
    task, suite, machine = slow
    monkeypatch.setattr(suites, "FLOOR_SECONDS", 0.3)
    busy = answer(task, suite, "def f(n):\n    while True: pass\n", machine)
    idle = answer(task, suite, "import time\ndef f(n): time.sleep(60)\n", machine)
    assert [busy.ending.status, idle.ending.status] == ["timeout", "timeout"]
    assert (busy.starved, idle.starved) == (False, True) and "call 1 of 40" in busy.ending.detail


@walled
@pytest.mark.parametrize(
    "forged", ["[]", '["value"]', "null", "[" * 3000, '["value", 1], ["value", 2]', "\\xff", '["evil", 1]']
)
def test_a_line_that_is_no_answer_is_wrong(forged, slow):
    """Also where it would shift the answers after it."""
    task, suite, machine = slow
    program = f"import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'''{forged}\\n''')\n    except OSError: pass\ndef f(n): return [n / 4, n / 2]\n"
    found = answer(task, suite, program, machine)
    calls = found.unsure
    verdict = (
        answers.compare([answers.comparison(suite, calls, found.lines)], machine).get(0)
        if calls
        else found.ending
    )
    assert "fail" in (found.ending.status, verdict.status if verdict else "fail")
