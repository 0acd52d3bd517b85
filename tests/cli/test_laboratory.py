"""neve ablate. Oracle: the laboratories that come with Neve."""

import json
import os
import tomllib
from pathlib import Path

from typer.testing import CliRunner

from neve.cli.main import app
from neve.errors import Misuse

LABS = Path(__file__).parents[2] / "recipes" / "labs"


def test_a_file_that_is_not_there_is_a_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["ablate", str(tmp_path / "none.toml"), "--plan"])
    assert isinstance(done.exception, Misuse) and "cannot be read" in str(done.exception)


def test_a_plan_counts_trainings_and_trains_nothing(tmp_path: Path) -> None:
    """Oracle: draws of the baseline and arms at every seed, and all of them again at the low rate."""
    file = LABS / "repeats.toml"
    lab = tomllib.loads(file.read_text())
    arguments = ["ablate", str(file), "--plan", "--json", "--workers", "2", "--out", str(tmp_path / "lab")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    arms = len(lab["arm"]) + lab.get("copies", 2)
    assert json.loads(done.stdout)["trainings"] == arms * (len(lab["seeds"]) + lab.get("low_rate_seeds", 1))
    assert not (tmp_path / "lab" / "stages").exists()


def test_a_plan_counts_the_workers_that_a_run_has(tmp_path: Path, monkeypatch) -> None:
    """Oracle: one GPU beside sixteen cores is one worker, and takes sixteen times as long."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("neve.lab.speed.tokens_per_second", lambda *_: 4096.0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)))
    arguments = ["ablate", str(LABS / "optimizer.toml"), "--plan", "--json", "--out", str(tmp_path / "lab")]
    said = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert said["workers"] == 1 and said["parts"]["training"] == said["tokens_left"] / 4096
    on_cores = json.loads(CliRunner().invoke(app, [*arguments, "--slurm", ""]).stdout)
    assert on_cores["workers"] == 16 and on_cores["parts"]["training"] == said["parts"]["training"] / 16
