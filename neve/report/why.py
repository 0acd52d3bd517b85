"""The life of one file: what was measured, why it stopped or how far it came, and what grew from it.

Everything is looked up in what the stages of an arm wrote; nothing is computed again but which training
windows a document's tokens fell into, a pure function of its view. What a stage that is not done yet will
decide is None, "not decided yet", and never "no".
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve.corpus import opt_out
from neve.documents import read
from neve.errors import Fault, Misuse
from neve.report import touched
from neve.store import MANIFEST, RUN, arm_stages, state

CANDIDATES = 5
"""Matches shown when a key fits several files."""
UNDECIDED = "not decided yet"
KEY = ("doc_id", "source", "repo", "path", "language")
Stages = dict[str, Path | None]
"""The stages of an arm: the folder of each that is done, None for the others."""


def why(folder: Path, key: str, arm: str = "main") -> dict[str, Any]:
    """All that a run knows of the file that `key` names: a doc_id, `repo/path`, or a part of it that fits
    one file; of a repository's name, `author: NAME` or a SWHID what became of all their files.

    Raises Misuse when there is no run, no such arm, no such file, or more than one.
    """
    stages = _stages(folder, arm)
    if (curate := stages["curate"]) is None:
        raise Fault(f"{folder}: curation is not done yet; `neve run` does it")
    if (grown := _synthetic(stages, curate, key)) is not None:
        return grown
    if (group := _group(stages, curate, key)) is not None:
        return group
    corpora = {
        name: path for name, path in stages.items() if path and name.startswith(("curate", "exemplars-"))
    }
    stage, file, verdict = _find(corpora, key)
    signals = _signals(corpora[stage], file)
    file |= {key: signals.pop(key) for key in ("license_path", "swhid") if signals.get(key) is not None}
    life: dict[str, Any] = {"file": file, "signals": signals, "verdict": verdict}
    if stage != "curate":
        return life | {"exemplar": stage.removeprefix("exemplars-")}
    if verdict is None and "tokens" in stages:
        life |= _quality(stages, file["doc_id"])
        life["phases"] = _phases(stages, file["doc_id"])
        life["synthetic"] = _children(stages, file["doc_id"])
    return life


def _stages(folder: Path, arm: str) -> Stages:
    """The stages of an arm; of a curation that ran alone, its own folder."""
    if (folder / MANIFEST).exists():  # a curation that ran alone
        return {"curate": folder}
    if not (folder / RUN).exists():
        raise Misuse(
            f"{folder}: no run here, and no curation (no {RUN}, no {MANIFEST}); `neve run RECIPE` makes one"
        )
    return {name: path if state(path) == "done" else None for name, path in arm_stages(folder, arm).items()}


def _find(corpora: dict[str, Path], key: str) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    """The stage that curated a file, the file, and its verdict, if it has one.

    The corpus comes before exemplars; the doc_id of a document is the document, not its exact duplicates.
    """
    found: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = []
    for stage, place in corpora.items():
        documents = read(place / "documents", [*KEY, "license", "split", "size"])
        found = [(stage, row, None) for row in _matching(documents, key)]
        copies = (
            []
            if pc.index(documents["doc_id"], key).as_py() >= 0
            else _matching(read(place / "verdicts"), key)
        )
        for row in copies:
            verdict = {name: value for name, value in row.items() if name not in KEY and value is not None}
            found.append((stage, {name: row[name] for name in KEY}, verdict))
        if found:
            break
    if not found:
        raise Misuse(
            f"{key}: no file of this run has that doc_id, or that in its repo/path; "
            "verdicts/ and documents/ of stage curate list them all"
        )
    if len(found) > 1:
        names = [f"{row['repo']}/{row['path']}" for _, row, _ in found]
        more = f" and {len(names) - CANDIDATES} more" if len(names) > CANDIDATES else ""
        raise Misuse(f"{key}: fits {len(names)} files; name one of {', '.join(names[:CANDIDATES])}{more}")
    return found[0]


def _matching(table: pa.Table, key: str) -> list[dict[str, Any]]:
    """Rows whose doc_id or repo/path is `key`; else those whose repo/path ends with it; else those that
    contain it."""
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


def _quality(stages: Stages, doc_id: str) -> dict[str, Any]:
    """Scores by annotator, and repeats (0: not chosen) by phase and control; None where that is not decided
    yet."""
    found: dict[str, dict[str, Any]] = {"scores": {}, "selected": {}}
    for stage, path in stages.items():
        kind, _, name = stage.partition("-")
        if kind == "scores":
            found["scores"][name] = path and _row(path / "scores", doc_id)
        elif kind in ("selection", "control"):
            row = path and _row(path / "selection.parquet", doc_id)
            found["selected"][name] = None if path is None else row["repeats"] if row else 0
    return found


def _phases(stages: Stages, doc_id: str) -> list[dict[str, Any]]:
    """For each phase and control that reads the corpus: whether the document is in its view, and how many of
    its tokens were trained on, repeats counted; None where that is not decided yet."""
    if (tokens := stages["tokens"]) is None:
        length = None
    elif (at := _row(tokens / "index.parquet", doc_id, ["length"])) is None:
        return []
    else:
        length = at["length"]
    return [
        {
            "phase": row["phase"], "control": row["control"],
            "in_view": None if row["documents"] is None else row["documents"] > 0,
            "tokens": None if row["documents"] is None else row["tokens"] or length,
            "tokens_trained": row["tokens_trained"],
        }
        for row in touched.phases(stages, pa.array([doc_id]))
    ]  # fmt: skip


def _group(stages: Stages, curate: Path, key: str) -> dict[str, Any] | None:
    """What became of all files of a repository, of an author or of a SWHID; None where the key is none."""
    if key.startswith(("author:", "swh:")):
        found = touched.named(curate, opt_out.parse([(key, key)]))
        return {"what": key, "stopped": {}, **touched.of_documents(stages, found)}
    here = ds.field("repo") == key
    found = read(curate / "documents", ["doc_id", "repo", "path"], here)
    verdicts = read(curate / "verdicts", ["stage", "rule"], here)
    if not found.num_rows and not verdicts.num_rows:
        return None
    stopped = Counter(f"{row['stage']}/{row['rule']}" for row in verdicts.to_pylist())
    return {"what": key, "stopped": dict(stopped.most_common()), **touched.of_documents(stages, found)}


def _children(stages: Stages, doc_id: str) -> list[dict[str, Any]] | None:
    """Synthetic documents grown from this one, accepted or refused, in all draws of the answers; None where
    one is not done yet."""
    children: list[dict[str, Any]] = []
    seed = ds.field("seed_doc_id") == doc_id
    for place in touched.draws(stages).values():
        if place is None:
            return None
        grown = read(place / "documents", ["doc_id", "path"], seed).to_pylist()
        refused = read(place / "verdicts", ["rule", "value", "limit", "detail"], seed).to_pylist()
        children += [{**row, "state": "accepted"} for row in grown]
        children += [{**row, "state": "refused"} for row in refused]
    return children


def _synthetic(stages: Stages, curate: Path, key: str) -> dict[str, Any] | None:
    """The life of a synthetic document: its seed."""
    columns = [*KEY, "split", "size", "seed_doc_id"]
    places = [place for place in touched.draws(stages).values() if place is not None and key]
    rows = [row for place in places for row in _matching(read(place / "documents", columns), key)]
    exact = [row for row in rows if key in (row["doc_id"], row["path"], f"{row['repo']}/{row['path']}")]
    if not exact:
        return None
    file = exact[0]
    seed = _row(curate / "documents", file["seed_doc_id"], ["doc_id", "repo", "path"])
    return {"file": file, "verdict": None, "seed": seed}


def render(life: dict[str, Any]) -> str:
    """The same for a person, a line each."""
    if "what" in life:
        stopped = [
            f"  stopped by {rule}: {touched.counted(n, 'file')}" for rule, n in life["stopped"].items()
        ]
        return "\n".join([life["what"], *touched.lines(life), *stopped])
    file, lines = life["file"], []
    lines.append(f"{file['repo']}/{file['path']}")
    about = [
        f"{name} {file[name]}"
        for name in ("doc_id", "language", "license", "size", "split")
        if file.get(name) is not None
    ]
    lines.append("  " + ", ".join(about))
    if file.get("swhid"):
        lines.append(f"  {file['swhid']}")
    if file.get("license_path"):
        lines.append(f"  licence stated by {file['license_path']}")
    if life.get("signals"):
        shown = [f"{name} {_figure(value)}" for name, value in life["signals"].items() if value is not None]
        lines.append("  signals: " + ", ".join(shown))
    if (verdict := life["verdict"]) is not None:
        said = f"  stopped by {verdict['stage']}/{verdict['rule']}"
        if "value" in verdict:
            said += f": measured {_figure(verdict['value'])}"
            said += f", limit {_figure(verdict['limit'])}" if "limit" in verdict else ""
        lines.append(said)
        if "kept_path" in verdict:
            lines.append(f"  kept in its place: {verdict['kept_repo']}/{verdict['kept_path']}")
        if "detail" in verdict:
            lines.append(f"  {verdict['detail']}")
        return "\n".join(lines)
    if life.get("seed"):
        lines.append(f"  grown from {life['seed']['repo']}/{life['seed']['path']} ({life['seed']['doc_id']})")
        return "\n".join(lines)
    if "exemplar" in life:
        lines.append(f"  an exemplar of the labels {life['exemplar']}: no part of the corpus")
        return "\n".join(lines)
    if "phases" not in life:
        lines.append("  a document: nothing stopped it")
        return "\n".join(lines)
    return "\n".join(lines + _rendered_quality(life) + _rendered_phases(life))


def _figure(value: Any) -> str:
    """A measured value: four digits, but a large one whole.

    >>> _figure(28064.0), _figure(0.031254), _figure(True)
    ('28,064', '0.03125', 'True')
    """
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _rendered_quality(life: dict[str, Any]) -> list[str]:
    lines = []
    for name, score in life["scores"].items():
        if score is None:
            lines.append(f"  {name}: score {UNDECIDED}")
            continue
        sections = ", ".join(f"{value:.3f}" for value in score["section_scores"])
        rank = f"rank {score['rank']:,} of its language"
        lines.append(f"  {name}: score {score['score']:.3f} (sections {sections}), {rank}")
    chosen = [f"{name} x {repeats}" for name, repeats in life["selected"].items() if repeats]
    undecided = [name for name, repeats in life["selected"].items() if repeats is None]
    if chosen:
        lines.append("  selected for " + ", ".join(chosen))
    elif life["selected"] and not undecided:
        lines.append("  selected for no phase")
    return lines + [f"  selected for {name}: {UNDECIDED}" for name in undecided]


def _rendered_phases(life: dict[str, Any]) -> list[str]:
    lines = []
    for phase in life["phases"]:
        name = f"{'control' if phase['control'] else 'phase'} {phase['phase']}"
        if phase["in_view"] is None:
            lines.append(f"  {name}: {UNDECIDED}")
        elif phase["in_view"] and phase["tokens_trained"] is None:
            lines.append(f"  {name}: in its view, not trained yet")
        elif phase["in_view"]:
            trained, tokens = f"{phase['tokens_trained']:,}", f"{phase['tokens']:,}"
            times = phase["tokens_trained"] / max(1, phase["tokens"])
            lines.append(f"  {name}: trained on {trained} tokens of its {tokens}, {times:.2f} times each")
    if life["synthetic"] is None:
        return [*lines, f"  synthetic documents grown from it: {UNDECIDED}"]
    for child in life["synthetic"]:
        accepted = child["state"] == "accepted"
        lines.append(
            f"  grew {child['path']} (accepted)"
            if accepted
            else f"  grew an answer that was refused: {child['rule']}"
        )
    return lines
