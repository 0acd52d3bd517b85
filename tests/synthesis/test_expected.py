"""What tests of another module expect. Oracle: modules and tests of a few lines whose values are known by
hand, really run."""

from __future__ import annotations

import ast

import pytest

from neve import sandbox
from neve.recipe.synthesis import Gates
from neve.synthesis import execution, expected

pytestmark = pytest.mark.skipif(sandbox.probe().tier == "none", reason="no sandbox here")

SUMS = (
    "def double(x):\n    return 2 * x\n\n\ndef odd(x):\n    return x % 2 == 1\n\n\ndef names(x):\n    print('asked')\n"
    "    return [x, {'a': None}]\n\n\ndef kinds():\n    return {'a', 'b', 'c', 'd'}\n\n\ndef own():\n    return object()\n"
)


def settled(program: str, text: str = SUMS) -> tuple[str, int]:
    return expected.settled(program, {"sums": text}, 20.0, sandbox.probe())


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("assert double(2) == 5", "assert double(2) == 4"),
        ("assert double(2) == 5, 'two'  # é", "assert double(2) == 4, 'two'  # é"),
        ("x = double(3); assert 'é' and 1\n    assert [7] == [double(3)]", None),
        ("assert 7 == double(3)", "assert 6 == double(3)"),
        ("assert odd(2) is True", "assert odd(2) is False"),
        ("assert names('b') == ['b', {'a': 1}]", "assert names('b') == ['b', {'a': None}]"),
        ("assert double('a') == 'a'", "assert double('a') == 'aa'"),
        ("assert double(2) == 4.5 and odd(1)", None),
        ("assert double(2) == 1", "assert double(2) == 4"),
        ("assert double(2) == 0", "assert double(2) == 4"),
        ("assert double(2) == 4", None),
        ("assert double(2) is True", None),
        ("assert kinds() == ['a']", None),
        ("assert own() == 1", None),
        ("assert double() == 1", None),
        ("for i in (1, 2):\n        assert double(i) == 1", None),
        ("assert double(2) == (\n        5\n    )", "assert double(2) == (\n        4\n    )"),
    ],
)
def test_what_the_module_gives_takes_the_place_of_a_guess(line: str, mended: str | None) -> None:
    before = "from sums import *\n\n\ndef test_it():\n    "
    if mended is None and "[7]" in line:
        mended = line.replace("[7]", "[6]")
    assert settled(f"{before}{line}\n") == (f"{before}{mended or line}\n", mended is not None)


def test_tests_in_classes_and_after_a_guess_that_was_wrong() -> None:
    program = (
        "import unittest\nimport sums\n\n\nclass TestSums(unittest.TestCase):\n    def test_double(self):\n"
        "        self.assertEqual(sums.double(1), 3)\n        self.assertEqual(7, sums.double(2), 'two')\n\n\n"
        "class TestOdd:\n    def test_odd(self):\n        assert sums.odd(2) == True\n\n\n"
        "if __name__ == '__main__':\n    unittest.main()\n"
    )
    found, put = settled(program)
    assert (
        put == 3
        and "double(1), 2)" in found
        and "(4, sums.double(2), 'two')" in found
        and "odd(2) == False" in found
    )
    ran = execution.check([execution.Program("Python", program, {"sums": SUMS})], Gates(), sandbox.probe())[0]
    assert (ran.tests, ran.passed, ran.asserting) == (2, 2, 2) and ran.comments is not None
    assert (ran.comments.text, ran.comments.mended) == (found, 3)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("from sums import now\n\n\ndef test_it():\n    assert now() == 1\n", "import time\n\n\ndef now():\n    return time.time() > 1\n"),
        ("from sums import (\n", SUMS),
        ("from sums import *\n\n\ndef test_it():\n    assert double(2) == 5\n", "raise ValueError\n"),
        ("from sums import *\n\n\ndef test_it():\n    assert double(2) == 5\n", "import sys\n\nsys.exit(0)\n"),
        ("from sums import *\n\n\ndef test_it():\n    double(2)\n", SUMS),
    ],
)  # fmt: skip
def test_what_says_nothing_is_left(program: str, text: str) -> None:
    assert settled(program, text) == (program, 0)


def test_only_calls_beside_literals_are_expectations() -> None:
    tree = ast.parse(
        "assert f(1) == 2\nassert x == 2\nassert f(1) == g(1)\nassert f(1) > 2\nassert f(1) == 2 == 3\n"
    )
    assert len(expected.expectations(tree)) == 1
