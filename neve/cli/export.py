"""Commands for what leaves a run: export.

Parse, call, print.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neve.cli.runs import ArmName, RunFolder
from neve.errors import Misuse


def export(
    folder: RunFolder,
    to: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to make.")],
    phase: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A phase, or a control such as quality-random; default: the last."),
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="A checkpoint of a phase in training: its step, or latest.")
    ] = None,
    data: Annotated[
        bool, typer.Option("--data/--model", help="The documents as a data set, or a phase's model.")
    ] = False,
    publisher: Annotated[str, typer.Option(metavar="NAME", help="--data: who publishes the set.")] = "",
    url: Annotated[str, typer.Option(metavar="URL", help="--data: where it will be found.")] = "",
    arm: ArmName = "main",
) -> None:
    """Write a phase's model, or the documents, as a folder for the Hugging Face hub, with a card.

    A model: AutoModelForCausalLM loads it, README.md says what trained it, .eval_results/ what was measured.
    --data: Parquet by split with licences and SWHIDs, Croissant, and a draft of the EU's summary.

    Example: neve export runs/quickstart --model --out models/tiny;
    neve export runs/quickstart --data --out data/tiny
    """
    from neve.run.export import export as write
    from neve.run.export import export_data

    if data:
        for name, value in (("--phase", phase), ("--step", step)):
            if value is not None:
                raise Misuse(f"{name} {value}: is for a model; leave it out with --data")
        export_data(folder, to, arm, publisher, url)
    else:
        write(folder, phase, to, step, arm)
    print(to)
