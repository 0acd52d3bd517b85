"""Commands about this machine."""

from __future__ import annotations

import json

import typer
from rich.table import Table

from neve.cli.options import AsJson, out


def doctor(as_json: AsJson = False) -> None:
    """Say what this machine has and lacks for Neve.

    With the command that would help. Exit status 1 if something is missing.

    Example: neve doctor --json
    """
    from neve.run.doctor import examine

    rows = examine()
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        table = Table(box=None, header_style="bold")
        for column in ("what", "state", "found", "what would help"):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*row.values())
        out.print(table)
    if any(row["state"] == "missing" for row in rows):
        raise typer.Exit(1)
