"""Recipes as files: read, overridden, validated; what is wrong is one line that names the key, the value and what would do."""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from neve.recipe.recipe import Corpus, Recipe, RecipeError


def load(path: str | Path, overrides: list[str] | None = None) -> Recipe:
    """Read and validate a recipe.

    `overrides` are `key.path=value` strings (`phase.0.tokens=1000`, `corpus.near.enabled=false`), the
    value in TOML, or a bare string. Raises RecipeError with one line for every way in which that can fail.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"{path}: no such file; `ls recipes/` shows the recipes that come with Neve"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: not TOML: {error}") from None
    for override in overrides or []:
        _override(data, override)
    return parse(data, str(path))


def parse(data: dict[str, Any], where: str = "recipe") -> Recipe:
    """Validate a recipe given as nested dicts; the first thing wrong is the RecipeError's line."""
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise RecipeError(f"{where}: {_one_line(error, data)}") from None


def corpus_alone(
    sources: list[dict[str, Any]], given: dict[str, Any], overrides: list[str] | None = None
) -> Corpus:
    """The [corpus] of a stand-alone command: its defaults, what options `given`, and `key=value` overrides."""
    data = {"sources": sources, **given}
    for override in overrides or []:
        _override(data, override)
    try:
        return Corpus.model_validate(data)
    except ValidationError as error:
        raise RecipeError(f"--set: {_one_line(error, data, Corpus)}") from None


def _override(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set {override}: must look like key.path=value, e.g. --set run.seed=2")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    node: Any = data
    *parents, last = key.split(".")
    try:
        for name in parents:
            node = node[int(name)] if isinstance(node, list) else node.setdefault(name, {})
        node[int(last) if isinstance(node, list) else last] = value
    except (IndexError, ValueError, TypeError, AttributeError):
        raise RecipeError(f"--set {override}: the recipe has no place {key!r}") from None


def _one_line(error: ValidationError, data: dict[str, Any], top: type[BaseModel] | None = None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "recipe"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        node: Any = top or Recipe
        for part in first["loc"][:-1]:
            annotation = node.model_fields[str(part)].annotation if not isinstance(part, int) else None
            node = _model_in(annotation) or node
        known = list(node.model_fields)
        name = str(first["loc"][-1])
        near = [k for k in known if k.startswith(name)] or difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return f"{key} = {_short(first['input'])}: unknown key; {hint}"
    if first["type"] == "missing":
        return f"{key}: is missing"
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        return f"{key}: {message}" if first["loc"] else message
    return f"{key} = {_short(first['input'])}: {message[0].lower()}{message[1:]}"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_in(inner):
            return found
    return None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def to_toml(recipe: Recipe) -> str:
    """The recipe as resolved, defaults written out, in TOML that `load` reads back as an equal recipe."""
    import tomli_w

    return tomli_w.dumps(recipe.model_dump(mode="json", exclude_none=True), multiline_strings=False)
