"""Inside the sandbox: a candidate on the inputs of its tests; what it returns leaves as plain data.

The candidate never shares a process with what is expected. Whatever it does to this one (exits, patches,
reads memory, writes to any descriptor) can change nothing but its own answers, and answers are data that
must be right. Each answer leaves at once, so that whoever reads can stop at the first wrong one.

A call has a limit of processor time, which does not depend on what else the machine does, and a longer one
by the clock. Both are a courtesy to whoever waits, since a candidate can defeat them; the clock outside is
the one that holds.

The job comes on standard input as marshal writes it: program, entry_point, setup (source that runs after the
program), calls (["call", args, kwargs] as plain data, ["packed", args as marshal writes them, kwargs],
["given", text of args, kwargs], or ["source", an expression]), limits (seconds a call), whole (whether long
answers are wanted whole), stop (whether to leave at the first call that raises) and clock (whether to give
times). Out comes a line for each answer, then a line {"seconds": [...]} with the processor time of each
call, or {"timeout": number of the call, "starved": whether the processor was not had for as long}.
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

WALL_FACTOR = 8.0
"""How many times its limit a call may take by the clock."""


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

    def give_up(which: int, _: Any) -> None:
        write(dumps({"timeout": reached[0], "starved": which == signal.SIGALRM}) + b"\n")
        os._exit(0)

    def limited(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, WALL_FACTOR * seconds)

    namespace, broken = module("candidate"), None
    seconds: list[float] = []
    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGPROF, give_up)
    limited(max(job["limits"], default=0) + 1)
    try:
        exec(compile(job["program"], "<candidate>", "exec", dont_inherit=True), namespace)
        exec(compile(job["setup"], "<setup>", "exec", dont_inherit=True), namespace)
        asked = any(call[0] != "source" for call in job["calls"])
        function = namespace[job["entry_point"]] if asked else None
    except BaseException as error:
        broken = raised(error)
    for call, limit in zip(job["calls"], job["limits"], strict=True):
        reached[0] += 1
        start = time.process_time()
        limited(limit)
        try:
            if broken is not None:
                found = broken
            elif call[0] == "source":
                found = answer(eval(call[1], namespace), job["whole"])
            else:
                args, kwargs = arguments(call), decode(call[2])
                found = answer(function(*args, **kwargs), job["whole"])  # type: ignore[misc]
        except BaseException as error:
            found = raised(error)
        limited(0)
        seconds.append(time.process_time() - start)
        write(found.encode() + b"\n")
        if job["stop"] and found.startswith('["raised"'):
            break
    if job["clock"]:
        write(dumps({"seconds": seconds}) + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main()
