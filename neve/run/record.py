"""What a run knows of itself: run.json, read and written.

    arms       arm ▸ stage ▸ folder, in the order of the stages
    recipes    arm ▸ the recipe as resolved
    outside    arm ▸ key ▸ identity of what came from outside
    machine    arm ▸ the precision and the sandbox that it was planned for
    train      arm ▸ phase ▸ all that a node needs to train it
    versions   of Neve and what it stands on

Commands that look at a run, or go on with it, take it from here: what became of the sources since, or from
which folder they are called, changes nothing. An arm is one variant of the run; arms share every stage that
is equal.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neve.errors import Misuse
from neve.evaluation.references import Source
from neve.recipe.file import parse, to_toml
from neve.recipe.recipe import Recipe
from neve.run import phases
from neve.run.machine import Machine
from neve.run.stages import stages
from neve.store import MANIFEST, RUN, Store, arm_stages, atomic_write, read_json, versions, write_json

ARM = "main"
"""The arm that commands mean where none is named."""
KEYS = ("arms", "recipes", "outside", "machine", "train")


def report(folder: Path, arm: str = ARM) -> Path:
    """The folder of an arm's report."""
    return folder / "report" if arm == ARM else folder / "report" / arm


@dataclass(frozen=True)
class Arm:
    """An arm as it was planned: enough to make the same list of stages again."""

    recipe: Recipe
    machine: Machine
    outside: dict[str, str | None]

    def store(self, folder: Path) -> Store:
        """The store of the run in `folder`, for this arm."""
        pins = {key: identity for key, identity in self.outside.items() if identity is not None}
        return Store(folder / "stages", stages(self.recipe, folder, self.machine, pins), self.outside)


def load(folder: Path) -> dict[str, Any]:
    """run.json, or what an empty one holds where there is none."""
    try:
        found = read_json(folder / RUN)
        return {key: dict(found[key]) for key in KEYS}
    except (OSError, ValueError, KeyError, TypeError):
        return {key: {} for key in KEYS}


def recorded(folder: Path, name: str) -> Arm:
    """An arm as it was recorded; raises Misuse where there is no such run or no such arm."""
    arm_stages(folder, name)
    found = load(folder)
    try:
        recipe = parse(found["recipes"][name], str(folder / RUN))
        return Arm(recipe, Machine(**found["machine"][name]), found["outside"][name])
    except (KeyError, TypeError) as error:
        raise Misuse(
            f"{folder}: {RUN} is of another version of Neve ({error}); `neve run RECIPE` writes it again"
        ) from None


def trained_on(model: Path) -> Source | None:
    """What the first phase of a model's run trains on; None where it lies in no run, or the view is gone."""
    stage = model.resolve() if (model / MANIFEST).exists() else model.resolve().parent
    folder = stage.parent.parent
    with contextlib.suppress(Misuse):  # the run is of another version
        for name, made in load(folder)["arms"].items():
            if stage.name in made.values():
                read = phases.read_first(recorded(folder, name).recipe)
                view = stage.parent / made[f"view-{read.phase}"]
                return Source(view, read) if view.is_dir() else None
    return None


def write(folder: Path, name: str, arm: Arm, store: Store) -> None:
    """Record an arm, and its recipe as TOML; other arms stay as they are."""
    found = load(folder)
    found["arms"][name] = {stage: store.path(stage).name for stage in store.stages}
    found["recipes"][name] = arm.recipe.model_dump(mode="json")
    found["outside"][name] = dict(arm.outside)
    found["machine"][name] = asdict(arm.machine)
    found["train"][name] = phases.jobs(store)
    written = {**found, "versions": versions()}
    if not (folder / RUN).exists() or read_json(folder / RUN) != written:
        write_json(folder / RUN, written)
    atomic_write(folder / recipe_file(name), to_toml(arm.recipe))


def recipe_file(arm: str) -> str:
    """Name of the file in a run's folder that holds an arm's recipe."""
    return "recipe.toml" if arm == ARM else f"recipe-{arm}.toml"


def training(folder: Path, arm: str, phase: str) -> Path:
    """The folder of the stage that trains a phase or a control; raises Misuse for a name that the arm does
    not have."""
    found = arm_stages(folder, arm)
    if f"train-{phase}" not in found:
        known = ", ".join(name.removeprefix("train-") for name in found if name.startswith("train-"))
        raise Misuse(f"--phase {phase}: no such phase; this run has {known}")
    return found[f"train-{phase}"]
