"""[model]. Oracle: the rules as stated, and the paper's shape."""

import pytest

from neve.recipe.model import Model
from neve.settings import pick
from neve.training import settings
from neve.training.costs import parameters


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(model={"hidden": 100, "heads": 3}), "model: hidden = 100 must be heads = 3 times"),
        (lambda d: d.update(model={"hidden": 64, "heads": 64}), "model: hidden = 64 must be heads = 64 times an even number"),
        (lambda d: d.update(model={"heads": 16, "kv_heads": 5}), "model: heads = 16 must be a multiple of kv_heads = 5"),
        (lambda d: d.update(model={"layers": 0}), "model.layers = 0: must be at least 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(mistake, change, said: str) -> None:
    assert said in mistake(change)


def test_the_default_is_the_papers_size() -> None:
    """1.3B parameters, with a vocabulary of 64,000."""
    assert parameters(pick(settings.Model, Model()), 64_000)["all"] == 1_364_297_728
