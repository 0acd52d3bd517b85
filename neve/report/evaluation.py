"""The page of `neve evaluate` and `neve grade`: results.json for a person.

Everything on it is in results.json; what candidates and tasks say is hostile and jinja escapes it. Samples that did not
pass are shown up to a number, since a person looks at a few; the file has all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.report.render import page
from neve.store import atomic_write

SHOWN = 40
"""Samples that did not pass, shown for each benchmark."""


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
            "bad": bad[:SHOWN],
            "more": max(0, len(bad) - SHOWN),
        }
    made = page(
        "evaluation.html", [], title=title, results=results, benchmarks=benchmarks, published=published, columns=columns,
        row=row, any_beside=any(value is not None for value in row.values()),
    )  # fmt: skip
    atomic_write(out / "index.html", made)
    return out / "index.html"
