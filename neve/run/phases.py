"""The stages of the phases: first all that they read, then, one after the other, their training.

Data stands before any training, so that `--until` the last view leaves everything a GPU node needs, and the
node trains from `run.json` and `stages/` alone (`jobs`). What a phase's result depends on is in its
settings; what changes it by rounding at most is an execution field, for which nothing is trained again.
"""

from __future__ import annotations

from typing import Any

from neve.errors import Fault
from neve.evaluation.references import Read
from neve.quality import controls, select
from neve.recipe.recipe import Recipe, RecipeError
from neve.recipe.training import Control, Phase
from neve.settings import pick, plain
from neve.store import Stage, Store
from neve.tokens import build_view, heldout, mix
from neve.training import costs, schedule, settings
from neve.weights import Start


def data(recipe: Recipe) -> list[Stage]:
    """What the phases read: weights from outside, views, controls, held-out documents."""
    made = [stage for phase in recipe.phase for stage in _data(recipe, phase)]
    if recipe.training.validate_steps:
        limit = heldout.Settings(bytes=recipe.evaluate.heldout_bytes)
        made.append(Stage("heldout", "heldout", limit, {"tokens": "tokens"}))
    return made


def training(recipe: Recipe, precision: str) -> list[Stage]:
    """The training of each phase and its controls."""
    return [
        _train(recipe, phase, name, precision)
        for phase in recipe.phase
        for name in (phase.name, *phase.twins)
    ]


def selections(recipe: Recipe) -> list[Stage]:
    """The selection of each phase that reads one; a mix's selection is its share of the tokens."""
    made = []
    for phase in recipe.phase:
        for part, slots in zip(phase.parts, _slots(phase), strict=True):
            if part.data == "selection" and phase.tokens is not None:
                tokens = phase.tokens * slots // mix.SLOTS
                settings = pick(
                    select.Settings,
                    phase,
                    tokens=tokens,
                    seed=seed(recipe, phase) if phase.temperature else 0,
                )
                reads = {"scores": f"scores-{recipe.annotator_of(phase)}", "tokens": "tokens"}
                made.append(Stage(f"selection-{phase.name}", "selection", settings, reads))
    return made


def _slots(phase: Phase) -> list[int]:
    return mix.slots([part.weight for part in phase.parts])


def _data(recipe: Recipe, phase: Phase) -> list[Stage]:
    """Views of a phase and of its controls, the controls' draws, and outside weights to start from."""
    made: list[Stage] = []
    if phase.outside:
        made.append(
            Stage(
                f"start-{phase.name}",
                "start",
                settings=Start(phase.start),
                inputs={"tokenizer": "tokenizer"},
                outside=(phase.start,),
            )
        )
    for part in phase.parts:
        tokens = "synthetic-tokens" if part.data == "synthetic" else "tokens"
        name = f"mix-{phase.name}-{part.data}" if phase.mix else f"view-{phase.name}"
        chosen = {"selection": f"selection-{phase.name}"} if part.data == "selection" else {}
        about = build_view.Settings(phase.name, part.data, phase.fim_rate, recipe.run.seed)
        made.append(Stage(name, "view", about, {"tokens": tokens, **chosen}))
    if phase.mix:
        made.append(_mixed(phase, phase.name))
    for twin, kind in phase.twins.items():
        made += _control(recipe, phase, twin, kind)
    return made


def _control(recipe: Recipe, phase: Phase, twin: str, kind: Control) -> list[Stage]:
    """A control's draw and its view. In a mix they stand where the selection or the synthetic documents
    stand; the windows of the corpus are the phase's own."""
    assert phase.tokens is not None
    if kind == "redrawn":
        draw = 2 + [name for name, of in phase.twins.items() if of == kind].index(twin)
        about = build_view.Settings(twin, "synthetic", phase.fim_rate, recipe.run.seed)
        return [Stage(f"view-{twin}", "view", about, {"tokens": f"synthetic-tokens-{draw}"})]
    chosen, slots = next(
        (part.data, slots)
        for part, slots in zip(phase.parts, _slots(phase), strict=True)
        if part.data != "corpus"
    )
    like = (
        {"synthetic": "synthetic-tokens"}
        if chosen == "synthetic"
        else {"selection": f"selection-{phase.name}"}
    )
    drawn = controls.Settings(twin, kind, phase.tokens * slots // mix.SLOTS, seed(recipe, phase))
    about = build_view.Settings(twin, "selection", phase.fim_rate, recipe.run.seed)
    view = f"mix-{twin}-{chosen}" if phase.mix else f"view-{twin}"
    made = [
        Stage(f"control-{twin}", "control", drawn, {"tokens": "tokens", **like}),
        Stage(view, "view", about, {"tokens": "tokens", "selection": f"control-{twin}"}),
    ]
    return [*made, _mixed(phase, twin)] if phase.mix else made


def _mixed(phase: Phase, name: str) -> Stage:
    """The mixed view of the phase, or of its control `name`."""
    shares = {str(part.data): slots for part, slots in zip(phase.mix, _slots(phase), strict=True)}
    parts = {data: f"mix-{phase.name if data == 'corpus' else name}-{data}" for data in shares}
    return Stage(f"view-{name}", "mix", mix.Settings(shares), parts)


def _train(recipe: Recipe, phase: Phase, name: str, precision: str) -> Stage:
    """Training of a phase, or of its control under the control's name."""
    about = settings.Phase(
        name=name,
        tokens=None if phase.epochs else phase.tokens,
        epochs=phase.epochs,
        lr=pick(settings.LearningRate, phase.lr),
        moments=phase.moments,
        keeps_moments=any(p.moments == "keep" and p.start == name for p in recipe.phase),
    )
    inputs = {"view": f"view-{name}", "tokenizer": "tokenizer"}
    if phase.start != "scratch":
        inputs["start"] = f"start-{phase.name}" if phase.outside else f"train-{phase.start}"
    return Stage(
        f"train-{name}",
        "train",
        settings=settings.Settings(
            about, pick(settings.Model, recipe.model), sized(recipe, phase), seed(recipe, phase), precision
        ),
        inputs=inputs,
        beside={"heldout": "heldout"} if recipe.training.validate_steps else {},
        resumes=True,
    )


def seed(recipe: Recipe, phase: Phase) -> int:
    """The phase's own seed, or the run's."""
    return recipe.run.seed if phase.seed is None else phase.seed


def read_first(recipe: Recipe) -> Read:
    """How the first phase reads its view, which the trigram model counts."""
    first = recipe.phase[0]
    tokens = None if first.epochs else first.tokens
    return Read(first.name, tokens, sized(recipe, first).sequence, seed(recipe, first))


def sized(recipe: Recipe, phase: Phase) -> settings.Training:
    """What [training] says, with the phase's own sizes."""
    return pick(settings.Training, recipe.training, **costs.sizes(phase, recipe.training))


def check(phase: Phase, steps: int) -> None:
    """Raises RecipeError where the curve of a phase does not fit its `steps`, as its training would."""
    try:
        schedule.check(steps, pick(settings.LearningRate, phase.lr))
    except Fault as fault:
        raise RecipeError(f"phase {phase.name!r}: {fault}") from None


def check_all(recipe: Recipe) -> None:
    """`check` of every phase that counts tokens; how many steps epochs take is known once they are read."""
    for phase in recipe.phase:
        if phase.tokens and not phase.epochs:
            size = sized(recipe, phase)
            check(phase, -(-phase.tokens // (size.batch * size.sequence)))


def jobs(store: Store) -> dict[str, Any]:
    """Each phase's training, resolved to files, as `run.json` gives it to a node that has no recipe.

    Paths are relative to the run's folder. The node trains in `<out>.partial`; a later run counts and names
    it.
    """
    trained = {name: stage for name, stage in store.stages.items() if name.startswith("train-")}
    place = store.folder.name
    return {
        name.removeprefix("train-"): {
            "settings": plain(stage.settings),
            "inputs": {role: f"{place}/{store.path(source).name}" for role, source in stage.reads.items()},
            "out": f"{place}/{store.path(name).name}",
            "fingerprint": store.prints[name],
        }
        for name, stage in trained.items()
    }
