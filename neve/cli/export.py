"""Commands for what leaves a run: export.

Parse, call, print.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neve.cli.runs import ArmName, RunFolder


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
    arm: ArmName = "main",
) -> None:
    """Write a phase's model as a Hugging Face folder, with a model card.

    AutoModelForCausalLM loads it. README.md says what trained it, .eval_results/ what was measured.

    Example: neve export runs/quickstart --out models/tiny
    """
    from neve.run.export import export as write

    write(folder, phase, to, step, arm)
    print(to)
