"""Watched statements, in a process of their own. Oracle: what each line prints and gives, by hand."""

from __future__ import annotations

import ast

from neve.synthesis.inside import run_document

PROGRAM = """\
import sys

def twice(x):
    print("twice", x)
    return 2 * x

print(1, 2)
sys.stdout.write("raw")
twice(3)
y = twice(4)
for i in range(5):
    print(i)
for i in range(5):
    print("same")
try:
    print(1 / 0)
except ZeroDivisionError:
    print(sys.stdout.encoding)
if False:
    print("never")
"""


def test_each_statement_has_what_it_printed_and_gave() -> None:
    places = [(line, 0) for line in (7, 8, 9, 10)] + [(line, 4) for line in (12, 14, 16, 18, 20)]
    found, why = run_document.apart(lambda: run_document.as_program(ast.parse(PROGRAM), places), 10)
    assert not why and not found["error"]
    seen = found["seen"]
    assert seen["0"] == [["1 2\n", "None"]] and seen["1"] == [["raw", "3"]]
    assert seen["2"] == [["twice 3\n", "6"]] and seen["3"] == [["twice 4\n", "8"]]
    assert len(seen["4"]) > 1 and seen["5"] == [["same\n", "None"]]  # other results, and one again and again
    assert seen["6"] == [["", None]] and seen["7"] == [["utf-8\n", "None"]] and "8" not in seen


def test_watching_changes_neither_results_nor_errors() -> None:
    for program in ("x = [1]\nx.append(2)\nassert x == [1, 2]\n", "x = int('a')\n"):
        places = [(line, 0) for line in (1, 2, 3)]
        plain, _ = run_document.apart(lambda p=program: run_document.as_program(ast.parse(p)), 10)
        watched, _ = run_document.apart(
            lambda p=program, w=places: run_document.as_program(ast.parse(p), w), 10
        )
        assert plain["error"] == watched["error"]
