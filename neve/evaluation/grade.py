"""Which completions pass their tests, decided where the completion cannot reach.

A benchmark's test is a function `check(candidate)` that calls the candidate and looks at what it returns. Run
beside the candidate, in one process, it can be cheated in a dozen ways: by leaving with status 0, by
printing what the grader looks for, by a class that equals everything, by walking the frames up to the
expected values. So the two never meet. Three kinds of program run, each in a sandbox:

  record   once for all tasks: `check` on the canonical solution, noting the arguments of every call
  answer   once a sample: the candidate on those arguments; what it returns leaves as plain data (plain.py)
  replay   once for some samples: `check` on a stand-in that gives those answers, each in a fork of its own

All that a candidate decides is its answers, and it has not seen what is expected. The trade-off: tests must
call the candidate with the same arguments however it answers (the random numbers of tests are seeded); all of
HumanEval's do, and a test that does not is an "error". A value that is no plain data equals nothing. A test that calls the function by its own name (HumanEval/33) gets the same stand-in; helper functions of the
prompt are the benchmark's own, whatever the candidate makes of them.

Source: HumanEval (arXiv 2107.03374); cheats as collected against EvalPlus and others.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from neve import sandbox
from neve.benchmarks import Task
from neve.errors import Fault
from neve.evaluation import plain
from neve.progress import bar

SECONDS = 6.0
"""Wall-clock limit of a sample. HumanEval's slowest solution needs a tenth; busy machines need the rest."""
ALONE_SECONDS = 15.0
"""Limit when a sample that ran out of time is tried again with nothing beside it."""
REPLAY_SECONDS = 10
"""Limit of one comparison."""
REPLAYS = 16
"""Samples compared in one sandbox."""
RECORD_SECONDS = 120.0
MEMORY_BYTES = 1 << 30
ANSWER_BYTES = 8 << 20
"""A candidate's answers, encoded, at most."""

_TESTING = """
import random, sys

def test_namespace(job, candidate):
    namespace = {"__name__": "test"}
    exec(compile(job["prompt"] + "    pass\\n", "<prompt>", "exec"), namespace)
    exec(compile(job["test"], "<test>", "exec"), namespace)
    namespace[job["entry_point"]] = candidate
    random.seed(0)
    return namespace
"""

_RECORD = """
for line in sys.stdin:
    job, calls = json.loads(line), []
    def candidate(*args, **kwargs):
        calls.append(encode([args, kwargs]))
        return solution[job["entry_point"]](*args, **kwargs)
    try:
        solution = {"__name__": "solution"}
        exec(compile(job["prompt"] + job["solution"], "<solution>", "exec"), solution)
        test_namespace(job, candidate)["check"](candidate)
    except BaseException as error:
        calls = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps([job["task_id"], calls]))
"""

_REPLAY = """
import os, signal

class Unsteady(BaseException):
    pass

def judge(job):
    position = 0
    def candidate(*args, **kwargs):
        nonlocal position
        position += 1
        if position > len(job["calls"]) or encode([args, kwargs]) != job["calls"][position - 1]:
            raise Unsteady("the test called the candidate in another way")
        kind, answer = answers[position - 1]
        if kind != "value":
            raise RuntimeError(str(answer))
        return decode(answer)
    try:
        answers = json.loads(job["answers"].encode("latin-1"))
        if not isinstance(answers, list) or len(answers) != len(job["calls"]):
            raise ValueError("not as many answers as calls")
        test_namespace(job, candidate)["check"](candidate)
        return "pass", ""
    except Unsteady as error:
        return "error", str(error)
    except BaseException as error:
        return "fail", f"call {position} of {len(job['calls'])}: {type(error).__name__}: {error}"[:200].rstrip(": ")

for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        signal.alarm(job["seconds"])
        sys.stdout = open(os.devnull, "w")
        verdict = judge(job)
        os.write(1, dumps([job["number"], *verdict]) + b"\\n")
        os._exit(0)
    os.waitpid(child, 0)
"""

_ANSWER = """
import os, sys

def main():
    job = json.loads(sys.stdin.readline())
    channel, nowhere = os.dup(1), os.open("/dev/null", os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    answers, namespace = [], {"__name__": "candidate"}
    try:
        exec(compile(job["program"], "<candidate>", "exec"), namespace)
        function = namespace[job["entry_point"]]
    except BaseException as error:
        answers = [["raised", f"{type(error).__name__}: {error}"[:200]]] * len(job["calls"])
    else:
        for call in job["calls"]:
            try:
                args, kwargs = decode(call)
                answers.append(["value", encode(function(*args, **kwargs))])
            except BaseException as error:
                answers.append(["raised", f"{type(error).__name__}: {error}"[:200]])
    data = memoryview(dumps(answers) + b"\\n")
    while data:
        data = data[os.write(channel, data):]
    os._exit(0)

main()
"""

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
"""An object's address in a message, which no two runs share."""
_PLAIN = Path(plain.__file__).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Grade:
    """What became of one sample: "fail" is the candidate's fault, "error" the grader's; `detail` says how."""

    status: Literal["pass", "fail", "timeout", "error"]
    detail: str


def grade(
    tasks: Sequence[Task], programs: Sequence[tuple[str, str]], place: sandbox.Sandbox, label: str = "grade"
) -> list[Grade]:
    """Grade programs, given as (task_id, source that defines the entry point), in their order.

    Raises Fault where there is no sandbox, or for a task_id that is not among `tasks`.
    """
    by_id = {task.task_id: task for task in tasks}
    if unknown := sorted({task_id for task_id, _ in programs} - by_id.keys()):
        raise Fault(f"task_id {unknown[0]!r} is not one of the benchmark's")
    wanted = sorted({task_id for task_id, _ in programs})
    calls = record([by_id[task_id] for task_id in wanted], place)

    def answer(number: int, seconds: float) -> bytes | Grade:
        task_id, program = programs[number]
        return _answer(by_id[task_id], calls[task_id], program, place, seconds)

    outcomes: list[bytes | Grade] = [b""] * len(programs)
    with (
        bar(label, total=len(programs), unit="samples") as advance,
        ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool,
    ):
        futures = {pool.submit(answer, number, SECONDS): number for number in range(len(programs))}
        for future in as_completed(futures):
            outcomes[futures[future]] = future.result()
            advance(1)
        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, Grade) and outcome.status == "timeout":
                outcomes[number] = answer(number, ALONE_SECONDS)
        answered = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, bytes)]

        def replay(numbers: list[int]) -> dict[int, Grade]:
            jobs = [
                _job(by_id[task_id], calls=calls[task_id], number=number, seconds=REPLAY_SECONDS,
                     answers=cast(bytes, outcomes[number]).decode("latin-1"))
                for number in numbers
                for task_id in [programs[number][0]]
            ]  # fmt: skip
            return _replay(jobs, place)

        verdicts: dict[int, Grade] = {}
        for part in pool.map(replay, [answered[k : k + REPLAYS] for k in range(0, len(answered), REPLAYS)]):
            verdicts |= part
    incomparable = Grade("fail", "its answers could not be compared")
    return [
        outcome if isinstance(outcome, Grade) else verdicts.get(number, incomparable)
        for number, outcome in enumerate(outcomes)
    ]


def record(tasks: Sequence[Task], place: sandbox.Sandbox) -> dict[str, list[Any] | str]:
    """By task_id: the encoded arguments of each call that the test makes, or in words why that is not known."""
    jobs = b"".join(_job(task, task_id=task.task_id, solution=task.solution) + b"\n" for task in tasks)
    result = sandbox.run(
        _PLAIN + _TESTING + _RECORD,
        sandbox=place,
        timeout_s=RECORD_SECONDS,
        memory_bytes=MEMORY_BYTES,
        stdin=jobs,
        output_bytes=64 << 20,
    )
    calls: dict[str, list[Any] | str] = {
        task.task_id: f"its canonical solution was not run ({result.status})" for task in tasks
    }
    calls.update(json.loads(line) for line in result.stdout.splitlines() if line.endswith(b"]"))
    return calls


def _answer(
    task: Task, calls: list[Any] | str, program: str, place: sandbox.Sandbox, seconds: float
) -> bytes | Grade:
    """What a program answers to the calls, unread, or its grade where it gives no answer."""
    if isinstance(calls, str):
        return Grade("error", f"the benchmark's own solution fails its test: {calls}")
    result = sandbox.run(
        _PLAIN + _ANSWER,
        sandbox=place,
        timeout_s=seconds,
        memory_bytes=MEMORY_BYTES,
        stdin=plain.dumps({"program": program, "entry_point": task.entry_point, "calls": calls}) + b"\n",
        output_bytes=ANSWER_BYTES,
    )
    if result.status == "timeout":
        return Grade("timeout", f"no answer within {seconds:g} s")
    if result.status != "ok" or not result.stdout:
        return Grade("fail", f"ended without answers ({result.status})")
    return result.stdout


def _replay(jobs: list[bytes], place: sandbox.Sandbox) -> dict[int, Grade]:
    """Grades by the jobs' numbers; those that could not be compared are not there."""
    result = sandbox.run(
        _PLAIN + _TESTING + _REPLAY,
        sandbox=place,
        timeout_s=(REPLAY_SECONDS + 1) * len(jobs) + ALONE_SECONDS,
        memory_bytes=MEMORY_BYTES,
        stdin=b"\n".join(jobs),
    )
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.endswith(b"]")]
    return {number: Grade(status, _ADDRESS.sub("0x…", detail)) for number, status, detail in rows}


def _job(task: Task, **more: Any) -> bytes:
    return plain.dumps({"prompt": task.prompt, "test": task.test, "entry_point": task.entry_point, **more})
