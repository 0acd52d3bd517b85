"""What every arm of `benchmarks/training.py` shares: it takes steps when told to, and says how long they
took.

An arm is a process that keeps its model. A line with a number on its standard input asks for so many steps;
it answers with one line of JSON: seconds of these steps, its peak memory, and of its very first step the
loss and the gradient's norm before clipping. At the end of its input it goes. What libraries print goes to
standard error. The trade-off: an arm takes its own times, so neither the pipe nor another arm's turn is in
them. Runs in any environment that has PyTorch and numpy; the job is a folder made by
`benchmarks/training.py`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

First = dict[str, float]
"""Loss (nats a token) and norm (of the gradient, before clipping) of an arm's first step."""


def peak() -> int:
    """Bytes of memory that this process held at most; the kernel counts from its start."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))


class Turns:
    """The two ends of an arm's line to the benchmark."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def asked(self) -> int:
        """Waits for its turn: how many steps; 0 when the benchmark is over."""
        return int(sys.stdin.readline() or 0)

    def done(self, seconds: float, first: First) -> None:
        """Answer what was asked."""
        line = {"seconds": seconds, "peak_bytes": peak(), **first, "torch": torch.__version__}
        print(json.dumps(line), file=self._out, flush=True)


def read(folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """A job: what `job.json` says, and token windows [steps, B, T] int64, of which an arm takes one batch a
    step."""
    return json.loads((folder / "job.json").read_text()), np.load(folder / "windows.npy")


def serve(windows: np.ndarray, step: Callable[[torch.Tensor], tuple[float, float]]) -> None:
    """Take steps as asked: `step` trains on tokens [B, T] and returns loss and gradient norm."""
    turns, batches, first = Turns(), iter(torch.from_numpy(windows)), First()
    while count := turns.asked():
        started = time.perf_counter()
        for _ in range(count):
            loss, norm = step(next(batches))
            first = first or {"loss": loss, "norm": norm}
        turns.done(time.perf_counter() - started, first)
