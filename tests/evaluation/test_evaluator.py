"""One model on some benchmarks: order, resuming, and what counts. Oracle: a model whose answers are written down here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neve import sandbox
from neve.errors import Fault
from neve.evaluation import evaluator
from neve.evaluation.evaluator import HELDOUT, Asked
from neve.evaluation.generation.completion import Completion, Options
from neve.tasks.benchmarks import Benchmark
from neve.tasks.task import Task
from neve.tasks.traits import TABLE

PLACE = sandbox.probe()
walled = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
TASKS = [
    Task(f"T/{k}", f"def f{k}(n):\n", f"    return n + {k}\n", f"f{k}", f"def check(candidate):\n    assert candidate(1) == {k + 1}\n")
    for k in range(3)
]  # fmt: skip
ONE = Benchmark(TABLE["humaneval"], TASKS, "abc")


class Writer:
    """A model that gives these answers, by label; a group a task."""

    def __init__(self, answers: dict[str, Completion], identity: str = "writer") -> None:
        self.answers, self.identity, self.asked = answers, identity, []

    def prompt(self, traits):
        return {"name": "plain"}

    def write(self, traits, keys, done):
        for task, number in keys:
            label = f"{task.task_id}#{number}"
            if label not in done:
                self.asked.append(label)
                yield [(task, number, self.answers.get(label, Completion(task.solution)))]

    def tokenizer(self):
        return None

    def loaded(self):
        return None


def run(writer: Writer, out: Path, **options) -> dict:
    return evaluator.evaluate(writer, Asked([ONE]), Options(**options), out, PLACE)["benchmarks"]["humaneval"]


@walled
def test_samples_are_in_the_order_of_tasks_and_numbers(tmp_path: Path) -> None:
    entry = run(Writer({"T/1#1": Completion("    return 0\n")}), tmp_path, n=2, ks=(1, 2))
    assert [(s["task_id"], s["sample"], s["status"]) for s in entry["samples"]] == [
        (f"T/{k}", number, "fail" if (k, number) == (1, 1) else "pass") for k in range(3) for number in range(2)
    ]  # fmt: skip
    assert entry["pass@1"] == pytest.approx(5 / 6) and entry["pass@2"] == 1.0
    assert entry["prompt"] == {"name": "plain"}


@walled
def test_what_got_no_answer_does_not_count_and_a_cut_one_is_unsolved(tmp_path: Path) -> None:
    """And one that was cut after its function was whole is judged as any other."""
    said = {
        "T/0#0": Completion("", error="connection refused"),
        "T/1#0": Completion("    return [n,\n", "cut"),
        "T/2#0": Completion("    return n + 2\n\n\ndef other(n):\n    x = [", "cut"),
    }
    entry = run(Writer(said), tmp_path)
    assert [s["status"] for s in entry["samples"]] == ["error", "error", "pass"]
    assert entry["pass@1"] == 1 / 2 and entry["cut"] == ["T/1"]
    assert "connection refused" in entry["samples"][0]["detail"]


@walled
def test_it_goes_on_where_it_was_and_asks_again_only_if_told(tmp_path: Path) -> None:
    """What a journal has is not asked for; with `retry`, what failed or was cut is."""
    first = Writer({"T/0#0": Completion("", error="refused")})
    run(first, tmp_path)
    assert first.asked == ["T/0#0", "T/1#0", "T/2#0"]
    again = Writer({})
    assert run(again, tmp_path)["samples"][0]["status"] == "error" and again.asked == []
    retried = Writer({})
    assert run(retried, tmp_path, retry=True)["pass@1"] == 1.0 and retried.asked == ["T/0#0"]
    path = tmp_path / "samples-humaneval.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n").rpartition(b"\n\n")[0] + b"\n\n{")
    half = Writer({})
    assert run(half, tmp_path)["pass@1"] == 1.0 and len(half.asked) == 1
    with pytest.raises(Fault, match="of another model"):
        run(Writer({}, "other"), tmp_path)


def test_without_a_sandbox_nothing_is_asked(tmp_path: Path) -> None:
    writer = Writer({})
    nowhere = sandbox.Sandbox("none", "bubblewrap is not installed")
    found = evaluator.evaluate(writer, Asked([ONE]), Options(), tmp_path, nowhere)
    assert found["benchmarks"] == {"humaneval": {"not_run": "bubblewrap is not installed"}}
    none = evaluator.evaluate(writer, Asked([ONE]), Options(), tmp_path, None)
    assert none["benchmarks"] == none["bits_per_byte"] == {} and writer.asked == []


def test_a_benchmark_that_names_no_grading_is_a_fault(tmp_path: Path) -> None:
    one = Benchmark(replace(TABLE["humaneval"], grading=None), TASKS, "abc")
    with pytest.raises(Fault, match="names no grading"):
        evaluator.graded(one, [], "x", Options(), tmp_path, PLACE)


def test_tasks_asked_for_and_tasks_measured() -> None:
    """Those named, of any split; else test tasks. Training tasks are measured under a name of their own."""
    split = [replace(TASKS[0], split="train"), TASKS[1], replace(TASKS[2], split="test")]
    both = Benchmark(TABLE["mbpp"], split, "abc")
    assert [t.task_id for t in evaluator.wanted(both, None)] == ["T/1", "T/2"]
    assert [t.task_id for t in evaluator.wanted(both, "T/0,T/2")] == ["T/0", "T/2"]
    chosen = evaluator.measured_tasks(Asked([both], tuning=[both]), None)
    assert {name: [t.task_id for t in tasks] for name, tasks in chosen.items()} == {
        "mbpp": ["T/1", "T/2"],
        "mbpp-train": ["T/0"],
    }


def test_figures_are_sums_of_their_units() -> None:
    rng = np.random.default_rng(0)
    bits, size = rng.uniform(10, 99, 12), rng.integers(5, 50, 12)
    languages = ["Go" if k % 3 else "Python" for k in range(12)]
    units = {"keys": [str(k) for k in range(12)], "bits": bits.tolist(), "bytes": size.tolist()}
    found = evaluator.figures(
        {"humaneval": units, HELDOUT: {**units, "languages": languages}}, Options(resamples=200)
    )
    assert found["humaneval"]["value"] == pytest.approx(bits.sum() / size.sum())
    assert (found["humaneval"]["tasks"], found["humaneval"]["bytes"]) == (12, size.sum())
    assert list(found[HELDOUT]) == ["Go", "Python", "all"]
    go = np.array(languages) == "Go"
    assert found[HELDOUT]["Go"]["value"] == pytest.approx(bits[go].sum() / size[go].sum())
    assert found[HELDOUT]["Go"]["interval"][0] < found[HELDOUT]["Go"]["value"]
    assert json.dumps(found)
