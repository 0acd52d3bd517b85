"""Inside the sandbox: answers beside what is expected, in a process that no candidate ever runs in.

Answers that equal the expected ones to the byte are right without being looked at; what comes here is the
rest. They are hostile data: each job is decoded and compared in a fork of its own with a time limit, so a
value that takes forever to hash costs its own verdict alone. Tests that are code (HumanEval's `check`) run
on a stand-in that gives the answers one by one. A test that asks again what it asked before, as the message
of a failing assertion may, hears the same; one that asks what the canonical solution was never asked has
been led there by a wrong answer.

Jobs come on standard input as a line of JSON (number, size, seconds, and either rule, atol, tolerant, args,
places, total, expected, or setting, test, entry_point, calls) and `size` bytes of answers, a line each; out
comes [number, status, detail] for each job. Status "long" says that the verdict depends on answers of which
there are digests only, "open" that it depends on answers that have not come yet.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from neve.evaluation.grading.comparisons import FLOAT_ATOL, right
from neve.evaluation.grading.inside.plain_data import arguments, decode, dumps, encode
from neve.evaluation.grading.record_tests import test_namespace

LONG_ANSWERS = "long"
"""The verdict where all depends on answers whose digests differ."""
OPEN = "open"
"""The verdict where all depends on answers that have not come yet."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Unsteady(BaseException):
    """The test called the candidate in another way than when it was recorded."""


class Open(BaseException):
    """The test needs an answer that is not there yet."""


class Long(BaseException):
    """The test needs an answer of which there is but a digest."""


def by_rule(job: dict[str, Any], answers: list[bytes]) -> tuple[str, str]:
    """Verdict of answers that are compared one by one."""
    long = 0
    for at, line in enumerate(answers):
        where = f"call {job['places'][at]} of {job['total']}"
        answer, wanted = one(line), json.loads(job["expected"][at])
        kind, data = answer
        if kind not in ("value", "digest"):
            return "fail", f"{where}: {data}"[:200]
        if kind == "digest" and answer == wanted:
            continue
        if "digest" in (kind, wanted[0]):
            long += 1
            continue
        atol = job["atol"] or (FLOAT_ATOL if job["tolerant"][at] else 0.0)
        args = arguments(job["args"][at]) if job["args"] else []
        if not right(job["rule"], args, decode(data), decode(wanted[1]), atol):
            return "fail", f"{where}: another answer than expected"
    return (LONG_ANSWERS, f"{long} long answers differ") if long else ("pass", "")


def one(line: bytes) -> list[Any]:
    """An answer: [kind, data]; raises ValueError for anything else."""
    found = json.loads(line)
    if not isinstance(found, list) or len(found) != 2:
        raise ValueError("no answer")
    return found


def by_replay(job: dict[str, Any], lines: list[bytes]) -> tuple[str, str]:
    """Verdict of `check` on a stand-in that gives the answers; "open" if it asks for more than there are so
    far."""
    calls, position = job["calls"], 0

    def candidate(*args: Any, **kwargs: Any) -> Any:
        nonlocal position
        call = ["call", encode(args), encode(kwargs)]
        if position < len(calls) and call == calls[position]:
            place, position = position, position + 1
        elif call in calls:  # once more, as in the message of an assertion that fails
            place = calls.index(call)
        else:
            raise Unsteady("the test called the candidate in another way")
        if place >= len(lines):
            raise Open
        kind, data = one(lines[place])
        if kind == "digest":
            raise Long
        if kind != "value":
            raise RuntimeError(str(data))
        return decode(data)

    try:
        test_namespace(job, candidate)["check"](candidate)
    except Open:
        return OPEN, "there are no more answers yet"
    except Long:
        return LONG_ANSWERS, "an answer is long"
    except BaseException as error:
        return "fail", f"call {position} of {len(calls)}: {type(error).__name__}: {error}"[:200].rstrip(": ")
    return "pass", ""


def judge(job: dict[str, Any], raw: bytes) -> tuple[str, str]:
    try:
        lines = raw.split(b"\n") if raw else []
        return by_replay(job, lines) if "calls" in job else by_rule(job, lines)
    except BaseException as error:
        return "fail", f"its answers could not be read: {type(error).__name__}: {error}"[:200]


def main() -> None:
    source = sys.stdin.buffer
    while line := source.readline():
        job = json.loads(line)
        raw = source.read(job["size"])
        if os.fork():
            os.wait()
            continue
        signal.alarm(job["seconds"])
        channel = os.dup(1)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        data = dumps([job["number"], *judge(job, raw)]) + b"\n"
        os.write(channel, data)
        os._exit(0)


if __name__ == "__main__":
    main()
