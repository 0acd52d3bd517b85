"""Folders that are whole or absent: where stages write, and how a run knows what is done.

A stage's output lies in `<name>-<fingerprint>`; it is built in `<name>-<fingerprint>.partial` and renamed
when its manifest, written last, lies in it. So a folder under its own name is always whole, a kill at any
moment leaves at most a partial one, and equal work is shared. The trade-off: a fingerprint covers what the
recipe says, the inputs' fingerprints and the stage's RULES_VERSION, not every line of code; whoever changes
what a stage computes raises its RULES_VERSION.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.settings import deciding

MANIFEST = "manifest.json"
FULL_BYTES = 64 << 10
"""A disk with less free space is full."""


@dataclass(frozen=True)
class Stage:
    """One step of a run: `build(settings, inputs, out) -> counts`, named as "module:function"."""

    name: str
    build: str
    settings: Any = None
    """The build's own frozen dataclass or recipe table; all but its execution fields is part of the fingerprint."""
    inputs: dict[str, str] = field(default_factory=dict)
    """Role that `build` knows the input by -> name of the stage that makes it."""
    outside: tuple[str, ...] = ()
    """Paths of files or folders from outside without a pinned digest; they count by path, size and time."""
    resumes: bool = False
    """Whether `build` goes on from what a killed attempt left."""


def write_json(path: Path, value: Any) -> None:
    atomic_write(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def atomic_write(path: Path, data: str | bytes) -> None:
    """Write a file that is whole or absent, also after a crash of the machine."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as handle:
            handle.write(data.encode() if isinstance(data, str) else data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@cache
def rules_version(module: str) -> int:
    """RULES_VERSION of a module, read from its source: heavy imports are not paid to learn that all is done."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, module
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "RULES_VERSION"
        ):
            return int(ast.literal_eval(node.value))
    raise AssertionError(f"{module} states no RULES_VERSION")


def fingerprints(stages: list[Stage]) -> dict[str, str]:
    """Fingerprint (64 hex digits) of each stage; inputs must stand before the stages that read them."""
    prints: dict[str, str] = {}
    for stage in stages:
        covered = {
            "build": stage.build,
            "rules": rules_version(stage.build.partition(":")[0]),
            "settings": deciding(stage.settings),
            "inputs": {role: prints[name] for role, name in stage.inputs.items()},
            "outside": [entry for path in stage.outside for entry in _outside(path)],
        }
        prints[stage.name] = hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()
    return prints


def _outside(path: str) -> list[list[Any]]:
    """(path, size, modification time in ns) of every file at `path`, a file, a folder or a glob."""
    place = Path(path)
    if place.is_dir():
        files = sorted(p for p in place.rglob("*") if p.is_file() and not p.is_symlink())
    elif place.is_file():
        files = [place]
    elif any(c in path for c in "*?["):
        anchor = Path(place.anchor) if place.is_absolute() else Path()
        files = sorted(p for p in anchor.glob(str(place.relative_to(place.anchor))) if p.is_file())
    else:
        return [[path, "not here"]]
    return [[str(p), p.stat().st_size, p.stat().st_mtime_ns] for p in files]


class Store:
    """The stages folder of a run: which are done, and the way to get one done."""

    def __init__(self, folder: Path, stages: list[Stage]) -> None:
        self.folder = folder
        self.stages = {stage.name: stage for stage in stages}
        self.prints = fingerprints(stages)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}-{self.prints[name][:8]}"

    def done(self, name: str) -> bool:
        """Whether the stage's folder is whole and was made under exactly this fingerprint."""
        try:
            return read_json(self.path(name) / MANIFEST)["fingerprint"] == self.prints[name]
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def state(self, name: str) -> str:
        """done; partial (begun and stopped); stale (done once, under another recipe or other inputs); pending."""
        if self.done(name):
            return "done"
        if self.path(name).with_suffix(".partial").is_dir():
            return "partial"
        earlier = (p for p in self.folder.glob(f"{name}-????????") if (p / MANIFEST).exists())
        return "stale" if any(earlier) else "pending"

    def manifest(self, name: str) -> dict[str, Any]:
        return read_json(self.path(name) / MANIFEST)

    def run(self, name: str) -> dict[str, Any]:
        """Build one stage whose inputs are done; returns its manifest. Raises whatever the build raises."""
        stage, final = self.stages[name], self.path(name)
        out = final.with_suffix(".partial")
        if final.exists():
            shutil.rmtree(final)
        if out.exists() and not stage.resumes:
            shutil.rmtree(out)
        out.mkdir(parents=True, exist_ok=True)
        module, _, function = stage.build.partition(":")
        inputs = {role: self.path(source) for role, source in stage.inputs.items()}
        started = time.monotonic()
        try:
            build = getattr(importlib.import_module(module), function)
            counts = build(stage.settings, inputs, out)
        except BaseException as error:
            full = isinstance(error, Exception) and _disk_full(error, self.folder)
            if not stage.resumes:
                shutil.rmtree(out, ignore_errors=True)
            if full:
                raise Fault(
                    f"{name}: the disk is full at {self.folder}; free some space and run again, it goes on from here"
                ) from error
            raise
        manifest = {
            "stage": name,
            "fingerprint": self.prints[name],
            "build": stage.build,
            "settings": deciding(stage.settings),
            "inputs": {role: path.name for role, path in inputs.items()},
            "counts": counts,
            "seconds": round(time.monotonic() - started, 3),
            "versions": versions(),
        }
        write_json(out / MANIFEST, manifest)
        out.rename(final)
        return manifest


def _disk_full(error: Exception, folder: Path) -> bool:
    """Whether a full disk is behind an error: libraries wrap the system's own in many ways."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    said = str(error).lower()
    return "no space left" in said or "disk is full" in said or shutil.disk_usage(folder).free < FULL_BYTES


def versions() -> dict[str, str]:
    """Versions of what results depend on."""
    found = {"python": platform.python_version(), "neve": importlib.import_module("neve").__version__}
    for package in ("daft", "pyarrow", "numpy", "numba", "tokenizers", "torch", "transformers", "xllamacpp"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found
