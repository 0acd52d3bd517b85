"""One model on some benchmarks: generate, grade, measure bits per byte. The stage and the command both call
this.

Everything lies in one folder, which belongs to one model and one set of options; another is refused, so that
figures of two never mix. Each benchmark has two journals there, samples and verdicts, and both continue
where a killed process stopped; what is finished is not done again. Benchmarks are graded one after the
other, each with all cores. The trade-off: a benchmark is generated in full before it is graded, so cores and
accelerator do not work at the same time.

A request that failed is no answer: its sample has the status "error", does not count, and is listed. An
answer that was cut at its length before its function was whole, and does not pass, has that status too; it
counts as unsolved, since the length is part of how the model was asked, and it is listed apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neve import sandbox
from neve.errors import Misuse
from neve.evaluation import bits_per_byte, results, statistics
from neve.evaluation import references as references_
from neve.evaluation.generation import extraction, prompts
from neve.evaluation.generation.completion import Completion, Model, Options, label
from neve.evaluation.grading import journal, samples
from neve.evaluation.grading.grade import grade
from neve.evaluation.grading.samples import Grade, Sample
from neve.hashing import seed_of
from neve.store import read_json, write_json
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

HELDOUT = "heldout"
"""The metric of held-out documents; the others have the names of benchmarks."""
TRAIN = "-train"
"""Ends the metric of a benchmark's training tasks."""


@dataclass(frozen=True)
class Asked:
    """What a model is evaluated on."""

    tests: Sequence[Benchmark]
    """Their tasks are solved, and the canonical solutions measured."""
    heldout: pa.Table | None = None
    """Documents (doc_id, language, content), which are measured."""
    tuning: Sequence[Benchmark] = ()
    """Their training tasks are measured, as `<name>-train`."""


def evaluate(
    model: Model, asked: Asked, options: Options, out: Path, place: sandbox.Sandbox | None
) -> dict[str, Any]:
    """Evaluate a model into `out`; returns {model, generation, benchmarks, bits_per_byte}.

    `place` is the sandbox, None to measure bits per byte alone.
    """
    out.mkdir(parents=True, exist_ok=True)
    entries: dict[str, Any] = {}
    for benchmark in asked.tests:
        tasks = wanted(benchmark, options.only)
        if place is None or not tasks:
            continue
        if place.tier == "none":
            entries[benchmark.name] = {"not_run": place.detail}
            continue
        made = _samples(model, benchmark, tasks, options, out)
        entry = graded(benchmark, made, model.identity, options, out, place)
        entries[benchmark.name] = {**entry, "prompt": model.prompt(benchmark.traits)}
    return {
        "model": {"identity": model.identity},
        "generation": {
            "n": options.n,
            **vars(options.sampling),
            "chat": options.chat,
            "max_new_tokens": options.max_new_tokens,
        },
        "benchmarks": entries,
        "bits_per_byte": _bits_per_byte(model, asked, options, out),
    }


def wanted(benchmark: Benchmark, only: str | None) -> list[Task]:
    """Tasks asked for: those named, else the test tasks."""
    tasks = samples.chosen(benchmark, only)
    return tasks if only else [task for task in tasks if task.split == "test"]


# --- samples


def _samples(
    model: Model, benchmark: Benchmark, tasks: Sequence[Task], options: Options, out: Path
) -> list[Sample]:
    """n samples of each task, tasks in the benchmark's order; those in the journal are not made again."""
    keys = [(task, number) for task in tasks for number in range(options.n)]
    header = {
        "benchmark": benchmark.name, "data": benchmark.data_sha256, "model": model.identity, "only": options.only,
        "prompt": model.prompt(benchmark.traits), "n": options.n, **vars(options.sampling),
        "max_new_tokens": options.max_new_tokens,
    }  # fmt: skip
    path = out / f"samples-{benchmark.name}.jsonl"
    rows, append = journal.reopen(path, header)
    if options.retry:
        rows = [row for row in rows if not (row["cut"] or row["error"])]
        append = journal.rewrite(path, header, rows)
    found = {(row["task_id"], row["sample"]): row for row in rows}
    done = {label(task, number) for task, number in keys if (task.task_id, number) in found}
    with ThreadPoolExecutor(1) as reader:  # a thread has its whole stack for nested code (`extraction`)
        for group in model.write(benchmark.traits, keys, done):
            made = list(reader.map(lambda said: _row(*said, chat=options.chat), group))
            append(made)
            found |= {(row["task_id"], row["sample"]): row for row in made}
    ordered = [found[task.task_id, number] for task, number in keys]
    return [Sample(r["task_id"], r["sample"], r["solution"], r["cut"], r["error"]) for r in ordered]


def _row(task: Task, number: int, said: Completion, *, chat: bool) -> dict[str, Any]:
    """What the journal keeps of a sample: what the model said, and the program in it."""
    prompt = prompts.continued(task.prompt)
    if chat:
        program, whole = extraction.answered(said.text, task.entry_point, prompt)
    else:
        program, whole = extraction.completed(prompt, said.text, task.entry_point)
    cut = said.ending == "cut" and not whole
    return {
        "task_id": task.task_id, "sample": number, "text": said.text, "solution": program, "cut": cut,
        "error": said.error,
    }  # fmt: skip


# --- verdicts


def graded(
    benchmark: Benchmark,
    found: Sequence[Sample],
    identity: str,
    options: Options,
    out: Path,
    place: sandbox.Sandbox,
) -> dict[str, Any]:
    """The benchmark's entry in results.json; programs whose verdicts a journal in `out` has are not run
    again."""
    if benchmark.traits.grading is None:
        raise Misuse(
            f"benchmark {benchmark.name}: its description names no grading, so it cannot be graded; "
            'give grading = "assertions", "check" or "unittest"'
        )
    header = {
        "benchmark": benchmark.name, "data": benchmark.data_sha256, "samples": identity, "only": options.only,
        "tier": place.tier, "packages": str(options.packages) if options.packages else None,
    }  # fmt: skip
    rows, append = journal.reopen(out / f"verdicts-{benchmark.name}.jsonl", header)
    known = {tuple(key): Grade(*values) for key, values in rows}
    keys = [
        (s.task_id, s.sample, hashlib.sha256(s.program.encode("utf-8", "replace")).hexdigest()) for s in found
    ]
    rest = [at for at, key in enumerate(keys) if key not in known and not found[at].error]

    def done(number: int, verdict: Grade) -> None:
        known[keys[rest[number]]] = verdict
        append([[keys[rest[number]], list(vars(verdict).values())]])

    programs = [(found[at].task_id, found[at].program) for at in rest]
    grade(benchmark, programs, place, label=f"{benchmark.name}: grade", packages=options.packages, done=done)
    verdicts = [_verdict(sample, known.get(key)) for sample, key in zip(found, keys, strict=True)]
    numbers = [(sample.task_id, sample.sample) for sample in found]
    asked = wanted(benchmark, options.only)
    return results.summarize(benchmark, asked, numbers, verdicts, options.ks, options.sampling.seed)


def _verdict(sample: Sample, found: Grade | None) -> Grade:
    """The verdict of a sample, which may have got no answer, or one that was cut."""
    if found is None:
        return Grade("error", f"no answer: {sample.error}", cause="unanswered")
    if sample.cut and found.status != "pass":
        return Grade("error", f"the answer was cut at its length: {found.detail}", found.base, "cut")
    return found


# --- bits per byte


def _bits_per_byte(model: Model, asked: Asked, options: Options, out: Path) -> dict[str, Any]:
    """Bits per byte of the benchmarks' solutions and of held-out code in all and by language; {} of an
    endpoint."""
    return figures(measured(model, asked, options.only, out), options)


def measured_tasks(asked: Asked, only: str | None) -> dict[str, list[Task]]:
    """The tasks whose solutions are measured, by metric: test tasks, and training tasks of `tuning`."""
    chosen = {test.name: wanted(test, only) for test in asked.tests}
    chosen |= {f"{t.name}{TRAIN}": [task for task in t.tasks if task.split == "train"] for t in asked.tuning}
    return {name: tasks for name, tasks in chosen.items() if tasks}


def texts(
    tasks: dict[str, list[Task]], heldout: pa.Table | None, tokenizer: Any
) -> dict[str, list[bits_per_byte.Text]]:
    """The units of every metric, held-out documents first."""
    found = {metric: bits_per_byte.solutions(some, tokenizer) for metric, some in tasks.items()}
    if heldout is not None and heldout.num_rows:
        found = {HELDOUT: bits_per_byte.documents(heldout, tokenizer), **found}
    return found


def unit(some: Sequence[bits_per_byte.Text], bits: np.ndarray, languages: list[str] | None) -> dict[str, Any]:
    """Keys, bits and bytes of a metric's units, and their languages where they have any."""
    columns = {
        "keys": [text.key for text in some],
        "bits": bits.tolist(),
        "bytes": [text.size for text in some],
    }
    return columns if languages is None else {**columns, "languages": languages}


def figures(units: dict[str, dict[str, list[Any]]], options: Options) -> dict[str, Any]:
    """Bits per byte of each metric's units, held-out code in all and by language."""
    found: dict[str, Any] = {}
    for metric, columns in units.items():
        groups = {"all": np.arange(len(columns["keys"]))}
        if metric == HELDOUT:
            of = np.array(columns["languages"], dtype=object)
            groups = {language: np.flatnonzero(of == language) for language in sorted(set(of))} | groups
        seed = seed_of(f"{options.sampling.seed}/evaluate/{metric}", bits=64)
        parts = {
            name: _figure(columns, rows, metric, seed, options.resamples) for name, rows in groups.items()
        }
        found[metric] = parts if metric == HELDOUT else parts["all"]
    return found


def measured(model: Model, asked: Asked, only: str | None, out: Path) -> dict[str, dict[str, list[Any]]]:
    """By metric the keys, bits and bytes of its units, kept in `out`/bits.json; {} of a model that is only
    text."""
    tasks, heldout = measured_tasks(asked, only), asked.heldout
    documents = [] if heldout is None else heldout["doc_id"].to_pylist()
    of = {
        "model": model.identity,
        "data": {test.name: test.data_sha256 for test in [*asked.tests, *asked.tuning]},
        "tasks": {metric: [task.task_id for task in some] for metric, some in tasks.items()},
        "heldout": hashlib.sha256("\n".join(documents).encode()).hexdigest(),
    }
    path = out / "bits.json"
    if path.exists() and (kept := read_json(path))["of"] == of:
        return kept["units"]
    loaded = model.loaded()
    if loaded is None:
        return {}
    weights, tokenizer = loaded
    languages = None if heldout is None else heldout["language"].to_pylist()
    units = {
        metric: unit(
            some,
            bits_per_byte.measure(weights, some, f"{metric}: bits"),
            languages if metric == HELDOUT else None,
        )
        for metric, some in texts(tasks, heldout, tokenizer).items()
    }
    write_json(path, {"of": of, "units": units})
    return units


def references(
    asked: Asked, tokenizer: Any, source: references_.Source | None, options: Options
) -> dict[str, Any]:
    """What a model's bits per byte are held against, on the same units: by name what it is, and its
    figures."""
    units = texts(measured_tasks(asked, options.only), asked.heldout, tokenizer)
    languages = None if asked.heldout is None else asked.heldout["language"].to_pylist()
    found = {}
    for name, (what, bits) in references_.measured(units, source).items():
        columns = {
            metric: unit(some, bits[metric], languages if metric == HELDOUT else None)
            for metric, some in units.items()
        }
        found[name] = {"what": what, "bits_per_byte": figures(columns, options)}
    return found


def _figure(
    unit: dict[str, list[Any]], rows: np.ndarray, metric: str, seed: int, resamples: int
) -> dict[str, Any]:
    bits, size = np.array(unit["bits"])[rows], np.array(unit["bytes"], np.float64)[rows]
    return {
        "value": float(bits.sum() / size.sum()),
        "interval": list(statistics.ratio_interval(bits, size, seed=seed, resamples=resamples)),
        "documents" if metric == HELDOUT else "tasks": len(rows),
        "bytes": int(size.sum()),
    }
