"""The command of a laboratory: ablate.

Parse, call, print. Heavy modules are imported inside the command, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from neve.cli.options import AsJson


def ablate(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A laboratory, e.g. recipes/labs/repeats.toml")
    ],
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Its folder; default: runs/labs/<name>.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it will take and tell; train nothing.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trainings at once; default: one a GPU, else one a core.")
    ] = None,
    slurm: Annotated[
        str | None, typer.Option(metavar="ARGS", help="Start each training by `srun ARGS`, in an allocation.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the arms of FILE and say which is better, and how sure that is.

    After a crash, run it again: it goes on from what is there.

    Example: neve ablate recipes/labs/repeats.toml --plan
    """
    from neve.lab import laboratory, results
    from neve.lab.file import load
    from neve.lab.schedule import workers as chosen

    place = folder or Path("runs/labs") / load(file)[0].name
    if plan:
        said = laboratory.plan(file, place, chosen(workers, slurm))
        print(json.dumps(said, indent=1) if as_json else "\n".join(laboratory.described(said)))
        return
    found = laboratory.run(
        file, place, chosen(workers, slurm), lambda line: print(line, file=sys.stderr, flush=True)
    )
    print(json.dumps(found, indent=1) if as_json else "\n".join(results.table(found)))
    print(f"page: {place / 'index.html'}", file=sys.stderr)
