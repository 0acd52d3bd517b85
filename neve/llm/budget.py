"""What may be spent on endpoints, in tokens and in money, with a hard stop.

Before a question goes out, the most that it can cost is set aside: its text, guessed at three characters a
token, and as many tokens as its answer may have. When it comes back, what the endpoint counted takes that
place; where it counted nothing, or never answered, the guess stays, since it may have worked all the same.
So a budget is never passed by more than that guess is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from neve.llm.answers import Answer

CHARACTERS = 3
"""Of text that a token stands for, at least."""


@dataclass
class Budget:
    """Limits (None: none), prices in money per million tokens of question and of answer, and what was spent
    before."""

    tokens: int | None = None
    money: float | None = None
    input_price: float = 0.0
    output_price: float = 0.0
    spent_input: float = 0.0
    spent_output: float = 0.0
    _set_aside: tuple[float, float] = (0.0, 0.0)

    def reserve(self, payload: dict[str, Any]) -> bool:
        """Set aside what a question may cost; False when that is more than is left."""
        asked, answered = guess(payload)
        inputs = self.spent_input + self._set_aside[0] + asked
        outputs = self.spent_output + self._set_aside[1] + answered
        if self.tokens is not None and inputs + outputs > self.tokens:
            return False
        if self.money is not None and self._cost(inputs, outputs) > self.money:
            return False
        self._set_aside = (self._set_aside[0] + asked, self._set_aside[1] + answered)
        return True

    def settle(self, payload: dict[str, Any], sent: bool, answer: Answer) -> None:
        """A question came back; `sent`: whether the endpoint may have worked on it."""
        asked, answered = guess(payload)
        self._set_aside = (self._set_aside[0] - asked, self._set_aside[1] - answered)
        if sent:
            self.spent_input += answer.usage.get("prompt_tokens") or asked
            self.spent_output += answer.usage.get("completion_tokens") or answered

    def spent(self) -> str:
        """One line for a person."""
        used = f"{self.spent_input + self.spent_output:,.0f} tokens"
        limits = [f"{self.tokens:,} tokens"] if self.tokens is not None else []
        if self.money is not None:
            used += f" and {self._cost(self.spent_input, self.spent_output):,.2f} in money"
            limits.append(f"{self.money:,.2f} in money")
        return (
            f"the budget of {' and '.join(limits)} has no room for another question ({used} are spent); "
            "raise it and run again, what was answered is kept"
        )

    def _cost(self, inputs: float, outputs: float) -> float:
        return (inputs * self.input_price + outputs * self.output_price) / 1e6


def guess(payload: dict[str, Any]) -> tuple[float, float]:
    """(tokens of the question, most tokens of the answer)."""
    text = payload.get("prompt") or json.dumps(payload.get("messages", []), ensure_ascii=False)
    return len(str(text)) / CHARACTERS, float(payload.get("max_tokens") or 0)
