"""Suites. Oracle: the program that answers for candidates, asked the same; and what tasks made for it must give."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from neve import sandbox
from neve.evaluation.grading import suites
from neve.evaluation.grading.grade import measured
from neve.evaluation.grading.inside import plain_data
from neve.evaluation.grading.machine import Machine
from neve.tasks import benchmarks
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

PLACE = sandbox.probe()


def build(tasks, machine):
    with ThreadPoolExecutor(2) as pool:
        return {i: f.result() for i, f in suites.build(tasks, machine, pool, lambda n: None).items()}


@pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
@pytest.mark.parametrize("name", ["humaneval+", "mbpp+"])
def test_expected_answers_are_those_of_the_program_that_answers(name, benchmark_files, tmp_path, monkeypatch):
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    tasks, machine = benchmarks.load(name, benchmark_files).tasks[1:150:15], Machine(TABLE[name], PLACE)
    found = build(tasks, machine)
    for task in tasks:
        suite = found[task.task_id]
        answered = measured(task, suite, machine)
        assert list(suite.expected) == answered.lines and len(suite.seconds) == len(suite.calls) > 0
    monkeypatch.setattr(sandbox, "run", None)
    assert build(tasks, machine) == found  # kept, to the second


@pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
def test_canonical_solutions_that_share_a_sandbox_do_not_disturb_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    bodies = {
        "reads": "    import os, sys\n    return [os.read(0, 10), sys.stdin.read()]",
        "talks": "    print('x' * 10**6)\n    os = __import__('os')\n    os.write(2, b'y' * 10**6)\n    return x",
        "leaves": "    __import__('os')._exit(0)",
        "raises": "    return x / 0",
        "changes": "    import builtins\n    builtins.len = None\n    return x",
        "counts": "    return len(str(x))",
    }
    tasks = [Task(name, "def f(x):\n", body, "f", "", inputs=((1,),)) for name, body in bodies.items()]
    found = build(tasks, Machine(TABLE["humaneval+"], PLACE))
    assert {name for name, suite in found.items() if suite.problem} == {"leaves", "raises", "changes"}
    assert "ZeroDivisionError" in found["raises"].problem
    wanted = {"reads": ["list", [["bytes", ""], ""]], "talks": 1, "counts": 1}
    for name, value in wanted.items():
        assert json.loads(found[name].expected[0]) == ["value", value]


def test_those_that_may_take_long_run_apart_and_first():
    tasks = [Task(str(n), "", "", "f", "", inputs=((n, "x"), (-n,))) for n in range(20)]
    groups = suites._groups(tasks)
    assert [group[0].task_id for group in groups] == ["19", "18", "17"]
    assert sorted(int(t.task_id) for group in groups for t in group) == list(range(20))
    assert all(len(group) <= suites.TOGETHER for group in groups) and suites._groups([]) == []


def test_calls_are_in_order_of_worth_and_keep_their_places():
    """Base tests before added ones; in each part small arguments first; limits follow the call."""
    inputs = ([10**9, 1], [[1] * 100, 1], [[], 1], [[5], 1])
    suite = suites._asked(Task("T/0", "", "", "f", "", inputs=inputs, plus_inputs=([7, 7], [[], 0])))
    assert suite.parts == (4, 2) and suite.places == (2, 3, 1, 0, 4, 5)
    assert [plain_data.arguments(suite.calls[at]) for at in (0, 3)] == [([], 1), (10**9, 1)]


@pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
def test_a_slow_canonical_solution_goes_on_when_somebody_asks(tmp_path, monkeypatch):
    """Oracle: the suite that nobody's patience cut. What is known so far is its beginning, and is kept."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    body = "    from time import process_time as now\n    end = now() + 0.03\n    while now() < end: pass\n    return n / 2"
    task = Task(
        "T/0",
        "def f(n):\n",
        body,
        "f",
        "",
        inputs=[[n] for n in range(3)],
        plus_inputs=[[n] for n in range(9)],
    )
    machine = Machine(TABLE["humaneval+"], PLACE)
    with ThreadPoolExecutor(2) as pool:
        begun = suites.build([task], machine, pool, lambda n: None)["T/0"].result()
        again = suites.build([task], machine, pool, lambda n: None)["T/0"].result()
        assert begun == again and not begun.rest.asked
        whole = begun.rest().result()
        assert begun.rest.asked and begun.rest().result() is whole
        kept = suites.build([task], machine, pool, lambda n: None)["T/0"].result()
    known = len(begun.calls)
    assert 3 < known < 12 and begun.later == 12 - known and begun.all_calls == 12
    assert begun.parts == (3, known - 3) and whole.parts == (3, 9) and whole.rest is None
    assert begun.expected == whole.expected[:known] and begun.places == whole.places[:known]
    assert kept == whole and len(whole.expected) == len(whole.seconds) == 12
    assert begun.work > whole.work


def test_the_tolerance_of_floats_begins_where_evalplus_has_it():
    """From the first expected float on, in the order of the file, in each part by itself."""
    suite = suites.Suite([0] * 5, (3, 2), (2, 0, 1, 4, 3))
    assert suites._tolerant(suite, [False, False, True, False, False]) == [True, False, True, False, False]
    assert suites._tolerant(suite, [False, False, False, True, False]) == [False, False, False, True, False]
