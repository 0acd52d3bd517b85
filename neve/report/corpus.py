"""What curation did, in numbers and samples: the funnel by stage, rule and language, and what each rule
stopped.

Read from the tables that `curate` or `dedup` wrote, as a stage of a run or alone. Samples were drawn by
curation, with the run's seed; of files that a source refused only names are known.
"""

from __future__ import annotations

import difflib
import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.documents import STAGES, read
from neve.report import charts
from neve.report.charts import Chart
from neve.report.render import page
from neve.store import MANIFEST, atomic_write, read_json

SHOWN = 5
"""Samples shown of each kind."""
SNIPPET = 1200
"""Characters of a sample."""
BARS = 15
"""Languages with a bar of their own."""
LANGUAGES = 25
"""Languages with a row of their own, by files that entered."""


def summarize(folder: Path, counts: dict[str, Any]) -> dict[str, Any]:
    """The funnel, languages, licences, what was found of benchmarks and secrets, and the largest
    clusters."""
    documents = read(folder / "documents", ["repo", "language", "license", "split", "size"])
    verdicts = read(folder / "verdicts")
    return {
        "entering": counts["entering"],
        "documents": documents.num_rows,
        "bytes": pc.sum(documents["size"]).as_py() or 0,
        "repositories": pc.count_distinct(documents["repo"]).as_py(),
        "rules": rules(verdicts, read(folder / "samples")),
        "by_language": by_language(documents, verdicts),
        "languages": tally(documents, "language"),
        "licenses": tally(documents, "license"),
        "splits": tally(documents, "split"),
        "heldout_repositories": sorted(
            documents.filter(pc.field("split") == "heldout")["repo"].unique().to_pylist()
        ),
        "benchmarks": counts.get("benchmarks", {}),
        "secrets": counts.get("secrets", {}),
        "clusters": clusters(folder / "clusters"),
    }


def tally(table: pa.Table, column: str) -> list[dict[str, Any]]:
    groups = table.group_by(column).aggregate([([], "count_all"), ("size", "sum")]).to_pylist()
    groups.sort(key=lambda row: (-row["size_sum"], str(row[column])))
    return [{column: g[column], "documents": g["count_all"], "bytes": g["size_sum"]} for g in groups]


def rules(verdicts: pa.Table, samples: pa.Table) -> list[dict[str, Any]]:
    """Each rule that stopped files: how many, of which languages, and samples; those that stopped most come
    first."""
    groups = verdicts.group_by(["stage", "rule", "language"]).aggregate([([], "count_all")]).to_pylist()
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(groups, key=lambda row: (-row["count_all"], str(row["language"]))):
        rule = found.setdefault(
            (row["stage"], row["rule"]),
            {"stage": row["stage"], "rule": row["rule"], "files": 0, "languages": {}, "samples": []},
        )
        rule["files"] += row["count_all"]
        rule["languages"][row["language"] or "unknown"] = row["count_all"]
    drawn = [_sample(row) for row in samples.to_pylist()]
    known = {(row["stage"], row["rule"]) for row in drawn}
    drawn += [_sample(row) for row in _names(verdicts, set(found) - known)]
    for row in drawn:
        rule = found[row.pop("stage"), row.pop("rule")]
        if len(rule["samples"]) < SHOWN:
            rule["samples"].append(row)
    return sorted(found.values(), key=lambda rule: (-rule["files"], rule["stage"], rule["rule"]))


def _sample(row: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in row.items() if value is not None}
    return {**told, **{key: told[key][:SNIPPET] for key in ("text", "kept_text") if key in told}}


def _names(verdicts: pa.Table, wanted: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """Verdicts of rules that have no sample with a text: an even choice from their sorted rows."""
    rows = []
    for stage, rule in sorted(wanted):
        these = verdicts.filter((pc.field("stage") == stage) & (pc.field("rule") == rule))
        places = np.unique(np.linspace(0, these.num_rows - 1, SHOWN).astype(np.int64))
        rows += these.take(places).to_pylist()
    return rows


def by_language(documents: pa.Table, verdicts: pa.Table) -> list[dict[str, Any]]:
    """A row a language, those of which most files entered first: files entered, stopped at each
    stage, left."""
    stopped = verdicts.group_by(["language", "stage"]).aggregate([([], "count_all")]).to_pylist()
    left = documents.group_by("language").aggregate([([], "count_all")]).to_pylist()
    rows: dict[str, dict[str, Any]] = {}
    for row in [*stopped, *({**row, "stage": "left"} for row in left)]:
        entry = rows.setdefault(row["language"] or "unknown", {"stopped": {}, "left": 0})
        if row["stage"] == "left":
            entry["left"] = row["count_all"]
        else:
            entry["stopped"][row["stage"]] = row["count_all"]
    named = [
        {"language": name, "entering": row["left"] + sum(row["stopped"].values()), **row}
        for name, row in rows.items()
    ]
    named.sort(key=lambda row: (-row["entering"], row["language"]))
    others = named[LANGUAGES:]
    if others:
        stages = {stage for row in others for stage in row["stopped"]}
        sums = {stage: sum(row["stopped"].get(stage, 0) for row in others) for stage in sorted(stages)}
        total = {key: sum(row[key] for row in others) for key in ("entering", "left")}
        named = [*named[:LANGUAGES], {"language": f"{len(others)} others", "stopped": sums, **total}]
    return named


def funnel(corpus: dict[str, Any]) -> list[dict[str, Any]]:
    """Files left after each stage of curation, in the order in which files meet the stages."""
    stopped: dict[str, int] = {}
    for rule in corpus["rules"]:
        stopped[rule["stage"]] = stopped.get(rule["stage"], 0) + rule["files"]
    left = corpus["entering"]
    rows = [{"stage": "files that enter", "stopped": 0, "left": left}]
    for stage in [*(s for s in STAGES if s in stopped), *sorted(set(stopped) - set(STAGES))]:
        left -= stopped[stage]
        rows.append({"stage": stage, "stopped": stopped[stage], "left": left})
    return rows


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


def with_differences(corpus: dict[str, Any]) -> dict[str, Any]:
    """The same, each sampled near duplicate beside the document kept, what differs marked word by word as
    HTML."""
    rules = [
        {**rule, "samples": [_with_difference(sample) for sample in rule["samples"]]}
        for rule in corpus["rules"]
    ]
    return {**corpus, "rules": rules}


def _with_difference(sample: dict[str, Any]) -> dict[str, Any]:
    if "text" not in sample or "kept_text" not in sample or sample["text"] == sample["kept_text"]:
        return sample
    return {**sample, "diff": difference(sample["text"], sample["kept_text"])}


def difference(left: str, right: str) -> dict[str, str]:
    """Both texts as escaped HTML, words that only one has in <del> and <ins>.

    >>> difference("a < b", "a < c")
    {'left': 'a &lt; <del>b</del>', 'right': 'a &lt; <ins>c</ins>'}
    """
    sides = [re.findall(r"\w+|\s+|.", text) for text in (left, right)]
    marked: list[list[str]] = [[], []]
    for tag, *bounds in difflib.SequenceMatcher(None, sides[0], sides[1], autojunk=False).get_opcodes():
        for side, (first, last), mark in zip((0, 1), (bounds[:2], bounds[2:]), ("del", "ins"), strict=True):
            text = html.escape("".join(sides[side][first:last]), quote=False)
            marked[side].append(text if tag == "equal" or not text else f"<{mark}>{text}</{mark}>")
    return {"left": "".join(marked[0]), "right": "".join(marked[1])}


def corpus_charts(corpus: dict[str, Any]) -> list[Chart]:
    """The way from files to documents: what each stage stopped, and what was left of each language."""
    steps = funnel(corpus)
    rows = [
        {"label": row["stage"], "part": part, "value": row[key], "href": _href(corpus, row["stage"])}
        for row in steps
        for part, key in (("left", "left"), ("stopped here", "stopped"))
    ]
    languages = [
        {"label": row["language"], "part": part, "value": value}
        for row in corpus["by_language"][:BARS]
        for part, value in (("left", row["left"]), ("stopped", row["entering"] - row["left"]))
    ]
    return [
        charts.bars(
            "funnel", "Files left after each stage; a bar leads to samples", rows, "files", links=True
        ),
        charts.bars("languages", "Files by language", languages, "files"),
    ]


def _href(corpus: dict[str, Any], stage: str) -> str:
    """Where samples of what a stage stopped stand: its rule that stopped most."""
    rule = next((rule for rule in corpus["rules"] if rule["stage"] == stage), None)
    return f"#rule-{stage}-{rule['rule']}" if rule else "#documents"


def write_page(folder: Path, title: str, timings: dict[str, float]) -> Path:
    """The page of a curation, beside its tables; seconds of each of its steps."""
    manifest = read_json(folder / MANIFEST)
    corpus = with_differences(summarize(folder, manifest["counts"]))
    made = page(
        "curation.html",
        corpus_charts(corpus),
        title=title,
        c=corpus,
        funnel=funnel(corpus),
        near=manifest["settings"]["near"],
        settings=manifest["settings"],
        timings=timings,
    )
    atomic_write(folder / "index.html", made)
    return folder / "index.html"
