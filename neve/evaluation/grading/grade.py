"""Which completions pass their tests, decided where the completion has no access.

Run beside a candidate in one process, a test can be cheated in dozens of ways: by leaving with status 0, by
printing what the grader looks for, by a class that equals everything, by walking the frames up to the
expected values. So the two never meet. Three kinds of program run, each in a sandbox of its own:

- record, once a task: what its tests ask, and what the canonical solution answers (`suites`,
  `record_tests`);
- run, once a sample: the candidate on those questions; what it returns leaves as plain data (`inside`);
- compare, for answers that are not the expected ones to the byte (`answers`, `compare_answers`,
  `comparisons`).

All that a candidate decides is its answers, and it has not seen what is expected. The trade-off: a value
that is no plain data equals nothing. Tests written for unittest (BigCodeBench) cannot be taken apart in this
way; `unit_tests` says what is done there, and its limits.

Limits follow the canonical solution's processor time on this machine. A sample that ran out of time while it
did not have the processor is tried again with nothing beside it, under limits measured at that moment,
before it counts.

Source: HumanEval (arXiv 2107.03374), EvalPlus (arXiv 2305.01210); cheats as collected against graders in
use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from neve import sandbox
from neve.errors import Fault
from neve.evaluation.grading import answers, suites, unit_tests
from neve.evaluation.grading.answers import NOT_COMPARED, Answered, answer
from neve.evaluation.grading.machine import Machine, flow, workers
from neve.evaluation.grading.samples import Grade
from neve.evaluation.grading.suites import Suite
from neve.progress import bar
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task

BLOCK = 256
"""Samples graded before their verdicts are handed on."""
LONG = "long"
"""Not a verdict: the answers are asked for whole."""

Row = tuple[Task, Suite, str]
"""A sample: its task, the task's suite, the program."""


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

    `packages` is a folder of libraries that programs may import beside the standard library; `done` is told
    of each sample that is through, by its number. Raises Fault without a sandbox, and for a task_id that is
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

    def first(number: int, suite: Suite) -> tuple[Suite, Answered] | Future[Suite]:
        task, _, program = asked[number]
        if suite.problem:
            detail = f"the benchmark's own test cannot judge: {suite.problem}"
            return suite, Answered(ending=Grade("error", detail, cause="ungraded"))
        if suite.rest and suite.rest.asked:
            return suite.rest()
        found = answer(task, suite, program, machine)
        if suite.rest and (found.ending.status == "pass" or found.starved or found.unsure):
            return suite.rest()
        return suite, found

    flowed = flow([suite for _, suite, _ in asked], first, lambda suite: suite.work, pool, advance)
    answered = [found for _, found in flowed]
    rows: list[Row] = [
        (task, suite, program) for (task, _, program), (suite, _) in zip(asked, flowed, strict=True)
    ]
    for number, found in enumerate(answered):
        if found.starved:
            answered[number] = _alone(rows[number], machine)
    unsure = [
        (number, part)
        for number, found in enumerate(answered)
        for part in range(len(rows[number][1].parts))
        if _calls(rows[number][1], found, part)
    ]
    compared = _compared(unsure, rows, answered, machine, pool)
    long = [at for at in unsure if compared[at].status == LONG]
    for at, verdict in zip(
        long, pool.map(lambda at: _at_length(rows[at[0]], at[1], machine), long), strict=True
    ):
        compared[at] = verdict
    return [
        _whole(found, rows[number][1], lambda part: compared.get((number, part)), machine)  # noqa: B023
        for number, found in enumerate(answered)
    ]


def _calls(suite: Suite, found: Answered, part: int) -> list[int]:
    """The calls of a part whose answers a rule must judge."""
    start = sum(suite.parts[:part])
    return [at for at in found.unsure if start <= at < start + suite.parts[part]]


def _compared(
    jobs: Sequence[tuple[int, int]],
    rows: Sequence[Row],
    answered: Sequence[Answered],
    machine: Machine,
    pool: ThreadPoolExecutor,
) -> dict[tuple[int, int], Grade]:
    """Verdicts of the unsure answers of samples' parts, given as (number of the sample, part)."""
    made = [
        answers.comparison(rows[n][1], _calls(rows[n][1], answered[n], part), answered[n].lines)
        for n, part in jobs
    ]
    groups = answers.batches([len(raw) + len(str(job.get("expected", ""))) for job, raw in made])
    found = pool.map(lambda group: answers.compare([made[at] for at in group], machine), groups)
    verdicts: dict[tuple[int, int], Grade] = {}
    for group, result in zip(groups, found, strict=True):
        for at, number in enumerate(group):
            verdicts[jobs[number]] = result.get(at, Grade("fail", NOT_COMPARED))
    return verdicts


def _alone(row: Row, machine: Machine) -> Answered:
    """Once more with nothing beside it, under limits measured now."""
    task, suite, program = row
    now = measured(task, suite, machine)
    seconds = tuple(map(max, now.seconds, suite.seconds)) if suite.seconds else now.seconds
    return answer(task, replace(suite, seconds=seconds), program, machine)


def measured(task: Task, suite: Suite, machine: Machine, whole: bool = False) -> Answered:
    """The canonical solution on its own suite, with a clock."""
    free = replace(suite, expected=(), seconds=(), floor=float(suites.RECORD_SECONDS))
    return answer(task, free, task.program, machine, whole=whole, clock=True)


def _at_length(row: Row, part: int, machine: Machine) -> Grade:
    """The verdict of one part whose long answers differ by their digests: both sides once more, whole."""
    task, suite, program = row
    wanted = measured(task, suite, machine, whole=True)
    fresh = replace(suite, seconds=wanted.seconds, expected=tuple(wanted.lines))
    found = answer(task, fresh, program, machine, whole=True)
    if wanted.ending.status != "pass":
        return Grade("fail", f"long answers differ, and cannot be compared whole ({wanted.ending.detail})")
    if not (calls := _calls(suite, found, part)):
        return found.ending
    verdict = answers.compare([answers.comparison(fresh, calls, found.lines)], machine).get(0)
    return verdict if verdict and verdict.status != LONG else Grade("fail", NOT_COMPARED)


def _whole(found: Answered, suite: Suite, compared: Callable[[int], Grade | None], machine: Machine) -> Grade:
    """The verdict of a sample: of its parts in their order the first that is not right."""
    if not suite.parts:
        return found.ending
    verdicts: list[Grade] = []
    for part in range(len(suite.parts)):
        end = sum(suite.parts[: part + 1])
        right = Grade("pass") if len(found.lines) >= end else found.ending
        verdict = compared(part) or right
        verdicts.append(right if verdict.status in ("pass", "open") else verdict)
    worst = next((verdict for verdict in verdicts if verdict.status != "pass"), Grade("pass"))
    # EvoEval repeats EvalPlus's tests in two sets; one task of MBPP+ has no added tests
    based = machine.benchmark.adds_tests or len(suite.parts) > 1
    return replace(worst, base=verdicts[0].status if based else None)
