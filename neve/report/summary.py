"""Every number of the report, read from what the stages wrote: one dict, `summary.json`.

The page draws from this dict alone, so a number on the page is a number in the file. What a clock measured
stands under `timings` and nowhere else: two runs of one recipe differ there only.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from neve.documents import read
from neve.recipe.training import phase_of
from neve.report import corpus, grown, ranked, shortages, touched
from neve.store import MANIFEST, read_json

CURVE_POINTS = 120
"""Points of a loss curve at most; each is the mean of the steps it stands for."""
SNIPPET = 700
"""Characters of a sample."""
WRITTEN = 3
"""Tasks for which the page shows what each model wrote."""


def summarize(inputs: dict[str, Path], recipe: dict[str, Any]) -> dict[str, Any]:
    """The summary of a run from its stages' folders (stage name -> folder)."""
    manifests = {name: read_json(path / MANIFEST) for name, path in inputs.items()}
    counts = {name: manifest["counts"] for name, manifest in manifests.items()}
    summary = {
        "run": recipe["run"]["name"],
        "seed": recipe["run"]["seed"],
        "corpus": corpus.summarize(inputs["curate"], counts["curate"]),
        "exemplars": {
            name.removeprefix("exemplars-"): counts[name] for name in inputs if name.startswith("exemplars-")
        },
        "tokens": counts["tokens"],
        "phases": phases(inputs, counts, recipe),
        "results": read_json(inputs["evaluate"] / "results.json"),
        "recipe": recipe,
        "versions": manifests["curate"]["versions"],
        "shortages": shortages.of_run(inputs, recipe),
        "timings": {
            "seconds": {name: manifest["seconds"] for name, manifest in manifests.items()},
            "tokens_a_second": {
                name.removeprefix("train-"): speed(place)
                for name, place in inputs.items()
                if name.startswith("train-")
            },
            "scoring": scoring(inputs),
        },
    }
    if used := [name.removeprefix("scores-") for name in inputs if name.startswith("scores-")]:
        summary["annotators"] = {
            name: read_json(inputs[f"annotator-{name}"] / "annotator.json") for name in used
        }
        summary["not_validated"] = {name: counts[f"scores-{name}"]["not_validated"] for name in used}
        summary["scores"] = {name: scores(inputs, name, _phases_of(recipe, name)) for name in used}
        summary["selection"] = selections(inputs, counts)
    diagnosed = [name.removeprefix("diagnosis-") for name in inputs if name.startswith("diagnosis-")]
    summary["diagnosis"] = {
        name: read_json(inputs[f"diagnosis-{name}"] / "diagnosis.json") for name in diagnosed
    }
    if "synthesis" in inputs:
        summary["synthesis"] = grown.synthesis(inputs, counts["synthesis"], recipe["synthesis"]["budget"])
        summary["synthesis"]["draws"] = [
            {part: counts[name][part] for part in ("accepted", "tokens")} for name in touched.draws(inputs)
        ]
    summary["written"] = written(inputs["evaluate"] / "models")
    for model in summary["results"]["models"].values():
        for benchmark in model.get("benchmarks", {}).values():
            benchmark.pop("samples", None)
    return summary


def _phases_of(recipe: dict[str, Any], annotator: str) -> list[str]:
    """Names of the phases that select by an annotator; one that names none takes the only one."""
    return [phase["name"] for phase in recipe["phase"] if phase["annotator"] in (annotator, None)]


def scores(inputs: dict[str, Path], annotator: str, phases: list[str]) -> dict[str, Any]:
    """Distribution of an annotator's scores in each language, and documents side by side, at the cut of the
    first of `phases` that has a selection."""
    folder = inputs["curate"] / "documents"
    table = ranked.scored(inputs[f"scores-{annotator}"] / "scores", folder)
    places = [inputs[f"selection-{phase}"] for phase in phases if f"selection-{phase}" in inputs]
    chosen = read(places[0] / "selection.parquet", ["doc_id"])["doc_id"].combine_chunks() if places else None
    train = table.filter(pc.equal(table["split"], "train"))
    return {**ranked.histogram(table), "beside": ranked.beside(train, folder, chosen)}


def scoring(inputs: dict[str, Path]) -> dict[str, dict[str, float]]:
    """How long each annotator's devices could have computed while it scored, and the share of it that they
    waited; those that compute on none, and those whose scores an earlier attempt had made, are left out."""
    stages = [name for name in inputs if name.startswith("scores-")]
    found = {name.removeprefix("scores-"): read_json(inputs[name] / "timings.json") for name in stages}
    return {name: timings for name, timings in found.items() if timings}


def selections(inputs: dict[str, Path], counts: dict[str, Any]) -> dict[str, Any]:
    """What was chosen for each phase and each control, by language, and how many seeds."""
    chosen = {
        name.partition("-")[2]: read_json(path / "selection.json")
        for name, path in inputs.items()
        if name.startswith(("selection-", "control-"))
    }
    return {"phases": chosen, **({"seeds": counts["seeds"]} if "seeds" in counts else {})}


def written(folder: Path) -> list[dict[str, Any]]:
    """What each model wrote for a few tasks: those of which most models wrote something."""
    texts: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted(folder.glob("*/samples-*.jsonl")):
        model, benchmark = path.parent.name, path.stem.removeprefix("samples-")
        entry = read_json(path.parent / "results.json")["benchmarks"][benchmark]
        statuses = {row["task_id"]: row["status"] for row in entry["samples"] if row["sample"] == 0}
        for line in filter(None, path.read_text(encoding="utf-8").split("\n")[1:]):
            row = json.loads(line)
            if row["sample"] == 0:
                about = {"model": model, "status": statuses[row["task_id"]], "text": row["text"][:SNIPPET]}
                texts.setdefault(row["task_id"], {})[model] = about
    said = sorted(texts, key=lambda task: (-sum(bool(r["text"].strip()) for r in texts[task].values()), task))
    return [{"task_id": task, "models": list(texts[task].values())} for task in said[:WRITTEN]]


def phases(inputs: dict[str, Path], counts: dict[str, Any], recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """Each phase and control in the order trained: what it started from, its counts and its curve."""
    rows = []
    for stage in inputs:
        if not stage.startswith("train-"):
            continue
        name = stage.removeprefix("train-")
        phase = phase_of(name, recipe["phase"])
        rows.append(
            {
                "name": name,
                "control": name != phase["name"],
                "data": _data(phase) if name == phase["name"] else _of_twin(name),
                "start": phase["start"],
                **counts[stage],
                "view": counts[f"view-{name}"],
                "curve": curve(inputs[stage] / "metrics.jsonl"),
            }
        )
    return rows


def _data(phase: dict[str, Any]) -> str:
    """What a phase reads, in a few words: a mix by its parts' weights."""
    parts = [f"{part['data']} {part['weight']:g}" for part in phase["mix"]]
    return phase["data"] or "mix of " + ", ".join(parts)


def _of_twin(name: str) -> str:
    return "other answers" if re.search(r"-redrawn(-\d+)?$", name) else "random documents"


def speed(train: Path) -> list[float | None]:
    """Tokens a second of a phase's training over the parts of its curve; None where no step was timed."""
    steps = _lines(train / "metrics.jsonl")
    seconds = {row["step"]: row["seconds"] for row in _lines(train / "timings.jsonl")}
    tokens = np.diff([0, *(step["tokens"] for step in steps)])
    found: list[float | None] = []
    for part in _parts(len(steps)):
        timed = [i for i in part.tolist() if steps[i]["step"] in seconds]
        taken = sum(seconds[steps[i]["step"]] for i in timed)
        found.append(round(float(tokens[timed].sum()) / taken, 1) if taken else None)
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def _parts(steps: int) -> list[np.ndarray]:
    """The steps of each point of a curve."""
    return np.array_split(np.arange(steps), min(CURVE_POINTS, steps)) if steps else []


def curve(path: Path) -> dict[str, list[float | None]]:
    """Loss (nats a token), learning rate, norm of the gradient and held-out bits per byte over tokens.

    Thinned to CURVE_POINTS parts: loss and norm are means over a part's steps, the others the last value in
    it.
    """
    steps = _lines(path)
    parts = [[steps[i] for i in part] for part in _parts(len(steps))]

    def mean(part: list[dict[str, Any]], key: str) -> float | None:
        values = [step[key] for step in part if step.get(key) is not None]
        return round(float(np.mean(values)), 4) if values else None

    def measured(part: list[dict[str, Any]]) -> float | None:
        return next((step["heldout"]["all"] for step in reversed(part) if step.get("heldout")), None)

    return {
        "tokens": [part[-1]["tokens"] for part in parts],
        "loss": [mean(part, "loss") for part in parts],
        "lr": [part[-1]["lr"] for part in parts],
        "grad_norm": [mean(part, "grad_norm") for part in parts],
        "validation": [measured(part) for part in parts],
    }
