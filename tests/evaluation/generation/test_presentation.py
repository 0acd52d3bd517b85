"""Code as pages and people show it. Oracle: one program, presented by hand or by Python's own html and difflib."""

from __future__ import annotations

import difflib
import html

import pytest

from neve.evaluation.generation.extraction import answered
from neve.evaluation.generation.presentation import plain

PROGRAM = 'def f(a, b):\n    if a < b and a != 0:\n        return "x"\n\n    return [1, 2]\n'
BEFORE = "def f(a, b):\n    return 1\n\n    return [1, 2]\n"


def numbered(form: str) -> str:
    return "".join(form.format(n, line) + "\n" for n, line in enumerate(PROGRAM.splitlines(), 9))


def signed(by: str) -> str:
    return "".join(f"{by}{line}\n" for line in PROGRAM.splitlines())


SHOWN = {
    "entities": html.escape(PROGRAM), "numbers of characters": PROGRAM.replace("<", "&#60;").replace('"', "&#x22;"), "page": f"<pre><code>{html.escape(PROGRAM)}</code></pre>",
    "no-break": PROGRAM.replace(" ", "\u00a0"), "ideographic": PROGRAM.replace("    ", "\u3000\u3000"), "zero width": PROGRAM.replace("def ", "def \u200b"),
    "added": signed("+"), "added with a space": signed("+ "), "numbered": numbered("{} {}"), "bar": numbered("{:3} | {}"), "colon": numbered("{}: {}"), "tab": numbered("{}\t{}"),
    "list": numbered("{}. {}"), "diff": "".join(difflib.unified_diff(BEFORE.splitlines(True), PROGRAM.splitlines(True), "a/x.py", "b/x.py")),
    "numbered entities": html.escape(numbered("{:4}│ {}")),
}  # fmt: skip


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("around", ["{}", "Here it is:\n\n```python\n{}```\nIt adds.\n", "```diff\n{}```\n"])
def test_a_program_is_read_however_it_is_shown(shown: str, around: str) -> None:
    found: dict = {}
    exec(answered(around.format(SHOWN[shown]), "f").program, found)
    assert found["f"](1, 2) == "x" and found["f"](2, 1) == [1, 2]


def test_an_entity_that_parses_is_still_one() -> None:
    """`a & lt` and `b` to Python; a program that itself has such a name keeps it."""
    text = "```python\ndef f(a, b):\n    return a &lt; b\n```\n"
    assert answered(text, "f").program == "def f(a, b):\n    return a < b\n"
    own = text.replace("def f", "lt = 3\ndef f")
    assert "&lt;" in answered(own, "f").program


def test_a_program_is_not_changed_by_what_it_writes() -> None:
    """Entities, signs and numbers within a program that parses are its own."""
    code = 'def f(text):\n    """\n    1 | one\n    +def g():\n    """\n    return text.replace("<", "&lt;").replace("\u00a0", "&nbsp;")\n'
    assert answered(f"```python\n{code}```\n", "f").program == code


@pytest.mark.parametrize("text", ["1. First\n5. Second\n", "- one\n- two\n", "a < b\n", ""])
def test_what_only_looks_so_stays(text: str) -> None:
    assert plain(text) == text
