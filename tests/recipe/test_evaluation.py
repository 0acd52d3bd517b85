"""[evaluate]. Oracle: the rules as stated; benchmarks by every name that they go by."""

import pytest

from neve.recipe.evaluation import Evaluate


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"tasks": ["humanevil"]}, 'evaluate.tasks.0 = "humanevil": '),
        ({"pass_at_1": "first"}, "evaluate.pass_at_1 = \"first\": must be true or false or 'last'"),
        ({"bootstrap": 10}, "evaluate.bootstrap = 10: must be at least 100"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(mistake, table: dict, said: str) -> None:
    assert said in mistake(lambda recipe: recipe.update(evaluate=table))


def test_pass_at_1_of_all_of_the_last_or_of_none() -> None:
    assert [Evaluate.model_validate({"pass_at_1": one}).pass_at_1 for one in (True, False, "last")] == [
        True, False, "last",
    ]  # fmt: skip
