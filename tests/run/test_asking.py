"""What asking will take. Oracle: figures worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from neve.llm.ledger import Ledger
from neve.recipe.synthesis import Synthesis
from neve.run import asking

SPEC = Synthesis.model_validate(
    {
        "tokens": 30_000, "seeds": 500, "prompt_tokens": 600, "max_tokens": 800,
        "budget": {"input_price": 1.0, "output_price": 4.0, "expected_speed": 1000.0, "expected_yield": 0.25},
    }
)  # fmt: skip


def test_what_is_expected_and_the_most() -> None:
    found = asking.estimate(SPEC)
    # 30,000 / 0.25 tokens answered, 400 an answer; 300 a question
    assert found["expected"]["requests"] == 300
    assert (found["expected"]["input_tokens"], found["expected"]["output_tokens"]) == (90_000, 120_000)
    assert found["expected"]["hours"] == pytest.approx(120 / 3600) and not found["short"]
    assert found["expected"]["money"] == pytest.approx(0.09 + 0.48)
    assert found["at_most"]["requests"] == 500
    assert (found["at_most"]["input_tokens"], found["at_most"]["output_tokens"]) == (300_000, 400_000)
    assert any("30,000 accepted tokens" in line for line in asking.lines(found))
    thrice = asking.estimate(SPEC, draws=3)
    assert thrice["tokens"] == 90_000 and not thrice["short"]
    for column in ("expected", "at_most"):
        assert thrice[column] == pytest.approx({name: 3 * n for name, n in found[column].items()})


def test_too_few_seeds_are_said_and_repair_may_double() -> None:
    found = asking.estimate(SPEC.model_copy(update={"seeds": 100, "repair": True}))
    assert found["short"] and found["at_most"]["requests"] == 200
    assert found["at_most"]["input_tokens"] == 100 * (600 + 600 + 800)
    assert any("raise synthesis.seeds" in line for line in asking.lines(found))


def test_a_ledger_and_a_finished_stage_are_measured(tmp_path: Path) -> None:
    assert asking.measured(tmp_path / "ledger.sqlite", None) == {}
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for i in range(4):
            usage = {"prompt_tokens": 100, "completion_tokens": 50 * i}
            ledger.put({"model": "m", "n": i}, {"text": "x", "finish": "stop", "usage": usage, "error": None})
    known = asking.measured(tmp_path / "ledger.sqlite", {"tokens": 30, "answer_tokens": 300})
    assert known == {"question": 100, "answer": 75, "yield": 0.1}
    found = asking.estimate(SPEC, known)
    assert found["rests_on"]["yield"] == 0.1 and found["expected"]["requests"] == 500  # as many as seeds
