"""Stage `evaluate`: every model of a run on the same texts and tasks, and each phase beside its control.

Bits per byte come first: they move for models that solve nothing yet. pass@1 is greedy, in the sandbox;
without a sandbox it is reported as not run, with what would help, and the run goes on. Each model's part is
written whole as soon as it is there (`models/<name>.json`, its documents and tasks one by one), so a killed
stage goes on with the next model. Models are read in fp32 whatever they were trained in: a figure should not
hang on a processor's formats. The trade-off: on a large model that is twice the memory and some speed.

Intervals are 95 %: bootstrap over documents or tasks for bits per byte, Wilson's for pass@1. Documents of a
repository resemble each other, so with few held-out repositories an interval speaks of their documents only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neve import sandbox
from neve.evaluation import bits_per_byte, results, statistics
from neve.evaluation.generation import extraction, generate, model_tokenizer
from neve.evaluation.grading.grade import grade
from neve.hashing import seed_of
from neve.recipe.recipe import Evaluate
from neve.store import atomic_write, read_json, write_json
from neve.tasks import benchmarks
from neve.tasks.task import Task

if TYPE_CHECKING:
    from neve.training.model import Llama

RULES_VERSION = 2


@dataclass(frozen=True)
class Settings:
    evaluate: Evaluate
    models: Mapping[str, str]
    """Name of each model -> its role among the inputs."""
    pairs: tuple[tuple[str, str], ...]
    """Models that are compared: a phase, and its control or what it started from."""
    sandbox: str
    """The tier that this machine has."""
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Evaluate `settings.models`; writes results.json, models/, samples/.

    inputs: documents, tokenizer, and a train stage's folder (with model/) or a model's own folder for each of the models.
    """
    section, seed = settings.evaluate, settings.seed
    data = Path(section.data) if section.data else None
    tests = {name: benchmarks.load(name, data) for name in section.tasks}
    place = sandbox.probe()
    tokenizer = model_tokenizer.load(inputs["tokenizer"])
    table = bits_per_byte.heldout(inputs["documents"], section.heldout_bytes)
    texts = {"heldout": bits_per_byte.documents(table, tokenizer)}
    for benchmark in tests.values():
        for metric, tasks in _splits(benchmark).items():
            texts[metric] = bits_per_byte.solutions(tasks, tokenizer)
    languages = table["language"].to_pylist()

    (out / "models").mkdir(exist_ok=True)
    (out / "samples").mkdir(exist_ok=True)
    parts: dict[str, Any] = {}
    for name, stage in settings.models.items():
        path = out / "models" / f"{name}.json"
        if not path.exists():
            model = _load(inputs[stage])
            bits = {
                metric: bits_per_byte.measure(model, units, f"{name}: {metric}")
                for metric, units in texts.items()
            }
            part = {
                "bits_per_byte": _bits_per_byte(bits, texts, languages, seed, section.bootstrap),
                "benchmarks": {
                    task: _pass_at_1(name, model, tokenizer, benchmark, section, place, out, seed)
                    for task, benchmark in tests.items()
                    if section.pass_at_1
                },
                "units": {
                    metric: {"keys": [u.key for u in units], "bits": bits[metric].tolist()}
                    for metric, units in texts.items()
                },
            }
            write_json(path, part)
        parts[name] = read_json(path)

    pairs = [
        _compare(phase, control, metric, parts, units, seed, section.bootstrap)
        for phase, control in settings.pairs
        for metric, units in sorted(texts.items(), key=lambda item: item[0] == "heldout")
        if units
    ]
    written = {
        "sandbox": {"tier": place.tier, "detail": place.detail},
        "models": {
            name: {key: value for key, value in part.items() if key != "units"}
            for name, part in parts.items()
        },
        "pairs": pairs,
    }
    write_json(out / "results.json", written)
    return {
        "models": len(parts),
        "heldout_documents": table.num_rows,
        "heldout_bytes": sum(unit.size for unit in texts["heldout"]),
        "sandbox": place.tier,
    }


def _load(folder: Path) -> Llama:
    """The model of a train stage's folder, or of a Hugging Face folder, on the GPU where there is one."""
    import torch

    from neve.training.model import load

    model = load(folder / "model" if (folder / "model").is_dir() else folder).eval()
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def _splits(benchmark: benchmarks.Benchmark) -> dict[str, list[Task]]:
    """By metric: a benchmark's test tasks under its name; MBPP's training tasks, for tuning, as mbpp-train."""
    metrics = {benchmark.name: "test", f"{benchmark.name}-train": "train"}
    chosen = {m: [t for t in benchmark.tasks if t.split == split] for m, split in metrics.items()}
    return {metric: tasks for metric, tasks in chosen.items() if tasks}


def _bits_per_byte(
    bits: dict[str, np.ndarray],
    texts: dict[str, list[bits_per_byte.Text]],
    languages: Sequence[str],
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """The figures of one model: held-out code in all and by language, and each benchmark's solutions."""

    def figure(metric: str, rows: np.ndarray, unit: str) -> dict[str, Any]:
        size = np.array([text.size for text in texts[metric]], np.float64)[rows]
        interval = statistics.ratio_interval(
            bits[metric][rows], size, seed=_seed(seed, metric), resamples=resamples
        )
        return {
            "value": float(bits[metric][rows].sum() / size.sum()),
            "interval": list(interval),
            unit: len(rows),
            "bytes": int(size.sum()),
        }

    of = np.array(languages, dtype=object)
    by_language = {language: np.flatnonzero(of == language) for language in sorted(set(languages))}
    if len(of):
        by_language["all"] = np.arange(len(of))
    return {
        "heldout": {name: figure("heldout", rows, "documents") for name, rows in by_language.items()},
        **{
            metric: figure(metric, np.arange(len(units)), "tasks")
            for metric, units in texts.items()
            if metric != "heldout"
        },
    }


def _pass_at_1(
    name: str,
    model: Llama,
    speech: model_tokenizer.Speech,
    benchmark: benchmarks.Benchmark,
    section: Evaluate,
    place: sandbox.Sandbox,
    out: Path,
    seed: int,
) -> dict[str, Any]:
    """Greedy completions of a benchmark's test tasks, graded; or why that was not done."""
    if place.tier == "none":
        return {"not_run": place.detail}
    tasks = [task for task in benchmark.tasks if task.split == "test"]
    completions = generate.complete(
        model,
        speech,
        [task.prompt for task in tasks],
        max_new_tokens=section.max_new_tokens,
        stops=benchmark.traits.stops,
        label=f"{name}: generate {benchmark.name}",
    )
    programs = [
        (
            task.task_id,
            extraction.completed(generate.given(task.prompt), completion, task.entry_point).program,
        )
        for task, completion in zip(tasks, completions, strict=True)
    ]
    grades = grade(benchmark, programs, place, label=f"{name}: grade {benchmark.name}")
    numbers = [(task.task_id, 0) for task in tasks]
    entry = results.summarize(benchmark, tasks, numbers, grades, (1,), seed)
    lines = [
        json.dumps({**sample, "completion": completion}, ensure_ascii=False)
        for sample, completion in zip(entry["samples"], completions, strict=True)
    ]
    atomic_write(out / "samples" / f"{name}-{benchmark.name}.jsonl", "\n".join(lines) + "\n")
    return entry


def _compare(
    phase: str,
    control: str,
    metric: str,
    parts: dict[str, Any],
    units: list[bits_per_byte.Text],
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """Bits per byte of a phase minus its control's on the same documents or tasks: below 0 the phase is better."""
    a, b = (np.array(parts[name]["units"][metric]["bits"]) for name in (phase, control))
    size = np.array([unit.size for unit in units])
    result = statistics.paired_difference(a, b, size, seed=_seed(seed, metric), resamples=resamples)
    return {
        "phase": phase,
        "control": control,
        "metric": metric,
        "difference": result.value,
        "interval": list(result.interval),
        "p": result.p,
    }


def _seed(seed: int, key: str) -> int:
    return seed_of(f"{seed}/evaluate/{key}", bits=64)
