"""What a person sees of training: the progress line, and scalars for TensorBoard or Weights & Biases when
asked for.

`metrics.jsonl` is always written, by the loop; here are the few functions that count its lines and cut it
back. The trade-off: TensorBoard's files are not cut back when a run goes on from a checkpoint (it shows the
later value of a step).
"""

from __future__ import annotations

import importlib
import itertools
import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from neve.errors import Fault
from neve.progress import due, staged
from neve.training.settings import Training

PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "B200": 2250e12}
"""Dense bf16 operations a second by device name, for the utilisation on the progress line."""

BOARDS = {"tensorboard": "torch.utils.tensorboard", "wandb": "wandb"}
"""Settings that ask for a board, which are packages' names too, and the module that each needs."""

Board = Callable[[int, dict[str, float]], None]


def peak(device: torch.device, precision: str) -> float | None:
    """Operations a second that the device could do in this precision, where its datasheet is known."""
    kind = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return next((p for name, p in PEAKS.items() if name in kind and precision == "bf16"), None)


class Line:
    """The progress line on stderr: rewritten in place on a terminal, else printed when one is due."""

    def __init__(self, name: str, total: int, tokens: int, flops: float, peak: float | None) -> None:
        """Of `total` steps of `tokens` tokens; `flops` a token by PaLM's count, `peak` FLOPs a second of all
        devices."""
        self.name, self.total, self.tokens, self.flops, self.peak = name, total, tokens, flops, peak
        self.seconds = self.waited = self.taken = 0.0

    def show(self, step: int, loss: float, rate: float, seconds: float, waited: float) -> None:
        """Count one step that took `seconds`, `waited` of them for data."""
        self.seconds += seconds
        self.waited += waited
        self.taken += 1
        terminal = sys.stderr.isatty()
        if not terminal and not due():
            return
        speed = self.taken * self.tokens / self.seconds
        used = f" · MFU {speed * self.flops / self.peak:.0%}" if self.peak else ""
        left = self.seconds / self.taken * (self.total - step)
        text = (
            f"  {self.name}: step {step:,}/{self.total:,} · loss {loss:.4f} · {speed:,.0f} tokens/s{used} · "
            f"lr {rate:.2e} · data {self.waited / self.seconds:.1%} · {left // 60:.0f}:{left % 60:02.0f} left"
        )
        end = "\n" if not terminal or (step == self.total and not staged()) else ""
        print(f"\r\033[K{text}" if terminal else text, end=end, file=sys.stderr, flush=True)


def measuring(windows: int) -> None:
    """Say that held-out code is measured: it can take longer than the steps between."""
    terminal = sys.stderr.isatty()
    text = f"  measuring {windows:,} windows of held-out code"
    print(f"\r\033[K{text}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)


def boards(training: Training, name: str, out: Path, first: bool, stack: ExitStack) -> list[Board]:
    """Functions that take a step's scalars, for the `first` process, closed with `stack`: TensorBoard into
    `out`/tensorboard, Weights & Biases into project `training.wandb`. Raises Fault, on all, where a package
    is missing."""
    modules: dict[str, Any] = {}
    for key in (key for key in BOARDS if getattr(training, key)):
        try:
            modules[key] = importlib.import_module(BOARDS[key])
        except ImportError:
            raise Fault(f"training.{key}: needs the package {key}: pip install {key}") from None
    made: list[Board] = []
    if first and "tensorboard" in modules:
        writer = modules["tensorboard"].SummaryWriter(str(out / "tensorboard"))
        stack.callback(writer.close)

        def to_tensorboard(step: int, scalars: dict[str, float]) -> None:
            for key, value in scalars.items():
                writer.add_scalar(key, value, step)

        made.append(to_tensorboard)
    if first and "wandb" in modules:
        about = {"project": training.wandb, "name": name, "id": out.stem, "resume": "allow", "dir": str(out)}
        run = modules["wandb"].init(**about)
        stack.callback(run.finish)
        made.append(lambda step, scalars: run.log(scalars, step=step))
    return made


def finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    """The same, with None for what JSON has no word for."""
    return {name: number if math.isfinite(number) else None for name, number in numbers.items()}


def scalars(row: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a row of metrics, those by language under `heldout/`."""
    every = {**row, **{f"heldout/{language}": bits for language, bits in row.get("heldout", {}).items()}}
    return {name: value for name, value in every.items() if type(value) in (int, float) and name != "step"}


def lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a file of JSON lines; none where there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def count(path: Path) -> int:
    """Whole lines of a file."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def cut(path: Path, kept: int) -> None:
    """Leave the first `kept` lines of a file, by one call to the system: a kill finds all of it or what is
    to stay."""
    if path.exists():
        rows = itertools.islice(path.read_bytes().splitlines(keepends=True), kept)
        os.truncate(path, sum(map(len, rows)))


def failed(metrics: list[dict[str, Any]]) -> int:
    """Steps at the end of the metrics that were skipped."""
    return len(list(itertools.takewhile(lambda row: row["skipped"], reversed(metrics))))
