"""Something is taken out of a run: what it touched is said, the opt-out list grows, the run is built again.

Nothing is edited in place. What must not be used is added to the list that the recipe names, or to one of
the run's own; curation and what reads it have other fingerprints then, and are built again without it. The
trade-off: folders of before stay, with the text in them, until somebody deletes them; they are named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.corpus import opt_out
from neve.errors import Fault, Misuse
from neve.recipe.recipe import Recipe
from neve.report import touched
from neve.report.why import why
from neve.run import record, runner
from neve.run.record import ARM
from neve.store import arm_stages, atomic_write, state

LIST = "opt-out.txt"
"""The run's own list, where the recipe names none."""


def look(folder: Path, what: list[str], arm: str = ARM) -> dict[str, Any]:
    """What taking `what` out touches: the lines for the list, documents, phases, synthetic documents.

    Raises Misuse where curation is not done, a name cannot be understood, or names nothing.
    """
    stages = {name: path if state(path) == "done" else None for name, path in arm_stages(folder, arm).items()}
    if (curate := stages["curate"]) is None:
        raise Misuse(f"{folder}: curation is not done yet, so nothing was used; put it on corpus.opt_out")
    lines = [_line(folder, curate, name, arm) for name in what]
    found = touched.named(curate, opt_out.parse((line, line) for line in lines))
    exemplars = {
        name.removeprefix("exemplars-"): touched.named(
            path, opt_out.parse((line, line) for line in lines)
        ).num_rows
        for name, path in stages.items()
        if path is not None and name.startswith("exemplars-")
    }
    return {"lines": lines, "exemplars": exemplars, **touched.of_documents(stages, found)}


def _line(folder: Path, curate: Path, name: str, arm: str) -> str:
    """The line of the list for a name: itself, or the SWHID of the one file that it names."""
    listed = opt_out.parse([(name, name)])
    if touched.named(curate, listed).num_rows:
        return name
    places = [path for stage, path in arm_stages(folder, arm).items() if stage.startswith("exemplars-")]
    if any(state(path) == "done" and touched.named(path, listed).num_rows for path in places):
        return name
    try:
        swhid = why(folder, name, arm)["file"]["swhid"]
    except (Misuse, KeyError, Fault):
        raise Misuse(
            f"{name}: names no document of this run, so nothing is to be taken out; name a repository, author: NAME, "
            "a SWHID, a doc_id or one file"
        ) from None
    return str(swhid)


def remove(folder: Path, lines: list[str], arm: str = ARM, engine: str = "native") -> Recipe:
    """Put `lines` on the list and build again, without what they name, all that was done of the arm; returns
    its recipe. After a kill `neve report` goes on: the list is written first, then the arm is recorded."""
    recipe = record.recorded(folder, arm).recipe
    done = [name for name, made in arm_stages(folder, arm).items() if state(made) == "done"]
    path = Path(recipe.corpus.opt_out or (folder / LIST).resolve()).expanduser()
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    new = [line for line in lines if line not in before.splitlines()]
    if new:
        atomic_write(
            path, before + ("" if not before or before.endswith("\n") else "\n") + "\n".join(new) + "\n"
        )
    corpus = recipe.corpus.model_copy(update={"opt_out": str(path)})
    changed = recipe.model_copy(update={"corpus": corpus})
    runner.run(changed, folder, done[-1], engine, arm)
    return changed


def leftovers(folder: Path) -> list[Path]:
    """Folders of stages that no arm is made of now: what was built before may still hold the text."""
    used = {path.name for arm in record.load(folder)["arms"] for path in arm_stages(folder, arm).values()}
    return sorted(path for path in (folder / "stages").iterdir() if path.is_dir() and path.name not in used)
