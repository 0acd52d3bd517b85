"""Suites. Oracle: the program that answers for candidates, asked the same; and what tasks made for it must give."""

import json
import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from neve import sandbox
from neve.evaluation.grading import suites
from neve.evaluation.grading.suites import Machine
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
        answered = suites.measured(task, suite, machine)
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
        assert json.loads(found[name].expected[0]) == [["value", value]]


def test_those_that_may_take_long_run_apart_and_first():
    tasks = [Task(str(n), "", "", "f", "", inputs=((n, "x"), (-n,))) for n in range(20)]
    groups = suites._groups(tasks)
    assert [group[0].task_id for group in groups] == ["19", "18", "17"]
    assert sorted(int(t.task_id) for group in groups for t in group) == list(range(20))
    assert all(len(group) <= suites.TOGETHER for group in groups) and suites._groups([]) == []


def test_work_flows_as_what_it_needs_is_there(monkeypatch):
    """Whatever comes when: each piece of work is done once, its result stands in its place, no more than two at a time."""
    monkeypatch.setattr(suites, "workers", lambda: 2)
    chance, lock, at_work, most = random.Random(5), threading.Lock(), 0, 0
    costs: list[Future[float]] = [Future() for _ in range(12)]
    prepared = [chance.choice(costs) for _ in range(60)]
    began = []

    def work(number, cost):
        nonlocal at_work, most
        with lock:
            began.append(number)
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.001)
        with lock:
            at_work -= 1
        return number, cost

    def prepare():
        for n in chance.sample(range(12), 12):
            costs[n].set_result(n)
            time.sleep(0.002)

    told = []
    with ThreadPoolExecutor(4) as pool:
        thread = threading.Thread(target=prepare)
        thread.start()
        found = suites.flow(prepared, work, float, pool, told.append)
        thread.join()
        assert found == [(n, future.result()) for n, future in enumerate(prepared)]
        assert sorted(began) == list(range(60)) and most == 2 and sum(told) == 60
        began.clear()
        monkeypatch.setattr(suites, "workers", lambda: 1)
        suites.flow(prepared, work, float, pool, told.append)
        assert [prepared[n].result() for n in began] == sorted((f.result() for f in prepared), reverse=True)
        costs[0] = Future()
        costs[0].set_exception(KeyError("lost"))
        with pytest.raises(KeyError, match="lost"):
            suites.flow([costs[0]], work, float, pool, told.append)
