"""The example in every command's help works on a finished run. Oracle: exit status 0, in the order in which
examples build on each other, with the run lying where the examples say.

Left out, with the reason beside it: what builds a whole run, waits for a browser, or asks a model at length.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neve.cli.main import app

ROOT = Path(__file__).parents[2]
ORDER = [
    "plan", "status", "why", "report", "filters", "doctor", "recipe", "ablate", "remove", "ledger", "train",
    "curate", "dedup", "score", "export", "evaluate", "grade",
]  # fmt: skip
LEFT_OUT = {
    "run": "a whole run",
    "serve": "never ends",
    "init": "reads one's own code",
    "synthesize": "asks a model for minutes",
}


def examples() -> dict[str, list[str]]:
    """Command -> the lines of its examples."""
    found = {}
    for command in app.registered_commands:
        text = command.callback.__doc__ or ""
        said = re.search(r"Examples?:(.*)\Z", text, re.DOTALL)
        assert said, command.callback.__name__
        lines = re.split(r";\s+|\n\s*\n", said.group(1))
        found[command.name or command.callback.__name__] = [
            " ".join(line.split()) for line in lines if line.strip()
        ]
    return found


def test_every_command_has_an_example_that_is_tried_here_or_left_out_for_a_reason() -> None:
    assert sorted(examples()) == sorted([*ORDER, *LEFT_OUT])


def test_examples_work_on_a_finished_run(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_run, tmp_path / "runs" / "quickstart")
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(tmp_path)
    said = examples()
    for line in [line for command in ORDER for line in said[command]]:
        name, *words = shlex.split(line)
        if name != "neve" or "--endpoint" in words or "--results" in words or ">" in words:
            continue  # torchrun; what needs an endpoint, its answers, or the shell
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{line}: {done.exception!r} {done.output[-500:]}"
