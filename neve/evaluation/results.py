"""From verdicts to figures: what stands in results.json for a benchmark.

pass@k is the unbiased estimate, over tasks that could be graded and have samples; what is missing is stated, never
counted as failed or left unsaid. Intervals are 95 %: Wilson's where each task has one sample, else by bootstrap over
tasks, which are the units that vary.

Source: Chen et al. (arXiv 2107.03374) for pass@k.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neve.errors import Fault
from neve.evaluation import statistics
from neve.evaluation.grading import unit_tests
from neve.evaluation.grading.sample_grade import Grade
from neve.store import read_json
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task

RESAMPLES = 2000
RESULTS = "results.json"


def summarize(
    benchmark: Benchmark,
    asked: Sequence[Task],
    samples: Sequence[tuple[str, int]],
    grades: Sequence[Grade],
    ks: Sequence[int],
    seed: int,
) -> dict[str, Any]:
    """The entry of a benchmark in results.json; `samples` are (task_id, number) and `asked` the tasks wanted.

    A k that is more than the samples of some task has no figure.
    """
    rows = [
        {"task_id": task_id, "sample": number, "status": grade.status}
        | ({"base": grade.base} if grade.base else {})
        | {"detail": grade.detail}
        for (task_id, number), grade in zip(samples, grades, strict=True)
    ]
    ungraded = {
        task_id for (task_id, _), grade in zip(samples, grades, strict=True) if grade.status == "error"
    }
    graded = [row for row in rows if row["task_id"] not in ungraded]
    have = {task_id for task_id, _ in samples}
    entry: dict[str, Any] = {
        "tasks": len({row["task_id"] for row in graded}),
        **figures(graded, "status", ks, seed),
        "data_sha256": benchmark.data_sha256,
        "published": benchmark.published,
        "version": benchmark.version,
        "missing": [task.task_id for task in asked if task.task_id not in have],
        "ungraded": sorted(ungraded),
        "samples": rows,
    }
    if any("base" in row for row in graded):
        entry["base"] = figures(graded, "base", ks, seed)
    if benchmark.traits.grading == "unittest":
        entry["limit"] = unit_tests.LIMIT
    return entry


def figures(rows: Sequence[dict[str, Any]], key: str, ks: Sequence[int], seed: int) -> dict[str, Any]:
    """pass@k for each k that the samples suffice for, with intervals."""
    n, correct = counts(rows, key)
    if not len(n):
        return {}
    found: dict[str, Any] = {}
    intervals: dict[str, list[float]] = {}
    for k in sorted({1, *ks}):
        if n.min() < k:
            continue
        found[f"pass@{k}"] = statistics.pass_at_k(n, correct, k)
        if n.max() == 1:
            interval = statistics.wilson(int(correct.sum()), len(n))
        else:
            each = np.array(
                [statistics.pass_at_k(n[i : i + 1], correct[i : i + 1], k) for i in range(len(n))]
            )
            interval = statistics.ratio_interval(each, np.ones(len(n)), seed=seed, resamples=RESAMPLES)
        intervals[f"pass@{k}"] = [float(end) for end in interval]
    return {**found, "interval": intervals["pass@1"], "intervals": intervals}


def counts(rows: Sequence[dict[str, Any]], key: str) -> tuple[np.ndarray, np.ndarray]:
    """Samples and right ones of each task, int64 [tasks], tasks in the order in which they come."""
    tasks: dict[str, list[int]] = {}
    for row in rows:
        tally = tasks.setdefault(row["task_id"], [0, 0])
        tally[0] += 1
        tally[1] += row[key] == "pass"
    table = np.array(list(tasks.values()), np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def compare(a: dict[str, Any], b: dict[str, Any], seed: int) -> dict[str, Any]:
    """Entry a's pass@1 minus entry b's on the tasks that both have: difference, interval, p of a paired test.

    What one of them could not grade does not count. Raises Fault without common tasks.
    """
    shares = []
    for entry in (a, b):
        by_task: dict[str, list[bool]] = {}
        for row in entry["samples"]:
            if row["task_id"] not in entry["ungraded"]:
                by_task.setdefault(row["task_id"], []).append(row["status"] == "pass")
        shares.append({task: float(np.mean(passed)) for task, passed in by_task.items()})
    common = [task for task in shares[0] if task in shares[1]]
    if not common:
        raise Fault("--against: the two have no graded task in common")
    mine, theirs = (np.array([share[task] for task in common]) for share in shares)
    result = statistics.paired_difference(mine, theirs, np.ones(len(common)), seed=seed, resamples=RESAMPLES)
    return {
        "tasks": len(common),
        "difference": result.value,
        "interval": [float(end) for end in result.interval],
        "p": result.p,
    }


def read(folder: Path | None, data: dict[str, str]) -> tuple[str, dict[str, Any]] | None:
    """A folder and the entries of its results.json, for `against`; `data` are digests of the files of what is asked for.

    Raises Fault where there is none, or where nothing in it can be compared.
    """
    if folder is None:
        return None
    try:
        entries = read_json(folder / RESULTS)["benchmarks"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Fault(
            f"--against {folder}: no {RESULTS} there; give a folder that neve evaluate or neve grade wrote"
        ) from None
    both = [name for name in data if name in entries]
    if not both:
        raise Fault(f"--against {folder}: has {', '.join(entries)}, none of which is asked for")
    for name in both:
        if entries[name]["data_sha256"] != data[name]:
            raise Fault(f"--against {folder}: {name} was graded by another file of tasks; grade it anew")
    return str(folder), entries


def against(
    other: tuple[str, dict[str, Any]] | None, entries: dict[str, dict[str, Any]], seed: int
) -> dict[str, Any]:
    """What stands in results.json of two models: a paired test for each benchmark that both have; {} without another."""
    if other is None:
        return {}
    folder, theirs = other
    tests = {name: compare(entries[name], theirs[name], seed) for name in entries if name in theirs}
    return {"against": {"folder": folder, "benchmarks": tests}}


PUBLISHED = {
    "StableCode-3B": (26.2, 43.9, 18.6, 25.9),
    "StarCoder2-3B": (27.4, 49.2, 19.0, 21.4),
    "Granite-Code-Base-3B": (29.3, 45.8, 19.8, 20.0),
    "CodeGemma-2B v1.1": (32.3, 48.9, 19.8, 28.0),
    "Qwen2-1.5B": (31.1, 38.4, 17.2, 16.5),
    "DeepSeek-Coder-1.3B": (28.7, 48.1, 19.2, 22.2),
    "StarCoderBase-3B": (17.7, 36.8, 11.6, 5.9),
    "SmolLM-1.7B": (15.9, 34.7, 10.0, 2.5),
    "Phi-1.5-1.3B": (31.7, 43.7, 20.6, 14.3),
    "Arctic-SnowCoder, phase 1": (14.0, 27.8, 7.4, 10.3),
    "Arctic-SnowCoder, phase 2": (21.3, 34.7, 12.8, 12.3),
    "Arctic-SnowCoder, phase 3": (28.0, 42.9, 18.0, 19.4),
}
"""Greedy pass@1 in percent as Arctic-SnowCoder's paper (arXiv 2409.02326) has it, by model."""
PUBLISHED_ON = ("humaneval+", "mbpp+", "evoeval", "bigcodebench")
"""What the columns of PUBLISHED are; EvoEval's is the mean over its five altered sets."""
ALTERED = tuple(f"evoeval-{kind}" for kind in ("difficult", "creative", "subtle", "combine", "tool-use"))


def beside_published(entries: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """pass@1 in percent in the columns of PUBLISHED; None where a benchmark was not graded."""
    values = {name: 100 * entry["pass@1"] for name, entry in entries.items() if "pass@1" in entry}
    if all(name in values for name in ALTERED):
        values["evoeval"] = float(np.mean([values[name] for name in ALTERED]))
    return {name: values.get(name) for name in PUBLISHED_ON}
