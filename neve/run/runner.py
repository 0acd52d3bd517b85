"""A run is made: every stage of an arm that is not done, one after the other, in this process.

`run` is the whole of it: plan, ask what is elsewhere if it has to be read, record the plan, build. A
laboratory calls it once an arm on the same folder; arms share what is equal.
"""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

from neve import progress
from neve.errors import Misuse
from neve.locks import locked
from neve.recipe.file import field_of
from neve.recipe.recipe import Recipe
from neve.report import shortages
from neve.run import curated, evaluated, inputs, machine, outside, phases, record, vocabulary
from neve.run.machine import Machine
from neve.run.record import ARM, Arm
from neve.run.stages import stages
from neve.run.status import brief
from neve.store import MANIFEST, Store, arm_stages, read_json, state


def folder_of(recipe: Recipe, out: str | None) -> Path:
    """The run's folder: `out` if given, else `<run.out>/<run.name>`."""
    return Path(out) if out else Path(recipe.run.out) / recipe.run.name


def planned(recipe: Recipe, folder: Path, arm: str = ARM, sandbox: str | None = None) -> Arm:
    """An arm of the run in `folder` as it is now: this machine, its files, and what is elsewhere as recorded
    earlier.

    The sandbox is tried, unless its tier is given. Raises RecipeError for what a recipe
    names wrongly, and for a curve that its phase cannot be trained with. Reads no network.
    """
    vocabulary.check_recipe(recipe)
    phases.check_all(recipe)
    asked = recipe.training.precision
    here = Machine(machine.precision() if asked == "auto" else asked, sandbox or machine.sandbox_tier())
    found = record.load(folder)["outside"]
    earlier = {**{k: v for known in found.values() for k, v in known.items()}, **found.get(arm, {})}
    pins = {key: earlier[key] for key in outside.moving(recipe) if earlier.get(key)}
    made = stages(recipe, folder, here, pins)
    return Arm(recipe, here, {**pins, **outside.identities(made, pins)})


def run(
    recipe: Recipe,
    folder: Path,
    until: str | None = None,
    engine: str = "native",
    arm: str = ARM,
    refresh: bool = False,
) -> bool:
    """Get done every stage of an arm that is not, in order, up to and with `until`; returns whether anything
    was built.

    `refresh` asks again what branches, buckets and the hub hold. Raises Fault when a stage cannot go on;
    what is done stays done, and the next call goes on from there.
    """
    plan = planned(recipe, folder, arm)
    names = list(plan.store(folder).stages)
    if until is not None and until not in names:
        raise Misuse(f"--until {until}: no such stage; the stages are {', '.join(names)}")
    names = names[: names.index(until) + 1] if until else names
    _there(plan, folder, names)
    inputs.apart(folder, inputs.folders(recipe.corpus.sources), "--out")
    with locked(folder):
        plan = _asked(plan, folder, names, refresh)
        return _build(plan, folder, arm, names, engine)


def _there(plan: Arm, folder: Path, names: list[str]) -> None:
    """Raises Misuse where a stage that is to be built reads what is not on this machine."""
    store, elsewhere = plan.store(folder), outside.moving(plan.recipe)
    for name in names:
        for key in () if store.done(name) else store.stages[name].outside:
            if plan.outside.get(key) is None and key not in elsewhere:
                field = field_of(plan.recipe, key)
                home = "~ stands for no folder in a recipe; " if key.startswith("~") else ""
                raise Misuse(
                    f"{field} = {key!r}: no such file or folder here, or nothing is in it; {home}"
                    f"correct it, or pass --set {field}=PATH"
                )


def train(folder: Path, phase: str, engine: str = "native", arm: str = ARM) -> bool:
    """Get the training of one phase of a recorded arm done, and what it reads; returns whether anything was
    built."""
    if state(record.training(folder, arm, phase)) == "done":
        return False
    return _go_on(folder, arm, f"train-{phase}", engine)


def report(folder: Path, arm: str = ARM) -> Path:
    """Get the report of a recorded arm done, and all that it reads; returns the folder where it is shown."""
    if state(arm_stages(folder, arm)["report"]) == "done":
        with locked(folder):
            _publish(arm_stages(folder, arm)["report"], record.report(folder, arm))
    else:
        _go_on(folder, arm, "report", "native")
    return record.report(folder, arm)


def _go_on(folder: Path, arm: str, name: str, engine: str) -> bool:
    """Build a stage of a recorded arm and what it reads."""
    plan = record.recorded(folder, arm)
    with locked(folder):
        plan = _asked(plan, folder, [name], refresh=False)
        store = plan.store(folder)
        needed = store.needed(name)
        return _build(plan, folder, arm, [stage for stage in store.stages if stage in needed], engine)


def _asked(plan: Arm, folder: Path, names: list[str], refresh: bool) -> Arm:
    """The plan with what is elsewhere asked for: what stages to be built read and nobody knows yet, or all
    of it to `refresh`. Says what each is taken to be."""
    store = plan.store(folder)
    building = [name for name in names if not store.done(name)]
    wanted = {
        key for name in building for needed in store.needed(name) for key in store.stages[needed].outside
    }
    answers: dict[str, str] = {}
    for key, ask in outside.moving(plan.recipe).items():
        known = plan.outside.get(key)
        if refresh or (known is None and key in wanted):
            answers[key] = ask()
        if known or key in answers:
            _say(outside.told(key, known, answers.get(key)))
    return replace(plan, outside={**plan.outside, **answers}) if answers else plan


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _build(plan: Arm, folder: Path, arm: str, names: list[str], engine: str) -> bool:
    """Record the plan, and build those of its stages `names` that are not done; returns whether there were
    any."""
    store = plan.store(folder)
    record.write(folder, arm, plan, store)
    todo = [name for name in names if not store.done(name)]
    if todo:
        import neve.engine

        neve.engine.use(engine)
    if "curate" in names and "curate" not in todo:
        curated.page(store.path("curate"), folder.name)
        curated.check(store.manifest("curate")["counts"])
    for position, name in enumerate(names, 1):
        if name not in todo:
            continue
        started = time.monotonic()
        with progress.stage(folder, name, f"[{position}/{len(names)}] {name}"):
            manifest = store.run(name)
        took = time.monotonic() - started
        _say(f"[{position}/{len(names)}] {name}: {brief(manifest['counts'])} in {took:.1f} s")
        if name == "curate":
            for line in curated.lines(manifest["counts"]):
                _say(line)
            _say(f"  page: {curated.page(store.path(name), folder.name)}")
            curated.check(manifest["counts"])
        for line in shortages.of_stage(name, _done(store), plan.recipe.model_dump(mode="json")):
            _say(f"  short: {line}")
        if name == "evaluate":
            for line in evaluated.lines(read_json(store.path(name) / "results.json")):
                _say(line)
    if "report" in names:
        _publish(store.path("report"), record.report(folder, arm))
    return bool(todo)


def _done(store: Store) -> dict[str, Path]:
    """Folders of the stages that are done."""
    return {name: store.path(name) for name in store.stages if store.done(name)}


def _publish(made: Path, to: Path) -> None:
    """Copy a report to where it is shown, whole or not at all; other arms' reports, which lie
    inside, stay."""
    if (to / MANIFEST).exists() and read_json(to / MANIFEST) == read_json(made / MANIFEST):
        return
    temporary = to.with_name(f".{to.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made, temporary, copy_function=shutil.copyfile)
    for other in to.glob("*/"):
        if (other / MANIFEST).exists():
            other.rename(temporary / other.name)
    shutil.rmtree(to, ignore_errors=True)
    temporary.rename(to)
