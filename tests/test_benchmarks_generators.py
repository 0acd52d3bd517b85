"""The benchmark of generators on a small run: arms see the same seeds, and figures add up to what the stage wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq

from .conftest import script


def test_arms_see_the_same_seeds(small_run: Path, tmp_path: Path, monkeypatch) -> None:
    """Oracle: the stage's own documents and verdicts, one of which each seed has."""
    benchmark, out = script("benchmarks/generators.py"), tmp_path / "out"
    arms = ["--arm", "short", "max_tokens=32", "--arm", "long", "max_tokens=64", "temperature=0.2"]
    command = ["generators", str(small_run), "--out", str(out), *arms, "--rounds", "1", "--seeds", "4"]
    monkeypatch.setattr(sys, "argv", [*command, "--languages", "Python"])
    benchmark.main()
    found = json.loads((out / "generators.json").read_text())
    tried = {}
    for name, figures in found.items():
        tables = [pq.read_table(out / f"{name}-0" / part) for part in ("documents", "verdicts")]
        assert (figures["accepted"], sum(figures["refused"].values())) == tuple(map(len, tables))
        assert figures["seeds_tried"] == 4 and figures["answer_tokens"] <= 4 * (32 if name == "short" else 64)
        tried[name] = sorted(seed for table in tables for seed in table["seed_doc_id"].to_pylist())
    assert tried["short"] == tried["long"]
