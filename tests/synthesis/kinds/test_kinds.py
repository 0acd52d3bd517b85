"""The seam of kinds. Oracles: shares counted in every beginning; the Protocol's names on every module."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from neve.synthesis import kinds
from neve.synthesis.seeds import Seed


def seeds(languages: list[str], text: str = "x = 1\n") -> list[Seed]:
    return [Seed(f"{i:032x}", "r", f"{i}.py", name, text, text) for i, name in enumerate(languages)]


@given(st.lists(st.sampled_from(["Python", "C", "Go"]), max_size=60), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_shares_hold_in_every_beginning_and_in_each_language(languages: list[str], a: int, b: int) -> None:
    shares = {"problem-file": a, "rewrite": b}
    dealt = [seed for seed, _ in kinds.deal(seeds(languages), shares, 3000)]
    for end in range(len(dealt) + 1):
        for language in set(languages):
            mine = [seed.kind for seed in dealt[:end] if seed.language == language]
            assert abs(mine.count("rewrite") - b / (a + b) * len(mine)) <= 1
    more = [seed for seed, _ in kinds.deal(seeds([*languages, "C"]), shares, 3000)]
    assert more[:-1] == dealt


def test_a_seed_that_does_not_suit_a_kind_goes_to_another_or_to_none() -> None:
    long = seeds(["Python"] * 4, "x = 1\n" * 1000)
    assert {seed.kind for seed, _ in kinds.deal(long, {"problem-file": 1, "rewrite": 9}, 3000)} == {
        "problem-file"
    }
    assert [prompt for _, prompt in kinds.deal(long, {"rewrite": 1}, 3000)] == [None] * 4


def test_every_kind_asks_and_ends_with_the_gates_that_all_share() -> None:
    seed = seeds(["Python"])[0]
    for name, kind in kinds.KINDS.items():
        prompt = kind.prompt(seed, 3000)
        assert prompt is not None and "Python" in prompt and "x = 1" in prompt, name
        rules = [gate.rule for gate in kind.GATES]
        assert len(set(rules)) == len(rules) and rules[0] == "unanswered", name
        assert {"unfinished", "no-code", "contaminated", "exact-duplicate", "near-duplicate"} < set(rules), (
            name
        )
