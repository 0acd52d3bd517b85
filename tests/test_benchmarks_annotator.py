"""The benchmark of annotators beside a plain loop at its small size: all that it tells is there, and the encoder
scores as the loop does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_encoder_scores_as_a_plain_loop_does(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "annotator.py"), "--out", str(tmp_path / "out")]
    command += ["--rounds", "1", "--section-tokens", "32"]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert set(found["rows"]) == {"loop", "encoder", "student"} and found["documents"] == 40
    assert found["rows"]["encoder"]["rank correlation"] >= 0.99
    assert all(row["documents a second"] > 0 for row in found["rows"].values())
    pool = found["on the whole pool"]
    assert pool["documents"] > 200 and 0 < pool["share that the encoder reads"] <= 1
    assert 0 < pool["encoder's selection that the cascade keeps"] <= 1
