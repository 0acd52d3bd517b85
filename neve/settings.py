"""Settings of stages: frozen and typed, each field known as deciding the result or as a matter of execution.

A stage's settings are a frozen dataclass or a table of the recipe, or one that holds others. A field that
does not change the result (threads, paths of ledgers, how often to save) is annotated `Execution[...]`; it
stays out of the stage's fingerprint, so changing it builds nothing again. The trade-off: who adds a field
says which of the two it is; a field that says nothing decides.

Only the standard library is used here, since nodes that train read their settings from JSON and have little
else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

_EXECUTION = "execution"

Execution = Annotated[T, _EXECUTION]
"""Type of a field that does not change the result: `threads: Execution[int] = 8`."""


def deciding(value: Any) -> Any:
    """What decides the result, as plain JSON: settings without their execution fields, at any depth."""
    return _json(value, execution=False)


def plain(value: Any) -> Any:
    """All of the settings as plain JSON; `from_json` reads them back."""
    return _json(value, execution=True)


def from_json(kind: type[T], value: Mapping[str, Any]) -> T:
    """A dataclass, those inside it too, from what `plain` gave. Raises TypeError for a missing or unknown
    field."""
    hints = get_type_hints(kind)
    return kind(**{name: _typed(hints.get(name), given) for name, given in value.items()})


def pick(kind: type[T], table: Any, **more: Any) -> T:
    """A dataclass with the fields that `table` has by the same names, and `more`."""
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: getattr(table, name) for name in fields if name not in more}, **more)


def aside(table: Any) -> dict[str, bool]:
    """The fields of a settings class, with whether each is a matter of execution."""
    return dict(_fields(table) or {})


def _typed(kind: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return from_json(kind, value)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        inner = kinds[0] if len(kinds) == 2 and kinds[1] is Ellipsis else None
        return tuple(_typed(inner, item) for item in value)
    return value


def _json(value: Any, execution: bool) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json(item, execution) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item, execution) for item in value]
    fields = _fields(type(value))  # type: ignore[arg-type]
    if fields is None:
        return value
    return {
        name: _json(getattr(value, name), execution)
        for name, aside in fields.items()
        if execution or not aside
    }


@cache
def _fields(kind: Any) -> dict[str, bool] | None:
    """Fields of a dataclass or a recipe table, with whether each is one of execution; None for
    other types."""
    if (tables := getattr(kind, "model_fields", None)) is not None:
        return {name: _EXECUTION in field.metadata for name, field in tables.items()}
    if not dataclasses.is_dataclass(kind):
        return None
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    return {name: _EXECUTION in getattr(hints[name], "__metadata__", ()) for name in names}
