"""Which language a seed is translated to. Oracle: the languages given."""

from __future__ import annotations

from dataclasses import replace

from neve.synthesis.kinds import translation
from neve.synthesis.seeds import Seed

SEED = Seed("0" * 32, "r", "a.py", "Python", "x = 1\n", "x = 1")


def test_the_language_is_another_one_and_the_same_every_time() -> None:
    seeds = [replace(SEED, doc_id=f"{i:032x}") for i in range(60)]
    found = [translation.into(seed, ["Python", "Go", "Rust", "SQL"]) for seed in seeds]
    assert set(found) == {"Go", "Rust"} and found == [
        translation.into(seed, ["Rust", "Go"]) for seed in seeds
    ]
    assert translation.into(SEED, ["Python"]) is None
    assert translation.into(replace(SEED, language="SQL"), ["Go"]) is None


def test_the_question_names_both() -> None:
    asked = translation.prompt(replace(SEED, into="Go"), 100)
    assert (
        asked is not None and "Translate this Python file to Go" in asked and "```python\nx = 1\n```" in asked
    )
    assert translation.prompt(SEED, 100) is None
