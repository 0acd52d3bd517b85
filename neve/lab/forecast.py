"""How long a laboratory will take, part by part, and what of that is not counted.

Training is counted by the speed of the cells that were trained in its folder, else of some steps tried now;
a stage by what one of its name took in that folder or in a run of the base recipe; measuring, where none was
done yet, by its bytes and the speed of training, of which a forward pass is a third; asking as `neve plan`
does. The trade-off: what nobody has seen is named and not guessed, so the first plan on a machine is short
by that. Answers that lie in a ledger already are counted as if they had still to be asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.lab import measure
from neve.lab.design import Cell
from neve.lab.file import Laboratory
from neve.lab.schedule import Workers, beside, cores
from neve.run import asking, runner
from neve.run import plan as planning
from neve.store import MANIFEST, read_json
from neve.tasks import benchmarks

PARTS = {"train": "training", "measure": "measuring", "synthesis": "asking"}
STAGES = "shared stages"
"""The part of all other kinds."""
FORWARD = 3
"""Passes that a step of training takes the time of: forward, and backward at twice that."""
TOKEN_BYTES = 3.0
"""Bytes of code in a token of a small vocabulary."""

UNBUILT = "no run here has built their like"
UNSIZED = "their epochs are as long as what is not there yet; corpus.expected_tokens says how long"
UNREAD = "their texts are not at hand"
UNPACED = "synthesis.budget.expected_speed is not given"
NEVER = "starting processes, zlib, trigrams and the page"


@dataclass(frozen=True)
class Past:
    """Manifests by stage: of this laboratory's folder, then of a run of its recipe."""

    runs: tuple[dict[str, list[dict[str, Any]]], ...]

    def like(self, name: str) -> list[dict[str, Any]]:
        return next((run[name] for run in self.runs if name in run), [])

    def seconds(self, name: str) -> float | None:
        taken = [manifest["seconds"] for manifest in self.like(name)]
        return statistics.median(taken) if taken else None


def past(*folders: Path) -> Past:
    """What the stages took that are in these runs' folders."""
    runs = []
    for folder in folders:
        found = defaultdict(list)
        for path in sorted(folder.glob(f"stages/*/{MANIFEST}")):
            with contextlib.suppress(OSError, ValueError):  # one that is broken is not done
                manifest = read_json(path)
                found[manifest["stage"]].append(manifest)
        runs.append(dict(found))
    return Past(tuple(runs))


@dataclass(frozen=True)
class Pace:
    """What seconds are worked out from."""

    known: Past
    speed: float
    """Tokens a second that one worker trains on."""

    def seconds(self, cell: Cell, name: str) -> float | str:
        """Of a stage, built by one worker; or why nobody knows."""
        kind = cell.store.stages[name].kind
        if kind == "train":
            tokens = length(cell, name, self.known)
            return UNSIZED if tokens is None else tokens / self.speed
        if kind == "synthesis":
            return _asking(cell)
        taken = self.known.seconds(name)
        if taken is not None:
            return taken
        return self._measuring(cell, name) if kind == "measure" else UNBUILT

    def _measuring(self, cell: Cell, name: str) -> float | str:
        settings = cell.store.stages[name].settings
        sizes = [_bytes(text, settings) for text in settings.texts]
        return sum(sizes) / TOKEN_BYTES / FORWARD / self.speed if all(sizes) else UNREAD


def forecast(lab: Laboratory, cells: list[Cell], folder: Path, workers: Workers) -> dict[str, Any]:
    """What is left, the seconds of each part and of all, and the stages that are not counted, by the reason.

    A cell's own stages are shared out over the workers; the others are built one after the other, on all
    cores, or on one GPU.
    """
    own = {cell.store.path(name) for cell in cells for name in (cell.train, cell.tune, cell.final)}
    runs = beside(cells[0], folder)
    left = {
        path: (cell, name)
        for path, (cell, name) in _left(cells, lab.compute_final).items()
        if path in own or cell.store.elsewhere(name, runs) is None
    }
    known = past(folder, runner.folder_of(cells[0].recipe, None))
    trained = [part for part in left.values() if part[1].startswith("train-")]
    pace = Pace(known, speed(cells) if any(path in own for path in left) or trained else 1.0)
    parts = dict.fromkeys((*PARTS.values(), STAGES), 0.0)
    unknown: defaultdict[str, set[str]] = defaultdict(set)
    together = 1 if workers.gpus else cores()
    for path, (cell, name) in left.items():
        kind = cell.store.stages[name].kind
        seconds = pace.seconds(cell, name)
        if isinstance(seconds, str):
            unknown[seconds].add(name)
        else:
            part, many = PARTS.get(kind, STAGES), together if kind == "train" else 1
            parts[part] += seconds / (workers.places if path in own else many)
    return {
        "trainings_left": sum(not cell.store.done(cell.tune) for cell in cells),
        "shared_stages_left": sorted(path.name for path in left if path not in own),
        "tokens_left": sum(length(cell, name, known) or 0 for cell, name in trained),
        "seconds": sum(parts.values()),
        "parts": parts,
        "not_counted": {why: sorted(names) for why, names in sorted(unknown.items())},
        "workers": workers.count,
    }


def described(said: dict[str, Any]) -> list[str]:
    """A forecast in plain words."""
    parts = ", ".join(f"{part} {seconds / 60:.0f}" for part, seconds in said["parts"].items() if seconds)
    missing = [f"{', '.join(names)} ({why})" for why, names in said["not_counted"].items()]
    return [
        f"in all {said['seconds'] / 60:.0f} min, workers: {said['workers']}, as busy as they are now"
        + f": {parts}" * bool(parts),
        f"not counted: {'; '.join([*missing, NEVER])}",
    ]


def _left(cells: list[Cell], final: bool) -> dict[Path, tuple[Cell, str]]:
    """Every stage that has still to be built, once, with a cell that needs it."""
    found: dict[Path, tuple[Cell, str]] = {}
    for cell in cells:
        wanted = final and not cell.low
        if not all(map(cell.store.done, cell.ends(wanted))):
            for name in cell.needed(wanted):
                if not cell.store.done(name):
                    found.setdefault(cell.store.path(name), (cell, name))
    return found


def length(cell: Cell, name: str, known: Past) -> int | None:
    """Tokens that the training `name` takes: an epoch's are those of its view, else of one like it, else
    what the recipe expects; None where nobody knows."""
    stage = cell.store.stages[name]
    phase = stage.settings.phase
    if phase.epochs is None:
        return int(phase.tokens)
    view = stage.inputs["view"]
    found = [cell.store.manifest(view)] if cell.store.done(view) else known.like(view)
    if found:
        return int(phase.epochs * statistics.median(each["counts"]["tokens"] for each in found))
    table = next(each for each in cell.recipe.phase if each.name == phase.name)
    try:
        return planning.length(cell.recipe, table, cell.recipe.corpus.expected_tokens)
    except Fault:
        return None


def speed(cells: list[Cell]) -> float:
    """Tokens a second of one worker: the median of the trained cells, each by the median of its steps; else
    tried."""
    found = []
    for cell in cells:
        timings = cell.store.path(cell.train) / "timings.jsonl"
        if timings.exists():
            lines = timings.read_text().splitlines()
            seconds = [json.loads(line)["seconds"] for line in lines[1:] or lines]
            training = cell.store.stages[cell.train].settings.training
            found.append(training.batch * training.sequence / statistics.median(seconds))
    if found:
        return statistics.median(found)
    from neve.lab.speed import tokens_per_second

    stages = cells[0].store.stages
    return tokens_per_second(
        stages[cells[0].train].settings, stages["tokenizer"].settings.tokenizer.vocab_size
    )


def _asking(cell: Cell) -> float | str:
    """Of all draws of the answers, as `neve plan` expects them."""
    recipe, ledger = cell.recipe.synthesis, Path(cell.store.stages["synthesis"].settings.ledger)
    assert recipe is not None
    hours = asking.estimate(recipe, asking.measured(ledger, None), cell.recipe.draws)["expected"]["hours"]
    return UNPACED if hours is None else 3600 * hours


def _bytes(text: str, settings: measure.Settings) -> int:
    """Bytes that a model reads of a text, at most; 0 where nobody knows."""
    return settings.heldout_bytes if text == measure.HELDOUT else _task_bytes(text, settings.data)


@cache
def _task_bytes(text: str, data: str | None) -> int:
    """Bytes of a benchmark's prompts and solutions; 0 where its file would have to be fetched first."""
    if not (data or os.environ.get(benchmarks.FOLDER)):
        return 0
    try:
        tasks = measure.tasks(text, measure.Settings((text,), 0, data))
    except Fault:
        return 0
    return sum(len((task.prompt + task.solution).encode()) for task in tasks)
