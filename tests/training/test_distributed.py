"""Oracle: one process. Two (gloo, on CPU) must see the same windows in the same order, with losses equal to rounding."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from processes import kill, together

from neve.locks import locked
from neve.training.__main__ import main
from neve.training.model import load

from .conftest import build

ROOT = Path(__file__).parents[2]


def command(run: Path, processes: int) -> list[str]:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *torchrun, "-m", "neve.training", str(run), "--phase", "quality"]


SAVES = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from neve.training import checkpoint, distributed, optim
from neve.training.model import Config, Llama

folder, real = Path(sys.argv[1]), checkpoint._sum
def broken(path):
    raise OSError(28, "No space left on device")
with distributed.joined(minutes=1.0) as world:
    model = Llama(Config(32, 88, 2, 4, 2, 5000.0, 1e-5, True, vocab_size=97, max_positions=64), 1)
    distributed.shard(model, model.model.layers, world, "fp32")
    about = SimpleNamespace(optimizer=sys.argv[2], adamw_lr_factor=0.5, betas=(0.9, 0.95), weight_decay=0.1)
    optimizer = optim.make(model, about, bf16=False)
    checkpoints = checkpoint.Checkpoints(folder, 2, world)
    for step, what in enumerate(("fine", "broken", "fine", "blocked", "fine"), 1):
        checkpoint._sum = broken if what == "broken" else real
        if what == "blocked" and world.first:
            folder.rename(folder.with_suffix(".away")), folder.write_text("a file in its place")
        try:
            checkpoints.save(step, "s", model, optimizer)
            checkpoints.settle()
            print(step, "whole")
        except OSError:
            print(step, "failed")
        if what == "blocked" and world.first:
            folder.unlink(), folder.with_suffix(".away").rename(folder)
    print(checkpoints.restore(9, model, optimizer)["step"])
"""


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_save_that_fails_on_the_first_process_fails_on_all_and_training_goes_on(tmp_path, optimizer):
    """What only the first process does (sums, folders) fails there alone; all have to hear of it, or they wait for ever."""
    for done in together(SAVES, str(tmp_path / "checkpoints"), optimizer):
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.splitlines() == ["1 whole", "2 failed", "3 whole", "4 failed", "5 whole", "5"]


def prepared(root: Path, settings: dict, stages: dict[str, Path]) -> Path:
    """A folder with a run.json from which `python -m neve.training` trains phase quality into out.partial."""
    root.mkdir()
    inputs = {role: os.path.relpath(folder, root) for role, folder in stages.items()}
    about = {"settings": settings, "inputs": inputs, "out": "out"}
    (root / "run.json").write_text(json.dumps({"train": {"main": {"quality": about}}}))
    return root


def rows(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_two_processes_equal_one(settings, stages, tmp_path, optimizer):
    """Twenty steps of 7 windows, which two processes cannot share evenly, over an epoch's end; weights and export too."""
    settings["training"]["optimizer"] = optimizer
    settings["training"]["batch"] = 7
    settings["phase"] |= {"tokens": 20 * 7 * 32}
    (tmp_path / "one").mkdir()
    counts = build(settings, stages, tmp_path / "one")
    run = prepared(tmp_path / "two", settings, stages)
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command(run, 2), cwd=ROOT, capture_output=True, text=True, env=alone)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == counts | {"loss": pytest.approx(counts["loss"], rel=1e-5)}
    one, two = rows(tmp_path / "one"), rows(run / "out.partial")
    assert len(one) == len(two) == 20
    for a, b in zip(one, two, strict=True):
        assert b["loss"] == pytest.approx(a["loss"], rel=1e-5)
        assert b["grad_norm"] == pytest.approx(a["grad_norm"], rel=1e-4)
        assert {k: a[k] for k in ("step", "lr", "tokens")} == {k: b[k] for k in ("step", "lr", "tokens")}
    weights = (load(path / "model").state_dict() for path in (tmp_path / "one", run / "out.partial"))
    for (name, a), b in zip(next(weights).items(), next(weights).values(), strict=True):
        torch.testing.assert_close(b, a, rtol=1e-3, atol=1e-4, msg=name)


def test_another_number_of_processes_goes_on(settings, stages, tmp_path):
    """Two processes are killed after a checkpoint and one goes on: the data and, to rounding, the losses of one alone."""
    settings["phase"] |= {"tokens": 40 * 8 * 32}
    settings["training"] |= {"checkpoint_seconds": 0.05}
    (tmp_path / "one").mkdir()
    build(settings, stages, tmp_path / "one")
    run = prepared(tmp_path / "two", settings, stages)
    out = run / "out.partial"
    process = subprocess.Popen(
        command(run, 2), cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and not list(out.glob("checkpoints/step-*[0-9]")):
        time.sleep(0.002)
    kill(run)
    process.wait()
    assert not (out / "model").exists() and list(out.glob("checkpoints/step-*[0-9]"))
    assert main([str(run), "--phase", "quality"]) == 0
    one, both = rows(tmp_path / "one"), rows(out)
    assert [(r["step"], r["lr"], r["tokens"]) for r in one] == [
        (r["step"], r["lr"], r["tokens"]) for r in both
    ]
    assert [r["loss"] for r in both] == pytest.approx([r["loss"] for r in one], rel=1e-5)


def test_a_second_start_is_told_who_trains_there(settings, stages, tmp_path, capsys):
    """Alone and as two processes, none of which may wait for the others for ever."""
    run = prepared(tmp_path / "run", settings, stages)
    with locked(run / "out.partial"):
        assert main([str(run), "--phase", "quality"]) == 1
        both = subprocess.run(
            command(run, 2), cwd=ROOT, capture_output=True, text=True, timeout=120,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    assert f"process {os.getpid()} is working here" in capsys.readouterr().err
    assert both.returncode and both.stderr.count(f"process {os.getpid()} is working here") == 2
    assert not (run / "out.partial" / "metrics.jsonl").exists()
    assert main([str(run), "--phase", "quality"]) == 0
    assert not (run / "out.partial" / ".lock").exists()
