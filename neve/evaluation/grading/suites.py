"""What a task's tests ask and expect, found once a benchmark and only for tasks that have samples.

A suite is a list of calls and, for each, the answer that a right candidate gives. It comes from the
benchmark's own tests and canonical solutions, run in the sandbox like anything else that a file contains.
What EvalPlus's canonical solutions answer takes as long to find as grading a sample of each task, so it is
kept in Neve's cache folder, under a digest of all that it follows from (program, arguments, Python, this
module's version), with a digest of its own: a truncated or altered entry is found again. Programs in the
sandbox cannot see that folder; whoever can write there can change Neve itself.

Calls are in order of worth: base tests before added ones, and in each part small arguments first. Edge cases
are small, they are what wrong programs fail on, and they cost least. The trade-off: the order follows the
size of arguments, which never changes, and not the seconds measured, which would make a message depend on
the machine. Canonical solutions share sandboxes; seconds that are kept only steer limits, and are measured
again before a time-out counts.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from neve.evaluation.grading.comparisons import BY_ARGUMENTS
from neve.evaluation.grading.inside import plain_data
from neve.evaluation.grading.inside.run_candidate import WALL_FACTOR
from neve.evaluation.grading.machine import FACTOR, START_SECONDS, Machine
from neve.packages import cache
from neve.store import atomic_write
from neve.tasks.task import Task

FLOOR_SECONDS = 2.0
"""Processor time that a call may take at least."""
TOTAL_SECONDS = 60.0
"""All calls of a sample together, unless the canonical solution needs more."""
RECORD_SECONDS = 600
"""Limit of a canonical solution."""
TOGETHER = 8
"""Canonical solutions that one sandbox runs, one after the other: its start costs more than most of them."""
RECORDED_BYTES = 256 << 20
"""What recording may put out, and a candidate whose long answers are wanted whole."""
VERSION = 3
"""Of what is kept; raise it when the way from a canonical solution to expected answers changes."""

NO_KEYWORDS = plain_data.encode({})


@dataclass(frozen=True)
class Suite:
    """A task's calls and expected answers; `problem` says why there are none."""

    calls: list[Any] = field(default_factory=list)
    parts: tuple[int, ...] = ()
    """How many of the calls each part has: all, or base and added tests."""
    places: tuple[int, ...] = ()
    """Where each call stands among the benchmark's own inputs, from 0."""
    expected: tuple[bytes, ...] = ()
    """By call: the canonical answer, as `plain_data.answer` writes it."""
    seconds: tuple[float, ...] = ()
    """Processor time of the canonical solution for each call; empty if that was not measured."""
    judge: dict[str, Any] = field(default_factory=dict)
    """What `compare_answers` needs beside the expected answers."""
    setup: str = ""
    stop: bool = True
    """Whether a call that raises decides the verdict."""
    problem: str = ""
    floor: float | None = None
    """Seconds that a call may take at least, if other than FLOOR_SECONDS."""

    @property
    def limits(self) -> list[float]:
        """Seconds of processor time that each call may take."""
        floor = FLOOR_SECONDS if self.floor is None else self.floor
        return [max(floor, FACTOR * s) for s in self.seconds] or [floor] * len(self.calls)

    @property
    def total(self) -> float:
        """Seconds that a sample may take by the clock."""
        return (
            max(FACTOR * sum(self.seconds), min(TOTAL_SECONDS, WALL_FACTOR * sum(self.limits)))
            + START_SECONDS
        )


def build(
    tasks: Sequence[Task], machine: Machine, pool: ThreadPoolExecutor, advance: Callable[[float], None]
) -> dict[str, Future[Suite]]:
    """The suites of a benchmark's tasks, by task_id, as the pool gets to them."""
    by_inputs = machine.benchmark.grading == "inputs"
    made, groups = (_from_inputs, _groups(tasks)) if by_inputs else (_from_tests, [list(tasks)])
    found: dict[str, Future[Suite]] = {task.task_id: Future() for task in tasks}

    def work(group: list[Task]) -> None:
        try:
            for task_id, suite in made(group, machine).items():
                found[task_id].set_result(suite)
        except BaseException as error:
            for task in group:
                found[task.task_id].set_exception(error)
        advance(len(group))

    for group in groups:
        pool.submit(work, group)
    return found


def _groups(tasks: Sequence[Task]) -> list[list[Task]]:
    """Tasks whose canonical solutions run one after the other, each group a sandbox: those that may take
    long apart, and first.

    What takes long is mostly a loop up to a number in its arguments, so the largest number is the guess.
    """

    def guess(task: Task) -> float:
        return -max((_largest(args) for args in (*task.inputs, *task.plus_inputs)), default=0)

    count = -(-len(tasks) // TOGETHER)
    ordered = sorted(tasks, key=guess)
    return [ordered[first::count] for first in range(count)]


def _largest(args: Any) -> int:
    """The largest integer among the arguments, which is mostly how far a loop goes."""
    numbers = args if not isinstance(args, str) else ()
    return max((abs(x) for x in numbers if type(x) is int), default=0)


def _kept(task: Task, asked: Suite, machine: Machine) -> Path:
    """Where the answers of a canonical solution are kept."""
    what = [
        VERSION, platform.python_version(), machine.benchmark.name, task.program, asked.calls, asked.places,
    ]  # fmt: skip
    return cache() / "expected" / f"{hashlib.sha256(plain_data.dumps(what)).hexdigest()[:32]}.json"


def _recall(path: Path) -> dict[str, Any] | None:
    try:
        check, text = path.read_bytes().split(b"\n", 1)
        return json.loads(text) if check.decode() == hashlib.sha256(text).hexdigest() else None
    except (OSError, ValueError):
        return None


def _keep(path: Path, found: dict[str, Any]) -> None:
    text = plain_data.dumps(found)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def _from_inputs(tasks: Sequence[Task], machine: Machine) -> dict[str, Suite]:
    """EvalPlus and EvoEval: arguments are given, the canonical solution says what is expected."""
    asked = {task.task_id: _asked(task) for task in tasks}
    found: dict[str, dict[str, Any]] = {}
    jobs = []
    for task in tasks:
        suite = asked[task.task_id]
        if kept := _recall(_kept(task, suite, machine)):
            found[task.task_id] = kept
        else:
            jobs.append({**_job(task, machine, whole=False), "calls": suite.calls})
    by_id = {task.task_id: task for task in tasks}
    for task_id, recorded in _recorded(jobs, machine).items():
        found[task_id] = recorded
        if "problem" not in recorded:
            _keep(_kept(by_id[task_id], asked[task_id], machine), recorded)
    return {task_id: _answered(by_id[task_id], asked[task_id], found[task_id], machine) for task_id in asked}


def _asked(task: Task) -> Suite:
    """The calls of a task in order of worth, without answers."""
    calls: list[Any] = []
    places: list[int] = []
    parts: list[int] = []
    for group in (task.inputs, task.plus_inputs):
        if not group:
            continue
        made = [
            [*(("given", a) if isinstance(a, str) else ("call", plain_data.encode(tuple(a)))), NO_KEYWORDS]
            for a in group
        ]
        first = len(calls)
        order = sorted(range(len(made)), key=lambda k: (_worth(group[k], made[k]), k))
        calls += [made[k] for k in order]
        places += [first + k for k in order]
        parts.append(len(made))
    return Suite(calls, tuple(parts), tuple(places))


def _worth(args: Any, call: list[Any]) -> tuple[int, int]:
    """Small first: by the digits of the largest number, then by the length of the arguments."""
    return len(str(_largest(args))) // 4, len(str(call[1])) // 64


def _answered(task: Task, asked: Suite, found: dict[str, Any], machine: Machine) -> Suite:
    """A suite with what the canonical solution answered."""
    if "problem" in found:
        return Suite(problem=f"its canonical solution gives no answers: {found['problem']}")
    traits = machine.benchmark
    rule = traits.rules.get(task.task_id, traits.rule)
    judge = {
        "rule": rule, "atol": task.atol, "tolerant": _tolerant(asked, found["floats"]),
        "args": asked.calls if rule in BY_ARGUMENTS else [],
    }  # fmt: skip
    expected = tuple(answer.encode() for answer in found["answers"])
    return replace(asked, expected=expected, seconds=tuple(found["seconds"]), judge=judge)


def _tolerant(suite: Suite, floats: Sequence[bool]) -> list[bool]:
    """Which calls have EvalPlus's tolerance of floats: in each part those from its first
    expected float on."""
    found: list[bool] = []
    ends = list(itertools.accumulate(suite.parts))
    for end, size in zip(ends, suite.parts, strict=True):
        part = range(end - size, end)
        first = min((suite.places[at] for at in part if floats[at]), default=end)
        found += [suite.places[at] >= first for at in part]
    return found


def _job(task: Task, machine: Machine, whole: bool) -> dict[str, Any]:
    """What `record_tests` needs for a task."""
    return {
        "kind": machine.benchmark.grading, "task_id": task.task_id, "setting": _setting(task), "solution": task.program,
        "test": task.test,
        "entry_point": task.entry_point, "seconds": RECORD_SECONDS, "whole": whole,
    }  # fmt: skip


def _setting(task: Task) -> str:
    """Source of what a test may use beside the function: imports and helpers of the prompt."""
    return task.program if task.self_contained else f"{task.prompt}    pass\n"


def _recorded(jobs: Sequence[dict[str, Any]], machine: Machine) -> dict[str, dict[str, Any]]:
    """What `record_tests` found, by task_id; for a job that gave nothing, that as its problem."""
    if not jobs:
        return {}
    lines = b"".join(plain_data.dumps(job) + b"\n" for job in jobs)
    result = machine.run("record_tests", lines, RECORD_SECONDS * (1 + len(jobs)), RECORDED_BYTES)
    found = dict(json.loads(line) for line in result.stdout.splitlines() if line.endswith(b"]"))
    nothing = {"problem": f"its test was not run ({result.status})"}
    return {job["task_id"]: found.get(job["task_id"], nothing) for job in jobs}


def _from_tests(tasks: Sequence[Task], machine: Machine) -> dict[str, Suite]:
    """HumanEval and MBPP: tests are code, taken apart or replayed."""
    found = _recorded([_job(task, machine, whole=True) for task in tasks], machine)
    suites = {}
    for task in tasks:
        recorded = found[task.task_id]
        if "problem" in recorded:
            suites[task.task_id] = Suite(problem=recorded["problem"])
            continue
        calls = recorded["calls"]
        apart = machine.benchmark.grading == "assertions"
        suite = Suite(
            calls,
            (len(calls),),
            tuple(range(len(calls))),
            tuple(answer.encode() for answer in recorded["answers"]),
            setup=recorded.get("setup", ""),
            stop=apart,
        )
        judge = (
            {"rule": "equal", "atol": 0.0, "args": [], "tolerant": _tolerant(suite, recorded["floats"])}
            if apart
            else {
                "setting": _setting(task),
                "test": task.test,
                "entry_point": task.entry_point,
                "calls": calls,
            }
        )
        suites[task.task_id] = replace(suite, judge=judge)
    return suites
