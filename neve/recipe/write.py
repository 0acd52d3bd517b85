"""A recipe as a file to read and to change: what is set stands there, what is not stands in a comment, and
each field is explained above itself.

The trade-off: a long file rather than a short one and a manual; a field's text is written once a file, where
it first occurs.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from neve.recipe import explain
from neve.recipe.explain import Row

WIDTH = 100
BARE = re.compile(r"[A-Za-z0-9_-]+")


def commented(data: dict[str, Any], head: str) -> str:
    """TOML of a recipe given as nested dicts, `head` above it as a comment, every field explained.

    Fields that `data` does not set are comments at their default; taking the mark away changes nothing.
    """
    told: set[tuple[str, str]] = set()
    lines = [*_remark(head), ""]
    for row in explain.rows():
        if "." in row.key:
            continue
        given = data.get(row.key)
        lines += ["", *_remark(row.text, told, row)]
        if isinstance(given, list):
            for item in given:
                lines += ["", *_table(row.key, f"[[{row.key}]]", item, told, "")]
        elif row.key in ("labels", "annotators"):
            for name, item in (given or {}).items():
                lines += [
                    "",
                    *_table(f"{row.key}.NAME", f"[{row.key}.{_key(name)}]", item, told, item.get("kind", "")),
                ]
        elif row.key == "phase" or (given is None and row.key == "synthesis"):
            header = f"[[{row.key}]]" if row.takes.startswith("a list") else f"[{row.key}]"
            table = _table(row.key, header, {}, told, "")
            lines += [f"# {line.removeprefix('# ')}".rstrip() for line in table]
        else:
            lines += _table(row.key, f"[{row.key}]", given or {}, told, "")
    return "\n".join(lines).rstrip() + "\n"


def _table(
    key: str, header: str, given: dict[str, Any], told: set[tuple[str, str]], kind: str
) -> Iterator[str]:
    """The lines of one table: its header, its fields, then its own tables."""
    yield header
    own = [row for row in explain.rows() if row.key.rpartition(".")[0] == key and row.kind == kind]
    later: list[Row] = []
    for row in own:
        name = row.key.rpartition(".")[2]
        inline = row.takes.startswith("a list") or (row.default is None and not row.required)
        if row.table and not inline:
            later.append(row)
            continue
        known = (row.key, row.kind) in told
        if known and name not in given:
            continue
        yield from _remark(row.text, told, row)
        if row.table and not known:
            yield from _parts(row, told)
        yield _line(name, row, given)
    bar, mark = ("]]", "[[") if header.startswith("[[") else ("]", "[")
    inner = header.removeprefix(mark).removesuffix(bar)
    for row in later:
        name = row.key.rpartition(".")[2]
        yield ""
        yield from _remark(row.text, told, row)
        yield from _table(row.key, f"[{inner}.{name}]", given.get(name) or {}, told, "")


def _parts(row: Row, told: set[tuple[str, str]]) -> Iterator[str]:
    """The fields of tables that stand inline."""
    for one in explain.rows():
        name = one.key.rpartition(".")[2]
        if one.key.rpartition(".")[0] == row.key and (name, one.text) not in told:
            told.add((name, one.text))
            yield from textwrap.wrap(
                f"{name}: {one.text}",
                WIDTH,
                initial_indent="#   ",
                subsequent_indent="#     ",
                break_on_hyphens=False,
            )


def _line(name: str, row: Row, given: dict[str, Any]) -> str:
    if name in given:
        return f"{name} = {_value(given[name], row.table)}"
    if row.default is None:
        fields = [one for one in explain.rows() if one.key.rpartition(".")[0] == row.key]
        if fields and not any(one.required for one in fields):
            return f"# {name} = {_inline({one.key.rpartition('.')[2]: one.default for one in fields})}"
        return f"# {name} =   # {'must be given' if row.required else 'not set'}; {row.takes}"
    return f"# {name} = {_value(row.default)}"


def _remark(text: str, told: set[tuple[str, str]] | None = None, row: Row | None = None) -> list[str]:
    if row is not None and told is not None:
        if (row.key, row.kind) in told:
            return []
        told.add((row.key, row.kind))
    return [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(
            part, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
    ]


def _value(value: Any, table: bool = False) -> str:
    """A value in TOML; a list of tables one a line."""
    if table and isinstance(value, list):
        return "[\n" + "".join(f"  {_inline(item)},\n" for item in value) + "]"
    if isinstance(value, dict):
        return _inline(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:_}" if isinstance(value, int) and value >= 10_000 else repr(value)


def _inline(value: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _value(name)
