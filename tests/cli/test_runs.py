"""What commands about a run print. Oracle: tables worked out by hand; a plan's own figures."""

import json
from pathlib import Path

from typer.testing import CliRunner

from neve.cli.main import app
from neve.cli.runs import _lasts, _print_changes

PAPER = Path(__file__).parents[2] / "recipes" / "arctic-snowcoder-1.3b.toml"


def test_changes_are_stages_that_would_be_built_and_why(capsys) -> None:
    rows = [
        {"stage": "files", "does": "nothing", "why": []},
        {
            "stage": "curate",
            "does": "build again",
            "why": ["near.threshold: 0.7 → 0.8", "version of curate: 1 → 2"],
        },
    ]
    _print_changes(rows)
    first, *table = capsys.readouterr().out.splitlines()
    assert first == "1 of 2 stages are done and stay"
    assert "curate" in table[-1] and "near.threshold: 0.7 → 0.8; version of curate: 1 → 2" in table[-1]
    _print_changes(rows[:1])
    assert capsys.readouterr().out == "1 of 1 stages are done and stay\n"


def test_a_plan_says_the_same_to_people_and_to_scripts() -> None:
    asked = ["plan", str(PAPER), "--gpus", "64", "--mfu", "0.5"]
    figures = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    said = CliRunner().invoke(app, asked).stdout
    assert f"parameters: {figures['parameters']['all']:,}" in said
    assert "on 64 GPUs of 989 TFLOP/s at 50%" in said
    for row in figures["phases"]:
        line = next(line for line in said.splitlines() if line.split()[:1] == [row["phase"]])
        assert f"{row['tokens']:,}" in line and _lasts(row["hours"]) in line
