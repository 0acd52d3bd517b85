"""Settings: what decides, what is execution, and the way through JSON. Oracle: values written out by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from neve.recipe.training import Training
from neve.settings import Execution, deciding, from_json, pick, plain


@dataclass(frozen=True)
class Inner:
    rate: float
    threads: Execution[int]


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    pair: tuple[float, float]
    many: tuple[Inner, ...]
    path: Execution[str | None] = None


MADE = Outer("a", Inner(0.5, 8), (1.0, 2.0), (Inner(1.0, 1), Inner(2.0, 2)), "x")


def test_execution_fields_are_left_out_at_any_depth() -> None:
    assert deciding(MADE) == {
        "name": "a",
        "inner": {"rate": 0.5},
        "pair": [1.0, 2.0],
        "many": [{"rate": 1.0}, {"rate": 2.0}],
    }
    assert deciding({"given": [MADE.inner]}) == {"given": [{"rate": 0.5}]}
    assert deciding(None) is None


def test_through_json_and_back() -> None:
    assert from_json(Outer, json.loads(json.dumps(plain(MADE)))) == MADE
    with pytest.raises(TypeError, match="speed"):
        from_json(Outer, plain(MADE) | {"speed": 1})


def test_tables_of_the_recipe_and_dataclasses_are_alike() -> None:
    """A table inside a dataclass, and fields picked from a table by name."""
    table = Training(sequence=64, micro_batch=3)
    assert "micro_batch" in plain(table) and "micro_batch" not in deciding(table)
    assert deciding((table,))[0]["sequence"] == 64

    @dataclass(frozen=True)
    class Picked:
        sequence: int
        seed: int

    assert pick(Picked, table, seed=7) == Picked(64, 7)
