"""The pieces that run in the sandbox, here. Oracle: programs written to do one thing; the whole is tested in
test_execution."""

from __future__ import annotations

import ast
import time

from neve.synthesis.inside import run_document


def test_work_apart_comes_back_or_says_why_not() -> None:
    assert run_document.apart(lambda: {"x": 1}, 5) == ({"x": 1}, "")
    assert run_document.apart(lambda: time.sleep(3600), 0.3) == (None, "timeout")

    def fails() -> None:
        raise ValueError

    assert run_document.apart(fails, 5) == (None, "the process ended without a word")


def test_tests_of_all_sorts_are_found() -> None:
    program = (
        "import unittest\n\ndef double(x):\n    '''\n    >>> double(2)\n    4\n    '''\n    return 2 * x\n\n"
        "def test_double():\n    assert double(1) == 2\n\ndef test_needs(fixture):\n    pass\n\n"
        "class Case(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(double(0), 1)\n\n"
        "class TestPlain:\n    def setup_method(self):\n        self.x = 3\n    def test_x(self):\n        assert self.x == 3\n"
    )
    found, _ = run_document.apart(lambda: run_document.attempt(ast.parse(program)), 10)
    ran = dict(found["tests"])
    assert set(ran) == {"test_double", "Case.test_it", "TestPlain.test_x", ">>> document.double"}
    assert [name for name, error in ran.items() if error] == ["Case.test_it"]
