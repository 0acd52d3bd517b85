"""The page of `neve evaluate` and `neve grade`: results.json for a person.

Everything on it is in results.json; what candidates and tasks say is hostile, and jinja escapes it. Samples
that did not pass are shown up to a number, since a person looks at a few; the file has all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.evaluation.references import TRIGRAM
from neve.report.render import FEW, page
from neve.store import atomic_write

SHOWN = 40
"""Samples that did not pass, shown for each benchmark."""
NAMED = 12
"""Tasks named of those that do not count, or not as they seem."""
NOTES = {
    "missing": "{tasks} {have} no sample and {do} not count",
    "ungraded": "{tasks} cannot be judged on this machine and {do} not count",
    "unanswered": "{tasks} got no answer and {do} not count; --retry asks again",
    "cut": "{tasks} {have} an answer that was cut at its length before its function was whole; counted as unsolved",
}
"""What is said of tasks that need a word, by their list in results.json."""


def notes(entry: dict[str, Any]) -> list[str]:
    """What a reader must know beside a benchmark's figure, a line each."""
    lines = []
    for what, said in NOTES.items():
        if names := entry.get(what, []):
            one = len(names) == 1
            words = {"have": "has" if one else "have", "do": "does" if one else "do"}
            text = said.format(tasks=f"{len(names):,} task{'' if one else 's'}", **words)
            lines.append(f"{text}: {', '.join(names[:NAMED])}{', …' if len(names) > NAMED else ''}")
    if "limit" in entry:
        lines.append(entry["limit"])
    return lines


def beside(results: dict[str, Any], metric: str, language: str = "") -> str:
    """The references' bits per byte of a text, as the end of a line."""
    said = [
        f"{name} {(figures[metric][language] if language else figures[metric])['value']:.3f}"
        for name, found in results.get("references", {}).items()
        for figures in (found["bits_per_byte"],)
    ]
    return f"; {', '.join(said)}" if said else ""


def no_trigram(results: dict[str, Any]) -> str:
    """Why there is no trigram model beside bits per byte; empty where there is, or nothing to be beside."""
    found = results.get("references", {})
    if TRIGRAM in found or not any(one["bits_per_byte"] for one in found.values()):
        return ""
    return (
        "no trigram model beside bits per byte: the model lies in no run's stages, so what it was trained on is "
        "not known"
    )


def write_page(
    out: Path,
    title: str,
    results: dict[str, Any],
    published: dict[str, Any],
    columns: tuple[str, ...],
    row: dict[str, Any],
) -> Path:
    """Write `out`/index.html; `published` are others' figures by model, `row` the same columns here."""
    benchmarks = {}
    for name, entry in results["benchmarks"].items():
        bad = [sample for sample in entry["samples"] if sample["status"] != "pass"]
        statuses = {
            s: sum(r["status"] == s for r in entry["samples"]) for s in ("pass", "fail", "timeout", "error")
        }
        benchmarks[name] = {
            **entry,
            "statuses": statuses,
            "notes": notes(entry),
            "bad": bad[:SHOWN],
            "more": max(0, len(bad) - SHOWN),
        }
    made = page(
        "evaluation.html", [], title=title, results=results, benchmarks=benchmarks, published=published, columns=columns,
        row=row, few=FEW, references=results.get("references", {}), untold=no_trigram(results), any_beside=any(value is not None for value in row.values()),
    )  # fmt: skip
    atomic_write(out / "index.html", made)
    return out / "index.html"
