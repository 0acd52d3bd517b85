"""Samples and their verdicts: files as EvalPlus and BigCodeBench write them, and which tasks are asked for.

A sample is a task_id with a `completion`, which goes after the prompt, or a `solution`, which is a whole
program. Files are JSON lines, plain or gzipped; EvalPlus's folder form (`HumanEval_0/0.py`) is read too, and
what `neve evaluate` wrote, where an answer that was cut or never came stays one.
Order is the file's, and samples of one task are numbered from 0 in that order. The trade-off: a file is read
and checked as a whole before any of it is graded, so that a broken line costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from neve.errors import Misuse
from neve.tasks.benchmarks import Benchmark, unpacked
from neve.tasks.task import Task

Status = Literal["pass", "fail", "timeout", "error"]
Cause = Literal["", "ungraded", "unanswered", "cut"]


@dataclass(frozen=True)
class Sample:
    task_id: str
    sample: int
    program: str
    cut: bool = False
    """Whether the answer ended at its limit before its function did."""
    error: str = ""
    """Why there is no answer."""


@dataclass(frozen=True)
class Grade:
    """What became of one sample; `detail` says how. "fail" and "timeout" are the candidate's doing, "error"
    is not."""

    status: Status
    detail: str = ""
    base: Status | None = None
    """Where a benchmark adds tests to another's: the status on the other's alone."""
    cause: Cause = ""
    """Of an error. ungraded: the task cannot be judged on this machine. unanswered: the model was not
    reached, or gave nothing. cut: the answer ended at its limit before its function did."""


def chosen(benchmark: Benchmark, only: str | None) -> list[Task]:
    """Tasks whose ids match one of the patterns, by commas: `HumanEval/1*,Mbpp/2`; all where `only` is None.

    Raises Misuse for a pattern that matches no task.
    """
    return [task for task in benchmark.tasks if only is None or _matches(task.task_id, only)]


def check_patterns(benchmarks: Sequence[Benchmark], only: str | None) -> None:
    """Raises Misuse for a pattern that matches no task of any of the benchmarks."""
    for pattern in only.split(",") if only else ():
        if not any(fnmatchcase(t.task_id, pattern.strip()) for b in benchmarks for t in b.tasks):
            ids = ", ".join(benchmark.tasks[0].task_id for benchmark in benchmarks)
            raise Misuse(f"--only {pattern.strip()}: no task is called so; ids are like {ids}")


def _matches(task_id: str, only: str) -> bool:
    return any(fnmatchcase(task_id, pattern.strip()) for pattern in only.split(","))


def read(path: Path, benchmark: Benchmark, only: str | None = None) -> tuple[list[Sample], str]:
    """Samples of a file or folder, those of tasks asked for, and the digest of what was read.

    Raises Misuse, one line that names file and line, for what is no sample or belongs to no task.
    """
    try:
        raw = _folder(path) if path.is_dir() else path.read_bytes()
        lines = unpacked(raw).splitlines()
    except OSError as error:
        raise Misuse(
            f"{path}: cannot be read ({error.strerror}); give a .jsonl or .jsonl.gz of samples"
        ) from None
    except (ValueError, zlib.error) as error:
        raise Misuse(f"{path}: cannot be unpacked ({error}); give JSON lines, plain or gzipped") from None
    by_id = {task.task_id: task for task in benchmark.tasks}
    counts: Counter[str] = Counter()
    found = []
    journal = bool(lines) and _of_evaluate(lines[0])
    for number, line in enumerate(lines, 1):
        if not line.strip() or (journal and number == 1):
            continue
        task_id, program, row = _sample(line, by_id, f"{path} line {number}", benchmark.name)
        if only is None or _matches(task_id, only):
            ended = (row.get("cut") is True, str(row.get("error") or "")) if journal else (False, "")
            found.append(Sample(task_id, counts[task_id], program, *ended))
            counts[task_id] += 1
    if not found:
        raise Misuse(f"{path}: holds no sample{f' that --only {only} names' if only else ''}")
    return found, hashlib.sha256(raw).hexdigest()


def _of_evaluate(first: bytes) -> bool:
    """Whether a first line says what rows belong to, as `neve evaluate` begins its files."""
    try:
        head = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(head, dict) and {"benchmark", "model", "prompt"} <= head.keys()


def _sample(line: bytes, by_id: dict[str, Task], where: str, name: str) -> tuple[str, str, dict[str, Any]]:
    """Task, program and all else of one line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{where} is no JSON ({str(error)[:80]}); give one object a line") from None
    if not isinstance(row, dict) or not isinstance(row.get("task_id"), str):
        raise Misuse(f"{where} has no task_id; a sample is task_id with completion or solution")
    task = by_id.get(row["task_id"])
    if task is None:
        raise Misuse(
            f"{where}: task_id {row['task_id'][:60]!r} is not one of {name}'s; they are like {next(iter(by_id))!r}"
        )
    solution, completion = row.get("solution"), row.get("completion")
    if isinstance(solution, str):
        return task.task_id, solution, row
    if isinstance(completion, str):
        return task.task_id, task.prompt + completion, row
    raise Misuse(f"{where} has neither completion nor solution as text")


def _folder(path: Path) -> bytes:
    """EvalPlus's folder form as JSON lines: a folder a task, in it a program a sample."""
    files = sorted(
        (file for file in path.glob("*/*.py") if file.stem.isdigit()),
        key=lambda file: (file.parent.name, int(file.stem)),
    )
    if not files:
        raise Misuse(f"{path}: holds no TASK_ID/NUMBER.py; give such a folder, or a .jsonl of samples")
    rows = [
        {
            "task_id": file.parent.name.replace("_", "/"),
            "solution": file.read_text(encoding="utf-8", errors="replace"),
        }
        for file in files
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
