"""Settings as a node reads them. Oracle: the recipe's own tables."""

import dataclasses
import subprocess
import sys

import pytest

from neve.recipe import model as recipe_model
from neve.recipe import training as recipe
from neve.settings import aside
from neve.training import settings

OWN = {"Training": {"batch"}, "Phase": {"keeps_moments"}}
"""Fields that no table has: they follow from several."""


@pytest.mark.parametrize(
    ("mine", "table"),
    [
        (settings.Model, recipe_model.Model),
        (settings.Training, recipe.Training),
        (settings.LearningRate, recipe.LearningRate),
        (settings.Phase, recipe.Phase),
    ],
)
def test_fields_are_the_tables_and_decide_or_do_not_alike(mine: type, table: type) -> None:
    names = {field.name for field in dataclasses.fields(mine)} - OWN.get(mine.__name__, set())
    assert names <= table.model_fields.keys()
    if mine is not settings.Phase:  # a phase's other fields decide other stages
        assert table.model_fields.keys() - names <= {"batch_tokens", "precision"}
    assert {name: aside(mine)[name] for name in names} == {name: aside(table)[name] for name in names}


def test_a_node_needs_no_pydantic() -> None:
    program = (
        "import sys, neve.training.settings; print(sorted({'pydantic', 'torch', 'daft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
