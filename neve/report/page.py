"""The report of a run: one self-contained page, and the numbers behind it as JSON.

Everything on the page comes from `summary.json`; source text in it is hostile and jinja escapes it. No
script, no font, no picture from elsewhere: the page reads the same on a plane in ten years.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.report import plots
from neve.report.corpus import funnel
from neve.report.render import environment
from neve.report.summary import summarize
from neve.store import atomic_write, write_json

RULES_VERSION = 2


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `report`: `index.html` and `summary.json` from all other stages' folders."""
    summary = summarize(inputs, settings["recipe"])
    write_json(out / "summary.json", summary)
    atomic_write(out / "index.html", render(summary))
    return {"bytes": (out / "index.html").stat().st_size}


def render(summary: dict[str, Any]) -> str:
    """The page as HTML."""
    return environment().get_template("page.html").render(
        s=summary,
        headlines=headlines(summary),
        loss=loss_plot(summary["phases"]),
        rate=rate_plot(summary["phases"]),
        scores=score_plot(summary["scores"]) if "scores" in summary else "",
        funnel=funnel(summary["corpus"]),
        languages=sorted({key for m in summary["results"]["models"].values() for key in m["bits_per_byte"]["heldout"]} - {"all"}),
        total_seconds=sum(summary["timings"].values()),
    )  # fmt: skip


METRICS = {"humaneval": "HumanEval's solutions given their prompts", "heldout": "held-out code"}


def headlines(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """What each phase did beside its control (or beside what it started from), in a sentence's parts."""
    found = []
    for pair in summary["results"]["pairs"]:
        low, high = pair["interval"]
        found.append(
            {
                **pair,
                "on": METRICS.get(pair["metric"], pair["metric"]),
                "word": "no clear difference"
                if low <= 0 <= high or pair["p"] >= 0.05
                else "better"
                if high < 0
                else "worse",
                "is_control": pair["control"] == f"{pair['phase']}-random",
            }
        )
    return found


def _offsets(phases: list[dict[str, Any]]) -> dict[str, int]:
    """Tokens trained before each phase begins, along the phases that it started from."""
    before: dict[str, int] = {}
    tokens: dict[str, int] = {}
    for phase in phases:
        before[phase["name"]] = tokens.get(phase["start"], 0)
        tokens[phase["name"]] = before[phase["name"]] + phase["tokens"]
    return before


def loss_plot(phases: list[dict[str, Any]]) -> str:
    before = _offsets(phases)
    series = [
        (p["name"], [before[p["name"]] + t for t in p["curve"]["tokens"]], p["curve"]["loss"])
        for p in phases
        if p["curve"]["tokens"]
    ]
    return plots.lines(series, "tokens trained", "loss, nats a token")


def rate_plot(phases: list[dict[str, Any]]) -> str:
    """Learning rates of the phases; a control's is its phase's."""
    before = _offsets(phases)
    series = [
        (
            p["name"],
            [] if p["control"] else [before[p["name"]] + t for t in p["curve"]["tokens"]],
            p["curve"]["lr"],
        )
        for p in phases
    ]
    return plots.lines(series, "tokens trained", "learning rate", height=200, zero=True)


def score_plot(scores: dict[str, Any]) -> str:
    return plots.stacked(scores["edges"], list(scores["histogram"].items()), "score", "documents")
