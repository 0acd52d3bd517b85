"""Inside the sandbox: what a benchmark's own tests ask, and what they expect, from canonical solutions
alone.

Three shapes of test become calls and expected answers here. EvalPlus and EvoEval give the arguments, and the
canonical solution answers them under a clock. HumanEval's `check(candidate)` is run on the canonical
solution, and every call it makes is recorded with its answer; it runs twice, since a test that calls in
another way the second time cannot be replayed. MBPP's assertions `f(x) == y` are taken apart as source: the
left side goes to the candidate as an expression, the right side is evaluated here, next to the canonical
solution. What the canonical solution itself does not pass judges nobody: it is a problem of the task.

No candidate ever runs in this process. Jobs are a list on standard input as marshal writes it, each run in a
separate fork; out comes a line for each: [task_id, {answers, and calls, floats, seconds or setup} or
{problem}].
"""

from __future__ import annotations

import _signal as signal
import marshal
import os
import sys
import time

from neve.evaluation.grading.comparisons import FLOAT_ATOL, floats, right
from neve.evaluation.grading.inside.plain_data import FOREIGN, answer, arguments, dumps, encode, module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def test_namespace(job: dict[str, Any], candidate: Callable[..., Any]) -> dict[str, Any]:
    """HumanEval's test as a namespace in which the function asked for is `candidate`; random numbers are
    seeded."""
    import random

    namespace = module("test")
    exec(compile(job["setting"], "<prompt>", "exec", dont_inherit=True), namespace)
    exec(compile(job["test"], "<test>", "exec", dont_inherit=True), namespace)
    namespace[job["entry_point"]] = candidate
    random.seed(0)
    return namespace


def record_check(job: dict[str, Any]) -> dict[str, Any]:
    """The calls that `check` makes, and what the canonical solution answers."""
    calls, answers = _heard(job)
    if calls != _heard(job)[0]:
        raise ValueError("the test calls the candidate in another way each time")
    if not calls:
        raise ValueError("its test never calls the candidate")
    return {"calls": calls, "answers": answers}


def _heard(job: dict[str, Any]) -> tuple[list[Any], list[str]]:
    """Calls of one run of `check`, and the answers."""
    calls: list[Any] = []
    answers: list[str] = []
    solution = module("solution")
    exec(compile(job["solution"], "<solution>", "exec", dont_inherit=True), solution)

    def candidate(*args: Any, **kwargs: Any) -> Any:
        calls.append(["call", encode(args), encode(kwargs)])
        result = solution[job["entry_point"]](*args, **kwargs)
        answers.append(answer(result, job["whole"]))
        return result

    test_namespace(job, candidate)["check"](candidate)
    return calls, answers


def record_assertions(job: dict[str, Any]) -> dict[str, Any]:
    """Assertions of the form `left == right`: left as source, right as a value."""
    import ast

    namespace = module("solution")
    exec(compile(job["solution"], "<solution>", "exec", dont_inherit=True), namespace)
    tests = ast.parse(job["test"]).body
    setup = "\n".join(ast.unparse(statement) for statement in tests if not isinstance(statement, ast.Assert))
    exec(compile(setup, "<setup>", "exec", dont_inherit=True), namespace)
    if job["entry_point"] not in namespace:
        raise ValueError(f"its solution does not define {job['entry_point']!r}")
    calls, answers, found = [], [], []
    for statement in tests:
        match statement:
            case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[wanted])):
                calls.append(["source", ast.unparse(left)])
                own, value = eval(calls[-1][1], namespace), eval(ast.unparse(wanted), namespace)
                answers.append(answer(value, job["whole"]))
                found.append(floats(value))
                if FOREIGN in answers[-1]:
                    raise ValueError(f"expects what is no plain data: {ast.unparse(wanted)[:80]}")
                if not right("equal", [], own, value, FLOAT_ATOL if found[-1] else 0.0):
                    raise ValueError(f"its own solution fails `{ast.unparse(statement)[:80]}`")
            case ast.Assert():
                raise ValueError(f"not of the form `assert f(x) == y`: {ast.unparse(statement)[:80]}")
    if not calls:
        raise ValueError("its tests hold no `assert f(x) == y`")
    return {"calls": calls, "answers": answers, "floats": found, "setup": setup}


def record_inputs(job: dict[str, Any]) -> dict[str, Any]:
    """Answers to given arguments, which of them are floats, and the processor time of each.

    No call is begun once those before took longer than job["brief"] seconds.
    """
    namespace = module("solution")
    exec(compile(job["solution"], "<solution>", "exec", dont_inherit=True), namespace)
    function = namespace[job["entry_point"]]
    found, answers = [], []
    seconds: list[float] = []
    began = time.process_time()
    for call in job["calls"]:
        if time.process_time() - began > job["brief"]:
            break
        start = time.process_time()
        value = function(*arguments(call))
        answers.append(answer(value, job["whole"]))
        seconds.append(time.process_time() - start)
        found.append(floats(value))
    return {"answers": answers, "floats": found, "seconds": seconds}


RECORDERS = {"check": record_check, "assertions": record_assertions, "inputs": record_inputs}


def main() -> None:
    for job in marshal.loads(sys.stdin.buffer.read()):
        if os.fork():
            os.wait()
            continue
        signal.alarm(job["seconds"])
        channel, nowhere = os.dup(1), os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        try:
            found = RECORDERS[job["kind"]](job)
        except BaseException as error:
            found = {"problem": f"{type(error).__name__}: {error}"[:200]}
        with os.fdopen(channel, "wb") as out:
            out.write(dumps([job["task_id"], found]) + b"\n")
        os._exit(0)


if __name__ == "__main__":
    main()
