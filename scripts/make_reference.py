"""Writes docs/recipe.md, commands.md and tables.md: fields, commands and schemas, as the package has them.

python scripts/make_reference.py            # writes the pages
python scripts/make_reference.py --check    # exits with 1 where one is stale
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import typer

from neve import documents
from neve.cli.main import app
from neve.recipe import explain
from neve.recipe.explain import Row
from neve.run import fields

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 108

RECIPE = """\
# The recipe

One TOML file says all of a run. `neve init FOLDER` writes one with every field explained, and `neve recipe
FIELD` explains one. This page is written by `scripts/make_reference.py` from the models in `neve/recipe/`.

- What is not set has its default. A key that is not known, or a value that cannot be, stops `neve run`
  before it begins, with a line that names the key, the value and what would do.
- `--set corpus.near.threshold=0.8` overrides a field from the command line; `--set phase.0.tokens=1000` one
  of the first phase.
- `neve recipe --schema > recipe.schema.json` writes a JSON schema. An editor with TOML support completes
  and checks a recipe whose first line is `#:schema ./recipe.schema.json`.
- **Built again** names the stages that a field decides; what reads them is built again too. PHASE, CONTROL,
  ANNOTATOR and LABELS stand for names of the recipe. Nothing is built again for a field that has "–" there.
"""
COMMANDS = """\
# The commands

`neve COMMAND --help` prints what stands here. This page is written by `scripts/make_reference.py` from the
commands themselves.

Exit status: 0 success, 1 a failed run, 2 a bad recipe, name or argument, 130 interrupted. An error is one
line that names what is wrong and what would do; `neve --debug COMMAND` shows the traceback. `--json` is for
scripts. `neve --install-completion` makes the shell complete commands and options.
"""


def recipe() -> str:
    """The page of the recipe."""
    lines = [RECIPE]
    told: dict[tuple[str, ...], str] = {}
    tables = {(row.key.rpartition(".")[0], row.kind): None for row in explain.rows() if "." in row.key}
    for table, kind in tables:
        name, about = _title(table, kind)
        rows = [row for row in explain.rows() if row.key.rpartition(".")[0] == table and row.kind == kind]
        lines += [f"## {name}", ""]
        if about:
            lines += [*textwrap.wrap(about, WIDTH, break_on_hyphens=False), ""]
        content = tuple(row.text for row in rows)
        if content in told:
            lines += [f"As {told[content]}.", ""]
            continue
        told[content] = name
        lines += _table(
            ["field", "takes", "default", "what it is for", "built again"], [_cells(row) for row in rows]
        )
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _title(table: str, kind: str) -> tuple[str, str]:
    row = next(row for row in explain.rows() if row.key == table.removesuffix(".NAME"))
    listed = row.takes.startswith("a list") and "." not in table
    name = f"`[[{table}]]`" if listed else f"`[{table}]`"
    if not kind:
        return name, row.text
    first = next(each for each in explain.rows() if each.key == f"{table}.kind" and each.kind == kind)
    return f"{name} with kind = {kind if ' ' in kind else json.dumps(kind)}", first.text


def _cells(row: Row) -> list[str]:
    default = (
        "must be given"
        if row.required
        else ""
        if row.default is None
        else f"`{json.dumps(row.default, ensure_ascii=False)}`"
    )
    if row.table and row.default != []:
        default = "" if not row.required else default
    again = ", ".join(f"`{name}`" for name in fields.decides(row)) or ("" if row.table else "–")
    return [f"`{row.key.rpartition('.')[2]}`", row.takes, default, row.text, again]


def commands() -> str:
    """The page of the commands."""
    lines = [COMMANDS]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        said, _, example = str(command.help).strip().partition("\n\nExample")
        text = said.split("\n\n")
        examples = re.split(r";\s+|\n\s*\n", example.lstrip("s: \n"))
        shown = [" ".join(line.split()) for line in examples if line.strip()]
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join(["neve", name, *(str(p.metavar or p.name.upper()) for p in arguments)])
        lines += [f"## neve {name}", "", f"    {usage} [OPTIONS]", ""]
        for part in text:
            lines += [*textwrap.wrap(" ".join(part.split()), WIDTH, break_on_hyphens=False), ""]
        lines += ["```sh", *shown, "```", ""]
        options = [_option(p) for p in command.params if p.name != "help"]
        lines += [*_table(["argument or option", "meaning", "default"], options), ""]
    return "\n".join(lines).rstrip() + "\n"


WORDS = {int: "N", float: "X", Path: "PATH", Path | None: "PATH"}
"""What stands for an option's value in a command, by its type."""


TABLES = """\
# Tables and schemas

What stages and commands write: Parquet folders, zstd, in row groups of at most 64 MiB of text, which
pandas, polars, DuckDB and `datasets` read as they lie. This page is written by `scripts/make_reference.py`
from the schemas in `neve/documents.py`. A document is known by `doc_id`: the first 16 bytes of the SHA-256
of its decoded text, in hex. Languages have Linguist's names, licences SPDX's. Columns that a table has
beside these are explained where its stage is: seeds and kinds of synthetic documents, labels' languages and
folds.

```python
import duckdb
import pandas
import polars

pandas.read_parquet("clean/documents")
polars.read_parquet("clean/documents/*.parquet")
duckdb.sql("select rule, count(*) from 'clean/verdicts/*.parquet' group by rule order by 2 desc")
```
"""
HOLDS = {
    "FILES": ("Raw files", "`files/` of stage files, before curation."),
    "DOCUMENTS": ("Documents", "`documents/` of curate, dedup and synthesis: files that stayed."),
    "VERDICTS": ("Verdicts", "`verdicts/` of the same: why each other file stopped. `value` and `limit` are what was compared; "
                 "`kept_...` name the document that stayed in its place."),
    "LABELS": ("Labels", "`labels/` of labels-NAME: what an annotator learns from; 1 is good."),
    "SCORES": ("Scores", "`scores/` of scores-NAME: a row a document; `rank` is 1 for the best of its language."),
    "SELECTION": ("Selections", "`selection/` of selection-PHASE and control-NAME: which documents a phase sees, how often, and how many "
                  "tokens of each from its start (null: all)."),
    "INDEX": ("The index of tokens", "`index.parquet` of tokens: where each document's tokens lie, `offset` and `length` in tokens."),
}  # fmt: skip


def tables() -> str:
    """The page of the tables."""
    lines = [TABLES]
    for name, (title, about) in HOLDS.items():
        lines += [f"## {title}", "", *textwrap.wrap(about, WIDTH, break_on_hyphens=False), ""]
        fields = getattr(documents, name)
        cells = [[f"`{field.name}`", f"`{field.type}`", "yes" if field.nullable else ""] for field in fields]
        lines += [*_table(["column", "type", "may be null"], cells), ""]
    return "\n".join(lines).rstrip() + "\n"


def _option(param: Any) -> list[str]:
    if param.param_type_name == "argument":
        return [f"`{param.metavar or param.name.upper()}`", param.help or "", ""]
    kind = WORDS.get(param.type_descriptor.annotation, "NAME")
    takes = "" if param.is_flag else f" {param.metavar or kind}"
    default = "" if param.is_flag or param.default in (None, ...) else f"`{param.default}`"
    return [
        f"`{', '.join((*param.opts, *param.secondary_opts))}{takes}`",
        param.help or "",
        "must be given" if param.required else default,
    ]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [head, ["---"] * len(head), *rows]]
    return ["| " + " | ".join(row) + " |" for row in cells]


PAGES = {"recipe.md": recipe, "commands.md": commands, "tables.md": tables}

if __name__ == "__main__":
    stale = [
        name
        for name, page in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text("utf-8") != page()
    ]
    if "--check" in sys.argv:
        sys.exit(bool(stale))
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), "utf-8")
