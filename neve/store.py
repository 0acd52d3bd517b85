"""Folders that are whole or absent: where stages write, and how a run knows what is done.

A stage's output is `<name>-<fingerprint>`; it is built in `<name>-<fingerprint>.partial` and renamed once
its manifest, written last, is there. So a folder under its own name is always whole, a kill at any moment
leaves at most a partial one, and equal work is shared between arms.

A fingerprint covers the stage's kind and the version of that kind (`stage_kinds.txt`), the settings that
decide the result, the inputs' fingerprints, and the identities of what comes from outside. The trade-off:
code counts by a version that a person raises, not by its text, so that moving code rebuilds nothing; a test
remembers a digest of every module that decides a result and asks for the decision when one changes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib
import importlib.metadata
import json
import os
import platform
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from neve.errors import Fault, Misuse
from neve.settings import deciding

MANIFEST = "manifest.json"
RUN = "run.json"
"""Of a run's folder: which stages each arm is made of, and all that a later command has to know."""
KINDS = Path(__file__).with_name("stage_kinds.txt")
FULL_BYTES = 64 << 10
"""A disk with less free space is full."""


@dataclass(frozen=True)
class Kind:
    """What a stage does: the version of its result, and the function that builds it."""

    version: int
    build: str
    """`build(settings, inputs, out) -> counts`, named as "module:function"."""


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of stage by name, read from stage_kinds.txt."""
    rows = [
        line.split() for line in KINDS.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    return {name: Kind(int(version), build) for name, version, build in rows}


@dataclass(frozen=True)
class Stage:
    """One step of a run."""

    name: str
    kind: str
    settings: Any = None
    """The build's own frozen dataclass or recipe table; all but its execution fields is part of the
    fingerprint."""
    inputs: dict[str, str] = field(default_factory=dict)
    """Role that `build` knows the input by -> name of the stage that makes it."""
    beside: dict[str, str] = field(default_factory=dict)
    """The same for inputs that do not change the result; they are no part of the fingerprint."""
    outside: tuple[str, ...] = ()
    """Keys of what comes from elsewhere without a digest in the recipe; the store is told the identity of
    each."""
    resumes: bool = False
    """Whether `build` goes on from what a killed attempt left."""
    build: str = ""
    """Where the kind is one of a seam's: the function that builds it. Such a kind may have no line, and
    version 1."""

    @property
    def version(self) -> int:
        known = kinds().get(self.kind)
        return known.version if known else 1

    @property
    def reads(self) -> dict[str, str]:
        """All inputs, those that do not change the result too."""
        return {**self.inputs, **self.beside}


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


def covered(stage: Stage, prints: Mapping[str, str], outside: Mapping[str, str | None]) -> dict[str, Any]:
    """What a stage's fingerprint is taken of, given those of its inputs and the identities of what comes
    from outside."""
    return {
        "kind": stage.kind,
        "version": stage.version,
        "settings": deciding(stage.settings),
        "inputs": {role: prints[name] for role, name in stage.inputs.items()},
        "outside": {key: outside[key] for key in stage.outside},
    }


def fingerprints(stages: list[Stage], outside: Mapping[str, str | None]) -> dict[str, str]:
    """Fingerprint (64 hex digits) of each stage; inputs must stand before the stages that read them."""
    prints: dict[str, str] = {}
    for stage in stages:
        text = json.dumps(covered(stage, prints, outside), sort_keys=True)
        prints[stage.name] = hashlib.sha256(text.encode()).hexdigest()
    return prints


def fingerprint_of(folder: Path) -> str | None:
    """The fingerprint under which a whole stage's folder was made; None where there is no such folder."""
    try:
        return str(read_json(folder / MANIFEST)["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target)


def partial(folder: Path) -> Path:
    """Where a stage's folder is built."""
    return folder.with_name(f"{folder.name}.partial")


def state(folder: Path) -> str:
    """Of a stage's folder: done; partial (begun and stopped); stale (done once, with other settings or
    inputs); pending."""
    name, _, tail = folder.name.rpartition("-")
    made = fingerprint_of(folder)
    if made is not None and made.startswith(tail):
        return "done"
    if partial(folder).is_dir():
        return "partial"
    digits = "[0-9a-f]" * len(tail)
    return "stale" if any(fingerprint_of(p) for p in folder.parent.glob(f"{name}-{digits}")) else "pending"


def arm_stages(run: Path, arm: str) -> dict[str, Path]:
    """The stages of an arm of a run, in order, and the folder of each, as run.json records them; Misuse
    without any."""
    try:
        arms = {name: dict(stages) for name, stages in read_json(run / RUN)["arms"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise Misuse(
            f"{run}: no run here ({RUN} is missing or broken); `neve run RECIPE` makes one"
        ) from None
    if arm not in arms:
        raise Misuse(f"--arm {arm}: no such arm; this run has {', '.join(arms)}")
    return {name: run / "stages" / made for name, made in arms[arm].items()}


class Store:
    """The stages folder of a run: which are done, and the way to get one done."""

    def __init__(
        self, folder: Path, stages: list[Stage], outside: Mapping[str, str | None] | None = None
    ) -> None:
        self.folder = folder
        self.stages = {stage.name: stage for stage in stages}
        self.outside = outside or {}
        self.prints = fingerprints(stages, self.outside)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}-{self.prints[name][:8]}"

    def done(self, name: str) -> bool:
        """Whether the stage's folder is whole and was made under exactly this fingerprint."""
        return fingerprint_of(self.path(name)) == self.prints[name]

    def state(self, name: str) -> str:
        """As `state` says of the stage's folder."""
        return state(self.path(name))

    def manifest(self, name: str) -> dict[str, Any]:
        return read_json(self.path(name) / MANIFEST)

    def needed(self, name: str) -> set[str]:
        """A stage and all that it reads, directly or not."""
        return {name}.union(*(self.needed(source) for source in self.stages[name].reads.values()))

    def elsewhere(self, name: str, runs: Iterable[Path]) -> Path | None:
        """The folder of an equal stage that one of these runs has built."""
        here = self.path(name)
        found = (run / "stages" / here.name for run in runs)
        return next((place for place in found if fingerprint_of(place) == self.prints[name]), None)

    def take(self, name: str, runs: Iterable[Path]) -> Path | None:
        """`elsewhere`, after its files are this run's too: linked, or copied where the disk is another. None
        too where that fails (the other run was removed meanwhile, the disk is full)."""
        source, here = self.elsewhere(name, runs), self.path(name)
        if source is not None and source != here:
            made = here.with_name(f"{here.name}.taken")
            for left in (made, here):
                shutil.rmtree(left, ignore_errors=True)
            try:
                shutil.copytree(source, made, copy_function=_linked)
            except OSError:
                shutil.rmtree(made, ignore_errors=True)
                return None
            made.rename(here)
        return source

    def run(self, name: str) -> dict[str, Any]:
        """Build one stage whose inputs are done; returns its manifest. Raises whatever the build raises."""
        stage, final = self.stages[name], self.path(name)
        out = partial(final)
        if final.exists():
            shutil.rmtree(final)
        if out.exists() and not stage.resumes:
            shutil.rmtree(out)
        out.mkdir(parents=True, exist_ok=True)
        module, _, function = (stage.build or kinds()[stage.kind].build).partition(":")
        inputs = {role: self.path(source) for role, source in stage.reads.items()}
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
            **covered(stage, self.prints, self.outside),
            "inputs": {role: self.path(source).name for role, source in stage.inputs.items()},
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
