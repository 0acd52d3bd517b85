"""Cells over workers: shared stages are built here, one after the other, and what is a cell's own by worker
processes.

A worker is a core, a GPU, or a place in a Slurm allocation; all three run the same command (`python -m
neve.lab`), under another environment or prefix. On a CPU each trains with one thread, whatever the number of
workers, so that bits do not depend on it. Killed at any moment, the store keeps what is whole and training
goes on from its checkpoint. The trade-off: a worker lives as long as there are cells, since it takes some
seconds to start; cells share its memory.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from neve.errors import Fault
from neve.lab.design import Cell
from neve.run.runner import folder_of


@dataclass(frozen=True)
class Workers:
    """How many cells are trained at once, and where: `gpus` as CUDA_VISIBLE_DEVICES names them, or on the
    CPU; `prefix` of the command."""

    count: int
    gpus: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()

    @property
    def places(self) -> int:
        """How many of them compute at once: more workers than GPUs or cores take turns."""
        return self.count if self.prefix else min(self.count, len(self.gpus) or cores())

    def environments(self) -> list[dict[str, str]]:
        """What each worker's processes see."""
        if not self.gpus:
            return [{"OMP_NUM_THREADS": "1"}] * self.count
        return [{"CUDA_VISIBLE_DEVICES": self.gpus[number % len(self.gpus)]} for number in range(self.count)]


def workers(count: int | None, slurm: str | None) -> Workers:
    """As many as asked for; by default one a GPU, else one a core. Under Slurm each process is started by
    `srun`."""
    gpus = devices() if slurm is None else ()
    prefix = ("srun", "--ntasks=1", "--exclusive", *slurm.split()) if slurm is not None else ()
    return Workers(count or len(gpus) or cores(), gpus, prefix)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def devices() -> tuple[str, ...]:
    """The GPUs that this process may use: as CUDA_VISIBLE_DEVICES names them (numbers, UUIDs, MIG devices),
    else by number.

    CUDA ends that list at the first name that it does not know, so torch's count cuts it. Of MIG devices it
    shows one a process, whatever was allotted; each worker is a process, so all of them count.
    """
    import torch

    count = torch.cuda.device_count()
    allotted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allotted is None:
        return tuple(map(str, range(count)))
    names = tuple(name.strip() for name in allotted.split(","))
    return names if count and names[0].startswith("MIG-") else names[:count]


@dataclass
class Schedule:
    """Gets cells done; `file` and `folder` are the laboratory's, `say` is told what happens."""

    file: Path
    folder: Path
    workers: Workers
    say: Callable[[str], None]
    running: set[subprocess.Popen[str]] = field(default_factory=set)

    def build(self, cells: list[Cell], final: bool) -> None:
        """All that `cells` need: shared stages first. Raises Fault where one of them cannot be built."""
        todo = [cell for cell in cells if not all(map(cell.store.done, cell.ends(final)))]
        for cell in todo:
            for name in shared(cell, final):
                if cell.store.done(name):
                    continue
                if (found := cell.store.take(name, beside(cell, self.folder))) is not None:
                    self.say(f"{name}: as {found.parent.parent} has it")
                else:
                    self.say(name)
                    started = time.monotonic()
                    cell.store.run(name)
                    self.say(f"{name}: {time.monotonic() - started:.0f} s")
        if not todo:
            return
        waiting: SimpleQueue[Cell] = SimpleQueue()
        for cell in todo:
            waiting.put(cell)
        environments = self.workers.environments()[: len(todo)]
        with self._stopping(), ThreadPoolExecutor(len(environments)) as pool:
            done = itertools.count(1)
            work = [
                pool.submit(
                    self._work, number, environment, waiting, final, lambda: f"[{next(done)}/{len(todo)}]"
                )
                for number, environment in enumerate(environments)
            ]
            wait(work, return_when=FIRST_EXCEPTION)
            for future in work:
                if future.done():
                    future.result()

    def _work(
        self,
        number: int,
        environment: dict[str, str],
        waiting: SimpleQueue[Cell],
        final: bool,
        count: Callable[[], str],
    ) -> None:
        """One worker's process, which gets one cell after the other, a line each, and answers each with a
        line."""
        log = self.folder / "logs" / f"worker-{number}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *self.workers.prefix,
            sys.executable,
            "-m",
            "neve.lab",
            str(self.file),
            "--out",
            str(self.folder),
        ]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with log.open("a", encoding="utf-8") as said:
            process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=said, **pipes)
        self.running.add(process)
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(Empty):
            while True:
                cell = waiting.get_nowait()
                about = {"arm": cell.arm, "seed": cell.seed, "low": cell.low, "final": final}
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(json.dumps(about) + "\n")
                    process.stdin.flush()
                answer = process.stdout.readline()
                problem = (
                    json.loads(answer)["problem"] if answer else f"its process ended; {log} has all it said"
                )
                if problem:
                    raise Fault(f"{cell.name}: {problem}")
                self.say(f"{count()} {cell.name}")
        process.stdin.close()
        process.wait()
        self.running.discard(process)

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        """Ends all workers where this process is interrupted or one of them fails."""
        try:
            yield
        except BaseException:
            for process in list(self.running):
                process.terminate()
            raise


def beside(cell: Cell, folder: Path) -> list[Path]:
    """Runs whose stages a laboratory takes where they are equal: those beside its folder, and that of its
    base recipe. So laboratories that start from one phase 1 train it once."""
    return [*(run for run in sorted(folder.parent.glob("*")) if run != folder), folder_of(cell.recipe, None)]


def shared(cell: Cell, final: bool) -> list[str]:
    """Stages that a cell needs and that are not its own: all but its model's training and what is measured
    of it."""
    own = {cell.train, cell.tune, cell.final}
    return [name for name in cell.needed(final) if name not in own]
