"""What is measured of an answer. Oracles: answers made to have one fault each."""

from __future__ import annotations

from neve.synthesis import candidates
from neve.synthesis.candidates import echo
from neve.synthesis.seeds import Seed


def test_the_echo_is_the_share_of_the_questions_own_words() -> None:
    seed = Seed("", "", "", "Python", "x = 1\n", "x = 1", prompt="Write a short program like this: x = 1")
    assert echo(seed, "Write a short program like this: y = 2") == 1.0
    assert echo(seed, "def write(a, short, program): return 1") == 0.0
    assert echo(Seed("", "", "", "Python", "", ""), "any text") == 0.0


def test_an_answer_in_another_language_is_told_by_its_fence_or_by_what_parses_it() -> None:
    python, go = "def f(x):\n    return x + 1\n", "package main\n\nfunc main() {\n\tprintln(1)\n}\n"
    others = candidates._others(
        [python, go, go, python, "def f(:\n"],
        ["Python"] * 5,
        [0.0, 0.5, 0.5, 0.0, 0.5],
        ["python", "go", "", "", ""],
    )
    assert others == [None, "Go", "Go", None, None]
