"""Grading beside EvalPlus, in one run on one machine: canonical solutions of HumanEval+ and MBPP+, or a file
of answers, and whether verdicts agree.

    python benchmarks/grading.py --data DIR --evalplus VENV [--samples FILE --task humaneval+] [--rounds 3]

EvalPlus runs from an environment of its own (VENV/bin/evalplus.evaluate): with its defaults, which are half
as many workers as the machine has cores, and with a worker a core, as Neve has. All are timed from start to
end as commands, one after the other in each round: with every cache of expected answers emptied first, and
with `--kept` once more with what each keeps. EvalPlus's command waits at its end for a thread that looks
every 20 seconds, so it is also said when its results were written. With `--samples` (EvalPlus's .jsonl,
every task at least once) all grade that file and each sample where they differ is named. Prints JSON. The
trade-off: wall-clock of whole commands, so imports and reading count for both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from neve.tasks import benchmarks
from neve.tasks.traits import TABLE

FILES = {"humaneval+": ("humaneval", "HUMANEVAL_OVERRIDE_PATH"), "mbpp+": ("mbpp", "MBPP_OVERRIDE_PATH")}
"""By benchmark: EvalPlus's name for it, and the variable that tells it where the file is."""


def neve(samples: Path, task: str, data: Path, out: Path, cache: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of `neve grade`, and the benchmark's entry in its results."""
    command = [
        sys.executable,
        "-m",
        "neve.cli",
        "grade",
        samples,
        "--task",
        task,
        "--data",
        data,
        "--out",
        out,
    ]
    seconds = timed(command, {"NEVE_CACHE": str(cache)})
    return seconds, json.loads((out / "results.json").read_text())["benchmarks"][task]


def evalplus(
    samples: Path, task: str, data: Path, venv: Path, cache: Path, *options: str
) -> tuple[float, float, dict[str, Any]]:
    """Seconds of `evalplus.evaluate`, seconds until its results were written, and these by task."""
    name, variable = FILES[task]
    path = benchmarks.place(TABLE[task], data)
    environment = {variable: str(path), "XDG_CACHE_HOME": str(cache)}
    results = samples.with_name(f"{samples.stem}_eval_results.json")
    results.unlink(missing_ok=True)
    start = time.time()
    seconds = timed(
        [venv / "bin" / "evalplus.evaluate", "--dataset", name, "--samples", samples, *options], environment
    )
    return seconds, results.stat().st_mtime - start, json.loads(results.read_text())["eval"]


def timed(command: list[Any], environment: dict[str, str]) -> float:
    start = time.monotonic()
    done = subprocess.run(
        [*map(str, command)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return time.monotonic() - start


def agreement(entry: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """How many samples have the same status: on the base tests, and on all."""
    counts: dict[str, int] = defaultdict(int)
    differ = []
    for row in entry["samples"]:
        other = theirs[row["task_id"]][row["sample"]]
        base, plus = other["base_status"] == "pass", other["plus_status"] == "pass"
        same_base, same_all = (row["base"] == "pass") == base, (row["status"] == "pass") == (base and plus)
        counts["base"] += same_base
        counts["all"] += same_all
        if not (same_base and same_all):
            differ.append({**row, "evalplus": [other["base_status"], other["plus_status"]]})
    total = len(entry["samples"])
    return {"samples": total, **{k: v / total for k, v in counts.items()}, "differ": differ}


def canonical(task: str, data: Path, folder: Path) -> Path:
    path = folder / f"canonical-{task.strip('+')}.jsonl"
    rows = [{"task_id": t.task_id, "solution": t.program} for t in benchmarks.load(task, data).tasks]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def one_round(
    samples: Path, task: str, arguments: argparse.Namespace, folder: Path, seconds: dict[str, list[float]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Neve's entry and EvalPlus's results; adds each command's seconds."""

    def told(name: str, value: float) -> None:
        seconds[name].append(value)
        print(f"{task}: {name} {value:.1f} s", file=sys.stderr, flush=True)

    given = (samples, task, arguments.data)
    every = ("--parallel", str(len(os.sched_getaffinity(0))))
    for kept in ("", ", expected answers kept")[: 1 + arguments.kept]:
        for name, options in (("evalplus", ()), ("evalplus, all cores", every)):
            full, written, theirs = evalplus(*given, arguments.evalplus, folder / name, *options)
            told(f"{name}{kept}", full)
            told(f"{name}{kept}, results written", written)
        ours, entry = neve(*given, folder / f"out{len(kept)}", folder / "neve")
        told(f"neve{kept}", ours)
    return entry, theirs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--evalplus", type=Path, required=True)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--task", choices=FILES, action="append")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kept", action="store_true")
    arguments = parser.parse_args()
    report: dict[str, Any] = {"cores": len(os.sched_getaffinity(0))}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for task in arguments.task or FILES:
            if arguments.samples:
                samples = folder / "samples.jsonl"
                samples.write_bytes(arguments.samples.read_bytes())
            else:
                samples = canonical(task, arguments.data, folder)
            seconds: dict[str, list[float]] = defaultdict(list)
            for number in range(arguments.rounds):
                place = folder / f"{task}-{number}"
                entry, theirs = one_round(samples, task, arguments, place, seconds)
            report[task] = {
                "seconds": seconds,
                "pass@1": entry["pass@1"],
                "not passed": [row for row in entry["samples"] if row["status"] != "pass"][:20],
                "agreement": agreement(entry, theirs),
            }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
