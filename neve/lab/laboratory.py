"""`neve ablate`: a laboratory from its file to its verdicts, and what it will take.

The order is the point. The baseline's draws are trained first, and from them alone the smallest difference
is stated, before any arm that it will be compared with is trained. Then come the arms, seed by seed, and
last, if the file says so, the final texts.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neve.lab import design, forecast, measure, results, statistics
from neve.lab.design import Cell
from neve.lab.file import Laboratory, load
from neve.lab.schedule import Schedule, Workers
from neve.locks import locked
from neve.store import read_json, write_json

RECORD = "history.json"

LEAST = 3
"""Seeds after which a laboratory may stop early."""


def run(file: Path, folder: Path, workers: Workers, say: Callable[[str], None]) -> dict[str, Any]:
    """Build what is not there and write the outcome; returns what lab.json holds. Raises Fault
    as stages do."""
    lab, base = load(file)
    begun = time.monotonic()
    with locked(folder):
        cells = design.cells(lab, base, folder)
        _texts_there(cells)
        schedule = Schedule(file, folder, workers, say)
        draws = [cell for cell in cells if cell.arm in design.copies(lab) and not cell.low]
        schedule.build(draws, final=False)
        said = results.stated(lab, draws, lab.tune[0])
        _record(folder, "stated", said)
        say(
            f"smallest difference that this laboratory will tell on {lab.tune[0]}: {said['smallest_difference']:.3f} "
            f"bits per byte (noise from seed to seed {said['noise']:.3f})"
        )
        seeds = _arms(lab, cells, schedule, said["smallest_difference"])
        if lab.compute_final:
            schedule.build([c for c in cells if c.seed in seeds and not c.low], final=True)
            schedule.build(draws, final=True)
            _record(
                folder,
                "final texts computed",
                {"texts": lab.final, "arms": design.arms(lab), "seeds": seeds},
            )
        found = results.outcome(lab, cells, seeds, lab.compute_final)
        for text, beside in _references(draws[0], lab.compute_final, say).items():
            found["texts"][text]["references"] = beside
        history = read_json(folder / RECORD)
        results.write(folder, found, {"seconds": round(time.monotonic() - begun, 1), "history": history})
    return found


def _references(base: Cell, final: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """By text what all arms are held against. The model that the baseline starts from is measured here, once
    for the laboratory."""
    found: dict[str, Any] = {}
    for name, start in itertools.zip_longest(base.ends(final), base.before(final)):
        if start and not base.store.done(start):
            say(start)
            base.store.run(start)
        texts = measure.references(base.store, base.store.stages[name].settings)
        known = base.store.manifest(start)["counts"] if start else {}
        what = f"the model after phase {base.start}, from which {base.arm} starts"
        for text, beside in texts.items():
            first = {f"{base.start} (the start)": {"what": what, "value": known[text]}} if start else {}
            found[text] = first | beside
    return found


def _texts_there(cells: list[Cell]) -> None:
    """Raises Fault when the tasks of a benchmark cannot be had: before the training, not after it."""
    for settings in {cell.store.stages[name].settings for cell in cells for name in cell.ends(final=True)}:
        for text in settings.texts:
            if text != measure.HELDOUT:
                measure.tasks(text, settings)


def _arms(lab: Laboratory, cells: list[Cell], schedule: Schedule, least: float) -> list[int]:
    """Train the arms; the seeds that were used."""
    if not lab.stop_early:
        schedule.build(cells, final=False)
        return list(lab.seeds)
    for number in range(1, len(lab.seeds) + 1):
        seeds = lab.seeds[:number]
        kept = [cell for cell in cells if cell.seed in seeds]
        schedule.build(kept, final=False)
        if number < LEAST or number == len(lab.seeds):
            continue
        text = lab.tune[0]
        if statistics.decided(results.figures(lab, kept, text), results.rule(lab, kept, text, least)):
            return seeds
    return list(lab.seeds)


def _record(folder: Path, what: str, said: Any) -> None:
    """Note with its time, once, what was stated before the arms were trained, and each time that final texts
    were computed for other arms or seeds."""
    path = folder / RECORD
    history = read_json(path) if path.exists() else []
    if not any(entry["what"] == what and entry["said"] == said for entry in history):
        entry = {"what": what, "said": said, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        write_json(path, [*history, entry])


def plan(file: Path, folder: Path, workers: Workers) -> dict[str, Any]:
    """What a laboratory will take, and what it will be able to tell; nothing is trained.

    How long that takes is `forecast`'s. The smallest difference comes from the baseline's draws where they
    are there, else from the file's noise, else it is None.
    """
    lab, base = load(file)
    cells = design.cells(lab, base, folder)
    draws = [cell for cell in cells if cell.arm in design.copies(lab) and not cell.low]
    said: dict[str, float | None] = {"noise": lab.noise, "smallest_difference": None}
    origin = "the noise that the file states"
    if all(cell.store.done(cell.tune) for cell in draws):
        said, origin = (
            dict(results.stated(lab, draws, lab.tune[0])),
            "the baseline's draws, which are trained",
        )
    elif lab.noise is not None:
        noise = statistics.Variance(lab.noise**2, lab.copies * (len(lab.seeds) - 1))
        said["smallest_difference"] = results.smallest_difference(lab, noise, known=True)
    return {
        "question": lab.question, "arms": design.arms(lab), "seeds": lab.seeds, "trainings": len(cells),
        **forecast.forecast(lab, cells, folder, workers),
        "decides": lab.tune[0], "final": lab.final if lab.compute_final else [], "origin": origin, **said,
    }  # fmt: skip


def described(said: dict[str, Any]) -> list[str]:
    """A plan in plain words."""
    least = said["smallest_difference"]
    lines = [
        said["question"],
        f"arms: {', '.join(said['arms'])}; seeds {', '.join(map(str, said['seeds']))}",
        f"{said['trainings_left']} of {said['trainings']} trainings are left, {said['tokens_left']:,} tokens, and "
        f"{len(said['shared_stages_left'])} stages that arms share",
        *forecast.described(said),
        f"smallest difference that it will tell on {said['decides']}: {least:.3f} bits per byte, from {said['origin']}"
        if least is not None
        else f"smallest difference that it will tell on {said['decides']}: not known before the baseline's draws, which "
        "are trained first",
    ]
    return [*lines, f"final texts: {', '.join(said['final'])}"] if said["final"] else lines
