"""Grading by a benchmark's own unittest class, which must run beside the candidate: BigCodeBench.

Here no wall keeps candidate and test apart, so the verdict rests on a guard (`inside.run_unit_tests` says
what it holds and what not), and every result states `LIMIT`. What can be decided outside, is: the verdict
counts only under a nonce that the candidate's process never had, every test in the source must have run, by
name, and passed, and the limits of time and memory are the sandbox's.

A task whose canonical solution does not pass here (a library is missing, a test needs a network) cannot be
graded: its samples are errors, with the reason, and it does not count among the tasks. What needs libraries
other than Python's own takes them from a folder that the caller names; none are installed.
"""

from __future__ import annotations

import ast
import builtins
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from neve.evaluation.grading.inside import plain_data
from neve.evaluation.grading.machine import FACTOR, START_SECONDS, Machine, flow
from neve.evaluation.grading.samples import Grade
from neve.tasks.task import Task

FLOOR_SECONDS = 10.0
"""The least time allowed a sample: tests of this kind start servers and processes."""
RECORD_SECONDS = 120.0
LIMIT = (
    "tests ran beside the candidate in one process: results are guarded against the cheats known, not proof against "
    "all; see docs/evaluation.md"
)


@dataclass(frozen=True)
class Ground:
    """What the canonical solution does: names of its tests, seconds, names that its program defines or
    imports."""

    tests: frozenset[str] = frozenset()
    seconds: float = 0.0
    allowed: tuple[str, ...] = ()
    problem: str = ""

    @property
    def limit(self) -> float:
        return max(FLOOR_SECONDS, FACTOR * self.seconds) + START_SECONDS


def prepare(
    tasks: Sequence[Task], machine: Machine, pool: ThreadPoolExecutor, advance: Callable[[float], None]
) -> dict[str, Future[Ground]]:
    """What each task's canonical solution does, by task_id, as the pool gets to it."""

    def work(task: Task) -> Ground:
        found = _ground(task, machine)
        advance(1)
        return found

    return {task.task_id: pool.submit(work, task) for task in tasks}


def _ground(task: Task, machine: Machine) -> Ground:
    """The ground of a task from running its canonical solution here and now."""
    try:
        plan = Ground(_test_names(task.test), allowed=_allowed(task.prompt + task.solution))
    except (SyntaxError, ValueError, RecursionError) as error:
        return Ground(problem=f"{type(error).__name__}: {error}"[:200])
    if not plan.tests:
        return Ground(problem="its tests hold no class TestCases with a method test…")
    start = time.monotonic()
    verdict = _run(task, plan, task.program, machine, RECORD_SECONDS)
    problem = "" if verdict.status == "pass" else verdict.detail
    return Ground(plan.tests, time.monotonic() - start, plan.allowed, problem)


def block(
    asked: Sequence[tuple[Task, Future[Ground], str]],
    machine: Machine,
    pool: ThreadPoolExecutor,
    advance: Callable[[float], None],
) -> list[Grade]:
    """Verdicts of samples, given as (task, ground, program)."""

    def first(number: int, ground: Ground) -> Grade:
        task, _, program = asked[number]
        if ground.problem:
            detail = f"the benchmark's own solution does not pass here: {ground.problem}"
            return Grade("error", detail, cause="ungraded")
        return _run(task, ground, program, machine, ground.limit)

    verdicts = flow([ground for _, ground, _ in asked], first, lambda ground: ground.limit, pool, advance)
    rows = [(task, ground.result(), program) for task, ground, program in asked]
    for number, (task, ground, program) in enumerate(rows):
        if verdicts[number].status == "timeout":
            now = _ground(task, machine)
            verdicts[number] = _run(task, ground, program, machine, max(now.limit, ground.limit))
    return verdicts


def _run(task: Task, ground: Ground, program: str, machine: Machine, seconds: float) -> Grade:
    job = plain_data.dumps(
        {
            "program": program,
            "test": task.test,
            "entry_point": task.entry_point,
            "allowed": ground.allowed,
            "builtins": _builtins(task.test),
        }
    )
    nonce = secrets.token_hex(32).encode()
    result = machine.run("run_unit_tests", b"%08d" % len(job) + job + nonce, seconds, 4 << 20)
    if result.status == "timeout":
        return Grade("timeout", f"not done within {seconds:.0f} s")
    if not result.stdout.startswith(nonce + b"\n"):
        return Grade("fail", f"ended without a verdict ({result.status})")
    verdict, *lines = result.stdout[len(nonce) + 1 :].decode("utf-8", "replace").splitlines()
    outcomes = dict(line.split("\t", 1) for line in lines if "\t" in line)
    if verdict != "ran":
        return Grade("fail", verdict)
    if outcomes.keys() != ground.tests:
        missing = sorted(ground.tests ^ outcomes.keys())
        return Grade(
            "fail", f"{len(outcomes)} of {len(ground.tests)} tests ran; {missing[0]} is missing or unknown"
        )
    bad = next((f"{name}: {outcome}" for name, outcome in outcomes.items() if outcome != "ok"), "")
    return Grade("fail", bad[:200]) if bad else Grade("pass")


def _test_names(test: str) -> frozenset[str]:
    """Names of the test methods in the source of TestCases."""
    case = next(
        (n for n in ast.parse(test).body if isinstance(n, ast.ClassDef) and n.name == "TestCases"), None
    )
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(
        node.name
        for node in (case.body if case else ())
        if isinstance(node, functions) and node.name.startswith("test")
    )


def _allowed(program: str) -> tuple[str, ...]:
    """Modules that the canonical solution imports, and builtins that it shadows: a candidate may do the
    same."""
    names = set()
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
            names |= {(getattr(node, "module", None) or "").partition(".")[0]}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and hasattr(builtins, node.id):
            names.add(node.id)
    return tuple(sorted(names - {""}))


def _builtins(test: str) -> list[str]:
    """Builtins that the test uses by name: a candidate must not put its own in their place."""
    used = {node.id for node in ast.walk(ast.parse(test)) if isinstance(node, ast.Name)}
    return sorted(name for name in used if hasattr(builtins, name) and not name.startswith("__"))
