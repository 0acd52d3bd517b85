"""What all tables share. Oracle: the rules as stated."""

import pytest
from pydantic import TypeAdapter, ValidationError

from neve.recipe.table import BenchmarkName, RecipeTable


class Table(RecipeTable):
    share: float = 0.5


def test_a_table_is_frozen_and_knows_its_keys_and_finite_numbers_alone() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Table().share = 1.0
    for wrong in ({"shar": 1.0}, {"share": float("inf")}):
        with pytest.raises(ValidationError):
            Table.model_validate(wrong)


def test_a_benchmark_is_published_or_the_path_of_a_description(tmp_path) -> None:
    """A path is not opened here: a recipe may be read where its files are not."""
    name = TypeAdapter(BenchmarkName).validate_python
    assert name("humaneval+") == "humaneval+" and name("absent/own.toml") == "absent/own.toml"
    with pytest.raises(ValidationError, match="humanevil"):
        name("humanevil")
