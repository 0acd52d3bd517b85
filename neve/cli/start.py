"""Commands to begin with: init writes a recipe, recipe explains one.

Parse, call, print. Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from neve.cli.options import AsJson
from neve.errors import Misuse


def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Code: a clone, a folder of clones, or tables.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help="quickstart or paper: that recipe as it is, no folder."),
    ] = None,
    to: Annotated[Path, typer.Option("--out", metavar="FILE", help="The recipe to write.")] = Path(
        "neve.toml"
    ),
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the run; default: the folder's.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=3, help="What the whole run may take on this machine; default: 10.")
    ] = None,
) -> None:
    """Write a recipe for FOLDER, of a size that fits it and this machine.

    Looks at languages, licences and size. Every field is explained in the file; `neve run` builds it.

    Example: neve init ~/src; neve plan; neve run
    """
    from neve.run import start

    if to.exists():
        raise Misuse(f"{to}: is there already; name another with --out, or remove it")
    if not to.parent.is_dir():
        raise Misuse(f"{to}: {to.parent} is no folder; make it first, or name another file with --out")
    if template is not None:
        text = start.packaged(template)
        if (folder, name, minutes) != (None, None, None):
            raise Misuse(
                f"--from {template}: that recipe brings its sources, its name and its size; leave the others out"
            )
    else:
        from neve.run import survey

        place = folder or Path()
        found = survey.look(place, to)
        text, said = start.recipe(found, name or place.resolve().name, minutes or start.MINUTES)
        print("\n".join(said))
    to.write_text(text, encoding="utf-8")
    run = "neve run" if str(to) == start.FILE else f"neve run {to}"
    plan = f"{run.replace('run', 'plan', 1)} says what it takes, " if "\n[[phase]]" in text else ""
    print(f"{to}: written; {plan}{run} builds it")


def _keys(begun: str) -> list[str]:
    """Fields that a shell may complete to."""
    from neve.recipe import explain

    return [row.key for row in explain.rows() if row.key.startswith(begun)]


def recipe(
    field: Annotated[
        str | None,
        typer.Argument(
            metavar="[FIELD]",
            help="A field or table, e.g. corpus.near.threshold or lr.",
            autocompletion=_keys,
        ),
    ] = None,
    as_schema: Annotated[
        bool, typer.Option("--schema", help="Print the recipe's JSON schema, for editors.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Explain a field of the recipe, or list them all.

    What it takes, its default, what it is for, and what is built again when it changes.

    Example: neve recipe near.threshold; neve recipe --schema > recipe.schema.json
    """
    from neve.recipe import explain

    if as_schema:
        print(json.dumps(explain.schema(), indent=1, ensure_ascii=False))
        return
    rows = list(explain.find(field)) if field else list(explain.rows())
    if not rows:
        raise Misuse(f"{field}: the recipe has no such field{explain.meant(str(field))}")
    if as_json:
        print(json.dumps([vars(row) for row in rows], indent=1, ensure_ascii=False))
    elif field is None:
        print("\n".join(explain.heading(row) for row in rows))
    else:
        from neve.run import fields

        print("\n\n".join(_told(row, fields.decides(row), len(rows) == 1) for row in rows))


def _told(row: Any, stages: list[str], alone: bool) -> str:
    from neve.recipe import explain

    if row.table and not alone:
        return f"[{row.key}] {row.text}"
    again = (
        "changes nothing but how it is reached: nothing is built again"
        if row.execution
        else f"decides {', '.join(stages)}; what reads them is built again too"
        if stages
        else "nothing is built again"
    )
    return f"{explain.heading(row)}\n  {row.text}\n  takes {row.takes}\n  {again}"
