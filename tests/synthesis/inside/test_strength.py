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


CODE_THAT_ASSERTS = """
class Stack:
    def push(self, x):
        assert x is not None
        self.items.append(x)

    def assert_whole(self):
        assert self.items

def area(width, height):
    assert width > 0 and height > 0
    return width * height

def require(condition):
    assert condition

def show(x):
    assert x == 2
    print(x)

def fail_over(server):
    return server.next

"""


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("area(2, 3)", 0),  # what it calls asserts
        ("Stack().push(1)", 0),
        ("Stack().assert_whole()", 0),
        ("area(2, 3)\n    show(2)", 0),  # a helper that is given a constant, and calls nothing
        ("fail_over(3)", 0),
        ("assert area(2, 3) == 6", 1),
        ("require(area(2, 3) == 6)", 1),
        ("require(condition=area(2, 3) == 6)", 1),
        ("def inner(x):\n        assert x == 6\n    inner(area(2, 3))", 1),
        ("with pytest.raises(AssertionError):\n        area(0, 0)", 1),
        ("with pytest.raises(Exception):\n        area(0, 0)", 0),
        ("with pytest.raises(Exception, match='empty'):\n        area(0, 0)", 1),
        ("try:\n        area(0, 0)\n    except AssertionError:\n        return\n    pytest.fail('no')", 1),
        ("np.testing.assert_allclose(area(1, 2), 2)", 1),
        ("assert_equal(area(1, 2), area(1, 2))", 0),
    ],
)
def test_what_the_code_under_test_asserts_is_no_assertion_of_the_tests(body: str, counts: int) -> None:
    found = strength.assertions(ast.parse(f"{CODE_THAT_ASSERTS}def test_it():\n    {body}\n"))
    assert found["test_it"] == counts


def test_helpers_of_a_test_class_and_of_its_base_are_the_tests_own() -> None:
    tree = ast.parse(
        "class Base(unittest.TestCase):\n    def same(self, a, b):\n        self.assertEqual(a, b)\n"
        "    def test_inherited(self):\n        self.same(f(1), 2)\n\n"
        "class Case(Base):\n    def test_own(self):\n        self.same(f(2), 3)\n"
        "    def test_none(self):\n        f(2)\n"
    )
    found = strength.assertions(tree)
    wanted = {"Base.test_inherited": 1, "Case.test_inherited": 1, "Case.test_own": 1, "Case.test_none": 0}
    assert {name: found[name] for name in wanted} == wanted


def test_a_file_of_tests_for_another_module_is_all_the_tests() -> None:
    text = "def check(x, n):\n    made = area(x, n)\n    assert made == x * n\n    return made\n\ndef test_it():\n    check(2, 3)\n"
    assert strength.assertions(ast.parse(text), apart=True)["test_it"] == 1
    assert strength.assertions(ast.parse(text))["test_it"] == 0


def test_a_doctest_tells_something_if_it_expects_output() -> None:
    tree = ast.parse(
        'class C:\n    def f(self):\n        """\n        >>> x = 1\n        """\n'
        '    def g(self):\n        """\n        >>> x + 1\n        2\n        >>> assert x\n        """\n'
    )
    found = strength.assertions(tree)
    assert (found[">>> document.C.f"], found[">>> document.C.g"]) == (0, 2)


def test_assertions_outside_of_functions_are_counted_apart() -> None:
    text = "def f():\n    assert f\n\nif x:\n    assert f(1) == 2\n    assert True\n"
    assert strength.loose(ast.parse(text)) == 1


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

def same(a, b):
    for x, y in zip(a, b):
        assert x + 1 == y + 1

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
