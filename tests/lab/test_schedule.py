"""Where cells are trained. Oracle: the rules as stated. Cells that are really built are in
test_laboratory.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neve.errors import Fault
from neve.lab import design
from neve.lab.file import load
from neve.lab.schedule import Schedule, Workers, shared, workers


def test_on_a_cpu_each_worker_has_one_thread_and_gpus_are_dealt_out() -> None:
    assert Workers(3).environments() == [{"OMP_NUM_THREADS": "1"}] * 3
    numbers = [each["CUDA_VISIBLE_DEVICES"] for each in Workers(3, gpus=("0", "1")).environments()]
    assert numbers == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("allotted", "count", "found"),
    [
        (None, 2, ("0", "1")),
        ("2,3", 2, ("2", "3")),
        ("GPU-8932f937, GPU-1a", 2, ("GPU-8932f937", "GPU-1a")),
        ("5,-1,6", 1, ("5",)),  # CUDA ends the list there, and torch's count with it
        ("MIG-1,MIG-2", 1, ("MIG-1", "MIG-2")),  # CUDA shows a process one
        ("MIG-1", 0, ()),
        ("", 0, ()),
    ],
)
def test_workers_train_on_the_gpus_that_were_allotted(allotted, count, found, monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if allotted is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allotted)
    made = workers(None, None)
    assert made.gpus == found and made.count == (len(found) or len(os.sched_getaffinity(0)))
    assert [each.get("CUDA_VISIBLE_DEVICES") for each in made.environments()[: len(found)]] == list(found)


def test_more_workers_than_gpus_or_cores_take_turns(monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    assert Workers(3, gpus=("0", "1")).places == 2 and Workers(3).places == 2 and Workers(1).places == 1
    assert Workers(8, prefix=("srun",)).places == 8


def test_as_many_as_asked_for_and_srun_before_each() -> None:
    assert workers(4, None).count == 4 and workers(2, "--gpus=1 --mem=8G").prefix == (
        "srun", "--ntasks=1", "--exclusive", "--gpus=1", "--mem=8G",
    )  # fmt: skip
    assert workers(None, "").count == len(os.sched_getaffinity(0))


def test_what_several_cells_read_is_shared(place: Path) -> None:
    lab, base = load(place / "lab.toml")
    cell = design.cell(lab, base, place / "out", "usual", 1, low=False)
    assert {cell.train, cell.tune} == set(cell.needed(False)) - set(shared(cell, False))
    assert "train-general" in shared(cell, False)


def test_a_worker_that_ends_is_named_with_its_log(place: Path, tmp_path: Path, monkeypatch) -> None:
    """The shared stages are left out, so that the worker's process is all there is; `false` ends at once."""
    lab, base = load(place / "lab.toml")
    cell = design.cell(lab, base, tmp_path, "usual", 1, low=False)
    monkeypatch.setattr("neve.lab.schedule.shared", lambda cell, final: [])
    schedule = Schedule(place / "lab.toml", tmp_path, Workers(1, prefix=("false",)), print)
    with pytest.raises(Fault, match=r"usual · seed 1: its process ended; .*worker-0\.txt"):
        schedule.build([cell], final=False)


def test_a_process_started_for_a_worker_knows_its_command() -> None:
    done = subprocess.run([sys.executable, "-m", "neve.lab", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--out" in done.stdout
