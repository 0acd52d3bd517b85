"""The benchmark of planted traits at a small size: n-grams find the trait, and shuffled labels find nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_ngrams_find_a_planted_trait(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "planted.py"), "--out", str(tmp_path / "out")]
    command += ["--documents", "400", "--shuffles", "1", "--kinds", "ngrams"]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    found = json.loads((tmp_path / "out" / "planted.json").read_text())
    row = found["kinds"]["ngrams"]
    assert list(found["kinds"]) == ["ngrams"] and 0 < found["with the trait"] < found["documents"] / 20
    assert row["enrichment"] >= 10 and row["p"] > 0.05 and len(row["shuffled"]) == 1
