"""From verdicts to figures: a benchmark's entry in results.json, and two models beside each other.

pass@k is the unbiased estimate over tasks that could be judged and have samples. What is missing, could not
be judged, got no answer or was cut at its length is listed, never dropped or counted without a word.
Intervals are 95 %: Wilson's if each task has one sample, else by bootstrap over tasks, which are the units
that vary.

Source: Chen et al. (arXiv 2107.03374) for pass@k.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neve.errors import Misuse
from neve.evaluation import statistics
from neve.evaluation.grading import unit_tests
from neve.evaluation.grading.samples import Grade
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
    """The entry of a benchmark in results.json; `samples` are (task_id, number) and `asked` the tasks
    wanted.

    A k that is more than the samples of some task has no figure, and without a judged task there is none at
    all.
    """
    rows = [
        {"task_id": task_id, "sample": number, "status": grade.status}
        | ({"base": grade.base} if grade.base else {})
        | ({"cause": grade.cause} if grade.cause else {})
        | {"detail": grade.detail}
        for (task_id, number), grade in zip(samples, grades, strict=True)
    ]
    by_cause = {
        cause: list(dict.fromkeys(row["task_id"] for row in rows if row.get("cause") == cause))
        for cause in ("ungraded", "unanswered", "cut")
    }
    counted = judged(rows)
    have = {task_id for task_id, _ in samples}
    entry: dict[str, Any] = {
        "tasks": len({row["task_id"] for row in counted}),
        **figures(counted, "status", ks, seed),
        "data_sha256": benchmark.data_sha256,
        "published": benchmark.published,
        "version": benchmark.version,
        "missing": [task.task_id for task in asked if task.task_id not in have],
        **by_cause,
        "samples": rows,
    }
    if any("base" in row for row in counted):
        entry["base"] = figures(counted, "base", ks, seed)
    if benchmark.traits.grading == "unittest":
        entry["limit"] = unit_tests.LIMIT
    return entry


def judged(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that count: of tasks that can be judged, and with an answer."""
    ungraded = {row["task_id"] for row in rows if row.get("cause") == "ungraded"}
    return [r for r in rows if r["task_id"] not in ungraded and r.get("cause") != "unanswered"]


def figures(rows: Sequence[dict[str, Any]], key: str, ks: Sequence[int], seed: int) -> dict[str, Any]:
    """pass@k for each k that the samples suffice for, with intervals; {} without rows."""
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
        tally[1] += row.get(key) == "pass"
    table = np.array(list(tasks.values()), np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def compare(a: dict[str, Any], b: dict[str, Any], seed: int) -> dict[str, Any]:
    """Entry a's pass@1 minus entry b's on the tasks that both have: difference, interval, p of a paired
    test.

    What one of them could not judge, or got no answer to, does not count. Raises Fault without common tasks.
    """
    shares = []
    for entry in (a, b):
        by_task: dict[str, list[bool]] = {}
        for row in judged(entry["samples"]):
            by_task.setdefault(row["task_id"], []).append(row["status"] == "pass")
        shares.append({task: float(np.mean(passed)) for task, passed in by_task.items()})
    common = [task for task in shares[0] if task in shares[1]]
    if not common:
        raise Misuse("--against: the two have no graded task in common")
    mine, theirs = (np.array([share[task] for task in common]) for share in shares)
    result = statistics.paired_difference(mine, theirs, np.ones(len(common)), seed=seed, resamples=RESAMPLES)
    return {
        "tasks": len(common),
        "difference": result.value,
        "interval": [float(end) for end in result.interval],
        "p": result.p,
    }


def read(folder: Path | None, data: dict[str, str]) -> tuple[str, dict[str, Any]] | None:
    """A folder and the entries of its results.json, for `against`; `data` are the digests of the files asked
    for.

    Raises Fault if there is none, or if nothing in it can be compared.
    """
    if folder is None:
        return None
    try:
        entries = read_json(folder / RESULTS)["benchmarks"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Misuse(
            f"--against {folder}: no {RESULTS} there; give a folder that neve evaluate or neve grade wrote"
        ) from None
    both = [name for name in data if name in entries]
    if not both:
        raise Misuse(f"--against {folder}: has {', '.join(entries)}, none of which is asked for")
    for name in both:
        if entries[name]["data_sha256"] != data[name]:
            raise Misuse(
                f"--against {folder}: {name} was graded with another file of tasks; grade it again with this one"
            )
    return str(folder), entries


def against(
    other: tuple[str, dict[str, Any]] | None, entries: dict[str, dict[str, Any]], seed: int
) -> dict[str, Any]:
    """What results.json says of two models: a paired test for each benchmark that both have; {} without
    another."""
    if other is None:
        return {}
    folder, theirs = other
    tests = {name: compare(entries[name], theirs[name], seed) for name in entries if name in theirs}
    return {"against": {"folder": folder, "benchmarks": tests}}
