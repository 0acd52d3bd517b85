"""One task. Oracle: values by hand."""

from __future__ import annotations

import pytest

from neve.tasks.task import Task, called, is_python, text


def test_the_program_of_a_solution():
    task = Task("T/0", "def f(x):", "    return x\n", "f", "")
    assert task.program == "def f(x):\n    return x\n"
    assert Task("T/0", "Words.", "x = 1\n", "x", "", self_contained=True).program == "x = 1\n"


def test_line_ends():
    assert text("a\r\nb\rc\n") == "a\nb\nc\n"
    with pytest.raises(TypeError, match="where text is expected"):
        text(3)


def test_the_function_that_a_test_calls():
    solution = "def helper(): pass\n\nclass Node: pass\n\ndef f(x): return helper()\n"
    assert called(solution, ["assert str(f(1)) == '1'"]) == "f"
    assert called(solution, ["x = Node()"]) == "Node"
    with pytest.raises(ValueError, match="no test calls"):
        called(solution, ["assert g(1)"])


@pytest.mark.parametrize(
    ("source", "yes"), [("x = 1", True), ("x =", False), ("\0", False), ("(" * 500, False)]
)
def test_is_python(source, yes):
    assert is_python(source) is yes
