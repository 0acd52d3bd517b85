"""`python -m neve.training RUN --phase NAME`, also under torchrun: one phase, on nodes that have torch,
numpy and safetensors.

`RUN/run.json`, which `neve run` writes, holds all that a phase is trained with and where its inputs lie; the
phase is trained into the folder in which `neve run` finds it, finished, and goes on. All data has to be
there: `neve run RECIPE --until view-<last phase>` makes it. Prints the counts as JSON. Exit status 1 with
one line for what a person can mend.

Example: torchrun --nproc-per-node 8 -m neve.training runs/arctic-snowcoder-1.3b --phase general
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from neve.errors import Fault, Misuse
from neve.settings import from_json
from neve.training.loop import build
from neve.training.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m neve.training", description=__doc__, formatter_class=raw)
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder, e.g. runs/quickstart")
    parser.add_argument("--phase", required=True, metavar="NAME", help="the phase; a control is NAME-random")
    parser.add_argument("--arm", default="main", metavar="NAME", help="an arm of the run; default: main")
    options = parser.parse_args(arguments)
    try:
        settings, inputs, out = _phase(options.run, options.phase, options.arm)
        counts = build(settings, inputs, out)
    except (Fault, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(counts))
    return 0


def _phase(run: Path, name: str, arm: str) -> tuple[Settings, dict[str, Path], Path]:
    """Settings, input folders and output folder of a phase, as run.json says."""
    try:
        arms = json.loads((run / "run.json").read_text(encoding="utf-8"))["train"]
    except (OSError, ValueError, KeyError):
        raise Fault(f"{run}: no readable run.json; `neve run RECIPE --until view-{name}` makes one") from None
    if arm not in arms:
        raise Misuse(f"--arm {arm}: no such arm; this run has {', '.join(arms)}")
    phases = arms[arm]
    if name not in phases:
        raise Misuse(f"--phase {name}: no such phase; this run has {', '.join(phases)}")
    about = phases[name]
    out = run / about["out"]
    if (out / "manifest.json").exists():
        raise Misuse(f"--phase {name}: is trained; {out}/model holds it")
    inputs = {role: _folder(run / path, role) for role, path in about["inputs"].items()}
    partial = out.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    return from_json(Settings, about["settings"]), inputs, partial


def _folder(path: Path, role: str) -> Path:
    """An input's folder; the weights to start from may lie where another phase was trained and `neve run`
    not yet ran."""
    partial = path.with_suffix(".partial")
    if not path.exists() and role == "start" and (partial / "model").exists():
        return partial
    if not path.exists():
        raise Fault(f"{path}: is not there yet; `neve run` makes it (--until {path.name.rsplit('-', 1)[0]})")
    return path


if __name__ == "__main__":
    sys.exit(main())
