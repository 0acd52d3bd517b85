"""The seam of kinds. Oracles: shares counted in every beginning; the Protocol's names on every module."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from neve.synthesis import kinds
from neve.synthesis.seeds import Seed

FILE = "def double(x):\n    return 2 * x\n"


def seeds(languages: list[str], text: str = FILE) -> list[Seed]:
    return [Seed(f"{i:032x}", "r", f"{i}.py", name, text, text) for i, name in enumerate(languages)]


def dealt(
    asked: list[Seed], shares: dict[str, float], room: int = 3000, languages: tuple[str, ...] = ()
) -> list[Seed]:
    pairs = [(kinds.KINDS[name], share) for name, share in shares.items()]
    return list(kinds.deal(asked, pairs, room, languages))


@given(st.lists(st.sampled_from(["Python", "C", "Go"]), max_size=60), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_shares_hold_in_every_beginning_and_in_each_language(languages: list[str], a: int, b: int) -> None:
    shares = {"problem-file": a, "rewrite": b}
    asked = dealt(seeds(languages), shares)
    for end in range(len(asked) + 1):
        for language in set(languages):
            mine = [seed.kind for seed in asked[:end] if seed.language == language]
            assert abs(mine.count("rewrite") - b / (a + b) * len(mine)) <= 1
    more = dealt(seeds([*languages, "C"]), shares)
    assert more[:-1] == asked


def test_a_seed_that_does_not_suit_a_kind_goes_to_another_or_to_none() -> None:
    long = seeds(["Python"] * 4, "x = 1\n" * 1000)
    assert {seed.kind for seed in dealt(long, {"problem-file": 1, "rewrite": 9})} == {"problem-file"}
    assert [(seed.kind, seed.prompt) for seed in dealt(long, {"rewrite": 1})] == [("", "")] * 4


def test_a_translation_is_into_another_language_of_the_recipe_and_counts_there() -> None:
    languages = ("C", "Go", "Python")
    asked = dealt(seeds(["Python"] * 40), {"translation": 1}, languages=languages)
    assert {seed.target for seed in asked} == {"C", "Go"} and {seed.language for seed in asked} == {"Python"}
    assert all(f"to {seed.into}" in seed.prompt for seed in asked)
    assert dealt(seeds(["Python"]), {"translation": 1}, languages=("Python",))[0].prompt == ""


def test_every_kind_asks_and_ends_with_the_gates_that_all_share() -> None:
    seed = seeds(["Python"])[0]
    for name, kind in kinds.KINDS.items():
        asked = dealt([seed], {name: 1}, languages=("Python", "Go"))[0]
        shown = "double" if name == "exercise" else "def double(x)"  # words of the lines alone
        assert "Python" in asked.prompt and shown in asked.prompt, name
        rules = [gate.rule for gate in kind.GATES]
        assert len(set(rules)) == len(rules) and rules[0] == "unanswered", name
        assert {"unfinished", "no-code", "echo", "contaminated", "exact-duplicate", "near-duplicate"} < set(
            rules
        ), name
