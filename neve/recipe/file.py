"""Recipes as files: read, overridden, validated; what is wrong is one line that names the key, the value and
what would do."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from neve.recipe.corpus import Corpus
from neve.recipe.recipe import Recipe, RecipeError
from neve.recipe.synthesis import Synthesis
from neve.recipe.table import PATTERNS, VARIABLE

T = TypeVar("T")


def load(path: str | Path, overrides: list[str] | None = None) -> Recipe:
    """Read and validate a recipe.

    `overrides` are `key.path=value` strings (`phase.0.tokens=1000`, `corpus.near.enabled=false`), the
    value in TOML, or a bare string. Raises RecipeError with one line for every way in which that can fail.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RecipeError(
            f"{path}: no such file; `neve init FOLDER` writes a recipe, `neve init --from quickstart` one that comes with Neve"
        ) from None
    except IsADirectoryError:
        there = [path / name for name in ("neve.toml", "recipe.toml") if (path / name).exists()]
        inside = f"its recipe is {there[0]}" if there else f"`neve init {path}` writes one for it"
        raise RecipeError(f"{path}: is a folder, not a recipe; {inside}") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: is no UTF-8; save it as such") from None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); name a file that can") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: {not_toml(path, error)}") from None
    for override in overrides or []:
        _override(data, override)
    return parse(data, str(path))


def not_toml(path: Path, error: tomllib.TOMLDecodeError) -> str:
    """What is wrong with a file that is no TOML, with the line that it is in."""
    found = re.search(r"line (\d+)", str(error))
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    line = lines[int(found[1]) - 1].strip() if found and int(found[1]) <= len(lines) else _unclosed(lines)
    told = f": `{line[:80]}`" if line else ""
    return f"not TOML: {error}{told}; {next(said for form, said in NOT_TOML if re.search(form, line))}"


def _unclosed(lines: list[str]) -> str:
    """The first line with an odd number of quotes, which a file may lack until its end.

    >>> _unclosed(["a = 'b'", "name = 'x", "seed = 1"])
    "name = 'x"
    """
    plain = (line.partition("#")[0].strip() for line in lines)
    return next((line for line in plain if line.count("'") % 2 or line.count('"') % 2), "")


NOT_TOML = (
    (r"=\s*(True|False)\b", "true and false are written small"),
    (r"=.*\\", "a path has /, or stands in 'single quotes'"),
    (r"^[\"\w.-]+\s*:|{\s*[\"\w.-]+\s*:", "between a key and its value stands ="),
    ("", "a text stands in quotes, a decimal has a dot, a key stands once a table"),
)
"""Forms of a line that TOML does not have, and what is written instead."""


def parse(data: dict[str, Any], where: str = "recipe") -> Recipe:
    """Validate a recipe given as nested dicts; the first thing wrong is the RecipeError's line."""
    if {"arm", "baseline"} <= data.keys():
        raise RecipeError(f"{where}: is a laboratory, not a recipe; `neve ablate` takes it")
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise RecipeError(f"{where}: {one_line(error, Recipe)}") from None


def corpus_alone(
    sources: list[dict[str, Any]], given: dict[str, Any], overrides: list[str] | None = None
) -> Corpus:
    """The [corpus] of a stand-alone command: its defaults, what options `given`, and `key=value`
    overrides."""
    data = {"sources": sources, **given}
    for override in overrides or []:
        _override(data, override)
    try:
        return Corpus.model_validate(data)
    except ValidationError as error:
        said = (
            one_line(error, Corpus).replace("'corpus.", "'").replace("`neve recipe ", "`neve recipe corpus.")
        )
        raise RecipeError(f"--set: {said}") from None


def synthesis_alone(given: dict[str, Any], overrides: list[str] | None = None) -> Synthesis:
    """The [synthesis] of a stand-alone command: what options `given`, and `key=value` overrides."""
    data = dict(given)
    for override in overrides or []:
        _override(data, override)
    try:
        return Synthesis.model_validate(data)
    except ValidationError as error:
        raise RecipeError(f"--set: {one_line(error, Synthesis)}") from None


def _override(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set {override}: must look like key.path=value, e.g. --set run.seed=2")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        if text.startswith(("[", "{")):
            raise RecipeError(
                f"--set {override}: {text} is no TOML; texts in it stand in quotes, "
                "e.g. --set 'corpus.languages=[\"Python\"]'"
            ) from None
        value = text
    place(data, key, value, f"--set {override}")


def place(data: dict[str, Any], key: str, value: Any, where: str) -> None:
    """Set a dotted key of nested tables and lists; raises RecipeError, said of `where`, if there is no such
    place."""
    node: Any = data
    try:
        *parents, last = _places(key)
        for name in parents:
            node = node[int(name)] if isinstance(node, list) else node.setdefault(name, {})
        node[int(last) if isinstance(node, list) else last] = value
    except (IndexError, ValueError, TypeError, AttributeError):
        raise RecipeError(
            f"{where}: the recipe has no place {key!r}; members of a list are counted from 0, e.g. phase.0.tokens"
        ) from None


def _places(key: str) -> list[str]:
    """The parts of a dotted key, as TOML reads it: a part with a dot of its own stands in quotes.

    >>> _places('corpus.filters."syntax.C"'), _places("phase.0.tokens")
    (['corpus', 'filters', 'syntax.C'], ['phase', '0', 'tokens'])
    """
    places, node = [], tomllib.loads(f"{key} = 0")
    while isinstance(node, dict):
        (place, node), *_ = node.items()
        places.append(place)
    return places


def one_line(error: ValidationError, top: type[BaseModel]) -> str:
    """The first thing that is wrong with a table of kind `top`: key, value, and what would do."""
    found = error.errors()
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    keys, table = _place(_loc(first), top)
    key = ".".join(keys) or "recipe"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = list(table.model_fields)
        near = [k for k in known if k.startswith(keys[-1])] or difflib.get_close_matches(keys[-1], known, 1)
        near = near[:1] or [k for k in OTHERS.get(keys[-1], ()) if k in known][:1] or _elsewhere(keys)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known here: {', '.join(known)}"
        return f"{key} = {_short(first['input'])}: unknown key; {hint}"
    if first["type"] == "missing" and keys[-1].isdigit():
        key = ".".join(keys[:-1])
        return f"{key}: has {keys[-1]} members and needs more; `neve recipe {key}` says what it takes"
    if first["type"] == "missing":
        return f"{key}: is missing; `neve recipe {key}` says what it takes"
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        return f"{key}: {message}" if first["loc"] else message
    if first["type"] == "list_type" and isinstance(first["input"], dict):
        return f"{key}: must be a list of tables; write [[{key}]], with two brackets"
    every = [one for one in found if _place(_loc(one), top)[0] == keys]
    said = " or ".join(dict.fromkeys(map(_said, every))).replace(" or must be ", " or ")
    value = "" if first.get("ctx", {}).get("pattern") == VARIABLE else f" = {_short(first['input'])}"
    return f"{key}{value}: {said}{_as_table(keys, first, table)}"


OTHERS = {
    "batch_size": ("batch_tokens", "concurrency"), "context_length": ("sequence",), "dir": ("path",),
    "folder": ("path",), "learning_rate": ("lr",), "max": ("peak",), "max_length": ("sequence",), "min": ("floor",),
    "min_lr": ("floor",), "seq_len": ("sequence",), "steps": ("tokens",), "type": ("kind",), "url": ("path",),
    "warmup_steps": ("warmup",),
}  # fmt: skip
"""Names that others give a field -> what it may be called here."""


def _as_table(keys: Sequence[str], error: ErrorDetails, table: type[BaseModel]) -> str:
    """How to write what should have been a table: one of several with names of their own, or one that has a
    switch; "" for all else."""
    if error["type"] not in ("dict_type", "model_type", "model_attributes_type"):
        return ""
    if len(keys) == 2 and keys[0] in ("annotators", "labels"):
        return f"; each has a name, [{keys[0]}.NAME], and its fields stand below that"
    switched = isinstance(error["input"], bool) and "enabled" in table.model_fields
    return f", here {{ enabled = {str(error['input']).lower()} }}" if switched else ""


def _elsewhere(keys: Sequence[str]) -> list[str]:
    """Whole keys of the fields that have this name in other tables; none where it is a name of many, or in a
    table that is one of several: there the kind is what is mistaken."""
    from neve.recipe import explain

    if keys[0] == "annotators" or any(key.isdigit() for key in keys):
        return []
    found = list(dict.fromkeys(row.key for row in explain.rows() if row.key.rpartition(".")[2] == keys[-1]))
    return found if len(found) <= 3 else []


def _loc(error: ErrorDetails) -> tuple[int | str, ...]:
    """An error's place, without pydantic's names for the types that it tried there."""
    return tuple(part for part in error["loc"] if "[" not in str(part))


def _said(error: ErrorDetails) -> str:
    """What a field must be."""
    if (pattern := error.get("ctx", {}).get("pattern")) in PATTERNS:
        return f"must be {PATTERNS[pattern]}"
    if said := PLAIN.get(error["type"]):
        return said.format(**error.get("ctx", {}))
    message = error["msg"].removeprefix("Value error, ")
    return f"{message[0].lower()}{message[1:]}"


PLAIN = {
    "int_parsing": "must be a whole number, without a unit, e.g. 1_000_000",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text, in quotes",
    "list_type": "must be a list, in [ ]",
    "tuple_type": "must be a list, in [ ]",
    "dict_type": "must be a table, {{ name = value, … }}",
    "model_type": "must be a table, {{ name = value, … }}",
    "model_attributes_type": "must be a table, {{ name = value, … }}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "too_short": "must have at least {min_length}",
    "string_pattern_mismatch": "must match {pattern}",
    "finite_number": "must be a finite number",
}
"""The validator's type of error -> what is said, with the error's own figures."""


def _place(loc: tuple[int | str, ...], top: type[BaseModel]) -> tuple[list[str], type[BaseModel]]:
    """The keys of an error's place, as the recipe has them, and the last table on the way.

    Where a table is one of several kinds, pydantic puts the kind's tag into the place, and where a field
    takes several types, the type's name; neither is a key.
    """
    keys: list[str] = []
    table, annotation = top, cast(Any, top)
    for part in loc:
        if part == "[key]":
            continue
        tagged = {tag.tag: kind for kind in get_args(annotation) for tag in _metadata(kind, Tag)}
        if part in tagged:
            annotation = table = get_args(tagged[part])[0]
            continue
        if part in {getattr(member, "__name__", "") for member in _members(annotation)}:
            continue
        keys.append(str(part))
        if _is_table(annotation):
            field = annotation.model_fields.get(str(part))
            annotation = field.annotation if field else None
        else:
            annotation = next(iter(get_args(annotation)[-1:]), None)
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        annotation = next(filter(_is_table, _members(annotation)), annotation)
        table = annotation if _is_table(annotation) else table
    return keys, table


def _members(annotation: Any) -> tuple[Any, ...]:
    """The types of a union; none of anything else."""
    return get_args(annotation) if get_origin(annotation) in (UnionType, Union) else ()


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _metadata(annotation: Any, kind: type[T]) -> list[T]:
    return [item for item in getattr(annotation, "__metadata__", ()) if isinstance(item, kind)]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def field_of(recipe: Recipe, value: str) -> str:
    """The key of the first field that holds a text; "recipe" where none does."""

    def search(node: Any, key: str) -> str | None:
        if isinstance(node, str):
            return key if node == value else None
        below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        found = (search(part, f"{key}.{name}".lstrip(".")) for name, part in below)
        return next(filter(None, found), None)

    return search(recipe.model_dump(mode="json", exclude_none=True), "") or "recipe"


def to_toml(recipe: Recipe) -> str:
    """The recipe as resolved, defaults written out, in TOML that `load` reads back as an equal recipe."""
    import tomli_w

    return tomli_w.dumps(recipe.model_dump(mode="json", exclude_none=True), multiline_strings=False)
