"""Other languages are really compiled, or run. Oracle: documents with one fault each."""

from __future__ import annotations

import shutil

import pytest

from neve import sandbox
from neve.synthesis import toolchains

pytestmark = pytest.mark.skipif(sandbox.probe().tier == "none", reason="no sandbox here")


@pytest.mark.parametrize(
    ("language", "tool", "good", "bad", "lacks"),
    [
        (
            "JavaScript",
            "node",
            "console.log([1].map((x) => x));\n",
            "throw new Error('no');\n",
            "require('lodash');\n",
        ),
        ("C", "gcc", "int f(int a) { return a; }\n", "int f(void) { return g(); }\n", "#include <zzz.h>\n"),
        ("C++", "g++", "#include <vector>\n", "int f() { return x; }\n", "#include <zzz.h>\n"),
        (
            "Java",
            "javac",
            "public class A { int x; }\n",
            "class A { int x = y; }\n",
            "import org.zzz.B;\nclass A { B x; }\n",
        ),
    ],
)
def test_what_a_compiler_says(language: str, tool: str, good: str, bad: str, lacks: str) -> None:
    def check(text: str) -> tuple[str, str]:
        return toolchains.check(language, text, 20.0, sandbox.probe())

    if shutil.which(tool) is None:
        assert check(good) == (f"not checked: {tool} is not installed", "")
        return
    assert check(good) in (("run", ""), ("compiled", ""))
    assert check(bad)[1]
    assert check(lacks)[0].startswith("not checked: ") and check(lacks)[1] == ""


def test_a_language_without_one_is_not_checked() -> None:
    assert toolchains.check("Ruby", "x", 1.0, sandbox.probe()) == (
        "not checked: nothing runs or compiles Ruby here", "",
    )  # fmt: skip
