"""What leaves a run: a phase's model, a Hugging Face folder with its card, copied whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neve.errors import Misuse
from neve.export import model as cards
from neve.run import record
from neve.run.record import ARM
from neve.store import arm_stages, partial, state

OURS = ("encoder.json",)
"""Files of a model in a run that mean something to the run alone."""


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write into, which becomes `out` when all of it is there; raises Misuse where
    `out` is."""
    if out.exists():
        raise Misuse(f"--out {out}: is there already; name a folder that is not")
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def export(folder: Path, phase: str | None, out: Path, step: str | None = None, arm: str = ARM) -> None:
    """Write a phase's model, a Hugging Face folder with its card, to `out`; without a name the last phase's.

    Without `step` the model of the phase's end. With a step's number, or "latest", that checkpoint of a
    phase in training; "latest" of one that is done is its end.
    """
    recipe = record.load(folder)["recipes"].get(arm)
    stages = arm_stages(folder, arm)
    if recipe is None or not recipe["phase"]:
        raise Misuse(f"{folder}: the recipe has no phase, so there is no model; --data writes its corpus")
    phase = phase or recipe["phase"][-1]["name"]
    trained = record.training(folder, arm, phase)
    done = state(trained) == "done"
    if step is not None and step != "latest" and not step.isdecimal():
        raise Misuse(f"--step {step}: must be the number of a step, or latest")
    if step is None and not done:
        raise Misuse(f"--phase {phase}: {_not_trained(trained)}")
    if step not in (None, "latest") and done:
        raise Misuse(f"--step {step}: phase {phase} is done and its checkpoints are gone; leave --step out")
    with whole(out) as temporary:
        if done:
            shutil.copytree(trained / "model", temporary, ignore=shutil.ignore_patterns(*OURS))
        else:
            from neve.training.loop import export_checkpoint

            number = None if step == "latest" else int(str(step))
            export_checkpoint(partial(trained), stages["tokenizer"], temporary, number)
            for name in OURS:
                (temporary / name).unlink(missing_ok=True)
        cards.describe(stages, recipe, phase, None if done else step, temporary)


def _not_trained(trained: Path) -> str:
    """Why a phase has no model, and what would do; a model of other settings is named, not hidden."""
    advice = "`neve run` trains it, --step latest takes a checkpoint"
    name = trained.name.rpartition("-")[0]
    models = [p for p in trained.parent.glob(f"{name}-{'[0-9a-f]' * 8}/model") if p.is_dir()]
    if not models:
        return f"not trained yet; {advice}"
    latest = max(models, key=lambda path: path.stat().st_mtime)
    return f"not trained yet with the recipe as it is now; {advice}; {latest} was trained with other settings"
