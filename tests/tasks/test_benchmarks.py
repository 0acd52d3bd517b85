"""Benchmark files. Oracle: the published files (NEVE_BENCHMARKS), their digests, and what their papers count."""

from __future__ import annotations

import ast
import gzip
import http.server
import json
import shutil
import threading
from pathlib import Path

import pytest

from neve import packages
from neve.errors import Fault, Misuse
from neve.tasks import benchmarks
from neve.tasks.traits import TABLE

ROW = {
    "task_id": "T/0", "prompt": "def f(x):\r\n", "canonical_solution": "    return x\n", "entry_point": "f",
    "test": "def check(candidate):\n    assert candidate(1) == 1\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "count"),
    [("humaneval", 164), ("humaneval+", 164), ("mbpp", 974), ("mbpp+", 378), ("bigcodebench", 1140)],
)
def test_published_files(name, count, benchmark_files):
    benchmark = benchmarks.load(name, benchmark_files)
    assert benchmark.published
    assert len(benchmark.tasks) == len({task.task_id for task in benchmark.tasks}) == count
    for task in benchmark.tasks:
        ast.parse(task.test)
        assert bool(task.instruction) == (name not in ("humaneval", "humaneval+"))
        assert not name.startswith("mbpp") or task.instruction in task.prompt
        tree = ast.parse(task.solution if name == "mbpp" else task.prompt + task.solution)
        assert task.entry_point in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert "\r" not in task.prompt + task.solution + task.test
    assert all(bool(task.inputs) == name.endswith("+") for task in benchmark.tasks)
    assert sum(not task.plus_inputs for task in benchmark.tasks) == {"humaneval+": 0, "mbpp+": 1}.get(
        name, count
    )


def test_humaneval_out_of_its_package_is_the_published_file(benchmark_files):
    try:
        packaged = benchmarks.load("humaneval")
    except Fault as fault:
        pytest.skip(f"no package index here: {fault}")
    assert packaged == benchmarks.load("humaneval", benchmark_files)


def test_a_folder_of_the_environment_stands_for_the_network(benchmark_files, tmp_path, monkeypatch):
    """Oracle: the file itself, an empty cache that stays empty; another file under its name is an error."""
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NEVE_BENCHMARKS", str(benchmark_files))
    assert benchmarks.load("mbpp") == benchmarks.load("mbpp", benchmark_files)
    assert not (tmp_path / "cache").exists()
    _write(tmp_path, gzip.compress(json.dumps(ROW).encode(), mtime=0))
    monkeypatch.setenv("NEVE_BENCHMARKS", str(tmp_path))
    with pytest.raises(
        Misuse, match=r"NEVE_BENCHMARKS: .*HumanEval\.jsonl\.gz is not humaneval as published"
    ):
        benchmarks.load("humaneval")


def test_another_file_is_read_and_told_apart(tmp_path):
    _write(tmp_path, gzip.compress(json.dumps(ROW).encode(), mtime=0))
    benchmark = benchmarks.load("humaneval", tmp_path)
    assert not benchmark.published
    assert benchmark.tasks[0].prompt == "def f(x):\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not gzip",
        gzip.compress(b"x" * 10_000, mtime=0)[:-20],
        gzip.compress(b"[1]", mtime=0),
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b"\xff\xfe", mtime=0),
        gzip.compress(json.dumps({**ROW, "prompt": 3}).encode(), mtime=0),
        gzip.compress(b"", mtime=0),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, raw):
    _write(tmp_path, raw)
    with pytest.raises(Fault, match=r"HumanEval.jsonl.gz( line 1 |: ).*fetch it again"):
        benchmarks.load("humaneval", tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "MAX_BYTES", 1 << 20)
    _write(tmp_path, gzip.compress(b" " * (64 << 20), mtime=0))
    with pytest.raises(Fault, match="more than 1 MiB"):
        benchmarks.load("humaneval", tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("humanevil", None, "did you mean .humaneval.\\?"),
        ("snow", None, "there are humaneval"),
        ("mbpp", "absent", "put mbpp.jsonl there"),
    ],
)
def test_what_is_missing_is_said(tmp_path, name, data, message):
    with pytest.raises(Fault, match=message):
        benchmarks.load(name, data and tmp_path / data)


def _write(folder: Path, raw: bytes) -> None:
    (folder / "HumanEval.jsonl.gz").write_bytes(raw)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A real HTTP server in the place of the authors', which sends every file on to where it lies: its folder, what it was
    asked."""
    folder, asked = tmp_path / "site", []
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self):
            asked.append(self.path)
            if self.path.count("/") > 1:
                self.send_response(302)
                self.send_header("Location", "/" + self.path.rpartition("/")[2])
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(benchmarks, "HOST", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(packages, "PAUSE_SECONDS", 0.001)
        monkeypatch.setenv("NEVE_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("NEVE_BENCHMARKS", raising=False)
        yield folder, asked
        server.shutdown()


@pytest.mark.parametrize("name", ["humaneval+", "mbpp", "mbpp+", "bigcodebench"])
def test_without_a_folder_the_published_file_is_fetched_once(name, site, benchmark_files):
    folder, asked = site
    shutil.copy(
        benchmarks.place(TABLE[name], benchmark_files), folder / str(TABLE[name].source).rpartition("/")[2]
    )
    assert benchmarks.load(name) == benchmarks.load(name) == benchmarks.load(name, benchmark_files)
    assert len(asked) == 2  # the address, and where it leads


def test_what_cannot_be_fetched_or_is_another_file_is_one_line_and_leaves_nothing(
    site, tmp_path, monkeypatch
):
    folder, _ = site
    with pytest.raises(
        Fault, match=r"MbppPlus\.jsonl\.gz could not be fetched .*404.*; .*put MbppPlus\.jsonl\.gz into"
    ):
        benchmarks.load("mbpp+")
    (folder / "mbpp.jsonl").write_text("{}")
    with pytest.raises(Fault, match=r"mbpp\.jsonl:? has sha256 44136fa.*, not ccf64ce"):
        benchmarks.load("mbpp")
    (folder / "EvoEval_subtle.jsonl.gz").write_bytes(bytes(100))
    monkeypatch.setattr(benchmarks, "MAX_BYTES", 99)
    with pytest.raises(Fault, match="more than 99 bytes"):
        benchmarks.load("evoeval-subtle")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
