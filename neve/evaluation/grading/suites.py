"""What a task's tests ask and expect, made once a benchmark and for those tasks only that have samples.

A suite is a list of calls and, for each part of it (base tests, added tests), the line of answers that a right candidate
gives. It comes from the benchmark's own tests and canonical solutions, run in the sandbox like anything else from a
file. What EvalPlus's canonical solutions answer takes as long to find as to grade a sample of each task, so it is kept
in Neve's cache folder, under a digest of all that it follows from (program, arguments, Python, this module's version), with
a digest of its own: a cut-off or altered entry is made anew. Programs in the sandbox cannot see that folder; whoever
can write there can change Neve itself. Times that are kept steer first tries only: before a time-out
counts, the canonical solution is timed again.

Canonical solutions share sandboxes, and samples are graded as soon as their task's suite is there, the costliest first
(`flow`). The trade-off: the order of work follows a guess of cost, the order of results never does.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import marshal
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from neve import sandbox
from neve.evaluation.grading import programs
from neve.evaluation.grading.comparisons import BY_ARGUMENTS
from neve.evaluation.grading.inside import plain_data
from neve.packages import cache
from neve.store import atomic_write
from neve.tasks.task import Task
from neve.tasks.traits import Traits

FLOOR_SECONDS = 4.0
"""A call may take so long at least."""
FACTOR = 4.0
"""A call may take so many times what the canonical solution takes."""
TOTAL_SECONDS = 60.0
"""All calls of a sample together, unless the canonical solution needs more."""
START_SECONDS = 3.0
"""Added for the start of a sandbox on a busy machine."""
RECORD_SECONDS = 600
"""Limit of a canonical solution."""
MEMORY_BYTES = 4 << 30
"""Address space of a program; MBPP+ has canonical solutions that need more than one GiB."""
TOGETHER = 8
"""Canonical solutions that one sandbox runs, one after the other: its start costs more than most of them."""
RECORDED_BYTES = 256 << 20
"""What recording may put out, and a candidate whose long answers are wanted whole."""
NUMPY = Path(np.__file__).parent
"""Its wheels keep their libraries in a folder beside it."""
VERSION = 2
"""Of what is kept; raise it when the way from a canonical solution to expected answers changes."""
ANSWER_BYTES = 8 << 20
"""A candidate's answers, encoded, at most, beyond four times the expected ones."""

NO_KEYWORDS = plain_data.encode({})
Prepared = TypeVar("Prepared")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Machine:
    """Where a benchmark's programs run: in which sandbox, with which folder of libraries.

    Without a folder, functions may import NumPy, as they may wherever EvalPlus is installed: this environment's, it alone.
    Tests for unittest may run the system's programs, since some are about those.
    """

    benchmark: Traits
    place: sandbox.Sandbox
    packages: Path | None = None

    def run(self, program: str, stdin: bytes, timeout_s: float, output_bytes: int) -> sandbox.Result:
        tests = program == "run_unit_tests"
        return sandbox.run(
            programs.source(program),
            sandbox=self.place,
            timeout_s=timeout_s,
            memory_bytes=MEMORY_BYTES,
            stdin=stdin,
            output_bytes=output_bytes,
            packages=self.packages or (None if tests else NUMPY.parent),
            names=() if self.packages or tests else (NUMPY.name, f"{NUMPY.name}.libs"),
            tools=tests,
        )


@dataclass(frozen=True)
class Suite:
    """A task's calls and expected answers; `problem` says why there are none."""

    calls: list[Any] = field(default_factory=list)
    parts: tuple[int, ...] = ()
    """How many of the calls each part has: all, or base and added tests."""
    expected: tuple[bytes, ...] = ()
    """By part: the line that `answering` gives for the canonical answers."""
    seconds: tuple[float, ...] = ()
    """What the canonical solution took for each call; empty where that was not measured."""
    judge: dict[str, Any] = field(default_factory=dict)
    """What `comparing` needs, beside the expected answers."""
    setup: str = ""
    stop: bool = True
    """Whether a call that raises decides the verdict."""
    problem: str = ""

    @property
    def limits(self) -> list[float]:
        """Seconds that each call may take."""
        return [max(FLOOR_SECONDS, FACTOR * s) for s in self.seconds] or [FLOOR_SECONDS] * len(self.calls)

    @property
    def total(self) -> float:
        """Seconds that a sample may take."""
        return max(FACTOR * sum(self.seconds), min(TOTAL_SECONDS, sum(self.limits))) + START_SECONDS


@dataclass(frozen=True)
class Answered:
    """Lines of answers by part, as far as they came; how the program ended, and the seconds a call if asked for."""

    lines: list[bytes]
    ended: str
    detail: str = ""
    seconds: tuple[float, ...] = ()


def workers() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def answer(
    task: Task,
    suite: Suite,
    program: str,
    machine: Machine,
    *,
    limits: Sequence[float],
    total: float,
    whole: bool = False,
    clock: bool = False,
) -> Answered:
    """Run a program on a suite's calls; whatever the program does, what comes back is unread bytes."""
    job = {
        "program": program,
        "entry_point": task.entry_point,
        "setup": suite.setup,
        "calls": suite.calls,
        "parts": suite.parts,
        "limits": limits,
        "whole": whole,
        "stop": suite.stop,
        "clock": clock,
    }
    cap = RECORDED_BYTES if whole or not suite.expected else ANSWER_BYTES + 4 * sum(map(len, suite.expected))
    result = machine.run("run_candidate", marshal.dumps(job), total, cap)
    *lines, _ = result.stdout.split(b"\n")
    if result.status == "timeout":
        return Answered(lines[: len(suite.parts)], "timeout", f"not done within {total:.0f} s")
    if lines and lines[-1].startswith(b'{"timeout"'):
        call = "".join(filter(str.isdigit, lines.pop()[:40].decode("latin-1")))
        return Answered(
            lines[: len(suite.parts)], "timeout", f"call {call} of {len(suite.calls)}: time is up"
        )
    if result.status != "ok" or len(lines) < (1 if suite.stop else len(suite.parts)):
        error = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return Answered(
            lines[: len(suite.parts)],
            "fail",
            f"ended without answers ({', '.join([result.status, *error])[:200]})",
        )
    seconds = tuple(json.loads(lines.pop())) if clock else ()
    return Answered(lines[: len(suite.parts)], "ok", "", seconds)


def build(
    tasks: Sequence[Task], machine: Machine, pool: ThreadPoolExecutor, advance: Callable[[float], None]
) -> dict[str, Future[Suite]]:
    """The suites of a benchmark's tasks, by task_id, as the pool comes to them."""
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
    """Tasks whose canonical solutions run one after the other, each group a sandbox: those that may take long apart, and first.

    What takes long is mostly a loop up to a number in its arguments, so the largest number is the guess.
    """

    def guess(task: Task) -> float:
        given = (args for args in (*task.inputs, *task.plus_inputs) if not isinstance(args, str))
        numbers = (x for args in given for x in args if type(x) is int)
        return -max(map(abs, numbers), default=0)

    count = -(-len(tasks) // TOGETHER)
    ordered = sorted(tasks, key=guess)
    return [ordered[first::count] for first in range(count)]


def flow(
    prepared: Sequence[Future[Prepared]],
    work: Callable[[int, Prepared], Found],
    cost: Callable[[Prepared], float],
    pool: ThreadPoolExecutor,
    advance: Callable[[float], None],
) -> list[Found]:
    """`work(number, prepared)` for each, in the pool, as soon as what it needs is prepared; of those the costliest first.

    A costly one left to the end would be at work alone, on one core. So no more are handed to the pool than it can take.
    """
    results: list[Any] = [None] * len(prepared)
    numbers: dict[Future[Any], list[int]] = {}
    for number, future in enumerate(prepared):
        numbers.setdefault(future, []).append(number)
    ready: list[tuple[float, int]] = []
    waiting: set[Future[Any]] = set(numbers)
    at_work: dict[Future[Any], int] = {}
    while waiting or at_work or ready:
        while ready and len(at_work) < workers():
            number = heapq.heappop(ready)[1]
            at_work[pool.submit(work, number, prepared[number].result())] = number
        done, _ = wait(waiting | at_work.keys(), return_when=FIRST_COMPLETED)
        for future in done:
            if future in at_work:
                results[at_work.pop(future)] = future.result()
                advance(1)
            else:
                waiting.remove(future)
                for number in numbers[future]:
                    heapq.heappush(ready, (-cost(future.result()), number))
    return results


def measured(task: Task, suite: Suite, machine: Machine, whole: bool = False) -> Answered:
    """The canonical solution on its own suite, with a clock."""
    limits = [float(RECORD_SECONDS)] * len(suite.calls)
    return answer(
        task, suite, task.program, machine, limits=limits, total=RECORD_SECONDS, whole=whole, clock=True
    )


def _kept(task: Task, asked: Suite, machine: Machine) -> Path:
    """Where the answers of a canonical solution are kept."""
    what = [
        VERSION,
        platform.python_version(),
        machine.benchmark.name,
        task.program,
        asked.calls,
        asked.parts,
    ]
    return cache() / "expected" / f"{hashlib.sha256(plain_data.dumps(what)).hexdigest()[:32]}.json"


def _recall(path: Path) -> Answered | None:
    try:
        check, text = path.read_bytes().split(b"\n", 1)
        if check.decode() != hashlib.sha256(text).hexdigest():
            return None
        kept = json.loads(text)
    except (OSError, ValueError):
        return None
    return Answered([line.encode() for line in kept["lines"]], "ok", "", tuple(kept["seconds"]))


def _keep(path: Path, found: Answered) -> None:
    text = plain_data.dumps({"lines": [line.decode() for line in found.lines], "seconds": found.seconds})
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def _from_inputs(tasks: Sequence[Task], machine: Machine) -> dict[str, Suite]:
    """EvalPlus and EvoEval: arguments are given, the canonical solution says what is expected."""
    asked: dict[str, Suite] = {}
    found: dict[str, Answered] = {}
    jobs = []
    for task in tasks:
        groups = [group for group in (task.inputs, task.plus_inputs) if group]
        calls = [
            [
                *(("given", args) if isinstance(args, str) else ("call", plain_data.encode(tuple(args)))),
                NO_KEYWORDS,
            ]
            for group in groups
            for args in group
        ]
        suite = asked[task.task_id] = Suite(calls, tuple(map(len, groups)))
        if kept := _recall(_kept(task, suite, machine)):
            found[task.task_id] = kept
        else:
            jobs.append({**_job(task, machine, whole=False), "calls": calls, "parts": suite.parts})
    by_id = {task.task_id: task for task in tasks}
    for task_id, recorded in _recorded(jobs, machine).items():
        if "problem" in recorded:
            asked[task_id] = Suite(problem=f"its canonical solution gives no answers: {recorded['problem']}")
            continue
        lines = [line.encode() for line in recorded["lines"]]
        found[task_id] = Answered(lines, "ok", "", tuple(recorded["seconds"]))
        _keep(_kept(by_id[task_id], asked[task_id], machine), found[task_id])
    for task_id, answers in found.items():
        traits, calls = machine.benchmark, asked[task_id].calls
        rule = traits.rules.get(task_id, traits.rule)
        judge = {
            "rule": rule, "atol": by_id[task_id].atol, "args": calls if rule in BY_ARGUMENTS else [],
        }  # fmt: skip
        asked[task_id] = replace(
            asked[task_id], expected=tuple(answers.lines), seconds=answers.seconds, judge=judge
        )
    return asked


def _job(task: Task, machine: Machine, whole: bool) -> dict[str, Any]:
    """What `recording` needs for a task."""
    return {
        "kind": machine.benchmark.grading, "task_id": task.task_id, "setting": _setting(task), "solution": task.program,
        "test": task.test,
        "entry_point": task.entry_point, "seconds": RECORD_SECONDS, "whole": whole,
    }  # fmt: skip


def _setting(task: Task) -> str:
    """Source of what a test may use beside the function: imports and helpers of the prompt."""
    return task.program if task.self_contained else f"{task.prompt}    pass\n"


def _recorded(jobs: Sequence[dict[str, Any]], machine: Machine) -> dict[str, dict[str, Any]]:
    """What `recording` found, by task_id; for a job that gave nothing, that as its problem."""
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
        line = f"[{', '.join(recorded['answers'])}]".encode()
        judge = (
            {"rule": "equal", "atol": 0.0, "args": []}
            if machine.benchmark.grading == "assertions"
            else {
                "setting": _setting(task),
                "test": task.test,
                "entry_point": task.entry_point,
                "calls": calls,
            }
        )
        suites[task.task_id] = Suite(
            calls,
            (len(calls),),
            (line,),
            judge=judge,
            setup=recorded.get("setup", ""),
            stop=machine.benchmark.grading == "assertions",
        )
    return suites
