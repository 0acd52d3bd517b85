"""Where a benchmark's programs run: in which sandbox, with which libraries, and how much of the machine at a
time.

The trade-off: without a folder of libraries, functions may import NumPy, as they may wherever EvalPlus is
installed: this environment's, and nothing else of it. Tests for unittest may run the system's programs,
since some are about those.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from neve import sandbox
from neve.evaluation.grading import programs
from neve.tasks.traits import Traits

MEMORY_BYTES = 4 << 30
"""Address space of a program; MBPP+ has canonical solutions that need more than one GiB."""
START_SECONDS = 3.0
"""Added for the start of a sandbox on a busy machine."""
FACTOR = 4.0
"""How many times as long as the canonical solution a program may take."""
NUMPY = Path(np.__file__).parent
"""Its wheels keep their libraries in a folder beside it."""

Prepared = TypeVar("Prepared")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Machine:
    benchmark: Traits
    place: sandbox.Sandbox
    packages: Path | None = None

    def run(
        self,
        program: str,
        stdin: bytes,
        timeout_s: float,
        output_bytes: int,
        heard: Callable[[bytearray], bool] | None = None,
    ) -> sandbox.Result:
        """Run one of `programs`; `heard` sees the output as it grows and ends the program by
        returning True."""
        tests = program == "run_unit_tests"
        extra = sandbox.Extra(self.packages, tools=tests)
        if not (self.packages or tests):
            extra = sandbox.Extra(NUMPY.parent, (NUMPY.name, f"{NUMPY.name}.libs"))
        return sandbox.run(
            programs.compiled(program),
            sandbox=self.place,
            limits=sandbox.Limits(timeout_s, MEMORY_BYTES, output_bytes),
            stdin=stdin,
            extra=extra,
            heard=heard,
        )


def workers() -> int:
    """Programs that run at the same time: one a core."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def flow(
    prepared: Sequence[Future[Prepared]],
    work: Callable[[int, Prepared], Found | Future[Prepared]],
    cost: Callable[[Prepared], float],
    pool: ThreadPoolExecutor,
    advance: Callable[[float], None],
) -> list[Found]:
    """`work(number, prepared)` for each, in the pool, as soon as what it needs is prepared; of those the
    costliest first.

    Work that finds out that it needs more returns the future of that, and is done again with it. A costly
    one left to the end would run alone, on one core; so the pool is handed no more than it can run.
    """
    results: list[Any] = [None] * len(prepared)
    needs: list[Future[Any]] = list(prepared)
    waiting: dict[Future[Any], list[int]] = {}
    for number, future in enumerate(needs):
        waiting.setdefault(future, []).append(number)
    ready: list[tuple[float, int]] = []
    running: dict[Future[Any], int] = {}
    while waiting or running or ready:
        while ready and len(running) < workers():
            number = heapq.heappop(ready)[1]
            running[pool.submit(work, number, needs[number].result())] = number
        done, _ = wait(waiting.keys() | running.keys(), return_when=FIRST_COMPLETED)
        for future in done:
            if future not in running:
                for number in waiting.pop(future):
                    heapq.heappush(ready, (-cost(future.result()), number))
                continue
            number, found = running.pop(future), future.result()
            if isinstance(found, Future):
                needs[number] = found
                waiting.setdefault(found, []).append(number)
            else:
                results[number] = found
                advance(1)
    return results
