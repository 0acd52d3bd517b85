"""What the recipe's fields mean, read from the models: JSON schema, rows for a person, pages, editors.

The text of a field is the docstring under it in its module, so that there is one place to write it. The
trade-off: the sources are read when somebody asks, not when a recipe is loaded; a run pays nothing for it.
"""

from __future__ import annotations

import ast
import difflib
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from neve.recipe.recipe import Recipe
from neve.recipe.table import PATTERNS, RecipeTable
from neve.settings import aside

EDITORS = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Row:
    """One field of the recipe."""

    key: str
    """Dotted; NAME where tables are named, and nothing for the number of a `[[phase]]`."""
    kind: str
    """Of a table that is one of several: its `kind`; else empty."""
    takes: str
    """What may stand there, in words."""
    default: Any
    """None where there is none."""
    required: bool
    text: str
    execution: bool
    """Whether it changes nothing but how the result is reached."""
    table: bool
    """Whether it is a table, whose fields have rows of their own."""


def schema() -> dict[str, Any]:
    """JSON schema of a recipe, every field described: for editors, and for what is generated here."""
    made = Recipe.model_json_schema()
    for kind in _tables():
        node = made if kind is Recipe else made["$defs"].get(kind.__name__)
        if node is None:
            continue
        texts, execution = {"kind": str(kind.__doc__), **docstrings(kind)}, aside(kind)
        for name, field in node["properties"].items():
            field["description"] = texts.get(name, "")
            if execution[name]:
                field["x-execution"] = True
    return {"$schema": EDITORS, "title": "A recipe of Neve", **made}


@cache
def rows() -> tuple[Row, ...]:
    """All fields, in the order of the models."""
    made = schema()
    found: list[Row] = []
    _walk(made, made, "", "", found)
    return tuple(found)


def find(name: str) -> list[Row]:
    """The rows that a name means: a key, with numbers or names of its tables or without, or the end of one.

    >>> [row.key for row in find("phase.0.tokens")], [row.key for row in find("near.threshold")]
    (['phase.tokens'], ['corpus.near.threshold'])
    """
    parts = [part for part in name.strip("[]").split(".") if not part.isdigit()]
    exact = [row for row in rows() if _matches(row.key.split("."), parts)]
    if not exact:
        exact = [row for row in rows() if _matches(row.key.split(".")[-len(parts) :], parts)]
    tables = [row.key for row in exact if row.table]
    below = [row for row in rows() if any(row.key.startswith(f"{key}.") for key in tables)]
    return [*exact, *(row for row in below if row not in exact)]


def docstrings(kind: type[BaseModel]) -> dict[str, str]:
    """Field -> the text under it, for a table's own fields and those that it inherits."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, BaseModel) and base.__module__.startswith("neve."):
            found |= _module(base.__module__).get(base.__name__, {})
    return found


@cache
def _module(name: str) -> dict[str, dict[str, str]]:
    """Class -> field -> text, of a module's source."""
    tree = ast.parse(Path(str(sys.modules[name].__file__)).read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = {}
    for item in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        texts = found[item.name] = {}
        for field, said in zip(item.body, item.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(said, ast.Expr)
                and isinstance(said.value, ast.Constant)
            ):
                texts[field.target.id] = " ".join(str(said.value.value).split())
    return found


def _tables(top: type[BaseModel] = RecipeTable) -> list[type[BaseModel]]:
    return [kind for one in top.__subclasses__() for kind in (one, *_tables(one))]


def _matches(key: list[str], parts: list[str]) -> bool:
    """Whether parts name a key, where NAME stands for any."""
    if len(key) != len(parts):
        bare = [part for part in key if part != "NAME"]
        return bare == parts
    return all(mine in ("NAME", given) for mine, given in zip(key, parts, strict=True))


def _walk(made: dict[str, Any], node: dict[str, Any], above: str, kind: str, found: list[Row]) -> None:
    """Append a row for each field of a table, its own tables' fields after it."""
    for name, field in node["properties"].items():
        key = f"{above}.{name}" if above else name
        inside = _inside(made, field)
        found.append(
            Row(
                key,
                kind,
                takes(made, field),
                field.get("default"),
                name in node.get("required", ()),
                field["description"],
                field.get("x-execution", False),
                bool(inside),
            )
        )
        for named, table in inside:
            tag = table["properties"].get("kind", {})
            one = (tag.get("const") or "of your own") if len(inside) > 1 else kind
            _walk(made, table, f"{key}.NAME" if named else key, one, found)


def _inside(made: dict[str, Any], field: dict[str, Any]) -> list[tuple[bool, dict[str, Any]]]:
    """The tables that a field may be, or a list or named tables of; and whether they are named."""
    named = _named(field)
    node = named or field.get("items", field)
    options = node.get("anyOf") or node.get("oneOf") or [node]
    tables = [made["$defs"][one["$ref"].rpartition("/")[2]] for one in options if "$ref" in one]
    return [(bool(named), table) for table in tables if "properties" in table]


def _named(field: dict[str, Any]) -> dict[str, Any]:
    """The schema of the values of a table with free names; empty for any other."""
    patterned = next(iter(field.get("patternProperties", {}).values()), None)
    values = patterned or field.get("additionalProperties")
    return values if isinstance(values, dict) else {}


PLAIN = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "object": "a table",
    "null": "not set",
}  # fmt: skip
LIMITS = {
    "minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}", "minItems": "at least {} of them", "pattern": "{}",
}  # fmt: skip


def takes(made: dict[str, Any], node: dict[str, Any]) -> str:
    """What a field's schema admits, in words.

    >>> takes({}, {"type": "integer", "minimum": 1}), takes({}, {"enum": ["a", "b"]})
    ('a whole number, at least 1', '"a" or "b"')
    """
    if "const" in node:
        return f'"{node["const"]}"'
    if "enum" in node:
        return " or ".join(f'"{one}"' for one in node["enum"])
    if options := node.get("anyOf") or node.get("oneOf"):
        said = dict.fromkeys(takes(made, one) for one in options if one.get("type") != "null")
        return " or ".join(said)
    if "prefixItems" in node:
        return f"a list of {len(node['prefixItems'])} numbers"
    if node.get("type") == "array":
        inner = takes(made, node["items"])
        return f"a list of {PLURAL.get(inner, inner)}{_limits(node)}"
    if values := _named(node):
        return f"a table NAME = {takes(made, values)}"
    return PLAIN.get(node.get("type", ""), "a table") + _limits(node)


PLURAL = {"a text": "texts", "a table": "tables"}


def _limits(node: dict[str, Any]) -> str:
    limits = (
        {**node, "pattern": PATTERNS.get(node["pattern"], node["pattern"])} if "pattern" in node else node
    )
    return "".join(f", {said.format(limits[key])}" for key, said in LIMITS.items() if key in node)


def heading(row: Row) -> str:
    """A field with its default on one line.

    >>> heading(find("near.threshold")[0]), heading(find("run.name")[0])
    ('corpus.near.threshold = 0.7', 'run.name (must be given)')
    """
    kind = f' (kind = "{row.kind}")' if row.kind else ""
    if row.table:
        return f"[{row.key}]{kind}"
    if row.required:
        return f"{row.key}{kind} (must be given)"
    said = "not set" if row.default is None else json.dumps(row.default, ensure_ascii=False)
    return f"{row.key}{kind} = {said}"


def meant(name: str) -> str:
    """What a misspelt field is likely to mean, as the end of a message.

    >>> meant("near.treshold")
    '; did you mean corpus.near.threshold? `neve recipe` lists all'
    """
    above, _, last = name.rpartition(".")
    if any(row.key == above and not row.table for row in rows()):
        return f"; `neve recipe {above}` says what stands there"
    keys = {row.key.rpartition(".")[2]: row.key for row in reversed(rows())}
    near = difflib.get_close_matches(last, keys, n=1)
    return f"; did you mean {keys[near[0]]}? `neve recipe` lists all" if near else "; `neve recipe` lists all"
