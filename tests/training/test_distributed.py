"""Oracle: one process. Two (gloo, on CPU) must see the same windows in the same order, with losses equal to rounding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from neve.training import loop
from neve.training.model import load

ROOT = Path(__file__).parents[2]


def torchrun(run: Path, processes: int, **more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        str(processes),
    ]
    command += ["-m", "neve.training", str(run), "--phase", "quality"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **more}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)


def prepared(root: Path, settings: dict, stages: dict[str, Path]) -> Path:
    """A folder with a run.json from which `python -m neve.training` trains phase quality into out.partial."""
    root.mkdir()
    kept = {key: value for key, value in settings.items() if key != "ways"}
    inputs = {role: os.path.relpath(folder, root) for role, folder in stages.items()}
    about = {"settings": kept, "ways": settings["ways"], "inputs": inputs, "out": "out"}
    (root / "run.json").write_text(json.dumps({"train": {"quality": about}}))
    return root


def rows(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_two_processes_equal_one(settings, stages, tmp_path):
    """Twenty steps of 7 windows, which two processes cannot share evenly, over an epoch's end; weights and export too."""
    settings["training"]["batch"] = 7
    settings["phase"] |= {"tokens": 20 * 7 * 32}
    (tmp_path / "one").mkdir()
    counts = loop.build(settings, stages, tmp_path / "one")
    run = prepared(tmp_path / "two", settings, stages)
    done = torchrun(run, 2)
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
