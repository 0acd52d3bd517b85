"""The benchmark of the sandbox's start, really run, with few rounds. Oracle: what its docstring promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

from neve import sandbox

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "sandbox.py"


def test_it_times_every_tier_that_is_here():
    done = subprocess.run(
        [sys.executable, SCRIPT, "--rounds", "2"], capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    here = {tier for tier in sandbox.TIERS if sandbox.attempt(tier).tier == tier}
    assert {"bare", *here} == {name for name in ("bare", *sandbox.TIERS) if name in report}
    for name in ("bare", *here):
        assert report[name]["median_ms"] > 0
        added = report[name]["median_ms"] - report["bare"]["median_ms"]
        assert abs(report[name]["adds_ms"] - added) < 0.16  # each of the three is rounded
    assert report["user"] == ("root" if os.geteuid() == 0 else "plain")
