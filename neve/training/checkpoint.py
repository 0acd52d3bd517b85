"""Checkpoints during training: written in the background, whole or ignored, read back bit for bit by any
number of processes.

PyTorch's distributed checkpoint writes weights and the optimizer's moments, each process its share. Training
pauses only while they are copied to main memory. A thread writes them to a folder with a temporary name,
adds `complete.json` (step, settings, size and CRC-32 of each file) and renames the folder. The newest folder
that matches its complete.json is read, so a torn or damaged one costs the time since the one before, never
the run. The trade-offs: a second copy of the state in main memory while it is written, and one process reads
all files again for their checksums, about a second a gigabyte.

A checkpoint belongs to this run and never comes from elsewhere: its index is a pickle, as PyTorch writes it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.optim import Optimizer

from neve.training.distributed import World

warnings.filterwarnings("ignore", message="torch.distributed is disabled", category=UserWarning)


class Checkpoints:
    """The checkpoints of one phase in `folder`; the last `kept` stay. All processes call each method."""

    def __init__(self, folder: Path, kept: int, world: World) -> None:
        self.folder, self.kept, self.world = folder, kept, world
        self._pool = ThreadPoolExecutor(1, "checkpoint")
        self._pending: Future[None] | None = None

    def restore(self, limit: int, model: nn.Module, optimizer: Optimizer) -> dict[str, Any] | None:
        """Load the newest whole checkpoint of a step up to `limit` into the model and the optimizer, whose
        moments exist.

        Returns its complete.json ("step", "settings"), or None with both untouched. Half-written folders are
        removed.
        """
        found = self.world.once(lambda: self._newest(limit))
        if found is not None:
            read(found[0], weights(model) | moments(model, optimizer), self.world)
        return found and found[1]

    def _newest(self, limit: int) -> tuple[Path, dict[str, Any]] | None:
        self._sweep()
        within = [path for step, path in folders(self.folder).items() if step <= limit]
        return next(((path, about) for path in within if (about := whole(path))), None)

    def _sweep(self) -> None:
        for path in self.folder.glob("*.partial"):
            shutil.rmtree(path, ignore_errors=True)

    def save(self, step: int, settings: str, model: nn.Module, optimizer: Optimizer) -> None:
        """Start to write `folder`/step-…, the state after `step` steps; waits for the previous one, and for
        the copy.

        `settings` is text that a resumed run must match. Raises OSError on all processes if the previous
        checkpoint could not be written or this one cannot be started; nothing is left that could be taken
        for a checkpoint.
        """
        self.settle()
        target = self.folder / f"step-{step:09d}"
        partial = target.with_suffix(".partial")

        def begin() -> None:
            self._sweep()
            shutil.rmtree(target, ignore_errors=True)
            partial.mkdir(parents=True)

        self.world.once(begin)
        tensors, writer = weights(model) | moments(model, optimizer), dcp.FileSystemWriter(partial)
        group, alone = self.world.saving, self.world.alone
        written = dcp.async_save(tensors, storage_writer=writer, process_group=group, no_dist=alone)
        about = {"step": step, "settings": settings}
        self._pending = self._pool.submit(self._finish, written, partial, target, about)

    def _finish(self, written: Any, partial: Path, target: Path, about: dict[str, Any]) -> None:
        """Complete it, and remove older ones, and those of later steps, which belong to an abandoned
        course."""
        written.result()
        if self.world.first:
            about["files"] = {path.name: _sum(path) for path in sorted(partial.iterdir())}
            (partial / "complete.json").write_text(json.dumps(about))
            partial.rename(target)
            there = folders(self.folder)
            kept = [path for step, path in there.items() if step <= about["step"]][: self.kept]
            for old in set(there.values()).difference(kept):
                shutil.rmtree(old, ignore_errors=True)

    def settle(self) -> None:
        """Wait until the checkpoint in progress is whole; raises OSError on all processes if it could not be
        written."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        wait([pending])

        def judge() -> None:
            with _plainly(f"{self.folder}: a checkpoint could not be written"):
                pending.result()

        self.world.once(judge)


@contextlib.contextmanager
def _plainly(what: str) -> Iterator[None]:
    """Turn any error into an OSError of one line: `what`, and the system's message, which the library's
    error wraps."""
    try:
        yield
    except (Exception, CheckpointException) as error:
        said = [line.strip() for line in str(error).splitlines() if "Error" in line] or [repr(error)]
        raise OSError(f"{what} ({said[-1]})") from error


def folders(folder: Path) -> dict[int, Path]:
    """Checkpoints by step, newest first, without checking whether they are whole."""
    found = sorted(folder.glob("step-*[0-9]"), reverse=True)
    return {int(path.name.removeprefix("step-")): path for path in found}


def weights(model: nn.Module) -> dict[str, Tensor]:
    """A model's live tensors by name, so that reading fills them in place."""
    return {f"model.{name}": parameter.detach() for name, parameter in model.named_parameters()}


def moments(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """The optimizer's state, likewise."""
    named = list(model.named_parameters())
    return {f"{key}.{name}": value for name, p in named for key, value in optimizer.state[p].items()}


def read(path: Path, wanted: dict[str, Tensor], world: World) -> None:
    """Fill the tensors of `wanted` from a checkpoint that any number of processes wrote; raises OSError if
    unreadable."""
    with _plainly(f"{path}: not readable as a checkpoint"):
        reader = dcp.FileSystemReader(path)
        dcp.load(wanted, storage_reader=reader, process_group=world.saving, no_dist=world.alone)


def whole(path: Path) -> dict[str, Any] | None:
    """A checkpoint's complete.json, or None if a file is missing or differs from what was written."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        about = json.loads((path / "complete.json").read_text())
        if all(_sum(path / name) == expected for name, expected in about["files"].items()):
            return about
    return None


def _sum(path: Path) -> list[int]:
    crc = size = 0
    with path.open("rb") as file:
        while block := file.read(1 << 24):
            crc, size = zlib.crc32(block, crc), size + len(block)
    return [size, crc]
