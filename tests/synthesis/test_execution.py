"""Documents are really run in the sandbox. Oracle: programs written to do one thing each."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from neve import sandbox
from neve.recipe.synthesis import Gates
from neve.synthesis import execution
from neve.synthesis.execution import Check, Program

pytestmark = pytest.mark.skipif(sandbox.probe().tier == "none", reason="no sandbox here")

CLAMP = '''
def clamp(x, low, high):
    """Keep x within bounds.

    >>> clamp(5, 0, 3)
    3
    """
    if x < low:
        return low
    if x > high:
        return high
    return x

'''
TESTS = """
def test_bounds():
    assert clamp(5, 0, 3) == 3
    assert clamp(-1, 0, 3) == 0

def test_inside():
    assert clamp(1, 0, 3) == 1
"""


def check(text: str, language: str = "Python", beside: dict[str, str] | None = None) -> Check:
    gates = Gates(seconds=3)
    return execution.check([Program(language, text, beside or {})], gates, sandbox.probe())[0]


def test_the_files_that_run_as_one_text_name_nothing_twice() -> None:
    tree = ast.parse(execution.program())
    named = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    named += [
        t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
    ]
    assert len(named) > 40 and [name for name, times in Counter(named).items() if times > 1] == []


def test_members_that_a_module_does_not_have_are_told_though_nobody_asks_for_them() -> None:
    text = "import math\n\n\ndef size(x):\n    return math.abs(x)\n\n\nprint(math.pi)\n"
    found = check(text)
    assert (found.how, found.error) == (
        "run",
        "AttributeError: module 'math' has no attribute 'abs' (line 5)",
    )
    assert check(text.replace("abs", "fabs")).error == ""


def test_tests_are_run_and_their_strength_measured() -> None:
    found = check(CLAMP + TESTS)
    assert (found.how, found.error, found.tests, found.passed, found.asserting) == ("tested", "", 3, 3, 3)
    assert found.assertions == 4 and found.branches == (2, 2)
    assert (
        found.mutants[1] >= 3 and found.mutants[0] == found.mutants[1]
    )  # each mutant breaks one of the tests
    weak = check(CLAMP + "\n\ndef test_inside():\n    assert clamp(1, 0, 3) == 1\n")
    assert weak.branches == (1, 2) or weak.branches == (2, 2)  # the doctest reaches one


def test_a_doctest_that_shows_a_call_and_no_result_is_no_test_unless_it_fails() -> None:
    shown = CLAMP.split("    >>> ")[0] + "    >>> x = clamp(5, 0, 3)\n" + CLAMP[CLAMP.rindex('    """') :]
    found = check(shown)
    assert (found.tests, found.asserting, found.error) == (0, 0, "")
    found = check(CLAMP.replace("clamp(5, 0, 3)\n", "clamp(5, 0, 3)  # doctest: +SKIP\n"))
    assert (found.tests, found.asserting, found.error) == (0, 0, "")
    found = check(shown.replace("x = clamp", "x = clamps"))
    assert (found.tests, found.passed) == (1, 0)


def test_a_share_of_failing_tests() -> None:
    found = check(CLAMP.replace(">>> ", "") + TESTS.replace("== 1", "== 2"))
    assert (found.tests, found.passed) == (2, 1) and found.failure.startswith("test_inside: AssertionError")


@pytest.mark.parametrize(
    ("body", "asserting"),
    [
        ("clamp(1, 0, 3)", 0),
        ("clamp(1, 0, 3)\n    assert True", 0),
        ("x = clamp(1, 0, 3)\n    assert x == x", 0),
        ("helper(clamp(1, 0, 3), 1)", 1),
        ("guarded(1)", 0),
        ("assert clamp(1, 0, 3) == 1", 1),
    ],
)
def test_what_asserts_something(body: str, asserting: int) -> None:
    helper = "def helper(a, b):\n    assert a == b\n\ndef guarded(x):\n    assert x > 0\n    return x\n\n"
    found = check(f"{CLAMP.replace('>>> ', '')}{helper}\ndef test_one():\n    {body}\n")
    assert (found.tests, found.passed, found.asserting) == (1, 1, asserting)


def test_a_test_that_is_a_coroutine_is_run_to_its_end() -> None:
    found = check(f"{CLAMP}\nasync def test_one():\n    assert clamp(1, 0, 3) == 2\n")
    assert (found.tests, found.passed) == (2, 1) and found.failure.startswith("test_one: AssertionError")


def test_unittest_and_classes_are_found() -> None:
    found = check(
        "import unittest\n\ndef add(a, b):\n    return a + b\n\nclass AddTest(unittest.TestCase):\n"
        "    def test_sum(self):\n        self.assertEqual(add(1, 2), 3)\n\n"
        "class TestMore:\n    def test_zero(self):\n        assert add(0, 0) == 0\n\n"
        "if __name__ == '__main__':\n    unittest.main()\n"
    )
    assert (found.tests, found.passed, found.asserting, found.error) == (2, 2, 2, "")


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("import math\nprint(math.sqroot(2))\n", "AttributeError"),
        ("def f():\n    pass\n\nif __name__ == '__main__':\n    g()\n", "NameError"),
        ("while True:\n    pass\n", "timeout"),
        ("import os\nos._exit(0)\n", "the process ended without a word"),
        ("x = [0] * (1 << 32)\n", "MemoryError"),
    ],
)
def test_what_does_not_run_says_why(program: str, error: str) -> None:
    assert check(program).error.startswith(error)


@pytest.mark.parametrize(
    "program",
    [
        "name = input('name? ')\nprint(name)\n",
        "import sys\nif __name__ == '__main__':\n    sys.exit(len(sys.argv) < 2)\n",
    ],
)
def test_programs_that_want_input_or_arguments_run(program: str) -> None:
    assert (check(program).how, check(program).error) == ("run", "")


def test_what_cannot_be_checked_says_so() -> None:
    found = check("import nonesuch.more\n")
    assert found.how == "not checked: ModuleNotFoundError: No module named 'nonesuch' (line 1)"
    assert (
        found.missing == "nonesuch"
        and check("import urllib.request as u\nu.urlopen('http://x')\n").missing == ""
    )
    assert check("x", "Ruby").how == "not checked: nothing runs or compiles Ruby here"
    nowhere = sandbox.Sandbox("none", "no walls")
    assert execution.check([Program("Python", "x = 1", {})], Gates(), nowhere) == [
        Check("not checked: no walls")
    ]


def test_tests_of_another_module_make_mutants_of_that() -> None:
    found = check("from tools import clamp\n" + TESTS, beside={"tools": CLAMP})
    assert (found.how, found.tests, found.passed) == ("tested", 2, 2) and found.branches == (2, 2)
    assert found.mutants[1] > 0 and found.mutants[0] == found.mutants[1]
    found = check(
        "import tools\n\ndef test_any():\n    assert callable(tools.clamp)\n", beside={"tools": CLAMP}
    )
    assert found.mutants[0] == 0


SQUARE = """\
def square(x):
    return x * x


if __name__ == "__main__":
    print(square(3))  # Output: 10
    print(square(2))  # Output: 4
"""


def test_comments_that_state_a_wrong_result_are_mended() -> None:
    found = check(SQUARE)
    assert found.how == "run" and found.comments is not None
    assert (found.comments.mended, found.comments.wrong) == (1, "")
    assert found.comments.text == SQUARE.replace("10", "9")
    assert check(SQUARE.replace("10", "9")).comments is None


def test_a_result_that_another_run_does_not_give_is_not_written() -> None:
    found = check("names = {'ann', 'bob', 'eve', 'joe'}\nprint(names)  # Output: ['ann', 'bob', 'eve']\n")
    assert found.comments is not None and found.comments.mended == 0
    assert found.comments.wrong.startswith("line 2 states")


@pytest.mark.parametrize(
    "said", ["5", "{'0': 5}", "{'0': [5]}", "{'0': [[[1], {}, 3]]}", "{'0': [[{}, [1]]]}"]
)
def test_a_program_that_fakes_what_was_seen_harms_nobody(said: str) -> None:
    fake = "def dumps(given, real=json.dumps):\n    return real({**given, 'seen': SAID})\n"
    found = check(f"import json\n\n{fake.replace('SAID', said)}\njson.dumps = dumps\nprint(1)  # Output: 2\n")
    assert found.how == "run" and (found.error or found.comments is None or found.comments.mended <= 1)
