"""What a person types and what they see: exit status, one line an error, help with examples."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from neve import sandbox
from neve.tasks import benchmarks

ROOT = Path(__file__).parents[2]


def neve(*arguments: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neve.cli", *map(str, arguments)], capture_output=True, text=True, cwd=folder
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("run", "absent.toml"), 2, "absent.toml: no such file"),
        (("run", ROOT / "recipes/quickstart.toml", "--set", "run.nam=1"), 2, "run.nam"),
        (("run", ROOT / "recipes/quickstart.toml", "--set", "phase.0.tokens=-4"), 2, "phase.0.tokens = -4"),
        (("status", "absent"), 2, "no run here"),
        (("why", "absent", "x"), 2, "no run here"),
        (("train", "absent", "--phase", "general"), 2, "no run here"),
        (("run",), 2, "neve.toml: no such file"),
        (("grade", "absent.jsonl", "--task", "snow", "--out", "x"), 2, "absent.jsonl: no such file"),
        (("grade", "absent.jsonl", "--out", "x"), 2, "--task"),
        (("evaluate", "absent", "--tasks", "snow", "--out", "x"), 2, "benchmark 'snow' is not known"),
        (("evaluate", "absent", "--tasks", "mbpp", "--out", "x", "--k", "0"), 2, "must be numbers"),
        (("plan", ROOT / "recipes/quickstart.toml", "--gpus", "0"), 2, "--gpus"),
    ],
)
def test_errors_are_a_line_and_a_status(arguments, status: int, said: str, tmp_path: Path) -> None:
    done = neve(*arguments, folder=tmp_path)
    assert done.returncode == status and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "plan",
        "train",
        "status",
        "why",
        "report",
        "export",
        "filters",
        "synthesize",
        "ledger",
        "grade",
        "evaluate",
    ],
)
def test_help_shows_an_example(command: str) -> None:
    done = neve(command, "--help")
    assert done.returncode == 0
    assert command in ("filters",) or f"neve {command}" in done.stdout


def test_plan_prints_the_papers_figures() -> None:
    """Oracle: the parameter count of the paper's shape, computed by hand in paper.md section 2."""
    done = neve("plan", ROOT / "recipes/arctic-snowcoder-1.3b.toml", "--gpus", 64)
    assert done.returncode == 0
    for figure in ("1,364,297,728", "119,210", "11,921", "1,193", "7.22e+21", "5.88e+21", "4.54e+21"):
        assert figure in done.stdout, figure


def test_filters_as_json() -> None:
    rows = json.loads(neve("filters", "--json").stdout)
    assert len(rows) >= 8 and all(row["meaning"] for row in rows)


@pytest.mark.skipif(sandbox.probe().tier == "none", reason=sandbox.probe().detail)
def test_grade(benchmark_files: Path, tmp_path: Path) -> None:
    """Oracle: the published canonical solutions are right, and constants are not."""
    tasks = benchmarks.load("humaneval", benchmark_files).tasks
    samples = tmp_path / "s.jsonl"
    rows = [{"task_id": t.task_id, "solution": t.prompt + t.solution} for t in tasks[:4]]
    samples.write_text("\n".join(map(json.dumps, rows)))
    command = ["grade", samples, "--task", "humaneval", "--data", benchmark_files, "--only", "HumanEval/[01]"]
    done = neve(*command, "--out", tmp_path / "right")
    assert done.returncode == 0, done.stderr
    assert "100.0" in done.stdout and str(tmp_path / "right" / "index.html") in done.stdout
    rows[0]["solution"] = f"def {tasks[0].entry_point}(*given): return None\n"
    samples.write_text("\n".join(map(json.dumps, rows)))
    done = neve(*command, "--out", tmp_path / "half", "--against", tmp_path / "right", "--json")
    found = json.loads(done.stdout)
    assert (
        found["benchmarks"]["humaneval"]["tasks"] == 2 and found["benchmarks"]["humaneval"]["pass@1"] == 0.5
    )
    assert found["against"]["benchmarks"]["humaneval"]["difference"] == -0.5
    for wrong, said in (
        (["--out", tmp_path / "right"], "another folder"),
        (["--out", tmp_path / "new", "--only", "Snow/*"], "Snow/*"),
        (["--out", tmp_path / "new", "--against", tmp_path], "--against"),
        (["--out", tmp_path / "new", "--data", tmp_path], "HumanEval.jsonl"),
    ):
        done = neve(*command, *wrong)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    samples.write_text('{"task_id": "HumanEval/0"}\n')
    done = neve(*command, "--out", tmp_path / "new")
    assert done.returncode == 2 and "completion" in done.stderr and "Traceback" not in done.stderr


def test_status_of_a_run(small_run: Path) -> None:
    rows = json.loads(neve("status", small_run, "--json").stdout)
    assert {row["state"] for row in rows} == {"done"} and rows[0]["stage"] == "files"
    assert "train-quality-random" in neve("status", small_run).stdout


def test_a_missing_source_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        '[run]\nname = "x"\n[corpus]\nsources = [{ kind = "directory", path = "nowhere" }]\n'
        '[[phase]]\nname = "general"\ndata = "corpus"\ntokens = 10\nlr = { peak = 1e-3, floor = 1e-5 }\n'
    )
    done = neve("run", tmp_path / "r.toml", "--out", tmp_path / "run")
    assert done.returncode == 2 and "nowhere" in done.stderr and "Traceback" not in done.stderr
    assert not list((tmp_path / "run" / "stages").glob("files-*"))
