"""A trained model leaves the run: a Hugging Face folder, copied whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from neve.errors import Misuse
from neve.run import record
from neve.run.record import ARM
from neve.store import arm_stages, partial, state


def export(folder: Path, phase: str, out: Path, step: str | None = None, arm: str = ARM) -> None:
    """Write a phase's model, a Hugging Face folder, to `out`, whole or not at all.

    Without `step` the model of the phase's end. With a step's number, or "latest", that checkpoint of a
    phase in training; "latest" of one that is done is its end.
    """
    trained = record.training(folder, arm, phase)
    done = state(trained) == "done"
    if step is not None and step != "latest" and not step.isdecimal():
        raise Misuse(f"--step {step}: must be the number of a step, or latest")
    if step is None and not done:
        raise Misuse(f"--phase {phase}: {_not_trained(trained)}")
    if step not in (None, "latest") and done:
        raise Misuse(f"--step {step}: phase {phase} is done and its checkpoints are gone; leave --step out")
    if out.exists():
        raise Misuse(f"--out {out}: is there already; name a folder that is not")
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    if done:
        shutil.copytree(trained / "model", temporary)
    else:
        from neve.training.loop import export_checkpoint

        number = None if step == "latest" else int(str(step))
        export_checkpoint(partial(trained), arm_stages(folder, arm)["tokenizer"], temporary, number)
    temporary.rename(out)


def _not_trained(trained: Path) -> str:
    """Why a phase has no model, and what would do; a model of other settings is named, not hidden."""
    advice = "`neve run` trains it, --step latest takes a checkpoint"
    name = trained.name.rpartition("-")[0]
    models = [p for p in trained.parent.glob(f"{name}-{'[0-9a-f]' * 8}/model") if p.is_dir()]
    if not models:
        return f"not trained yet; {advice}"
    latest = max(models, key=lambda path: path.stat().st_mtime)
    return f"not trained yet with the recipe as it is now; {advice}; {latest} was trained with other settings"
