"""Oracle: an undisturbed run of the same phases, whose weights and metrics must come out bit for bit (fp32).

Phases, each from the one before and the last with its moments, are trained by the command that nodes run; it is disturbed
and started again, with nothing done by hand, until it ends. `python tests/training/test_faults.py` does the long form:
twenty kills over three phases, on one process and on two.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from processes import kill

from neve.training.__main__ import main

ROOT = Path(__file__).parents[2]
PHASES = ("general", "quality", "synthetic")


def make(
    root: Path, settings: dict[str, Any], stages: dict[str, Path], phases=PHASES, steps: int = 40
) -> Path:
    """A run of phases of `steps` steps and some more each, in folder `root`."""
    root.mkdir(parents=True)
    train = {}
    for number, name in enumerate(phases):
        inputs = {role: os.path.relpath(folder, root) for role, folder in stages.items()}
        if number:
            inputs["start"] = f"train-{phases[number - 1]}"
        training = settings["training"] | {"checkpoint_seconds": 0.05}
        phase = {**settings["phase"], "name": name, "tokens": (steps + 4 * number) * 8 * 32}
        phase |= {"moments": "keep" if number == 2 else "reset", "keeps_moments": number == 1}
        train[name] = {
            "settings": {**settings, "phase": phase, "training": training},
            "inputs": inputs,
            "out": f"train-{name}",
        }
    (root / "run.json").write_text(json.dumps({"train": {"main": train}}))
    return root


def phases_of(root: Path) -> list[str]:
    return list(json.loads((root / "run.json").read_text())["train"]["main"])


def start(root: Path, phase: str, processes: int = 1) -> subprocess.Popen:
    command = [sys.executable, "-m", "neve.training", str(root), "--phase", phase]
    if processes > 1:
        command[1:2] = [
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            str(processes),
            "-m",
        ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **pipes)


def finished(root: Path, phase: str) -> bool:
    return (root / f"train-{phase}.partial" / "model").exists()


def to_the_end(root: Path, processes: int = 1, phases: Sequence[str] = ()) -> None:
    """Train what is not trained; on one process in this one, which is the same and needs no new start."""
    torch.set_num_threads(1)
    for phase in phases or phases_of(root):
        if not finished(root, phase) and processes == 1:
            assert main([str(root), "--phase", phase]) == 0
        elif not finished(root, phase):
            process = start(root, phase, processes)
            _, stderr = process.communicate(timeout=600)
            assert process.returncode == 0, stderr.decode()[-2000:]


def result(root: Path) -> dict[str, bytes]:
    """Weights and metrics of all phases."""
    files = [
        f"train-{name}.partial/{file}"
        for name in phases_of(root)
        for file in ("model/model.safetensors", "metrics.jsonl")
    ]
    return {file: (root / file).read_bytes() for file in files}


def lines(root: Path, phase: str) -> int:
    metrics = root / f"train-{phase}.partial" / "metrics.jsonl"
    return metrics.read_bytes().count(b"\n") if metrics.exists() else 0


def kill_at_random(root: Path, processes: int, kills: int, seed: int) -> int:
    """Train all phases, killing all processes `kills` times, each some steps after it began; how many were met alive."""
    draw, met = random.Random(seed), 0
    phases = phases_of(root)
    shares = [kills // len(phases) + (number < kills % len(phases)) for number in range(len(phases))]
    for phase, share in zip(phases, shares, strict=True):
        while share and not finished(root, phase):
            before, steps = lines(root, phase), draw.randrange(1, 12)
            process = start(root, phase, processes)
            while process.poll() is None and before <= lines(root, phase) < before + steps:
                time.sleep(0.002)
            time.sleep(draw.random() * 0.03)
            if process.poll() is None:
                kill(root)
                share, met = share - 1, met + 1
            _, stderr = process.communicate(timeout=600)
            assert process.returncode != 1, stderr.decode()[-2000:]
        if not finished(root, phase):
            to_the_end(root, processes, [phase])
    return met


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, stages, plain_settings) -> Path:
    """Three phases, undisturbed, on one process."""
    root = make(tmp_path_factory.mktemp("faults") / "whole", plain_settings, stages)
    to_the_end(root)
    return root


def test_kills_change_nothing(whole, settings, stages, tmp_path):
    torn = make(tmp_path / "torn", settings, stages)
    assert kill_at_random(torn, 1, kills=3, seed=1) >= 2
    assert result(torn) == result(whole)


def test_kills_change_nothing_on_two_processes(settings, stages, tmp_path):
    roots = [make(tmp_path / name, settings, stages, phases=("general",)) for name in ("whole", "torn")]
    to_the_end(roots[0], 2)
    assert kill_at_random(roots[1], 2, kills=1, seed=2) == 1
    assert result(roots[0]) == result(roots[1])


def test_sigterm_in_the_middle_of_a_save(whole, settings, stages, tmp_path):
    """The signal comes while a checkpoint's folder is still partial; the run ends with status 0 and goes on."""
    root = make(tmp_path / "torn", settings, stages, phases=("general",))
    process = start(root, "general")
    saves = root / "train-general.partial" / "checkpoints"
    while process.poll() is None and not list(saves.glob("*.partial")):
        time.sleep(0.0005)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == 0 and not finished(root, "general")
    assert f"step-{lines(root, 'general'):09d}" in [path.name for path in saves.iterdir()]
    to_the_end(root)
    assert result(root).items() <= result(whole).items()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
def test_a_full_disk_while_saving(whole, settings, stages, tmp_path):
    """A real tmpfs, filled once training runs: one line, status 1; with room again it goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(disk)]).returncode:
        pytest.skip("no mounts here")
    try:
        root = make(disk / "run", settings, stages, phases=("general",))
        process = start(root, "general")
        saves = root / "train-general.partial" / "checkpoints"
        while process.poll() is None and not list(saves.glob("step-*[0-9]")):
            time.sleep(0.001)
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(4096))
        _, stderr = process.communicate(timeout=300)
        errors = [line for line in stderr.decode().splitlines() if line.startswith("error: ")]
        assert process.returncode == 1 and len(errors) == 1, stderr.decode()[-2000:]
        assert "No space left" in errors[0] and "Traceback" not in stderr.decode()
        (disk / "ballast").unlink()
        to_the_end(root)
        assert result(root).items() <= result(whole).items()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


if __name__ == "__main__":
    import conftest

    where = Path(tempfile.mkdtemp())
    folders = conftest.make_stages(lambda name: where / name)
    for processes in (1, 2):
        runs = [
            make(where / f"{name}-{processes}", conftest.make_settings(), folders, steps=100)
            for name in ("whole", "torn")
        ]
        to_the_end(runs[0], processes)
        met = kill_at_random(runs[1], processes, kills=20, seed=processes)
        same = result(runs[0]) == result(runs[1])
        print(
            f"{processes} process(es): {met} kills over three phases, equal bit for bit: {same}", flush=True
        )
        assert same and met >= 18
    shutil.rmtree(where)
