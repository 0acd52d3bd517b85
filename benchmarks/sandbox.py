"""What a sandbox adds to the start of an interpreter: `python -S -c pass` bare, and an empty program in each
tier.

    python benchmarks/sandbox.py [--rounds 100]

Prints JSON. The ways take turns, round after round, so that whatever else the machine does falls on all
alike; the first round warms up and does not count. "adds_ms" is the median of a tier less the median of the
bare interpreter; a tier that this machine or this user does not have is named with the reason. Standard
library only: it runs under any Python 3.11 or newer with the repository on its path, and measures that
interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from neve import sandbox
from neve.sandbox import visible


def bare() -> None:
    """The interpreter alone, its outputs read as the sandbox reads them."""
    subprocess.run([visible.interpreter(), "-S", "-c", "pass"], capture_output=True, check=True)


def empty(place: sandbox.Sandbox) -> None:
    """An empty program inside."""
    result = sandbox.run("pass", sandbox=place, limits=sandbox.Limits(30.0))
    if result.status != "ok":
        sys.exit(f"the empty program ended with {result}")


def measure(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each way in each round."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            taken[name].append((time.perf_counter() - start) * 1000)
    return {name: times[1:] for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    found = {tier: sandbox.attempt(tier) for tier in sandbox.TIERS}
    ways: dict[str, Callable[[], None]] = {"bare": bare}
    ways |= {tier: partial(empty, place) for tier, place in found.items() if place.tier != "none"}
    report: dict[str, Any] = {
        "rounds": rounds,
        "user": "root" if os.geteuid() == 0 else "plain",
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": len(os.sched_getaffinity(0)),
        "tiers": {tier: place.detail for tier, place in found.items()},
    }
    taken = measure(ways, rounds)
    middle = {name: statistics.median(times) for name, times in taken.items()}
    for name, times in taken.items():
        report[name] = {
            "median_ms": round(middle[name], 1),
            "p90_ms": round(statistics.quantiles(times, n=10)[-1], 1),
            "adds_ms": round(middle[name] - middle["bare"], 1),
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
