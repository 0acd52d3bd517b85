"""The run's result in sentences: one claim for the first screen, and every comparison with its interval.

A sentence says no more than the numbers do: what was compared, by how much it differs, what the interval
covers and what it leaves out. Too few units give no interval and no verdict.
"""

from __future__ import annotations

from typing import Any

from neve.report.render import FEW

METRICS = {
    "humaneval": "HumanEval's solutions",
    "mbpp": "MBPP's solutions",
    "mbpp-train": "MBPP's training tasks",
    "heldout": "held-out code",
}
"""Metric of bits per byte -> the text that it is measured on."""
LEVEL = 0.05


def word(pair: dict[str, Any]) -> str:
    """better, worse, no clear difference, or too few to say.

    >>> word({"interval": [-0.2, -0.1], "p": 0.001, "units": 164})
    'better'
    """
    low, high = pair["interval"]
    if pair.get("units", FEW) < FEW:
        return "too few to say"
    if low <= 0 <= high or pair["p"] >= LEVEL:
        return "no clear difference"
    return "better" if high < 0 else "worse"


def headlines(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Every comparison as the parts of a sentence."""
    return [
        {
            **pair,
            "on": METRICS.get(pair["metric"], pair["metric"]),
            "word": word(with_units(pair, summary)),
            "is_control": pair["control"].startswith(f"{pair['phase']}-random"),
            "over": _over(pair),
        }
        for pair in summary["results"]["pairs"]
    ]


def _over(pair: dict[str, Any]) -> str:
    """What the interval and p of a pair cover.

    >>> _over({"metric": "heldout", "draws": 3})
    'over documents, draws and seeds'
    """
    units = "documents" if pair["metric"] == "heldout" else "tasks"
    return f"over {units} only" if pair["draws"] == 1 else f"over {units}, draws and seeds"


def figure(model: dict[str, Any], metric: str) -> dict[str, Any]:
    """What a model has by a metric; empty where it was not measured."""
    found = model["bits_per_byte"].get(metric, {})
    return (found.get("all") if metric == "heldout" else found) or {}


def with_units(pair: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    """The pair with how many tasks or documents its interval rests on."""
    found = figure(summary["results"]["models"][pair["phase"]], pair["metric"])
    return {**pair, "units": found.get("tasks", found.get("documents", FEW))} if found else pair


def claim(summary: dict[str, Any]) -> dict[str, str]:
    """The first screen's sentence, and a second that says what it rests on.

    HumanEval's solutions come first; where they are not measured, what else phases are compared on.
    """
    compared = [h for h in headlines(summary) if h["is_control"]]
    found = [h for h in compared if h["metric"] == "humaneval"] or compared
    if not found:
        return _alone(summary)
    first = found[0]
    models = summary["results"]["models"]
    share = abs(first["difference"]) / figure(models[first["control"]], first["metric"])["value"]
    units = "documents" if first["metric"] == "heldout" else "tasks"
    texts = {
        "better": f"After phase {first['phase']} the model needs {share:.1%} fewer bits for "
        f"{first['on']} than its twin trained on random documents.",
        "worse": f"After phase {first['phase']} the model needs {share:.1%} more bits for "
        f"{first['on']} than its twin trained on random documents.",
        "no clear difference": f"Phase {first['phase']} cannot be told from its twin on random documents by "
        f"{first['on']}.",
        "too few to say": f"Too few {units} to compare phase {first['phase']} with its twin on random documents.",
    }
    scope = (
        f"{first['difference']:+.3f} bits per byte, 95 % interval [{first['interval'][0]:+.3f}, "
        f"{first['interval'][1]:+.3f}] over {with_units(first, summary).get('units', 0)} {units}"
    )
    if first["draws"] > 1:
        scope += f" and {first['draws']} draws of random documents. Seed {summary['seed']}."
    else:
        scope += (
            f" only. Seed {summary['seed']}; another seed or another draw of random documents moves the figure by more "
            "than the interval says."
        )
    return {"text": texts[first["word"]].replace("%", " %"), "scope": scope}


def _alone(summary: dict[str, Any]) -> dict[str, str]:
    """The same where no phase has a control: what the last model needs, beside the references."""
    last = next(p["name"] for p in reversed(summary["phases"]) if not p["control"])
    scope = "No phase has a control, so nothing is said about the choice of data."
    for metric in ("humaneval", "heldout"):
        if not (found := figure(summary["results"]["models"][last], metric)):
            continue
        text = (
            f"After phase {last} the model needs {found['value']:.3f} bits for a byte of {METRICS[metric]}."
        )
        beside = [
            f"{name} needs {figure(reference, metric)['value']:.3f}"
            for name, reference in summary["results"].get("references", {}).items()
            if figure(reference, metric)
        ]
        return {"text": text, "scope": f"{', '.join(beside)}. {scope}" if beside else scope}
    return {"text": f"The model is trained through phase {last}; nothing was measured.", "scope": scope}
