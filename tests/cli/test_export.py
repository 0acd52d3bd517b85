"""`neve export` as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def neve(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "neve.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_last_phase_is_the_default(small_run: Path, tmp_path: Path) -> None:
    done = neve("export", small_run, "--out", tmp_path / "model")
    assert done.returncode == 0 and done.stdout == f"{tmp_path / 'model'}\n"
    assert "phase synthetic" in (tmp_path / "model" / "README.md").read_text()


def test_errors_are_a_line(tmp_path: Path) -> None:
    done = neve("export", tmp_path, "--out", tmp_path / "model")
    assert done.returncode == 2 and "no run here" in done.stderr and done.stderr.count("\n") == 1


def test_options_of_a_model_do_not_go_with_data(tmp_path: Path) -> None:
    done = neve("export", tmp_path, "--data", "--phase", "general", "--out", tmp_path / "set")
    assert done.returncode == 2 and "--phase general: is for a model" in done.stderr
