"""What a task's tests ask and expect, found once a benchmark and only for tasks that have samples.

A suite is a list of calls and, for each, the answer that a right candidate gives. It comes from the
benchmark's own tests and canonical solutions, run in the sandbox like anything else that a file contains.
What EvalPlus's canonical solutions answer takes as long to find as grading a sample of each task, so it is
kept in Neve's cache folder, under a digest of all that it follows from (program, arguments, Python, this
module's version), with a digest of its own: a truncated or altered entry is found again. Programs in the
sandbox cannot see that folder; whoever can write there can change Neve itself.

A few canonical solutions take nine tenths of the time of all, for the last of their inputs. Wrong samples
mostly fail before, so what a solution answers within a tenth of a second is the suite's beginning, and the
rest is found once a sample has got through that; such a sample is then run on the whole. What cannot be
known from a beginning (which calls have a tolerance of floats, whether one that had to wait for the
processor is late) sends a sample to the whole as well, so that no verdict depends on where the beginning
ends.

Calls are in order of worth: base tests before added ones, and in each part small arguments first. Edge cases
are small, they are what wrong programs fail on, and they cost least. The trade-off: the order follows the
size of arguments, which never changes, and not the seconds measured, which would make a message depend on
the machine. Canonical solutions share sandboxes; seconds that are kept only steer limits, and are measured
again before a time-out counts.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import marshal
import math
import platform
import threading
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
BRIEF_SECONDS = 0.1
"""Processor time after which a canonical solution stops until a sample has all answers right so far: one
task in twenty needs more, and takes nine tenths of the time of all."""
RECORDED_BYTES = 256 << 20
"""What recording may put out, and a candidate whose long answers are wanted whole."""
VERSION = 4
"""Of what is kept; raise it when the way from a canonical solution to expected answers changes."""

NO_KEYWORDS = plain_data.encode({})


class Rest:
    """The suite with all its calls, found by `find` in the pool once it is asked for."""

    def __init__(self, find: Callable[[], Suite], pool: ThreadPoolExecutor) -> None:
        self._find, self._pool, self._lock = find, pool, threading.Lock()
        self._found: Future[Suite] | None = None

    @property
    def asked(self) -> bool:
        return self._found is not None

    def __call__(self) -> Future[Suite]:
        with self._lock:
            self._found = self._found or self._pool.submit(self._find)
            return self._found


@dataclass(frozen=True)
class Suite:
    """A task's calls and expected answers, or the beginning of them; `problem` says why there are none."""

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
    later: int = 0
    """How many calls more the whole suite has."""
    rest: Rest | None = field(default=None, compare=False, repr=False)
    """Where there are more: what finds the whole suite."""

    @property
    def all_calls(self) -> int:
        return len(self.calls) + self.later

    @property
    def work(self) -> float:
        """Seconds that a right sample may take; and what is left of the canonical solution, by its slowest
        call."""
        return sum(self.seconds) + 2 * self.later * max(self.seconds, default=1.0)

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
    groups = _groups(tasks) if by_inputs else [list(tasks)]
    found: dict[str, Future[Suite]] = {task.task_id: Future() for task in tasks}

    def work(group: list[Task]) -> None:
        try:
            made = (
                _from_inputs(group, machine, pool, BRIEF_SECONDS)
                if by_inputs
                else _from_tests(group, machine)
            )
            for task_id, suite in made.items():
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
    return cache() / "expected" / f"{hashlib.sha256(marshal.dumps(what, 2)).hexdigest()[:32]}.json"


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


def _from_inputs(
    tasks: Sequence[Task], machine: Machine, pool: ThreadPoolExecutor, brief: float
) -> dict[str, Suite]:
    """EvalPlus and EvoEval: arguments are given, the canonical solution says what is expected, as far as it
    comes within `brief` seconds."""
    asked = {task.task_id: _asked(task) for task in tasks}
    found: dict[str, dict[str, Any]] = {}
    jobs = []
    for task in tasks:
        suite = asked[task.task_id]
        kept = _recall(_kept(task, suite, machine))
        if kept and (brief < math.inf or len(kept["answers"]) == len(suite.calls)):
            found[task.task_id] = kept
        else:
            jobs.append({**_job(task, machine, whole=False), "calls": suite.calls, "brief": brief})
    by_id = {task.task_id: task for task in tasks}
    for task_id, recorded in _recorded(jobs, machine).items():
        found[task_id] = recorded
        if "problem" not in recorded:
            _keep(_kept(by_id[task_id], asked[task_id], machine), recorded)
    return {
        task.task_id: _begun(
            _answered(task, asked[task.task_id], found[task.task_id], machine),
            Rest(functools.partial(_whole, task, machine, pool), pool),
        )
        for task in tasks
    }


def _whole(task: Task, machine: Machine, pool: ThreadPoolExecutor) -> Suite:
    """A suite with all its answers, however long they take."""
    return _from_inputs([task], machine, pool, math.inf)[task.task_id]


def _begun(suite: Suite, rest: Rest) -> Suite:
    """A suite as far as its answers are known."""
    known = len(suite.expected)
    if suite.problem or known == len(suite.calls):
        return suite
    ends = [min(end, known) for end in itertools.accumulate(suite.parts, initial=0)]
    return replace(
        suite,
        calls=suite.calls[:known],
        parts=tuple(end - start for start, end in itertools.pairwise(ends)),
        places=suite.places[:known],
        later=len(suite.calls) - known,
        rest=rest,
    )


def _asked(task: Task) -> Suite:
    """The calls of a task in order of worth, without answers."""
    calls: list[Any] = []
    places: list[int] = []
    parts: list[int] = []
    for group in (task.inputs, task.plus_inputs):
        if not group:
            continue
        made = [
            [*(("given", a) if isinstance(a, str) else ("packed", marshal.dumps(tuple(a), 2))), NO_KEYWORDS]
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
    return len(str(_largest(args))) // 4, len(call[1]) // 64


def _answered(task: Task, asked: Suite, found: dict[str, Any], machine: Machine) -> Suite:
    """A suite with what the canonical solution answered."""
    if "problem" in found:
        return Suite(problem=f"its canonical solution gives no answers: {found['problem']}")
    traits = machine.benchmark
    unknown = len(asked.calls) - len(found["floats"])
    rule = traits.rules.get(task.task_id, traits.rule)
    judge = {
        "rule": rule, "atol": task.atol, "tolerant": _tolerant(asked, [*found["floats"], *[True] * unknown]),
        "args": [_plain(call) for call in asked.calls] if rule in BY_ARGUMENTS else [],
    }  # fmt: skip
    expected = tuple(answer.encode() for answer in found["answers"])
    return replace(asked, expected=expected, seconds=tuple(found["seconds"]), judge=judge)


def _plain(call: list[Any]) -> list[Any]:
    """A call as JSON can hold it."""
    return ["call", plain_data.encode(marshal.loads(call[1])), call[2]] if call[0] == "packed" else call


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
    result = machine.run(
        "record_tests", marshal.dumps(list(jobs)), RECORD_SECONDS * (1 + len(jobs)), RECORDED_BYTES
    )
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
