"""Every number of the report, read from what the stages wrote: one dict, `summary.json`.

The page draws from this dict alone, so a number on the page is a number in the file. What a clock measured
stands under `timings` and nowhere else: two runs of one recipe differ there only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve.documents import read
from neve.report import corpus
from neve.store import MANIFEST, read_json

CURVE_POINTS = 120
"""Points of a loss curve at most; each is the mean of the steps it stands for."""
SHOWN = 5
"""Samples shown of each kind."""
SNIPPET = 700
"""Characters of a sample."""


def summarize(inputs: dict[str, Path], recipe: dict[str, Any]) -> dict[str, Any]:
    """The summary of a run from its stages' folders (stage name -> folder)."""
    manifests = {name: read_json(path / MANIFEST) for name, path in inputs.items()}
    counts = {name: manifest["counts"] for name, manifest in manifests.items()}
    summary = {
        "run": recipe["run"]["name"],
        "seed": recipe["run"]["seed"],
        "corpus": corpus.summarize(inputs["curate"], counts["curate"]),
        "exemplars": counts["exemplars"],
        "tokens": counts["tokens"],
        "phases": phases(inputs, counts, recipe),
        "results": read_json(inputs["evaluate"] / "results.json"),
        "recipe": recipe,
        "versions": manifests["curate"]["versions"],
        "timings": {name: manifest["seconds"] for name, manifest in manifests.items()},
    }
    if "scores" in inputs:
        summary["annotator"] = read_json(inputs["annotator"] / "annotator.json")
        summary["scores"] = scores(inputs)
        summary["selection"] = read_json(inputs["selection"] / "selection.json")
    if "synthesis" in inputs:
        summary["synthesis"] = synthesis(inputs["synthesis"], counts["synthesis"])
    for model in summary["results"]["models"].values():
        for benchmark in model.get("benchmarks", {}).values():
            benchmark.pop("samples", None)
    return summary


def scores(inputs: dict[str, Path]) -> dict[str, Any]:
    """Distribution of the scores in each language, and the best and the worst documents."""
    table = read(inputs["scores"] / "scores", ["doc_id", "score", "rank"])
    about = read(inputs["curate"] / "documents", ["doc_id", "repo", "path", "language", "size"])
    table = table.join(about, "doc_id").sort_by([("score", "descending"), ("doc_id", "ascending")])
    values = table["score"].to_numpy()
    edges = np.linspace(values.min(), values.max(), 41) if len(values) else np.linspace(0, 1, 41)
    histogram = {}
    for language in sorted(table["language"].unique().to_pylist()):
        of_language = table.filter(pc.field("language") == language)["score"].to_numpy()
        histogram[language] = np.histogram(of_language, edges)[0].tolist()
    sized = table.filter(pc.field("size") >= 200)
    best, worst = sized.slice(0, SHOWN), sized.slice(max(0, sized.num_rows - SHOWN))
    return {
        "documents": table.num_rows,
        "edges": edges.tolist(),
        "histogram": histogram,
        "best": _with_text(best, inputs["curate"]),
        "worst": _with_text(worst, inputs["curate"])[::-1],
    }


def _with_text(table: pa.Table, curate: Path) -> list[dict[str, Any]]:
    wanted = table["doc_id"].to_pylist()
    text = read(curate / "documents", ["doc_id", "content"], ds.field("doc_id").isin(wanted))
    texts = dict(zip(text["doc_id"].to_pylist(), text["content"].to_pylist(), strict=True))
    return [{**row, "text": texts[row["doc_id"]][:SNIPPET]} for row in table.to_pylist()]


def synthesis(folder: Path, counts: dict[str, Any]) -> dict[str, Any]:
    """What was grown, what the gates refused, with samples in seed order."""
    documents = read(folder / "documents")
    verdicts = read(folder / "verdicts")
    refused = verdicts.group_by(["rule"]).aggregate([([], "count_all")]).to_pylist()
    return {
        **{key: value for key, value in counts.items() if isinstance(value, int | float | str)},
        "accepted": documents.num_rows,
        "languages": corpus.tally(documents, "language"),
        "refused": {
            row["rule"]: row["count_all"]
            for row in sorted(refused, key=lambda r: (-r["count_all"], r["rule"]))
        },
        "samples": [
            {
                "path": row["path"],
                "language": row["language"],
                "seed_doc_id": row["seed_doc_id"],
                "text": row["content"][:SNIPPET],
            }
            for row in documents.slice(0, SHOWN).to_pylist()
        ],
        "refusals": [
            {key: row[key] for key in ("seed_doc_id", "rule", "value", "limit", "detail")}
            for row in verdicts.slice(0, SHOWN).to_pylist()
        ],
    }


def phases(inputs: dict[str, Path], counts: dict[str, Any], recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """Each phase and control in the order trained: what it started from, its counts and its curve."""
    rows = []
    for stage in inputs:
        if not stage.startswith("train-"):
            continue
        name = stage.removeprefix("train-")
        phase = next(p for p in recipe["phase"] if name in (p["name"], f"{p['name']}-random"))
        rows.append(
            {
                "name": name,
                "control": name != phase["name"],
                "data": "random documents" if name != phase["name"] else _data(phase),
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


def curve(path: Path) -> dict[str, list[float]]:
    """Loss (nats a token) and learning rate over tokens, thinned to CURVE_POINTS means."""
    import json

    steps = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    parts = np.array_split(np.arange(len(steps)), min(CURVE_POINTS, len(steps)))
    return {
        "tokens": [steps[part[-1]]["tokens"] for part in parts],
        "loss": [
            round(float(np.mean([steps[i]["loss"] for i in part if steps[i]["loss"] is not None] or [0])), 4)
            for part in parts
        ],
        "lr": [steps[part[-1]]["lr"] for part in parts],
    }
