"""What is measured of an answer. Oracles: answers made to have one fault each."""

from __future__ import annotations

from types import SimpleNamespace

from neve.llm.answers import Answer
from neve.synthesis import candidates, reading
from neve.synthesis.candidates import Candidate, echo
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


def test_a_chapter_is_mended_where_its_blocks_stand() -> None:
    blocks = "1. First:\n\n   ```python\n   x = 1\n   print(x)  # Output: 2\n   ```\n\nprint(x) shows it.\n\n> ```python\n> print(x)  # Output: 3\n> ```\n"
    seed = Seed("", "", "", "Python", "", "")
    read = reading.chapter(blocks, seed)
    assert read.program == "x = 1\nprint(x)  # Output: 2\n\n\nprint(x)  # Output: 3\n"
    candidate = Candidate(seed, Answer(blocks), read.code, 0.0, 0.0, None, 9, "Markdown", read.program)
    how = SimpleNamespace(tokenizer=SimpleNamespace(encode_batch=lambda texts: [t.split() for t in texts]))
    right = read.program.replace("Output: 2", "Output: 1").replace("Output: 3", "Output: 1")
    made = candidates.mended(candidate, right, how)
    assert made is not None and made.program == right and made.tokens == len(made.code.split())
    assert made.code == blocks.replace("Output: 2", "Output: 1").replace("Output: 3", "Output: 1")
    other = Candidate(seed, Answer(""), "y = 2\n", 0.0, 0.0, None, 9, "Markdown", read.program)
    assert candidates.mended(other, right, how) is None
