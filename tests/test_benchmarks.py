"""Benchmark files. Oracle: the published files (NEVE_BENCHMARKS), their digests, and what their papers count."""

from __future__ import annotations

import ast
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from neve import benchmarks
from neve.errors import Fault

ROW = {
    "task_id": "T/0", "prompt": "def f(x):\r\n", "canonical_solution": "    return x\n", "entry_point": "f",
    "test": "def check(candidate):\n    assert candidate(1) == 1\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "count"), [("humaneval", 164), ("humaneval+", 164), ("mbpp", 974), ("mbpp+", 378)]
)
def test_published_files(name, count, benchmark_files):
    benchmark = benchmarks.load(name, benchmark_files)
    assert benchmark.published
    assert len(benchmark.tasks) == len({task.task_id for task in benchmark.tasks}) == count
    for task in benchmark.tasks:
        ast.parse(task.test)
        tree = ast.parse(task.solution if name == "mbpp" else task.prompt + task.solution)
        assert task.entry_point in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert "\r" not in task.prompt + task.solution + task.test
    assert all(bool(task.inputs) == name.endswith("+") for task in benchmark.tasks)
    assert sum(not task.plus_inputs for task in benchmark.tasks) == {"humaneval+": 0, "mbpp+": 1}.get(
        name, count
    )


def test_mbpp_splits(benchmark_files):
    splits = Counter(task.split for task in benchmarks.load("mbpp", benchmark_files).tasks)
    assert splits == {"few-shot": 10, "test": 500, "validation": 90, "train": 374}


def test_humaneval_out_of_its_package_is_the_published_file(benchmark_files):
    try:
        packaged = benchmarks.load("humaneval")
    except Fault as fault:
        pytest.skip(f"no package index here: {fault}")
    assert packaged == benchmarks.load("humaneval", benchmark_files)


def test_another_file_is_read_and_told_apart(tmp_path):
    _write(tmp_path, gzip.compress(json.dumps(ROW).encode(), mtime=0))
    benchmark = benchmarks.load("humaneval", tmp_path)
    assert not benchmark.published
    assert benchmark.tasks[0].prompt == "def f(x):\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not gzip",
        gzip.compress(b"x" * 10_000, mtime=0)[:-20],
        gzip.compress(b"[1]", mtime=0),
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b"\xff\xfe", mtime=0),
        gzip.compress(json.dumps({**ROW, "prompt": 3}).encode(), mtime=0),
        gzip.compress(b"", mtime=0),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, raw):
    _write(tmp_path, raw)
    with pytest.raises(Fault, match=r"HumanEval.jsonl.gz: .*fetch it again"):
        benchmarks.load("humaneval", tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "MAX_BYTES", 1 << 20)
    _write(tmp_path, gzip.compress(b" " * (64 << 20), mtime=0))
    with pytest.raises(Fault, match="more than 1 MiB"):
        benchmarks.load("humaneval", tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("humanevil", None, "there are humaneval"),
        ("mbpp", None, "name a folder"),
        ("mbpp", "absent", "put mbpp.jsonl there"),
    ],
)
def test_what_is_missing_is_said(tmp_path, name, data, message):
    with pytest.raises(Fault, match=message):
        benchmarks.load(name, data and tmp_path / data)


def _write(folder: Path, raw: bytes) -> None:
    (folder / "HumanEval.jsonl.gz").write_bytes(raw)
