"""What is said of the recipe's fields. Oracles: the models themselves, and jsonschema on recipes that load."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from neve.recipe import explain
from neve.recipe.recipe import Recipe

RECIPES = Path(__file__).parents[2] / "recipes"


def test_every_field_is_explained() -> None:
    silent = [(row.key, row.kind) for row in explain.rows() if not row.text]
    assert not silent, "write a docstring under the field"
    assert {row.key for row in explain.rows() if "." not in row.key} == set(Recipe.model_fields)


@pytest.mark.parametrize("recipe", ["quickstart", "arctic-snowcoder-1.3b"])
def test_the_schema_admits_recipes_and_refuses_what_they_may_not_say(recipe: str) -> None:
    schema = explain.schema()
    data = tomllib.loads((RECIPES / f"{recipe}.toml").read_text())
    jsonschema.validate(data, schema)
    for key, value in (("seed", -1), ("sed", 1), ("name", 3)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**data, "run": {**data["run"], key: value}}, schema)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("corpus.near.threshold", ["corpus.near.threshold"]),
        ("threshold", ["corpus.near.threshold"]),
        ("phase.2.tokens", ["phase.tokens"]),
        ("labels.mine.negatives", ["labels.NAME.negatives"]),
        ("[corpus.grouping]", ["corpus.grouping", "corpus.grouping.order"]),
        ("no.such", []),
    ],
)
def test_a_field_is_found_by_its_key_or_the_end_of_it(name: str, keys: list[str]) -> None:
    assert [row.key for row in explain.find(name)] == keys


def test_a_field_of_several_kinds_is_told_for_each() -> None:
    assert {row.kind for row in explain.find("annotators.any.epochs")} == {
        "encoder",
        "tuned",
        "ngrams",
        "student",
    }
