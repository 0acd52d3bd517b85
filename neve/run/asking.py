"""What asking for synthetic documents will take, before anything is asked: requests, tokens, hours, money.

Two columns: what is expected, and the most that the recipe allows. Expected figures rest on a yield and
on the length of questions and answers; until a ledger has some, half of the room for each is taken and
the yield is the recipe's. The trade-off: a guess that says what it rests on, rather than none.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from neve.recipe.synthesis import Synthesis


def estimate(recipe: Synthesis, known: dict[str, float] | None = None, draws: int = 1) -> dict[str, Any]:
    """{expected, at_most: {requests, input_tokens, output_tokens, hours, money}, rests_on: {…}}.

    `known`, where there is a ledger: tokens of a `question` and an `answer`, and the `yield` (accepted
    tokens for each answered), as far as they were measured. `draws`: how often all of it is asked.
    Hours are None without `budget.expected_speed`.
    """
    rests: dict[str, Any] = {
        "question": recipe.prompt_tokens / 2,
        "answer": recipe.max_tokens / 2,
        "yield": recipe.budget.expected_yield,
        **{name: value for name, value in (known or {}).items() if value},
    }
    turns = 2 if recipe.repair else 1
    requests = draws * min(recipe.seeds * turns, math.ceil(recipe.tokens / rests["yield"] / rests["answer"]))
    wanted, most = draws * recipe.tokens, draws * recipe.seeds * turns
    return {
        "tokens": wanted,
        "expected": _costs(recipe, requests, requests * rests["question"], requests * rests["answer"]),
        "at_most": _costs(
            recipe,
            most,
            draws * recipe.seeds * (turns * recipe.prompt_tokens + (turns - 1) * recipe.max_tokens),
            most * recipe.max_tokens,
        ),
        "rests_on": rests | {"measured": sorted(known or {})},
        "short": requests * rests["answer"] * rests["yield"] < wanted,
    }


def _costs(recipe: Synthesis, requests: int, inputs: float, outputs: float) -> dict[str, Any]:
    budget = recipe.budget
    speed = budget.expected_speed
    return {
        "requests": requests,
        "input_tokens": round(inputs),
        "output_tokens": round(outputs),
        "hours": None if speed is None else outputs / speed / 3600,
        "money": (inputs * budget.input_price + outputs * budget.output_price) / 1e6,
    }


def measured(ledger: Path, counts: dict[str, Any] | None) -> dict[str, float]:
    """What a ledger and a finished synthesis tell of lengths and of the yield; empty without either."""
    found: dict[str, float] = {}
    if ledger.exists():
        from neve.llm import costs
        from neve.llm.ledger import Ledger

        with Ledger(ledger) as opened:
            models = costs.report(opened).values()
        answered = sum(m["questions"] - m["failed"] - m["uncounted"] for m in models)
        if answered:
            found["question"] = sum(m["input_tokens"] for m in models) / answered
            found["answer"] = sum(m["output_tokens"] for m in models) / answered
    if counts and counts.get("answer_tokens") and counts.get("tokens"):
        found["yield"] = counts["tokens"] / counts["answer_tokens"]
    return found


def finished(folder: Path, arm: str) -> dict[str, Any] | None:
    """Counts of a run's synthesis, where it is done."""
    from neve import store

    if not (folder / store.RUN).exists():
        return None
    place = store.arm_stages(folder, arm).get("synthesis")
    done = place is not None and store.state(place) == "done"
    return store.read_json(place / store.MANIFEST)["counts"] if place is not None and done else None


def lines(found: dict[str, Any]) -> list[str]:
    """An estimate for a person."""
    rests = found["rests_on"]
    said = []
    for name, words in (("expected", "synthesis, expected"), ("at_most", "synthesis, at most")):
        row = found[name]
        hours = (
            "hours unknown (synthesis.budget.expected_speed)"
            if row["hours"] is None
            else f"{row['hours']:,.2f} hours"
        )
        said.append(
            f"{words}: {row['requests']:,} requests, {row['input_tokens']:,} tokens of questions, "
            f"{row['output_tokens']:,} of answers, {hours}, {row['money']:,.2f} in money"
        )
    origin = ", ".join(rests["measured"]) or "nothing measured yet"
    said.append(
        f"  for {found['tokens']:,} accepted tokens; rests on {rests['question']:,.0f} tokens a question, "
        f"{rests['answer']:,.0f} an answer, {rests['yield']:.2f} accepted for each answered ({origin})"
    )
    if found["short"]:
        said.append("  these seeds are too few for that: raise synthesis.seeds")
    return said
