"""Budgets. Oracle: sums by hand; 30 characters are 10 tokens."""

import pytest

from neve.llm.answers import Answer
from neve.llm.budget import Budget, guess

ASKED = {"prompt": "x" * 30, "max_tokens": 20}


def test_a_question_is_guessed_at_its_text_and_the_longest_answer() -> None:
    assert guess(ASKED) == (10.0, 20.0)
    assert guess({"messages": [{"role": "user", "content": "é" * 300}]})[0] > 100


def test_what_is_in_flight_is_set_aside_and_given_back() -> None:
    budget = Budget(tokens=60)
    assert budget.reserve(ASKED) and budget.reserve(ASKED) and not budget.reserve(ASKED)
    budget.settle(ASKED, False, Answer(""))
    assert budget.reserve(ASKED), "what was never sent costs nothing"
    budget.settle(ASKED, True, Answer("good", usage={"prompt_tokens": 4, "completion_tokens": 1}))
    assert (budget.spent_input, budget.spent_output) == (4, 1)
    assert not budget.reserve(ASKED), "5 spent and 30 in flight leave no room for 30"
    budget.settle(ASKED, True, Answer("", error="late"))
    assert (budget.spent_input, budget.spent_output) == (14, 21), "the guess, where nothing was counted"


@pytest.mark.parametrize(("money", "fits"), [(0.0003, True), (0.0002, False)])
def test_money_counts_question_and_answer_at_their_prices(money: float, fits: bool) -> None:
    """10 tokens at 5 a million and 20 at 10 are 0.00025."""
    budget = Budget(money=money, input_price=5.0, output_price=10.0)
    assert budget.reserve(ASKED) is fits
    assert f"the budget of {money:,.2f} in money has no room" in budget.spent()


def test_no_limit_is_no_limit() -> None:
    assert all(Budget().reserve(ASKED) for _ in range(1000))
