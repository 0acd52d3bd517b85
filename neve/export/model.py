"""The card of a model and its results, in the forms that the Hugging Face hub reads.

Everything on the card was recorded by the stages: what trained the model and how often, under which
licences, how it was measured, what is not known. The trade-off: a result is left out of `.eval_results`
unless every task of the published file was judged, since a reader of that file sees one number alone; the
card has the others, with their denominators.

Source: the hub's `.eval_results/*.yaml` (a list of entries with a data set's id, a task and a value).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from neve.documents import read
from neve.export.markdown import code, escaped, head, share, table
from neve.recipe.training import phase_of
from neve.store import MANIFEST, read_json, state
from neve.tasks import benchmarks

FEWEST = 10
"""Below so many documents or tasks a figure has no interval."""
LISTED = 20
"""Licences and sources with a row of their own."""


def describe(
    stages: Mapping[str, Path], recipe: Mapping[str, Any], phase: str, step: str | None, out: Path
) -> None:
    """Write `README.md`, and `.eval_results/` where a benchmark was judged whole, into a model's folder.

    `stages` are the arm's folders, `step` the checkpoint of a phase that still trains, or None.
    """
    results = _results(stages, phase) if step is None else {}
    (out / "README.md").write_text(card(stages, recipe, phase, step, results), encoding="utf-8")
    version = read_json(stages["curate"] / MANIFEST)["versions"]["neve"]
    for name, entry in results.get("benchmarks", {}).items():
        if (rows := eval_results(name, entry, results["generation"], version)) is not None:
            (out / ".eval_results").mkdir(exist_ok=True)
            (out / ".eval_results" / f"{name}.yaml").write_text(_yaml(rows), encoding="utf-8")


def card(
    stages: Mapping[str, Path],
    recipe: Mapping[str, Any],
    phase: str,
    step: str | None,
    results: Mapping[str, Any],
) -> str:
    """The model card as Markdown."""
    counts = _counts(stages, phase)
    metadata = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["code", "neve", "pretraining"],
    }
    at = "" if step is None else f" It is a checkpoint of a phase that was still training (--step {step})."
    size = f"{counts['parameters']:,} parameters, " if "parameters" in counts else ""
    parts = [
        head(metadata),
        f"# {escaped(recipe['run']['name'])}, phase {escaped(phase)}\n",
        f"A causal language model of code, {size}in the shape of Llama 2, pretrained by Neve with seed "
        f"{recipe['run']['seed']}. It completes text; it does not follow instructions.{at}\n",
        "```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        'model = AutoModelForCausalLM.from_pretrained("FOLDER")\n'
        'tokenizer = AutoTokenizer.from_pretrained("FOLDER")\n```\n',
        "## What trained it\n",
        _trained(stages, recipe, phase),
        _corpus(stages, recipe),
        *([_synthetic(stages)] if _reads_synthetic(recipe, phase) else []),
        "## Results\n",
        _figures(results) if results else "Not measured: the run's evaluation is not done for this model.\n",
        "## Limits\n",
        LIMITS,
    ]
    return "\n".join(parts)


LIMITS = """- The licence of the weights is not stated here: whoever publishes them chooses it, and adds `license` above.
- The licences of the training texts were read from the texts and their repositories by rules; some are wrong.
- Keys, passwords, e-mail and IP addresses were replaced as far as rules find them; some remain.
- Benchmark text was searched for by 10-grams and by whole solutions; paraphrases are not found.
- Nothing was done for safety. What the model writes may be wrong, insecure, or copied from its training texts.
- An interval covers the choice of tasks or documents, not other seeds or other draws of the data.
"""


def _counts(stages: Mapping[str, Path], phase: str) -> dict[str, Any]:
    """Counts of a phase's training; {} while it trains."""
    place = stages[f"train-{phase}"]
    return read_json(place / MANIFEST)["counts"] if state(place) == "done" else {}


def path_to(recipe: Mapping[str, Any], phase: str) -> list[tuple[str, dict[str, Any]]]:
    """(name, table of the recipe) of each phase that made a model, the first one first; a control stands at
    the end."""
    tables = {row["name"]: row for row in recipe["phase"]}
    name, found = phase, []
    while name != "scratch":
        row = phase_of(name, recipe["phase"])
        found.append((name, row))
        name = row["start"] if row["start"] in tables else "scratch"
    return found[::-1]


def _trained(stages: Mapping[str, Path], recipe: Mapping[str, Any], phase: str) -> str:
    rows = []
    for name, row in path_to(recipe, phase):
        made = _counts(stages, name)
        kinds = row["data"] or "mix of " + ", ".join(f"{p['data']} {p['weight']:g}" for p in row["mix"])
        data = kinds if name == row["name"] else "random documents"
        view = stages[f"view-{name}"] / MANIFEST
        unique = read_json(view)["counts"]["documents"] if view.exists() else None
        rows.append(
            (code(name), data, code(row["start"].rstrip("/").rpartition("/")[2]), made.get("tokens"), made.get("steps"), unique, row["lr"]["peak"],
             made.get("precision"))
        )  # fmt: skip
    total = sum(row[3] or 0 for row in rows)
    names = ("phase", "data", "starts from", "tokens", "steps", "documents", "peak rate", "precision")
    return f"{table(names, rows)}\n{total:,} tokens in all, repeats counted.\n"


def _corpus(stages: Mapping[str, Path], recipe: Mapping[str, Any]) -> str:
    """The corpus: how large, in which languages, under which licences, from where, what was kept out."""
    documents = read(
        stages["curate"] / "documents", ["repo", "language", "license", "split", "size"],
        pc.field("split") == "train",
    )  # fmt: skip
    counts = read_json(stages["curate"] / MANIFEST)["counts"]
    size = pc.sum(documents["size"]).as_py() or 0
    languages, licenses = (tally(documents, name) for name in ("language", "license"))
    sources = [described(source) for source in recipe["corpus"]["sources"]]
    more = f", and {len(sources) - LISTED:,} more" if len(sources) > LISTED else ""
    benchmarks_out = ", ".join(code(name) for name in recipe["corpus"]["decontaminate"]["benchmarks"])
    opted = counts["by_rule"].get("opt-out/opted-out", 0)
    return "\n".join(
        (
            "## The corpus\n",
            f"{documents.num_rows:,} training documents of {counts['entering']:,} files, {size:,} bytes, "
            f"{pc.count_distinct(documents['repo']).as_py():,} repositories; {counts['heldout']:,} more documents "
            f"are held out. Text of these benchmarks was taken out: {benchmarks_out or 'none'}. "
            f"{opted:,} files were left out because their owners wish it.\n",
            table(("language", "documents", "bytes"), ((escaped(n), d, b) for n, d, b in languages)),
            table(
                ("licence, as found", "documents", "bytes", "of the text"),
                ((escaped(n or "unknown"), d, b, share(b, size)) for n, d, b in licenses[:LISTED]),
            ),
            f"Sources: {', '.join(sources[:LISTED])}{more}.\n",
        )
    )


def tally(documents: Any, column: str) -> list[tuple[str | None, int, int]]:
    """(value, documents, bytes) of a column's values, those with most bytes first."""
    groups = documents.group_by(column).aggregate([([], "count_all"), ("size", "sum")]).to_pylist()
    groups.sort(key=lambda row: (-row["size_sum"], str(row[column])))
    return [(row[column], row["count_all"], row["size_sum"]) for row in groups]


def described(source: Mapping[str, Any]) -> str:
    """A source of the recipe in a few words; of a path on this machine only its last part leaves it."""
    if source["kind"] == "sdist":
        return code(f"{source['name']}=={source['version']}")
    path = str(source["path"])
    shown = path if "://" in path or source["kind"] == "hub" else Path(path).name or path
    return f"{source['kind']} {code(shown)}" + (f" at {code(source['commit'])}" if source["commit"] else "")


def _reads_synthetic(recipe: Mapping[str, Any], phase: str) -> bool:
    return any(
        name == row["name"] and "synthetic" in [row["data"], *(part["data"] for part in row["mix"])]
        for name, row in path_to(recipe, phase)
    )


def _synthetic(stages: Mapping[str, Path]) -> str:
    manifest = stages["synthesis"] / MANIFEST
    if not manifest.exists():
        return ""
    made = read_json(manifest)["counts"]
    return (
        "## Synthetic text\n\n"
        f"{made['accepted']:,} documents ({made['tokens']:,} tokens) were written by {code(made['model'])}, grown from "
        "documents of the corpus, and passed the run's gates. The terms of that model apply to its output.\n"
    )


def _results(stages: Mapping[str, Path], phase: str) -> dict[str, Any]:
    path = stages["evaluate"] / "results.json"
    return read_json(path)["models"].get(phase, {}) if path.exists() else {}


def _figures(results: Mapping[str, Any]) -> str:
    """Bits per byte and pass@1, each with its interval and what it was taken over."""
    rows = []
    for name, entry in results["bits_per_byte"].items():
        figure = entry.get("all") if name == "heldout" else entry
        if figure is None:
            continue
        unit = "tasks" if "tasks" in figure else "documents"
        said = "held-out code" if name == "heldout" else f"solutions of {code(name)}"
        rows.append((f"bits per byte of {said}", f"{figure['value']:.3f}", _interval(figure, unit, 1)))
    for name, entry in results.get("benchmarks", {}).items():
        if "pass@1" in entry:
            rows.append(
                (f"{code(name)}, pass@1", f"{100 * entry['pass@1']:.1f} %", _interval(entry, "tasks", 100))
            )
    asked = results.get("generation")
    how = (
        f"One completion a task, temperature {asked['temperature']:g}, at most {asked['max_new_tokens']} tokens; "
        "run in a sandbox. "
        if asked
        else ""
    )
    return (
        table(("measure", "value", "95 % interval"), rows)
        + f"\n{how}Bits per byte: lower is better. What was not judged whole has no file in `.eval_results`.\n"
    )


def _interval(figure: Mapping[str, Any], unit: str, scale: float) -> str:
    count = figure[unit]
    if count < FEWEST:
        return f"none: fewer than {FEWEST} {unit}"
    low, high = (scale * end for end in figure["interval"])
    return f"{low:.3g} to {high:.3g}, {count:,} {unit}"


def eval_results(
    name: str, entry: Mapping[str, Any], generation: Mapping[str, Any], version: str
) -> list[dict[str, Any]] | None:
    """A benchmark's entries for `.eval_results`.

    None where it has no data set on the hub, or where a task of the published file was not judged.
    """
    dataset = None if name.endswith(benchmarks.OWN) else benchmarks.find(name).hub
    whole = entry.get("published") and not any(entry[k] for k in ("missing", "ungraded", "unanswered"))
    if dataset is None or not whole or "pass@1" not in entry:
        return None
    low, high = (100 * end for end in entry["interval"])
    notes = (
        f"pass@1, {'greedy' if generation['temperature'] == 0 else 'sampled'}, {entry['tasks']} tasks, "
        f"95 % interval {low:.1f} to {high:.1f}, at most {generation['max_new_tokens']} tokens, graded by Neve {version}"
    )
    where = dict(zip(("id", "task_id"), dataset, strict=True))
    return [{"dataset": where, "value": round(100 * entry["pass@1"], 2), "notes": notes}]


def _yaml(rows: list[dict[str, Any]]) -> str:
    """Entries as YAML, a key a line, values as JSON."""
    lines = []
    for row in rows:
        for number, (key, value) in enumerate(row.items()):
            lines.append(
                f"{'- ' if not number else '  '}{key}: {json.dumps(value, ensure_ascii=False)}"
                if not isinstance(value, dict)
                else "\n".join(
                    [
                        f"{'- ' if not number else '  '}{key}:",
                        *(f"    {k}: {json.dumps(v)}" for k, v in value.items()),
                    ]
                )
            )
    return "\n".join(lines) + "\n"
