"""The stages of the phases: first all that they read, then, one after the other, their training.

Data stands before any training, so that `--until` the last view leaves everything a GPU node needs, and the
node trains from `run.json` and `stages/` alone (`jobs`). What a phase's result depends on is in its settings;
what changes it by rounding at most is in `ways`, for which nothing is trained again.
"""

from __future__ import annotations

from typing import Any

from neve.recipe.recipe import Recipe
from neve.recipe.training import WAYS, Phase
from neve.store import Stage, Store
from neve.tokens import mix
from neve.training import costs


def stages(recipe: Recipe, precision: str) -> list[Stage]:
    """All stages from the views to the last phase's training, each after those that it reads."""
    made = [stage for phase in recipe.phase for stage in _data(recipe, phase)]
    if recipe.training.validate_steps:
        limit = {"bytes": recipe.evaluate.heldout_bytes}
        made.append(Stage("heldout", "neve.tokens.heldout:build", limit, {"tokens": "tokens"}))
    for phase in recipe.phase:
        made.append(_train(recipe, phase, phase.name, precision))
        if phase.control:
            made.append(_train(recipe, phase, control(phase), precision))
    return made


def control(phase: Phase) -> str:
    """Name of a phase's control."""
    return f"{phase.name}-random"


def selections(recipe: Recipe) -> list[dict[str, Any]]:
    """The phases that read a selection, as stage `selection` wants them; a mix's selection is its share of the tokens."""
    found = []
    for phase in recipe.phase:
        for part, slots in zip(phase.parts, _slots(phase), strict=True):
            if part.data == "selection" and phase.tokens is not None:
                tokens = phase.tokens * slots // mix.SLOTS
                about = phase.model_dump(mode="json", include={"name", "repeats", "control"})
                found.append(about | {"tokens": tokens})
    return found


def _slots(phase: Phase) -> list[int]:
    return mix.slots([part.weight for part in phase.parts])


def _data(recipe: Recipe, phase: Phase) -> list[Stage]:
    """Views of a phase and of its control, the control's selection, and outside weights to start from."""
    made: list[Stage] = []
    if phase.outside:
        made.append(
            Stage(
                f"start-{phase.name}",
                "neve.weights:build_start",
                settings={"folder": phase.start},
                inputs={"tokenizer": "tokenizer"},
                outside=(phase.start,),
            )
        )
    for part in phase.parts:
        tokens = "synthetic-tokens" if part.data == "synthetic" else "tokens"
        chosen = "selection" if part.data == "selection" else None
        name = f"mix-{phase.name}-{part.data}" if phase.mix else f"view-{phase.name}"
        made.append(_view(recipe, phase, name, phase.name, part.data, tokens, chosen))
    if phase.mix:
        shares = {str(part.data): slots for part, slots in zip(phase.mix, _slots(phase), strict=True)}
        parts = {data: f"mix-{phase.name}-{data}" for data in shares}
        made.append(Stage(f"view-{phase.name}", "neve.tokens.mix:build", {"mix": shares}, parts))
    if phase.control:
        chosen = "selection"
        if phase.data == "synthetic":
            chosen = f"control-{phase.name}"
            made.append(
                Stage(
                    chosen,
                    "neve.quality.select:build_control",
                    settings={
                        "phase": phase.model_dump(mode="json", include={"name", "tokens"}),
                        "seed": recipe.run.seed,
                    },
                    inputs={"tokens": "tokens", "synthetic-tokens": "synthetic-tokens"},
                )
            )
        twin = control(phase)
        made.append(_view(recipe, phase, f"view-{twin}", twin, "selection", "tokens", chosen))
    return made


def _view(
    recipe: Recipe, phase: Phase, stage: str, name: str, data: str, tokens: str, chosen: str | None
) -> Stage:
    """A view over the shards of stage `tokens`: all of it, or what stage `chosen` selected for `name`."""
    role = "selection" if chosen == "selection" else "control"
    return Stage(
        stage,
        "neve.tokens.build_view:build",
        settings={
            "name": name,
            "data": data,
            "fim_rate": phase.fim_rate,
            "seed": recipe.run.seed,
            "selection": f"{name}.parquet" if chosen else None,
        },
        inputs={tokens: tokens, **({role: chosen} if chosen else {})},
    )


def _train(recipe: Recipe, phase: Phase, name: str, precision: str) -> Stage:
    """Training of a phase, or of its control under the control's name."""
    training = recipe.training.model_dump(mode="json")
    ways = {key: training.pop(key) for key in sorted(WAYS)}
    training.pop("precision"), training.pop("batch_tokens")
    about = phase.model_dump(mode="json", include={"tokens", "epochs", "lr", "optimizer"})
    about |= {
        "name": name,
        "tokens": None if phase.epochs else phase.tokens,
        "keeps_optimizer": any(p.optimizer == "keep" and p.start == name for p in recipe.phase),
    }
    inputs = {"view": f"view-{name}", "tokenizer": "tokenizer"}
    if phase.start != "scratch":
        inputs["start"] = f"start-{phase.name}" if phase.outside else f"train-{phase.start}"
    inputs |= {"heldout": "heldout"} if recipe.training.validate_steps else {}
    return Stage(
        f"train-{name}",
        "neve.training.loop:build",
        settings={
            "phase": about,
            "model": recipe.model.model_dump(mode="json"),
            "training": training | costs.sizes(phase.model_dump(), recipe.training.model_dump()),
            "seed": recipe.run.seed,
            "precision": precision,
        },
        inputs=inputs,
        extra={"ways": ways},
        resumes=True,
    )


def jobs(store: Store) -> dict[str, Any]:
    """Each phase's training, resolved to files, as `run.json` gives it to a node that has no recipe.

    Paths are relative to the run's folder. The node trains in `<out>.partial`; a later run counts and names it.
    """
    trained = {name: stage for name, stage in store.stages.items() if name.startswith("train-")}
    place = store.folder.name
    return {
        name.removeprefix("train-"): {
            "settings": stage.settings,
            **stage.extra,
            "inputs": {role: f"{place}/{store.path(source).name}" for role, source in stage.inputs.items()},
            "out": f"{place}/{store.path(name).name}",
            "fingerprint": store.prints[name],
        }
        for name, stage in trained.items()
    }
