"""Inside the sandbox: a candidate on the inputs of its tests; what it returns leaves as plain data.

The candidate never shares a process with what is expected. Whatever it does to this one (exits, patches, reads memory,
writes to any descriptor) can change nothing but its own answers, and answers are data that must be right.
Calls have a limit each, so that one that hangs is given up soon; the limit is a courtesy to whoever waits, since
a candidate can defeat it, and the wall clock outside is the one that holds.

The job comes on standard input as marshal writes it: program, entry_point, setup (source that runs behind the program), calls
(["call", args, kwargs] as plain data, ["given", text of args, kwargs], or ["source", an expression]), parts (how many calls each part has), limits
(seconds a call), whole (whether long answers are wanted whole), stop (whether to leave at the first call that raises) and clock (whether to give times).
Out come a line of answers for each part, then a line of seconds a call, or {"timeout": number of the call}.
"""

from __future__ import annotations

import _signal as signal  # the same without its enums, which cost every start a fifth
import marshal
import os
import sys
import time

from neve.evaluation.grading.inside.plain_data import answer, arguments, decode, dumps, module, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def raised(error: BaseException) -> str:
    """A raised exception as an answer."""
    try:
        message = f"{type(error).__name__}: {error}"[:200]
    except BaseException:
        message = "an exception that cannot be shown"
    return text(["raised", message])


def main() -> None:
    job = marshal.loads(sys.stdin.buffer.read())
    channel, nowhere = os.dup(1), os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    reached = [0]  # the call that runs, counted from 1

    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(channel, view) :]

    def give_up(*_: Any) -> None:
        write(dumps({"timeout": reached[0]}) + b"\n")
        os._exit(0)

    def limited(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    namespace = module("candidate")
    parts, broken = list(job["parts"]), None
    seconds: list[float] = []
    answers: list[str] = []
    signal.signal(signal.SIGALRM, give_up)
    limited(max(job["limits"], default=0) + 1)
    try:
        exec(compile(job["program"], "<candidate>", "exec", dont_inherit=True), namespace)
        exec(compile(job["setup"], "<setup>", "exec", dont_inherit=True), namespace)
        function = (
            namespace[job["entry_point"]] if any(call[0] != "source" for call in job["calls"]) else None
        )
    except BaseException as error:
        broken = raised(error)
    for call, limit in zip(job["calls"], job["limits"], strict=True):
        reached[0] += 1
        start = time.perf_counter()
        limited(limit)
        try:
            if broken is not None:
                answers.append(broken)
            elif call[0] == "source":
                answers.append(answer(eval(call[1], namespace), job["whole"]))
            else:
                args, kwargs = arguments(call), decode(call[2])
                answers.append(answer(function(*args, **kwargs), job["whole"]))  # type: ignore[misc]
        except BaseException as error:
            answers.append(raised(error))
        limited(0)
        seconds.append(time.perf_counter() - start)
        stopped = job["stop"] and answers[-1].startswith('["raised"')
        if stopped or len(answers) == parts[0]:
            write(f"[{', '.join(answers)}]\n".encode())
            answers = []
            parts.pop(0)
        if stopped:
            break
    if job["clock"]:
        write(dumps(seconds) + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main()
