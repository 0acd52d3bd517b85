"""Code out of answers. Oracle: CommonMark's rules for fences, and Python's parser on what comes out."""

from __future__ import annotations

import ast

import pytest

from neve.evaluation.generation import extraction

GOOD = "import math\n\nK = 2\n\ndef helper(x):\n    return K * x\n\ndef f(x):\n    return helper(math.floor(x))\n"


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("none here", []),
        ("```python\nx = 1\n```", ["x = 1\n"]),
        ("a\n```\nx\n```\nb\n~~~py\ny\n~~~\n", ["x\n", "y\n"]),
        ("````\n```\nx\n```\n````\n", ["```\nx\n```\n"]),
        ("```python\nx = 1\n", ["x = 1\n"]),
        ("``` a`b\nx\n", []),
        ("~~~\n```\n~~~", ["```\n"]),
    ],
)
def test_fences(text, blocks):
    assert extraction.fenced(text) == blocks


def test_the_block_that_defines_the_function_is_taken():
    text = f"First:\n```\nprint(1)\n```\nThen:\n```python\n{GOOD}```\nTest it:\n```python\nassert f(1) == 2\n```\n"
    assert extraction.answered(text, "f") == GOOD.replace("\n\n", "\n")


def test_what_is_not_the_solution_is_left_out():
    tail = "print(f(3))\nx = input()\nassert f(1) == 2\nif __name__ == '__main__':\n    f(1)\n\ndef unused(): pass\n"
    assert extraction.needed(GOOD + tail, "f") == GOOD.replace("\n\n", "\n")


def test_a_completion_is_cut_where_it_stops_to_parse():
    prompt = 'def f(x):\n    """Adds."""\n'
    assert extraction.completed(prompt, "    return x + 1\n\ndef g(:\n", "f") == prompt + "    return x + 1\n"
    assert extraction.completed(prompt, "    return (\n", "f") == prompt + "    return (\n"
    ast.parse(extraction.completed(prompt, "    y = x\n    return y +", "f"))


def test_a_bare_body_goes_behind_the_prompt():
    prompt = 'def f(x):\n    """Adds."""\n'
    assert (
        extraction.answered("```python\n    return x + 1\n```", "f", prompt) == prompt + "    return x + 1\n"
    )


def test_nothing_is_mended():
    assert extraction.answered("I cannot.", "f") == "I cannot."
    assert extraction.parse("\0") is None and extraction.parse("(" * 5000) is None
