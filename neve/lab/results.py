"""A laboratory's outcome: lab.json, a table, and a page in plain words.

Everything is computed again from what the cells' stages hold, so a laboratory that was killed and one that
was not end in the same files; only `timings` differ.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neve.errors import Fault
from neve.lab import design, statistics
from neve.lab.design import Cell
from neve.lab.file import Laboratory
from neve.lab.statistics import Figures, Rule
from neve.report import charts, render
from neve.store import atomic_write, read_json, write_json

UNITS = 5
"""Tasks or documents that a text must have: with fewer nothing can be said of others of their kind."""


def figures(lab: Laboratory, cells: list[Cell], text: str, low: bool = False) -> Figures:
    """Figures of the cells on a text; all arms must have the same seeds."""
    bits: dict[str, list[list[float]]] = {}
    sizes: list[int] = []
    for cell in cells:
        if cell.low == low:
            stage = cell.tune if text in lab.tune else cell.final
            units = read_json(cell.store.path(stage) / "units.json")[text]
            bits.setdefault(cell.arm, []).append(units["bits"])
            sizes = units["bytes"]
    if len(sizes) < UNITS:
        raise Fault(
            f"{text}: has {len(sizes)} units, a laboratory needs {UNITS}; take another text, or more held-out bytes"
        )
    drawn = {arm.name: "drawn" if arm.drawn else "chosen" for arm in lab.arm}
    draws = design.copies(lab)
    groups = {name: drawn[lab.baseline if name in draws else name] for name in bits}
    return statistics.figures(
        {name: np.array(rows) for name, rows in bits.items()}, np.array(sizes), draws, groups,
        [name for name in lab.also if name in bits],
    )  # fmt: skip


def stated(lab: Laboratory, draws: list[Cell], text: str) -> dict[str, float]:
    """From the baseline's draws alone: the standard deviation from seed to seed, and the smallest difference
    that the laboratory will be able to tell, in bits per byte."""
    found = figures(lab, draws, text)
    noise = statistics.seed_noise(found, found.groups[0])
    return {"noise": noise.value**0.5, "smallest_difference": smallest_difference(lab, noise)}


def smallest_difference(lab: Laboratory, noise: statistics.Variance, known: bool = False) -> float:
    """The smallest difference that every comparison of a laboratory will tell: where arms are compared with
    a control that is drawn once, that is the larger one beside it."""
    compared = statistics.pairs(design.arms(lab), design.copies(lab), lab.also)
    base = next(arm for arm in lab.arm if arm.name == lab.baseline)
    alike = sum(arm.drawn == base.drawn for arm in lab.arm) - 1
    rows = min(len(held) for _, held in compared)
    level = Rule(0.0, early=lab.stop_early).level / len(compared)
    return statistics.smallest_difference(noise, len(lab.seeds), rows, alike, level, known)


def rule(lab: Laboratory, cells: list[Cell], text: str, least: float) -> Rule:
    """How the verdicts on a text are given: the margin, and each arm's difference at the low rate."""
    checked = {}
    if text in lab.tune and any(cell.low for cell in cells):
        low = figures(lab, cells, text, low=True)
        base = low.values[list(low.copies)].mean()
        checked = {low.arms[row]: float(low.values[row].mean() - base) for row in low.others}
    return Rule(lab.margin or least, early=lab.stop_early, checked=checked)


def outcome(lab: Laboratory, cells: list[Cell], seeds: list[int], final: bool) -> dict[str, Any]:
    """What lab.json holds of the cells of `seeds`: by text what was stated, each arm's figures, and the
    verdicts."""
    kept = [cell for cell in cells if cell.seed in seeds]
    draws = [c for c in cells if c.arm in design.copies(lab) and not c.low]
    checked: dict[str, float] = {}
    texts = {}
    for text in [*lab.tune, *(lab.final if final else [])]:
        found, about = figures(lab, kept, text), stated(lab, draws, text)
        how = rule(lab, kept, text, about["smallest_difference"])
        if text == lab.tune[0]:
            checked = dict(how.checked)
        elif text in lab.final:  # final texts are not looked at more often than needed: the order is tune's
            how = Rule(how.margin, early=how.early, checked=checked)
        level = found.values.mean(axis=2)
        texts[text] = about | {
            "kind": "tune" if text in lab.tune else "final",
            "margin": how.margin,
            "tasks": found.values.shape[2],
            "arms": {name: level[row].tolist() for row, name in enumerate(found.arms)},
            "low_rate": how.checked,
            "comparisons": [asdict(c) for c in statistics.compare(found, how)],
        }
    return {
        "name": lab.name, "question": lab.question, "baseline": lab.baseline, "draws": design.copies(lab),
        "decides": lab.tune[0], "seeds": seeds, "stopped_early": len(seeds) < len(lab.seeds), "texts": texts,
        "final_computed": final,
    }  # fmt: skip


def sentence(c: dict[str, Any]) -> str:
    """A verdict in plain words."""
    baseline = c["baseline"]
    low, high = c["interval"]
    size = f"{c['value']:+.3f} bits per byte, between {low:+.3f} and {high:+.3f}"
    if c["verdict"] in (statistics.BETTER, statistics.WORSE):
        return f"{c['arm']} is {c['verdict']} than {baseline} ({size})"
    if c["verdict"] == statistics.EQUAL:
        return f"{c['arm']} equals {baseline} within the margin ({size})"
    return f"{c['arm']} or {baseline}: cannot tell ({size}); {c['reason']}"


def table(found: dict[str, Any]) -> list[str]:
    """The verdicts as lines of text, the deciding text first."""
    lines = []
    for text, about in found["texts"].items():
        lines.append(
            f"{text} ({about['kind']}, {about['tasks']} units): smallest difference {about['smallest_difference']:.3f}, "
            f"noise from seed to seed {about['noise']:.3f} bits per byte"
        )
        lines += [f"  {sentence(c)}" for c in about["comparisons"]]
        lines += [
            f"  beside them: {name} {r['value']:.3f} bits per byte"
            for name, r in about.get("references", {}).items()
        ]
    return lines


def write(folder: Path, found: dict[str, Any], timings: dict[str, Any]) -> None:
    """lab.json, table.txt and index.html in the laboratory's folder."""
    write_json(folder / "lab.json", found | {"timings": timings})
    atomic_write(folder / "table.txt", "\n".join(table(found)) + "\n")
    rows = [
        {
            "model": f"{c['arm']} beside {c['baseline']}", "metric": text, "value": c["value"], "low": c["interval"][0], "high": c["interval"][1],
            "control": c["verdict"] == statistics.UNKNOWN,
        }
        for text, about in found["texts"].items()
        for c in about["comparisons"]
    ]  # fmt: skip
    title = "Difference in bits per byte (below 0 is better)"
    chart = charts.intervals("verdicts", title, rows, "difference in bits per byte")
    sentences = {text: [sentence(c) for c in about["comparisons"]] for text, about in found["texts"].items()}
    made = render.page("laboratory.html", [chart], title=found["name"], lab=found, sentences=sentences)
    atomic_write(folder / "index.html", made)
