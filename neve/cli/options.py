"""What the commands share: options of one meaning, and where tables go.

Apart from the commands, so that no module of commands imports another. What two commands still have alike is
their signature: typer makes the options from it, so each writes its own.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console(width=None if sys.stdout.isatty() else 140, markup=False, emoji=False)
"""Prints what it is given: a bracket in a path is a bracket."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
NewFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the result.")]


class Engine(StrEnum):
    """Where data stages run."""

    native = "native"
    ray = "ray"


EngineChoice = Annotated[
    Engine | None, typer.Option("--engine", help="Where data stages run; default: ray if RAY_ADDRESS is set.")
]


def chosen_engine(given: Engine | None) -> str:
    """The engine asked for, else Ray where a cluster's address is set."""
    return (given or (Engine.ray if os.environ.get("RAY_ADDRESS") else Engine.native)).value
