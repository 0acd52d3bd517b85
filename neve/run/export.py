"""What leaves a run, whole or not at all: a phase's model as a Hugging Face folder, its documents as a data
set."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from neve.corpus import opt_out
from neve.errors import Misuse
from neve.export import croissant, data, data_card
from neve.export import model as cards
from neve.run import record
from neve.run.record import ARM
from neve.store import MANIFEST, arm_stages, partial, read_json, state

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
            ignored = shutil.ignore_patterns(*OURS)
            shutil.copytree(trained / "model", temporary, ignore=ignored, copy_function=shutil.copyfile)
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


def export_data(folder: Path, out: Path, arm: str = ARM, publisher: str = "", url: str = "") -> None:
    """Write a run's documents as a data set to `out`; raises Misuse where curation is not done.

    The opt-out list is read again as it is now, so that what was added to it since is left out too.
    """
    stages = {name: path for name, path in arm_stages(folder, arm).items() if state(path) == "done"}
    if "curate" not in stages:
        raise Misuse(f"{folder}: curation is not done yet; `neve run RECIPE --until curate` does it")
    recipe = record.load(folder)["recipes"][arm]
    made = {name: read_json(path / MANIFEST)["counts"] for name, path in stages.items()}
    version = read_json(stages["curate"] / MANIFEST)["versions"]["neve"]
    list_ = recipe["corpus"].get("opt_out")
    with whole(out) as temporary:
        tally = data.write(stages, opt_out.load(list_) if list_ else opt_out.OptOut(), temporary)
        text = data_card.card(recipe, made["curate"], tally, version)
        (temporary / "README.md").write_text(text, encoding="utf-8")
        draft = data_card.summary(recipe, made["curate"], tally, made, publisher)
        (temporary / "training-content-summary.md").write_text(draft, encoding="utf-8")
        about = croissant.About(
            name=recipe["run"]["name"],
            description=f"Source code curated by Neve {version}, each file under its own licence.",
            licenses=[name for name, _ in tally.licenses.most_common() if name != "unknown"],
            url=url or "https://example.org/to-be-filled-in",
            publisher=publisher or "to be filled in",
            date=datetime.now(UTC).date().isoformat(),
            keywords=["source code", "pretraining", *(name for name, _ in tally.languages.most_common(8))],
        )
        described = croissant.describe(temporary, about, data.COLUMNS)
        (temporary / "croissant.json").write_text(croissant.dumps(described), encoding="utf-8")
