"""The benchmark's harness on a handful of files: the corpus by its rule, memory against a known allocation, a real job."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from neve import packages
from neve.errors import Fault

from .conftest import script

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def curation():
    return script("benchmarks/curation.py")


@pytest.fixture(scope="module")
def sdists(tmp_path_factory) -> Path:
    """A table of one small sdist."""
    recipe = tomllib.loads((ROOT / "recipes" / "quickstart.toml").read_text())
    row = next(s for s in recipe["corpus"]["sources"] if s["name"] == "requests")
    try:
        size = packages.fetch(row["name"], row["version"], row["file"], row["sha256"]).stat().st_size
    except Fault as error:
        pytest.skip(str(error))
    table = tmp_path_factory.mktemp("sdists") / "sdists.tsv"
    lines = ["name\tversion\tfile\tbytes\tsha256"]
    lines += ["\t".join([row["name"], row["version"], row["file"], str(size), row["sha256"]])]
    table.write_text("\n".join(lines) + "\n")
    return table


def test_corpus(curation, sdists, tmp_path):
    """Twice the corpus: twice the files, all identities and texts distinct between copies; the second call builds nothing."""
    one = curation.build(sdists, tmp_path / "one", 1, 1.0)
    two = curation.build(sdists, tmp_path / "two", 2, 1.0)
    assert two["files"] == 2 * one["files"] > 50 and two["bytes"] > 2 * one["bytes"]
    rows = pq.read_table(tmp_path / "two", schema=curation.SCHEMA).to_pylist()
    assert len({row["id"] for row in rows}) == len(rows) == two["files"]
    assert sum(len(row["content"].encode()) for row in rows) == two["bytes"]
    plain = {row["content"] for row in rows if not row["repo"].startswith("copy1/")}
    assert plain.isdisjoint(row["content"] for row in rows if row["repo"].startswith("copy1/"))
    assert all(row["content"] and "\0" not in row["content"] for row in rows)
    before = sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "one").iterdir())
    assert curation.build(sdists, tmp_path / "one", 1, 1.0) == one
    assert sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "one").iterdir()) == before


def test_memory_of_a_process_tree(curation, tmp_path):
    """Oracle: a child and its grandchild hold 100 MB each, written, for two seconds; a failure is seen as such."""
    hold = "import time; a = b'x' * 100_000_000; time.sleep(2)"
    both = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}; p.wait()"
    result = curation.run(curation.Job("hold", [sys.executable, "-c", both], tmp_path / "hold"), 1)
    assert result.status == 0 and 2 <= result.seconds < 20
    assert 200e6 < result.peak < 300e6
    assert 0 < result.cpu < result.seconds
    broken = curation.run(
        curation.Job("broken", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "b"), 1
    )
    assert broken.status == 3


def test_compare(curation):
    assert curation.compare({"a": {"1", "2"}, "b": {"2", "3", "4"}}) == [
        {"jobs": ["a", "b"], "both": 1, "first_alone": 1, "second_alone": 2}
    ]


def test_a_run(curation, sdists, tmp_path, capsys):
    """Real `neve dedup` on two copies: whatever copy of a long file is removed; peers that are absent are said to be."""
    names = ["datatrove", "text-dedup", "neve-dedup"]
    arguments = ["--sdists", sdists, "--out", tmp_path, "--copies", 2, "--share", 0.5, "--jobs", *names]
    assert curation.main([str(argument) for argument in arguments]) == 0
    report = json.loads((tmp_path / "results.json").read_text())["reports"]["2"]
    assert {report["jobs"][name]["status"] for name in names[:2]} == {"not installed"}
    job = report["jobs"]["neve-dedup"]
    assert job["seconds"] > 0 and job["peak_bytes"] > 50e6 and job["stages"]
    assert 0.5 * report["corpus"]["files"] / 2 < job["removed"] < report["corpus"]["files"]
    assert "not installed" in capsys.readouterr().out
