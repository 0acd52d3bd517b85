"""Which completions pass their tests, decided where the completion cannot reach.

Run beside a candidate in one process, a test can be cheated in dozens of ways: by leaving with status 0, by
printing what the grader looks for, by a class that equals everything, by walking the frames up to the
expected values. So the two never meet. Three kinds of program run, each in a sandbox of its own:

  expect    once a task: what its tests ask, and what the canonical solution answers (suites.py, recording.py)
  answer    once a sample: the candidate on those questions; what it returns leaves as plain data (answering.py)
  compare   for answers that are not the expected ones to the byte (comparing.py, rules.py)

All that a candidate decides is its answers, and it has not seen what is expected. The trade-off: a value that is
no plain data equals nothing. Tests written for unittest (BigCodeBench) cannot be taken apart so; unittests.py has
what is done there, and its limits.

Time limits follow the canonical solution's time on this machine. A sample that runs out of time is tried again with
nothing beside it, under limits measured at that moment, before it counts.

Source: HumanEval (arXiv 2107.03374), EvalPlus (arXiv 2305.01210); cheats as collected against graders in use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from neve import sandbox
from neve.errors import Fault
from neve.evaluation.grading import suites, unit_tests
from neve.evaluation.grading.inside import plain_data
from neve.evaluation.grading.sample_grade import Grade, Status
from neve.evaluation.grading.suites import Answered, Machine, Suite, workers
from neve.progress import bar
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import Traits

COMPARE_SECONDS = 10
"""Limit of one comparison."""
COMPARED = 16
"""Parts compared in one sandbox."""
BLOCK = 256
"""Samples graded before their verdicts are handed on."""
LONG = "long"
"""Not a verdict: the answers are asked for whole."""
NOT_COMPARED = "its answers could not be compared"
COMPARED_BYTES = 64 << 20
"""Bytes of answers compared in one sandbox, beyond the first."""

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
"""An object's address in a message, which no two runs share."""


def grade(
    benchmark: Benchmark,
    samples: Sequence[tuple[str, str]],
    place: sandbox.Sandbox,
    *,
    label: str = "grade",
    packages: Path | None = None,
    done: Callable[[int, Grade], None] = lambda number, result: None,
) -> list[Grade]:
    """Grade programs, given as (task_id, source that defines the entry point), in their order.

    `packages` is a folder of libraries that programs may import beside the standard library; `done` hears of each
    sample that is through, by its number. Raises Fault where there is no sandbox, or for a task_id that is
    not the benchmark's.
    """
    by_id = {task.task_id: task for task in benchmark.tasks}
    if unknown := sorted({task_id for task_id, _ in samples} - by_id.keys()):
        raise Fault(
            f"task_id {unknown[0]!r} is not one of {benchmark.name}'s; they are like {next(iter(by_id))!r}"
        )
    asked = {task_id for task_id, _ in samples}
    wanted = [task for task in benchmark.tasks if task.task_id in asked]
    machine = Machine(benchmark.traits, place, packages)
    beside = benchmark.traits.grading == "unittest"
    block, prepare = (unit_tests.block, unit_tests.prepare) if beside else (_block, suites.build)
    grades: list[Grade] = []
    with (
        bar(f"{benchmark.name}: canonical solutions", total=len(wanted), unit="tasks") as known,
        bar(label, total=len(samples), unit="samples") as advance,
        ThreadPoolExecutor(workers()) as pool,
    ):
        prepared = prepare(wanted, machine, pool, known) if wanted else {}
        try:
            for start in range(0, len(samples), BLOCK):
                rows: list[Any] = [
                    (by_id[task_id], prepared[task_id], text)
                    for task_id, text in samples[start : start + BLOCK]
                ]
                for verdict in block(rows, machine, pool, advance):
                    done(len(grades), verdict)
                    grades.append(verdict)
        except BaseException:  # an interrupt above all: what has not begun is not waited for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return grades


def _block(
    asked: list[tuple[Task, Future[Suite], str]],
    machine: Machine,
    pool: ThreadPoolExecutor,
    advance: Callable[[float], None],
) -> list[Grade]:
    """Verdicts of samples, given as (task, suite, program)."""

    def first(number: int, suite: Suite) -> Answered:
        task, _, program = asked[number]
        if suite.problem:
            return Answered([], "error", f"the benchmark's own test cannot judge: {suite.problem}")
        return suites.answer(task, suite, program, machine, limits=suite.limits, total=suite.total)

    answered = suites.flow([suite for _, suite, _ in asked], first, lambda suite: suite.total, pool, advance)
    rows = [(task, suite.result(), program) for task, suite, program in asked]
    for number, found in enumerate(answered):
        if found.ended == "timeout":
            answered[number] = _alone(*rows[number], machine)
    verdicts: list[list[Grade]] = [
        [
            Grade("pass") if _surely_right(line, wanted) else Grade("fail", NOT_COMPARED)
            for line, wanted in zip(found.lines, suite.expected, strict=False)
        ]
        for found, (_, suite, _) in zip(answered, rows, strict=True)
    ]
    jobs = [
        (number, part, _job(rows[number][1], part), answered[number].lines[part])
        for number, parts in enumerate(verdicts)
        for part, verdict in enumerate(parts)
        if verdict.status != "pass"
    ]
    long = []
    for number, part, verdict in _compare(jobs, machine, pool):
        verdicts[number][part] = verdict
        if verdict.status == LONG:
            long.append((number, part))
    for (number, part), verdict in zip(
        long, pool.map(lambda at: _at_length(rows[at[0]], at[1], machine), long), strict=True
    ):
        verdicts[number][part] = verdict
    return [
        _whole(found, suite, parts, machine.benchmark)
        for found, (_, suite, _), parts in zip(answered, rows, verdicts, strict=True)
    ]


def _alone(task: Task, suite: Suite, program: str, machine: Machine) -> Answered:
    """Once more with nothing beside it, under limits measured now."""
    now = suites.measured(task, suite, machine)
    fresh = replace(
        suite, seconds=tuple(map(max, now.seconds, suite.seconds)) if suite.seconds else now.seconds
    )
    return suites.answer(task, suite, program, machine, limits=fresh.limits, total=fresh.total)


def _at_length(row: tuple[Task, Suite, str], part: int, machine: Machine) -> Grade:
    """The verdict of one part whose long answers differ by their digests: both sides once more, whole."""
    task, suite, program = row
    wanted = suites.measured(task, suite, machine, whole=True)
    fresh = replace(suite, seconds=wanted.seconds, expected=tuple(wanted.lines))
    found = suites.answer(task, fresh, program, machine, limits=fresh.limits, total=fresh.total, whole=True)
    if wanted.ended != "ok" or len(found.lines) <= part:
        return Grade(
            "fail", f"long answers differ, and cannot be compared whole ({wanted.detail or found.detail})"
        )
    with ThreadPoolExecutor(1) as alone:
        job = (0, part, _job(fresh, part), found.lines[part])
        verdict = next((verdict for *_, verdict in _compare([job], machine, alone)), None)
    return verdict if verdict and verdict.status != LONG else Grade("fail", NOT_COMPARED)


def _surely_right(line: bytes, expected: bytes) -> bool:
    return line == expected and plain_data.FOREIGN.encode() not in expected


def _job(suite: Suite, part: int) -> dict[str, Any]:
    """What `comparing` needs for one part of a suite."""
    start, size = sum(suite.parts[:part]), suite.parts[part]
    judge = {**suite.judge, "expected": suite.expected[part].decode("latin-1"), "seconds": COMPARE_SECONDS}
    if judge.get("args"):
        judge["args"] = judge["args"][start : start + size]
    return judge


def _compare(
    jobs: list[tuple[int, int, dict[str, Any], bytes]], machine: Machine, pool: ThreadPoolExecutor
) -> Iterator[tuple[int, int, Grade]]:
    """Verdicts of answers that are not the expected ones to the byte, as far as they could be compared."""
    batches: list[list[int]] = []
    room = 0
    for at, (_, _, judge, line) in enumerate(jobs):
        room -= len(line) + len(judge["expected"])
        if room < 0 or len(batches[-1]) == COMPARED:
            batches.append([])
            room = COMPARED_BYTES
        batches[-1].append(at)

    def compare(batch: list[int]) -> bytes:
        stdin = b"".join(
            plain_data.dumps({**jobs[at][2], "number": at, "size": len(jobs[at][3])}) + b"\n" + jobs[at][3]
            for at in batch
        )
        seconds = (COMPARE_SECONDS + 1) * len(batch) + suites.START_SECONDS
        return machine.run("compare_answers", stdin, seconds, sandbox.OUTPUT_BYTES).stdout

    for output in pool.map(compare, batches):
        for row in output.splitlines():
            at, status, detail = json.loads(row)
            yield jobs[at][0], jobs[at][1], Grade(status, _ADDRESS.sub("0x…", detail))


def _whole(found: Answered, suite: Suite, parts: list[Grade], benchmark: Traits) -> Grade:
    """The verdict of a sample from those of its parts; a part that did not come has the verdict of how it ended."""
    ended: Status = found.ended if found.ended in ("timeout", "error") else "fail"  # type: ignore[assignment]
    ending = Grade(ended, found.detail, cause="ungraded" if ended == "error" else "")
    every = [*parts, *[ending] * (max(1, len(suite.parts)) - len(parts))]
    worst = next((verdict for verdict in every if verdict.status != "pass"), Grade("pass"))
    # EvoEval repeats EvalPlus's tests in two sets; one task of MBPP+ has no added tests
    based = benchmark.adds_tests or len(suite.parts) > 1
    return replace(worst, base=every[0].status if based else None)
