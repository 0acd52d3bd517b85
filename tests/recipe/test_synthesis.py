"""[synthesis]. Oracle: the rules as stated."""

import pytest

from neve.recipe.synthesis import Synthesis
from neve.settings import aside

LEAST = {"tokens": 1, "seeds": 1}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"seeds": 1}, "synthesis.tokens: is missing"),
        ({**LEAST, "python_share": 1.1}, "synthesis.python_share = 1.1: must be at most 1"),
        ({**LEAST, "kinds": {}}, "synthesis.kinds = {}: "),
        ({**LEAST, "kinds": {"rewrite": 0}}, "synthesis.kinds.rewrite = 0: must be more than 0"),
        ({**LEAST, "budget": {"money": 5}}, "budget.money = 5.0 needs input_price and output_price"),
        ({**LEAST, "gates": {"lint": 2}}, "synthesis.gates.lint = 2: must be at most 1"),
        ({**LEAST, "top_p": 0}, "synthesis.top_p = 0: must be more than 0"),
        ({**LEAST, "api_key": "x"}, "synthesis.api_key = \"x\": unknown key; did you mean 'api_key_env'?"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(mistake, table: dict, said: str) -> None:
    assert said in mistake(lambda recipe: recipe.update(synthesis=table))


def test_where_the_key_is_and_how_many_ask_at_once_builds_nothing_again() -> None:
    assert {name for name, apart in aside(Synthesis).items() if apart} == {
        "api_key_env",
        "concurrency",
        "endpoints",
        "ledger",
    }
