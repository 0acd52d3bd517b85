"""The life of one file: what was measured, why it stopped or how far it came, and what grew from it.

Everything is looked up in what the stages wrote; nothing is computed again but which training windows a
document's tokens fell into, a pure function of its view.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve.documents import read
from neve.errors import Fault, Misuse
from neve.store import MANIFEST, read_json

CANDIDATES = 10
"""Matches shown when a key fits several files."""


def why(folder: Path, key: str) -> dict[str, Any]:
    """All that a run knows of the file that `key` names: a doc_id, `repo/path`, or a part of it that fits one file.

    Raises Fault when there is no run, no such file, or more than one.
    """
    places = _places(folder)
    if "curate" not in places:
        raise Fault(f"{folder}: curation is not done yet; `neve run` gets it done")
    if (grown := _synthetic(places, key)) is not None:
        return grown
    file, verdict = _find(places["curate"], key)
    signals = _signals(places["curate"], file)
    if stated := signals.pop("license_path", None):
        file["license_path"] = stated
    life: dict[str, Any] = {"file": file, "signals": signals, "verdict": verdict}
    if verdict is None and "tokens" in places:
        life |= _quality(places, file["doc_id"])
        life["phases"] = _phases(places, file["doc_id"])
        life["synthetic"] = _children(places, file["doc_id"])
    return life


def _places(folder: Path) -> dict[str, Path]:
    """Whole stage folders of the run's arm, by stage name; of a curation that ran alone, its own folder."""
    if (folder / MANIFEST).exists():  # a curation that ran alone
        return {"curate": folder}
    try:
        arm = next(iter(read_json(folder / "run.json")["arms"].values()))
    except (OSError, ValueError, KeyError, StopIteration):
        raise Misuse(
            f"{folder}: no run here, and no curation (no run.json, no manifest.json); `neve run RECIPE` makes one"
        ) from None
    paths = {name: folder / "stages" / made for name, made in arm.items()}
    return {name: path for name, path in paths.items() if (path / MANIFEST).exists()}


def _find(curate: Path, key: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The file and its verdict, if it has one; the doc_id of a document is the document, not its exact duplicates."""
    columns = ["doc_id", "source", "repo", "path", "language"]
    documents = read(curate / "documents", [*columns, "license", "split", "size"])
    verdicts = read(curate / "verdicts")
    found: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
        (row, None) for row in _matching(documents, key)
    ]
    copies = [] if pc.index(documents["doc_id"], key).as_py() >= 0 else _matching(verdicts, key)
    for row in copies:
        file = {name: row[name] for name in columns}
        found.append(
            (file, {name: value for name, value in row.items() if name not in columns and value is not None})
        )
    if not found:
        raise Fault(f"{key}: no file of this run has that doc_id, or that in its repo/path")
    if len(found) > 1:
        names = [f"{row['repo']}/{row['path']}" for row, _ in found]
        more = f" and {len(names) - CANDIDATES} more" if len(names) > CANDIDATES else ""
        raise Fault(f"{key}: fits {len(names)} files; name one of {', '.join(names[:CANDIDATES])}{more}")
    return found[0]


def _matching(table: pa.Table, key: str) -> list[dict[str, Any]]:
    """Rows whose doc_id or repo/path is `key`; else those whose repo/path ends with it; else those that contain it."""
    names = pc.binary_join_element_wise(table["repo"], table["path"], "/")
    exact = pc.or_kleene(pc.equal(table["doc_id"], key), pc.equal(names, key))
    for mask in (exact, pc.ends_with(names, "/" + key.lstrip("/")), pc.match_substring(names, key)):
        rows = table.filter(pc.fill_null(mask, False))
        if rows.num_rows:
            return rows.to_pylist()
    return []


def _signals(curate: Path, file: dict[str, Any]) -> dict[str, Any]:
    here = (ds.field("repo") == file["repo"]) & (ds.field("path") == file["path"])
    rows = read(curate / "signals", filters=here).to_pylist() if (curate / "signals").exists() else []
    return (
        {k: v for k, v in rows[0].items() if k not in ("doc_id", "source", "repo", "path", "language")}
        if rows
        else {}
    )


def _row(folder: Path, doc_id: str, columns: list[str] | None = None) -> dict[str, Any] | None:
    rows = read(folder, columns, ds.field("doc_id") == doc_id).to_pylist()
    return rows[0] if rows else None


def _quality(places: dict[str, Path], doc_id: str) -> dict[str, Any]:
    """Score, rank and repeats."""
    found: dict[str, Any] = {}
    scored = {name: path for name, path in places.items() if name.startswith("scores-")}
    if scored:
        found["scores"] = {
            name.removeprefix("scores-"): _row(path / "scores", doc_id) for name, path in scored.items()
        }
    for name, place in places.items():
        kind, _, chosen_for = name.partition("-")
        if kind not in ("selection", "control"):
            continue
        if (row := _row(place / "selection.parquet", doc_id)) is not None:
            found.setdefault("selected", {})[chosen_for] = row["repeats"]
    return found


def _phases(places: dict[str, Path], doc_id: str) -> list[dict[str, Any]]:
    """For each phase trained: how many of the document's tokens it was trained on, repeats counted."""
    from neve.tokens.mix import Mix, opened

    if "tokens" not in places:
        return []
    row = _row(places["tokens"] / "index.parquet", doc_id, ["shard", "offset", "length"])
    found = []
    for name, path in places.items():
        if not name.startswith("train-") or row is None:
            continue
        phase = name.removeprefix("train-")
        place = places[f"view-{phase}"]
        manifest = read_json(path / MANIFEST)
        training, seed = manifest["settings"]["training"], manifest["settings"]["seed"]
        view = opened(place)
        windows = -(-manifest["counts"]["tokens"] // training["sequence"])
        if isinstance(view, Mix):
            parts = list(zip(view.folders, view.parts, view.windows_of(windows), strict=True))
        else:
            parts = [(place, view, windows)]
        parts = [part for part in parts if read_json(part[0] / "view.json")["kind"] != "synthetic"]
        seen = [
            part.seen(at, seed, count, training["sequence"])
            for at_place, part, count in parts
            if (at := _in_view(at_place, row)) is not None
        ]
        if parts:
            found.append(
                {"phase": phase, "in_view": bool(seen), "tokens": row["length"], "tokens_trained": sum(seen)}
            )
    return found


def _in_view(place: Path, row: dict[str, Any]) -> int | None:
    """Row of a view that holds these tokens, if one does: tokens are known by where they lie."""
    shard, offset = (np.load(place / f"{name}.npy", mmap_mode="r") for name in ("shard", "offset"))
    hits = np.flatnonzero((shard == row["shard"]) & (offset == row["offset"]))
    return int(hits[0]) if len(hits) else None


def _children(places: dict[str, Path], doc_id: str) -> list[dict[str, Any]]:
    """Synthetic documents grown from this one, accepted or refused."""
    if "synthesis" not in places:
        return []
    seed = ds.field("seed_doc_id") == doc_id
    grown = read(places["synthesis"] / "documents", ["doc_id", "path"], seed).to_pylist()
    refused = read(places["synthesis"] / "verdicts", ["rule", "value", "limit", "detail"], seed).to_pylist()
    return [{**row, "state": "accepted"} for row in grown] + [{**row, "state": "refused"} for row in refused]


def _synthetic(places: dict[str, Path], key: str) -> dict[str, Any] | None:
    """The life of a synthetic document: its seed."""
    if "synthesis" not in places:
        return None
    columns = ["doc_id", "source", "repo", "path", "language", "split", "size", "seed_doc_id"]
    rows = _matching(read(places["synthesis"] / "documents", columns), key) if key else []
    exact = [row for row in rows if key in (row["doc_id"], row["path"], f"{row['repo']}/{row['path']}")]
    if not exact:
        return None
    file = exact[0]
    return {
        "file": file,
        "verdict": None,
        "seed": _row(places["curate"] / "documents", file["seed_doc_id"], ["doc_id", "repo", "path"]),
    }


def render(life: dict[str, Any]) -> str:
    """The same for a person, a line each."""
    file, lines = life["file"], []
    lines.append(f"{file['repo']}/{file['path']}")
    about = [
        f"{name} {file[name]}"
        for name in ("doc_id", "language", "license", "size", "split")
        if file.get(name) is not None
    ]
    lines.append("  " + ", ".join(about))
    if file.get("license_path"):
        lines.append(f"  licence stated by {file['license_path']}")
    if life.get("signals"):
        shown = (
            f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}"
            for k, v in life["signals"].items()
            if v is not None
        )
        lines.append("  signals: " + ", ".join(shown))
    if (verdict := life["verdict"]) is not None:
        said = f"  stopped by {verdict['stage']}/{verdict['rule']}"
        if "value" in verdict:
            said += f": measured {verdict['value']:.4g}" + (
                f", limit {verdict['limit']:.4g}" if "limit" in verdict else ""
            )
        lines.append(said)
        if "kept_path" in verdict:
            lines.append(f"  kept in its place: {verdict['kept_repo']}/{verdict['kept_path']}")
        if "detail" in verdict:
            lines.append(f"  {verdict['detail']}")
        return "\n".join(lines)
    if life.get("seed"):
        lines.append(f"  grown from {life['seed']['repo']}/{life['seed']['path']} ({life['seed']['doc_id']})")
        return "\n".join(lines)
    for name, score in life.get("scores", {}).items():
        sections = ", ".join(f"{value:.3f}" for value in score["section_scores"])
        lines.append(
            f"  {name}: score {score['score']:.3f} (sections {sections}), "
            f"rank {score['rank']:,} of its language"
        )
    chosen = life.get("selected") or {}
    if "phases" not in life:
        lines.append("  a document: nothing stopped it")
        return "\n".join(lines)
    lines.append(
        "  selected for " + ", ".join(f"{k} x {v}" for k, v in chosen.items())
        if chosen
        else "  selected for no phase"
    )
    for phase in life.get("phases", []):
        if phase["tokens_trained"] or phase["in_view"]:
            lines.append(
                f"  phase {phase['phase']}: trained on {phase['tokens_trained']:,} tokens of its {phase['tokens']:,}"
            )
    for child in life.get("synthetic", []):
        lines.append(
            f"  grew {child['path']} (accepted)"
            if child["state"] == "accepted"
            else f"  grew an answer that was refused: {child['rule']}"
        )
    return "\n".join(lines)
