"""The benchmark of false verdicts at a small size: equal arms are equal, noisy controls are noisy, and what was planted is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_few_verdicts_are_false_and_what_was_planted_is_found():
    command = [sys.executable, str(ROOT / "benchmarks" / "laboratory.py"), "--laboratories", "6"]
    done = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
    found = json.loads(done.stdout)
    for kind in ("alike", "drawn"):
        assert found[kind]["false_without_the_low_rate"] == 0 and found[kind]["planted_found"] == 6
    assert found["drawn"]["noise"] > 5 * found["drawn"]["noise_of_the_arms"] > 0
    assert 0.5 < found["alike"]["noise"] / found["alike"]["noise_of_the_arms"] < 2
