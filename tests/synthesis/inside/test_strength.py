"""What tests are worth, read from code. Oracles: programs with known assertions, branches and operators."""

from __future__ import annotations

import ast

import pytest

from neve.synthesis.inside import strength


def test_assertions_are_counted_through_helpers_and_only_if_they_say_something() -> None:
    tree = ast.parse(
        "def check(a, b):\n    assert a == b\n\n"
        "def test_helped():\n    check(f(1), 2)\n\n"
        "def test_nothing():\n    f(1)\n    assert True\n    assert 1 == 1\n\n"
        "class TestIt:\n    def test_raises(self):\n        with raises(ValueError):\n            f(0)\n"
    )
    found = strength.assertions(tree)
    assert (found["test_helped"], found["test_nothing"], found["TestIt.test_raises"]) == (1, 0, 1)


def test_a_value_compared_with_itself_says_nothing() -> None:
    for text, tells in (
        ("x == x", False),
        ("f(x) == 2", True),
        ("1 < 2", False),
        ("x", True),
        ("not done()", True),
    ):
        assert bool(strength.telling(ast.parse(text, mode="eval").body)) == tells, text


CODE = '''
"""About."""
def sign(x):
    """Of a number."""
    if x < 0:
        return -1
    for _ in range(2):
        x += 1
    return x == 3

def test_sign():
    assert sign(1) == 3

if __name__ == "__main__":
    print(sign(2) + 1)
'''


def test_tests_docstrings_and_the_main_block_are_not_code_under_test() -> None:
    nodes = strength.parts(ast.parse(CODE))
    lines = {getattr(node, "lineno", 0) for node in nodes} - {0}
    assert lines == {3, 5, 6, 7, 8, 9}
    assert strength.reached(nodes, {6}) == (1, 2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x < 0", "x >= 0"),
        ("x + 1", "x - 1"),
        ("a and b", "a or b"),
        ("a in b", "a not in b"),
        ("7", "8"),
        ("True", "False"),
    ],
)
def test_a_change_is_the_operator_s_opposite(before: str, after: str) -> None:
    node = ast.parse(before, mode="eval").body
    strength.change(node)
    assert ast.unparse(node) == after


def test_only_lines_that_ran_are_changed() -> None:
    nodes = strength.parts(ast.parse(CODE))
    assert {node.lineno for node in strength.sites(nodes, {8, 9})} == {8, 9}
    assert strength.sites(nodes, set()) == []
