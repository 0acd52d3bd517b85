"""The client's benchmark at a small size: a real server and real kills; the counts add up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_rate_and_kills(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "client.py"), "--out", str(tmp_path)]
    command += ["--jobs", "rate", "kills", "--requests", "100", "--kills", "1"]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    found = json.loads((tmp_path / "client.json").read_text())
    assert 0 < found["rate"]["of_the_ideal_rate"] <= 1.05 and found["rate"]["peak_mib"] > 10
    kills = found["kills"]
    assert kills["answers_kept"] == kills["questions"] == 320 and kills["never_asked"] == 0
    assert kills["asked_again"] <= kills["in_flight_at_the_kills_at_most"]
