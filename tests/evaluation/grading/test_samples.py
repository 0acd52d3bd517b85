"""Sample files. Oracle: the formats as EvalPlus and BigCodeBench write them."""

from __future__ import annotations

import gzip
import json

import pytest

from neve.errors import Fault
from neve.evaluation.grading import journal, samples
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

BENCHMARK = Benchmark(
    TABLE["humaneval+"],
    [Task(f"HumanEval/{k}", f"def f{k}():\n", "    pass\n", f"f{k}", "") for k in (0, 1, 10)],
    "",
)
ROWS = [
    {"task_id": "HumanEval/1", "completion": "    return 1\n"},
    {"task_id": "HumanEval/0", "solution": "def f0(): return 0\n", "more": 1},
    {"task_id": "HumanEval/1", "solution": "x"},
]


@pytest.mark.parametrize("packed", [True, False])
def test_order_is_the_file_s_and_numbers_are_the_task_s(tmp_path, packed):
    raw = "\n".join(map(json.dumps, ROWS)).encode() + b"\n\n"
    path = tmp_path / ("s.jsonl.gz" if packed else "s.jsonl")
    path.write_bytes(gzip.compress(raw) if packed else raw)
    found, _ = samples.read(path, BENCHMARK)
    assert [(s.task_id, s.sample) for s in found] == [
        ("HumanEval/1", 0),
        ("HumanEval/0", 0),
        ("HumanEval/1", 1),
    ]
    assert found[0].program == "def f1():\n    return 1\n" and found[1].program == "def f0(): return 0\n"


def test_a_folder_of_programs(tmp_path):
    for name, text in (("HumanEval_10/0.py", "a"), ("HumanEval_0/1.py", "c"), ("HumanEval_0/0.py", "b")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found, _ = samples.read(tmp_path, BENCHMARK)
    assert [(s.task_id, s.sample, s.program) for s in found] == [
        ("HumanEval/0", 0, "b"), ("HumanEval/0", 1, "c"), ("HumanEval/10", 0, "a"),
    ]  # fmt: skip


def test_only(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    assert {s.task_id for s in samples.read(path, BENCHMARK, "HumanEval/1*")[0]} == {"HumanEval/1"}
    assert [t.task_id for t in samples.chosen(BENCHMARK, "HumanEval/1*")] == ["HumanEval/1", "HumanEval/10"]
    with pytest.raises(Fault, match="no task is called so"):
        samples.check_patterns([BENCHMARK], "HumanEval/0,Mbpp/*")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "line 1 is no JSON"),
        (b"[1]", "line 1 has no task_id"),
        (b'{"task_id": "HumanEval/0"}', "line 1 has neither"),
        (b'{"task_id": "HumanEval/0", "completion": ["a"]}', "line 1 has neither"),
        (b'{"task_id": "Mbpp/1", "completion": ""}', "'Mbpp/1' is not one of humaneval"),
        (b"\n", "holds no sample"),
        (b"\x1f\x8bbroken", "cannot be unpacked"),
    ],
)
def test_what_is_no_sample_is_one_line(tmp_path, raw, said):
    (tmp_path / "s.jsonl").write_bytes(raw)
    with pytest.raises(Fault, match=said) as fault:
        samples.read(tmp_path / "s.jsonl", BENCHMARK)
    assert "\n" not in str(fault.value)


def test_an_absent_file(tmp_path):
    with pytest.raises(Fault, match="cannot be read"):
        samples.read(tmp_path / "absent.jsonl", BENCHMARK)


def test_what_evaluate_wrote_is_read_and_what_was_cut_or_never_came_stays_so(tmp_path):
    """Oracle: rows written by the journal itself, in two groups. In another's file such words are only words."""
    head = {"benchmark": "humaneval+", "model": "m", "prompt": {"name": "completion"}, "n": 2}
    rows = [
        {"task_id": "HumanEval/1", "sample": 0, "text": "", "solution": "x", "cut": True, "error": ""},
        {
            "task_id": "HumanEval/1",
            "sample": 1,
            "text": "",
            "solution": "",
            "cut": False,
            "error": "no answer",
        },
        {"task_id": "HumanEval/0", "sample": 0, "text": "y", "solution": "y", "cut": False, "error": ""},
    ]
    path = tmp_path / "samples-humaneval+.jsonl"
    _, append = journal.reopen(path, head)
    append(rows[:2])
    append(rows[2:])
    found, _ = samples.read(path, BENCHMARK)
    assert [(s.task_id, s.sample, s.program, s.cut, s.error) for s in found] == [
        ("HumanEval/1", 0, "x", True, ""),
        ("HumanEval/1", 1, "", False, "no answer"),
        ("HumanEval/0", 0, "y", False, ""),
    ]
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join(map(json.dumps, rows)))
    assert not any(s.cut or s.error for s in samples.read(other, BENCHMARK)[0])
