"""Every number of the report, read from what the stages wrote: one dict, `summary.json`.

The page draws from this dict alone, so a number on the page is a number in the file. What a clock measured
stands under `timings` and nowhere else: two runs of one recipe differ there only.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve.documents import read
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
        "corpus": corpus(inputs["curate"], counts["curate"]),
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


def corpus(folder: Path, counts: dict[str, Any]) -> dict[str, Any]:
    """The funnel, languages, licences, and the largest clusters of near duplicates."""
    documents = read(folder / "documents", ["repo", "language", "license", "split", "size"])
    verdicts = read(folder / "verdicts", ["stage", "rule", "language"])
    rules = verdicts.group_by(["stage", "rule"]).aggregate([([], "count_all")]).to_pylist()
    rules.sort(key=lambda row: (-row["count_all"], row["stage"], row["rule"]))
    samples = verdict_samples(folder, [(row["stage"], row["rule"]) for row in rules])
    return {
        "entering": counts["entering"],
        "documents": documents.num_rows,
        "bytes": pc.sum(documents["size"]).as_py() or 0,
        "repositories": pc.count_distinct(documents["repo"]).as_py(),
        "rules": [
            {
                "stage": r["stage"],
                "rule": r["rule"],
                "files": r["count_all"],
                "samples": samples[r["stage"], r["rule"]],
            }
            for r in rules
        ],
        "languages": _tally(documents, "language"),
        "licenses": _tally(documents, "license"),
        "splits": _tally(documents, "split"),
        "heldout_repositories": sorted(
            documents.filter(pc.field("split") == "heldout")["repo"].unique().to_pylist()
        ),
        "clusters": clusters(folder / "clusters"),
    }


def _tally(table: pa.Table, column: str) -> list[dict[str, Any]]:
    groups = table.group_by(column).aggregate([([], "count_all"), ("size", "sum")]).to_pylist()
    groups.sort(key=lambda row: (-row["size_sum"], str(row[column])))
    return [{column: g[column], "documents": g["count_all"], "bytes": g["size_sum"]} for g in groups]


def verdict_samples(
    folder: Path, rules: list[tuple[str, str]]
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """For each rule the verdicts whose file keys hash lowest: a draw that no order of rows changes."""
    columns = ["stage", "rule", "repo", "path", "value", "limit", "kept_repo", "kept_path", "detail"]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {rule: [] for rule in rules}
    verdicts = read(folder / "verdicts", columns)
    keys = [
        _hash(f"{repo}\0{path}")
        for repo, path in zip(*(verdicts[c].to_pylist() for c in ("repo", "path")), strict=True)
    ]
    order = np.argsort(np.array(keys, dtype=np.uint64), kind="stable")
    for row in verdicts.take(order).to_pylist():
        kept = found[row["stage"], row["rule"]]
        if len(kept) < SHOWN:
            kept.append(
                {
                    key: value
                    for key, value in row.items()
                    if key not in ("stage", "rule") and value is not None
                }
            )
    return found


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def clusters(folder: Path) -> list[dict[str, Any]]:
    """The largest groups of near duplicates: how many, what was kept, some of what was dropped."""
    table = read(folder)
    if table.num_rows == 0:
        return []
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in table.sort_by([("repo", "ascending"), ("path", "ascending")]).to_pylist():
        groups.setdefault(row["component"], []).append(row)
    named: list[dict[str, Any]] = [
        {
            "documents": len(rows),
            "kept": [f"{r['repo']}/{r['path']}" for r in rows if r["kept"]][:SHOWN],
            "dropped": [f"{r['repo']}/{r['path']}" for r in rows if not r["kept"]][:SHOWN],
        }
        for rows in groups.values()
    ]
    return sorted(named, key=lambda g: (-g["documents"], g["kept"], g["dropped"]))[:10]


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
        "languages": _tally(documents, "language"),
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
                "data": "random documents" if name != phase["name"] else phase["data"],
                "start": phase["start"],
                **counts[stage],
                "view": counts[f"view-{name}"],
                "curve": curve(inputs[stage] / "metrics.jsonl"),
            }
        )
    return rows


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
