"""A candidate's answers, compared as they come: the first wrong one ends it.

Otherwise a wrong program that is slow would run on hundreds of inputs. An answer that equals the expected
one to the byte is right. One that is plainly another value (another text, another integer, another length)
is wrong at once. The rest needs a rule and a process in which no candidate ever runs (`compare_answers`):
for a quick candidate once, when it has ended, together with others' answers; for a slow one already while it
runs, at growing intervals.

The trade-off: what is decided here is decided on a few kilobytes of JSON that a candidate wrote, so nothing
but the parser touches it, and only plain inequality of plain values counts.
"""

from __future__ import annotations

import bisect
import itertools
import json
import marshal
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from neve import sandbox
from neve.evaluation.grading.inside import plain_data
from neve.evaluation.grading.machine import START_SECONDS, Machine
from neve.evaluation.grading.samples import Grade
from neve.evaluation.grading.suites import RECORDED_BYTES, Suite
from neve.tasks.task import Task

COMPARE_SECONDS = 10
"""Limit of one comparison."""
COMPARED = 16
"""Comparisons in one sandbox."""
COMPARED_BYTES = 64 << 20
"""Bytes of answers compared in one sandbox, beyond the first."""
FIRST_LOOK_SECONDS = 1.0
"""How long a candidate has had undecided answers when they are first compared; then twice as long each time.
"""
PLAIN_BYTES = 4096
"""An answer longer than this is not looked at here."""
ANSWER_BYTES = 8 << 20
"""A candidate's answers, encoded, at most, beyond four times the expected ones."""
NOT_COMPARED = "its answers could not be compared"
SEQUENCES = ("list", "tuple")

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
"""An object's address in a message, which no two runs share."""


@dataclass
class Answered:
    """What a program answered, as far as it came."""

    lines: list[bytes] = field(default_factory=list)
    """An answer a call, in the order of the suite's calls."""
    unsure: list[int] = field(default_factory=list)
    """Calls whose answers are neither right to the byte nor plainly wrong."""
    ending: Grade = field(default_factory=lambda: Grade("pass"))
    """How it ended: "pass" if it came through; else what is said of the first call that has no right answer.
    """
    seconds: tuple[float, ...] = ()
    """Of each call, if asked for."""
    starved: bool = False
    """Whether it ran out of time without having had the processor for as long."""


def answer(
    task: Task, suite: Suite, program: str, machine: Machine, *, whole: bool = False, clock: bool = False
) -> Answered:
    """Run a program on a suite's calls; whatever the program does, what comes back is unread bytes."""
    job = {
        "program": program, "entry_point": task.entry_point, "setup": suite.setup, "calls": suite.calls,
        "limits": suite.limits, "whole": whole, "stop": suite.stop, "clock": clock,
    }  # fmt: skip
    cap = RECORDED_BYTES if whole or not suite.expected else ANSWER_BYTES + 4 * sum(map(len, suite.expected))
    reader = _Reader(suite, machine)
    result = machine.run("run_candidate", marshal.dumps(job), suite.total, cap, reader.heard)
    reader.heard(bytearray(result.stdout))
    found, rest = reader.found, reader.rest
    if found.ending.status != "pass":
        return found
    if result.status == "timeout":
        found.ending, found.starved = Grade("timeout", f"not done within {suite.total:.0f} s"), True
    elif rest[:1] and rest[0].startswith(b'{"timeout"'):
        at = len(found.lines)
        place = suite.places[at] + 1 if at < len(suite.calls) else 0
        found.ending = Grade("timeout", f"call {place} of {suite.all_calls}: time is up")
        found.starved = b'"starved": true' in rest[0]
    elif result.status != "ok" or len(found.lines) < len(suite.calls):
        error = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        said = ", ".join([result.status, *error])[:200]
        found.ending = Grade("fail", f"ended without answers ({said})")
    elif clock and rest:
        found.seconds = tuple(json.loads(rest[0])["seconds"])
    return found


class _Reader:
    """Takes a candidate's output as it grows, and says when it has heard enough."""

    def __init__(self, suite: Suite, machine: Machine) -> None:
        self.suite, self.machine = suite, machine
        self.found = Answered()
        self.rest: list[bytes] = []
        """Lines after the answers."""
        self._read = 0
        self._compared = 0
        self._pause, self._next = FIRST_LOOK_SECONDS, 0.0

    def heard(self, output: bytearray) -> bool:
        end = output.rfind(b"\n") + 1
        for line in bytes(output[self._read : end]).split(b"\n")[:-1]:
            if self.found.ending.status != "pass":
                break
            if line.startswith(b"{") or len(self.found.lines) == len(self.suite.calls):
                self.rest.append(line)
            else:
                self._take(line)
        self._read = max(self._read, end)
        unsure = self.found.unsure[self._compared :]
        if unsure and self.suite.expected and self.found.ending.status == "pass":
            now = time.monotonic()
            self._next = self._next or now + self._pause
            if now >= self._next:
                self._ask(unsure)
        return self.found.ending.status != "pass"

    def _take(self, line: bytes) -> None:
        suite, found, at = self.suite, self.found, len(self.found.lines)
        found.lines.append(line)
        if not suite.expected or surely_right(line, suite.expected[at]):
            return
        said = _plainly_wrong(line, suite, at)
        if said:
            found.ending = Grade("fail", f"call {suite.places[at] + 1} of {suite.all_calls}: {said}")
            found.lines.pop()
        else:
            found.unsure.append(at)

    def _ask(self, unsure: list[int]) -> None:
        """Compare now what is unsure, since the candidate is slow; each part by itself, so that a wrong
        answer to added tests says nothing of those before."""
        found, self._compared = self.found, len(self.found.unsure)
        ends = list(itertools.accumulate(self.suite.parts))
        groups = [list(part) for _, part in itertools.groupby(unsure, lambda at: bisect.bisect(ends, at))]
        verdicts = compare([comparison(self.suite, part, found.lines) for part in groups], self.machine)
        for number, part in enumerate(groups):
            if number in verdicts and verdicts[number].status == "fail":
                found.ending = verdicts[number]
                found.lines = found.lines[: part[0]]
                found.unsure = [at for at in found.unsure if at < part[0]]
                break
        self._pause *= 2
        self._next = time.monotonic() + self._pause


def surely_right(line: bytes, expected: bytes) -> bool:
    return line == expected and plain_data.FOREIGN.encode() not in expected


def _plainly_wrong(line: bytes, suite: Suite, at: int) -> str:
    """Why an answer is wrong by any rule, in words; empty if a rule has to decide."""
    if not suite.stop or len(line) > PLAIN_BYTES:
        return ""
    try:
        kind, data = json.loads(line)
        wanted, value = (
            json.loads(suite.expected[at]) if len(suite.expected[at]) <= PLAIN_BYTES else ("", None)
        )
        if kind == "raised":
            return str(data)[:200]
        plain = suite.judge.get("rule") == "equal" and suite.judge.get("atol", 0.0) < 1e-3
        if plain and kind == wanted == "value" and _unequal(data, value):
            return "another answer than expected"
    except (ValueError, TypeError, RecursionError):
        return ""
    return ""


def _unequal(a: Any, b: Any, nested: bool = False) -> bool:
    """Whether two values, as `plain_data` encodes them, are unequal within any small tolerance.

    With a tolerance EvalPlus takes lists for tuples inside of other values, so that alone decides nothing
    there.
    """
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return type(a) is not type(b) or a != b
    if isinstance(a, list) and isinstance(b, list):
        if a[0] not in SEQUENCES or b[0] not in SEQUENCES:
            return False
        if (a[0] != b[0] and not nested) or len(a[1]) != len(b[1]):
            return True
        return any(_unequal(x, y, nested=True) for x, y in zip(a[1], b[1], strict=True))
    for one, other in ((a, b), (b, a)):
        if isinstance(one, list):
            return one[0] in SEQUENCES and isinstance(other, int | float)
    return isinstance(a, int) and isinstance(b, int) and a != b


# --- comparisons by rule


def comparison(suite: Suite, calls: Sequence[int], lines: Sequence[bytes]) -> tuple[dict[str, Any], bytes]:
    """What `compare_answers` needs to judge some calls of a suite: the job, and the answers."""
    judge = suite.judge
    if "setting" in judge:  # a test that is code hears all answers so far
        job = {**judge, "seconds": COMPARE_SECONDS}
        return job, b"\n".join(lines)
    job = {
        "rule": judge["rule"],
        "atol": judge["atol"],
        "tolerant": [judge["tolerant"][at] for at in calls],
        "args": [judge["args"][at] for at in calls] if judge["args"] else [],
        "places": [suite.places[at] + 1 for at in calls],
        "total": suite.all_calls,
        "expected": [suite.expected[at].decode("latin-1") for at in calls],
        "seconds": COMPARE_SECONDS,
    }
    return job, b"\n".join(lines[at] for at in calls)


def compare(jobs: Sequence[tuple[dict[str, Any], bytes]], machine: Machine) -> dict[int, Grade]:
    """Verdicts by number of the job, in one sandbox; a job without one could not be compared."""
    stdin = b"".join(
        plain_data.dumps({**job, "number": number, "size": len(raw)}) + b"\n" + raw
        for number, (job, raw) in enumerate(jobs)
    )
    seconds = (COMPARE_SECONDS + 1) * len(jobs) + START_SECONDS
    output = machine.run("compare_answers", stdin, seconds, sandbox.OUTPUT_BYTES).stdout
    rows = (json.loads(line) for line in output.splitlines())
    return {number: Grade(status, _ADDRESS.sub("0x…", detail)) for number, status, detail in rows}


def batches(sizes: Sequence[int]) -> list[list[int]]:
    """Numbers of comparisons that share a sandbox."""
    found: list[list[int]] = []
    room = 0
    for number, size in enumerate(sizes):
        room -= size
        if room < 0 or len(found[-1]) == COMPARED:
            found.append([])
            room = COMPARED_BYTES
        found[-1].append(number)
    return found
