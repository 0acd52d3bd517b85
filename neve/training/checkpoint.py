"""Checkpoints while training: whole or ignored, the last two kept, read back bit for bit.

PyTorch's distributed checkpoint writes weights and Adam's moments; the folder is written under a temporary
name, gets `complete.json` (step, lines of metrics, each file's size and CRC-32), and is renamed. Reading takes
the newest folder that agrees with its complete.json, so a torn or damaged one costs the time since the one
before, never the run. The trade-off: files are read once more to be checked, about a second a gigabyte.

A checkpoint is this run's own, never somebody's model: its index is a pickle, as PyTorch writes it. What is
handed on is the Hugging Face folder at the phase's end.
"""

from __future__ import annotations

import json
import shutil
import warnings
import zlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

KEPT = 2


def save(
    folder: Path, step: int, lines: int, settings: str, model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write `folder`/step-…: the state after `step` steps and `lines` lines of metrics; older ones than two go.

    `settings` is the text that a resumed run must have again. Raises OSError, with nothing left over that
    would be taken for a checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"step-{step:09d}"
    partial = target.with_suffix(".partial")
    for path in (partial, target):
        shutil.rmtree(path, ignore_errors=True)
    partial.mkdir()
    _write(_state(model, optimizer), partial)
    files = {path.name: _sum(path) for path in sorted(partial.iterdir())}
    about = {"step": step, "lines": lines, "settings": settings, "files": files}
    (partial / "complete.json").write_text(json.dumps(about))
    partial.rename(target)
    for old in _folders(folder)[KEPT:]:
        shutil.rmtree(old)


def restore(
    folder: Path, lines: int, model: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any] | None:
    """Load the newest whole checkpoint that needs at most `lines` lines of metrics into model and optimizer.

    The optimizer holds its moments already. Returns the checkpoint's {"step", "lines", "settings"}, or None, having touched nothing, where there is none.
    """
    for path in _folders(folder):
        about = _whole(path)
        if about is not None and about["lines"] <= lines:
            _read(_state(model, optimizer), path)
            return {key: about[key] for key in ("step", "lines", "settings")}
    return None


def _folders(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("step-*") if p.suffix != ".partial"), reverse=True)


def _whole(path: Path) -> dict[str, Any] | None:
    try:
        about = json.loads((path / "complete.json").read_text())
        if all(_sum(path / name) == expected for name, expected in about["files"].items()):
            return about
    except (OSError, ValueError, KeyError):
        pass
    return None


def _sum(path: Path) -> list[int]:
    crc = size = 0
    with path.open("rb") as file:
        while block := file.read(1 << 24):
            crc, size = zlib.crc32(block, crc), size + len(block)
    return [size, crc]


def _state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """All tensors by name: the live ones, so that reading fills them in place."""
    state: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        state[f"model.{name}"] = parameter.detach()
        for key, value in optimizer.state[parameter].items():
            state[f"{key}.{name}"] = value
    return state


def _write(state: dict[str, Tensor], folder: Path) -> None:
    import torch.distributed.checkpoint as dcp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save(state, storage_writer=dcp.FileSystemWriter(folder), no_dist=True)


def _read(state: dict[str, Tensor], folder: Path) -> None:
    import torch.distributed.checkpoint as dcp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.load(state, storage_reader=dcp.FileSystemReader(folder), no_dist=True)
