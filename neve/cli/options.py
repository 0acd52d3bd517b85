"""What the commands share: options of one meaning, and where tables go.

Apart from cli.py, so that a module of commands can be one without importing all the others.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console(width=None if sys.stdout.isatty() else 140)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
NewFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the result.")]
