"""What the kind asks. Oracle: the seed's own lines, of which words are told and no code."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

from neve.synthesis.gates import Limits
from neve.synthesis.kinds import exercise
from neve.synthesis.seeds import Seed

LINES = "def split_graphemes(text: str, unicodeVersion: str) -> list[CellSpan]:\n    return _split(text)"
SEED = Seed("0" * 32, "r", "cells.py", "Python", LINES, LINES)


def test_the_question_has_words_of_the_lines_and_no_code() -> None:
    asked = exercise.prompt(SEED, 100)
    assert asked is not None and "split, text, graphemes and unicode" in asked
    name, *again = re.findall(r"`(\w+)`", asked)
    assert again == [name, name] and name.rpartition("_")[2] in ("split", "text", "graphemes", "unicode")
    assert not any(line.strip() in asked for line in LINES.splitlines())


def test_each_turn_of_a_document_asks_something_else_and_the_same_each_time() -> None:
    asked = [exercise.prompt(replace(SEED, turn=turn), 100) for turn in range(20)]
    assert asked == [exercise.prompt(replace(SEED, turn=turn), 100) for turn in range(20)]
    assert len(set(asked)) > 15


def test_lines_that_say_nothing_are_no_seed() -> None:
    assert exercise.prompt(replace(SEED, snippet="return self.value"), 100) is None


def test_the_table_of_operations_names_each_once() -> None:
    assert len(set(exercise.OPERATIONS)) == len(exercise.OPERATIONS)


def test_functions_that_nothing_calls_are_refused() -> None:
    """Oracle: the program as written; other languages are not looked into."""
    functions = "def one(a):\n    return a + two(1)\n\n\ndef two(b):\n    return one(b)\n"
    for program, target, passes in (
        (functions, "Python", False), (functions + "print(one(2))\n", "Python", True),
        (functions + "x = one\n", "Python", True), (functions, "C", True),
        (functions + "if __name__ == '__main__':\n    two(3)\n", "Python", True),
    ):  # fmt: skip
        found = exercise.called(
            SimpleNamespace(seed=Seed("", "", "", target, "", ""), program=program), None, Limits()
        )
        assert (found is None) == passes, program
