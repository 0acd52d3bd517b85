"""Rows of the published files. Oracle: the files themselves (NEVE_BENCHMARKS), what their papers count, EvoEval's own code
for its fields."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest

from neve.errors import Fault
from neve.tasks import benchmarks

ROW = {
    "task_id": "T/0", "prompt": "def f(x):\r\n", "canonical_solution": "    return x\n", "entry_point": "f",
    "test": "def check(candidate):\n    assert candidate(1) == 1\n",
}  # fmt: skip


def test_mbpp_splits(benchmark_files):
    splits = Counter(task.split for task in benchmarks.load("mbpp", benchmark_files).tasks)
    assert splits == {"few-shot": 10, "test": 500, "validation": 90, "train": 374}


@pytest.mark.parametrize(
    "kind", ["difficult", "creative", "subtle", "combine", "tool_use", "verbose", "concise"]
)
@pytest.mark.parametrize("packed", [True, False])
def test_evoeval_is_read_in_its_published_shape(tmp_path, kind, packed):
    """Field names of the sets as evoeval's own code reads them: `inputs` or EvalPlus's, and tests that may be missing."""
    row = {key: value for key, value in ROW.items() if key != "test" or kind in ("verbose", "concise")}
    given = {"inputs": ["1", "[2] * 3, 'a'"]}
    if kind in ("verbose", "concise"):
        given = {"base_input": [[1]], "plus_input": [[2]]}
    row |= {"task_id": "EvoEval/0", **given, "parent": 4, "main": "f", "helpers": []}
    raw = json.dumps(row).encode()
    name = f"EvoEval_{kind}.jsonl"
    (tmp_path / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(raw) if packed else raw)
    benchmark = benchmarks.load(f"evoeval-{kind.replace('_', '-')}", tmp_path)
    assert not benchmark.published  # no digest is pinned: the sets have no licence
    task = benchmark.tasks[0]
    assert (task.task_id, task.prompt, task.entry_point) == ("EvoEval/0", "def f(x):\n", "f")
    assert task.test == row.get("test", "")
    assert list(task.inputs) == next(iter(given.values()))


def test_a_test_may_be_missing_in_evoeval_alone(tmp_path):
    row = {key: value for key, value in ROW.items() if key != "test"}
    (tmp_path / "HumanEval.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    with pytest.raises(Fault, match="fetch it again"):
        benchmarks.load("humaneval", tmp_path)
