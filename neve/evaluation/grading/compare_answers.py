"""Inside the sandbox: answers beside what is expected, in a process that no candidate ever runs in.

Answers that equal the expected ones to the byte are right without being looked at; what comes here is the rest. They are
hostile data: each is decoded and compared in a fork of its own with a time limit, so a value that takes for ever to
hash costs its own verdict alone. Tests that are code (HumanEval's `check`) run on a stand-in that gives the
answers one by one. A test that asks again what it asked before, as the message of a failing assertion may, hears the same; one that
asks what the canonical solution was never asked has been led there by a wrong answer.

Jobs come on standard input as a line of JSON (number, size, seconds, and either rule, atol, args, expected, or
setting, test, entry_point, calls) and `size` bytes of answers; out comes [number, status, detail] for each;
status "long" says that the verdict hangs on answers of which there are digests only.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from neve.evaluation.grading.comparisons import FLOAT_ATOL, floats, right
from neve.evaluation.grading.inside.plain_data import arguments, decode, dumps, encode
from neve.evaluation.grading.record_tests import test_namespace

LONG_ANSWERS = "long"
"""The verdict where all depends on answers whose digests differ."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Unsteady(BaseException):
    """The test called the candidate in another way than when it was recorded."""


class Long(BaseException):
    """The test needs an answer of which there is but a digest."""


def by_rule(job: dict[str, Any], answers: list[Any]) -> tuple[str, str]:
    """Verdict of a part whose answers are compared one by one."""
    expected = json.loads(job["expected"])
    calls, total, long = job["args"] or [["call", ["tuple", []]]] * len(expected), len(expected), 0
    atol = job["atol"]
    for place, wanted in enumerate(expected):
        if place >= len(answers):
            return "fail", f"call {place + 1} of {total}: no answer"
        kind, data = answers[place]
        if kind not in ("value", "digest"):
            return "fail", f"call {place + 1} of {total}: {data}"
        if answers[place] == wanted and kind == "digest":
            continue
        if "digest" in (kind, wanted[0]):
            long += 1
            continue
        value = decode(wanted[1])
        if atol == 0 and floats(value):
            atol = FLOAT_ATOL
        if not right(job["rule"], arguments(calls[place]), decode(data), value, atol):
            return "fail", f"call {place + 1} of {total}: another answer than expected"
    return (LONG_ANSWERS, f"{long} long answers differ") if long else ("pass", "")


def by_replay(job: dict[str, Any], answers: list[Any]) -> tuple[str, str]:
    """Verdict of `check` on a stand-in that gives the answers."""
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
        kind, data = answers[place]
        if kind == "digest":
            raise Long
        if kind != "value":
            raise RuntimeError(str(data))
        return decode(data)

    try:
        if len(answers) != len(calls):
            raise ValueError("not as many answers as calls")
        test_namespace(job, candidate)["check"](candidate)
    except Long:
        return LONG_ANSWERS, "an answer is long"
    except BaseException as error:
        return "fail", f"call {position} of {len(calls)}: {type(error).__name__}: {error}"[:200].rstrip(": ")
    return "pass", ""


def judge(job: dict[str, Any], raw: bytes) -> tuple[str, str]:
    try:
        answers = json.loads(raw)
        if not isinstance(answers, list) or not all(isinstance(a, list) and len(a) == 2 for a in answers):
            raise ValueError("no list of answers")
        return by_replay(job, answers) if "calls" in job else by_rule(job, answers)
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
