"""What a run promised and its data could not give, said as soon as the stage is done and in the report.

A recipe names tokens, repeats and languages before anybody knows what the corpus holds. Where it holds less,
the run goes on, since a smaller truth is better than none; but a reader must not take it for what the recipe
says. Limits of what is worth a word are below.

Source: tokens repeated more than about four times lose their worth fast (arXiv 2305.16264).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from neve.documents import read
from neve.report.render import FEW, listed
from neve.store import MANIFEST, read_json

WHOLE = 0.95
"""Share of a language's tokens from which a selection selects next to nothing."""
MANY = 8
"""Times that a phase goes through its documents from which it is worth a word."""


def of_run(places: Mapping[str, Path], recipe: Mapping[str, Any]) -> list[str]:
    """All shortages of the stages in `places`, in their order."""
    return [line for stage in places for line in of_stage(stage, places, recipe)]


def of_stage(stage: str, places: Mapping[str, Path], recipe: Mapping[str, Any]) -> list[str]:
    """The shortages that a stage, which is done, brings to light; a sentence each."""
    kind, _, name = stage.partition("-")
    if stage == "curate":
        return _heldout(places[stage])
    if stage == "tokenizer":
        return _tokenizer(places[stage] / MANIFEST, recipe)
    if kind == "labels":
        return _labels(places[stage], places["curate"], name)
    if kind == "selection":
        return _selection(read_json(places[stage] / "selection.json"), name, recipe)
    if kind == "control":
        return _control(read_json(places[stage] / "selection.json"), name)
    if kind == "view":
        return _again(places, recipe, name)
    if stage == "evaluate":
        return _absent(places[stage])
    if kind == "train":
        return _wasted(places[stage] / "metrics.jsonl", recipe, name)
    return []


def idle(steps: int) -> str:
    """What is said of a phase of `steps` whose last one has the rate 0."""
    return f"the last of its {steps:,} steps has the rate 0 and trains nothing; lr.floor above 0 would use it"


def _absent(evaluated: Path) -> list[str]:
    """Texts that models were to be measured on, and whose files could not be had."""
    return [
        f"{text} was not measured: {why}. Once its file can be had, delete {evaluated} and run again."
        for text, why in read_json(evaluated / "results.json").get("absent", {}).items()
    ]


def _heldout(curate: Path) -> list[str]:
    """Languages of which nothing, or little, is held out."""
    counts = (
        read(curate / "documents", ["language", "split"])
        .group_by(["language", "split"])
        .aggregate([([], "count_all")])
    )
    held = {row["language"]: 0 for row in counts.to_pylist()}
    for row in counts.to_pylist():
        if row["split"] == "heldout":
            held[row["language"]] = row["count_all"]
    none = _most({name: n for name, n in _documents(counts).items() if not held[name]})
    few = sorted(f"{name} ({n})" for name, n in held.items() if 0 < n < FEW)
    lines = []
    if not any(held.values()):
        return ["No document is held out, so nothing can be said of code that the model has not seen."]
    if none:
        lines.append(
            f"No document is held out in {listed(none)}: held-out figures say nothing of {_them(none)}."
        )
    if few:
        lines.append(
            f"Fewer than {FEW} documents are held out in {listed(few)}: their figures have no interval."
        )
    return lines


def _tokenizer(manifest: Path, recipe: Mapping[str, Any]) -> list[str]:
    """A vocabulary that is smaller than the one asked for."""
    table = recipe["tokenizer"]
    found, asked = read_json(manifest)["counts"]["vocab_size"], table["vocab_size"]
    if table["folder"] or found >= asked:
        return []
    return [f"The tokenizer has {found:,} tokens of {asked:,}: the documents hold no more that are repeated."]


def _labels(labels: Path, curate: Path, name: str) -> list[str]:
    """Languages of the corpus of which an annotator sees no positive."""
    good = read(labels / "labels", ["label", "language"])
    good = good.filter(pc.greater(good["label"], 0.5))["language"].unique().to_pylist()
    counts = read(curate / "documents", ["language"]).group_by("language").aggregate([([], "count_all")])
    missing = _most({name: n for name, n in _documents(counts).items() if name not in good})
    if not missing:
        return []
    return [
        f"The labels {name} have no positive in {listed(missing)}: what is good there is told by other languages."
    ]


def _selection(about: Mapping[str, Any], name: str, recipe: Mapping[str, Any]) -> list[str]:
    """Languages of which a selection takes all there is, or finds less than it promised."""
    rows = about["languages"]
    curve = any(row["name"] == name and row["curve"] for row in recipe["phase"])
    times = 1 if curve else about["repeats"]
    whole = sorted(language for language, row in rows.items() if row["tokens"] and row["share"] >= WHOLE)
    short = sorted(
        f"{language} ({row['seen']:,} of {row['quota'] * times:,} tokens)"
        for language, row in rows.items()
        if row["short"]
    )
    nothing = sorted(language for language, row in rows.items() if not row["documents"])
    lines = []
    if whole:
        lines.append(
            f"The selection for {name} is the whole pool of {listed(whole)}: nothing was chosen there."
        )
    if short:
        lines.append(f"The pool cannot give what the selection for {name} promises in {listed(short)}.")
    if nothing:
        lines.append(
            f"The selection for {name} takes no document of {listed(nothing)}: its quota is under a document."
        )
    return lines


def _control(about: Mapping[str, Any], name: str) -> list[str]:
    """Languages of which a control sees documents more often than in others, or than once."""
    once = not any(f"-{kind}" in name for kind in ("random-repeated", "random-length"))
    often = sorted(
        f"{language} ({row['repeats']} times)"
        for language, row in about["languages"].items()
        if row["repeats"] > min(other["repeats"] for other in about["languages"].values())
        or (once and row["repeats"] > 1)
    )
    return [f"The pool is too small for {name}: documents of {listed(often)} are repeated."] if often else []


def _again(places: Mapping[str, Path], recipe: Mapping[str, Any], name: str) -> list[str]:
    """A phase on all documents, or on synthetic ones, that reads few tokens many times."""
    phase = next((row for row in recipe["phase"] if row["name"] == name), None)
    if phase is None or phase["data"] == "selection" or not phase["tokens"]:
        return []
    tokens = read_json(places[f"view-{name}"] / MANIFEST)["counts"]["tokens"]
    times = phase["tokens"] / max(1, tokens)
    if times < MANY:
        return []
    return [
        f"Phase {name} reads {tokens:,} {'synthetic ' * (phase['data'] == 'synthetic')}tokens about {times:,.0f} times: more of them are needed."
    ]


def _wasted(metrics: Path, recipe: Mapping[str, Any], name: str) -> list[str]:
    """A phase whose last step had the rate 0; its controls have the same curve and are not named."""
    if all(row["name"] != name for row in recipe["phase"]):
        return []
    last = json.loads(metrics.read_text().splitlines()[-1])
    return [] if last["lr"] else [f"Phase {name}: {idle(last['step'])}."]


def _documents(counts: pa.Table) -> dict[str, int]:
    """Language -> documents, from a table of counts by language and whatever else."""
    summed = counts.group_by("language").aggregate([("count_all", "sum")]).to_pylist()
    return {row["language"]: row["count_all_sum"] for row in summed}


def _most(documents: Mapping[str, int]) -> list[str]:
    """Languages by how many documents they have, the most first."""
    return sorted(documents, key=lambda name: (-documents[name], name))


def _them(names: list[str]) -> str:
    return "them" if len(names) > 1 else "it"
