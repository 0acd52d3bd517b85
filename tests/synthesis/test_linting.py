"""Scores by ruff. Oracle: the formula, worked out by hand."""

from __future__ import annotations

import pytest

from neve.synthesis import linting


def test_findings_cost_and_errors_cost_five_times() -> None:
    clean = "def f(x):\n    y = x + 1\n    return y\n"
    unused = "import os\n\n\ndef f(x):\n    y = x + 1\n    return y\n"  # one finding, 4 statements
    undefined = "def f(x):\n    y = x + z\n    return y\n" + "TOTAL = 1\n" * 30  # one, among many statements
    found = linting.scores([clean, unused, undefined, "def f(:\n", ""])
    assert found == [1.0, pytest.approx(0.75), 0.0, None, None]


def test_a_control_character_in_a_string_is_no_error() -> None:
    assert linting.scores(["def f():\n    return '\x1b[0m'\n"]) == [1.0]


def test_noqa_does_not_hide_and_docstrings_are_no_statements() -> None:
    text = 'import os  # noqa\n\n\ndef f(x):\n    """What it does."""\n    return x\n'
    assert linting.scores([text]) == [pytest.approx(1 - 1 / 3)]


def test_an_f_string_that_holds_nothing_is_a_finding_and_a_format_that_cannot_work_an_error() -> None:
    text = "def f(x):\n    y = x\n    z = {}\n    return y + z\n"
    found = linting.scores([text.format('f"a"'), text.format('"%d %d" % (1,)')])
    assert found == [pytest.approx(3 / 4), 0.0]


def test_functions_that_are_still_to_be_written() -> None:
    written = "def f(x):\n    '''Twice.'''\n    return 2 * x\n"
    left = "def g(x):\n    '''Thrice.'''\n    # ...\n    {}\n"
    for body in ("pass", "...", "raise NotImplementedError", "raise NotImplementedError('later')"):
        assert linting.unwritten(left.format(body)) == 1.0
        assert linting.unwritten(written + left.format(body)) == 0.5
    assert linting.unwritten(written + left.format("raise ValueError(x)")) == 0.0
    asked = "class A(Protocol):\n    def f(self): ...\n\nclass B:\n    @abc.abstractmethod\n    def g(self): ...\n"
    assert linting.unwritten(asked) == linting.unwritten("x = 1\n") == linting.unwritten("def (") == 0.0
