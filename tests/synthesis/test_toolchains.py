"""Other languages are really compiled, or run. Oracle: documents with one fault each."""

from __future__ import annotations

import re
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
        (
            "Go",
            "go",
            'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n',
            "package main\n\nfunc main() { x = 1 }\n",
            'package main\n\nimport "github.com/zzz/b"\n\nfunc main() { b.X() }\n',
        ),
        (
            "Rust",
            "rustc",
            "use std::collections::HashMap;\npub fn one() -> HashMap<i32, i32> { HashMap::new() }\n",
            "pub fn one() -> i32 { HashMap::new() }\n",
            "use zzz::X;\npub fn one(_x: X) -> i32 { 1 }\n",
        ),
    ],
)
def test_what_a_compiler_says(language: str, tool: str, good: str, bad: str, lacks: str) -> None:
    def check(text: str) -> tuple[str, str, str]:
        return toolchains.check(language, text, 20.0, sandbox.probe())

    if shutil.which(tool) is None:
        assert check(good) == (f"not checked: {tool} is not installed", "", "")
        return
    if absent := toolchains._absent(language, sandbox.probe()):
        assert check(good) == (f"not checked: {absent}", "", "") and "does not work in the sandbox" in absent
        return
    assert check(good) in (("run", "", ""), ("compiled", "", ""))
    assert check(bad)[1]
    how, error, missing = check(lacks)
    assert how.startswith("not checked: ") and error == ""
    assert ("lodash" if language == "JavaScript" else "zzz") in missing


def test_a_language_without_one_is_not_checked() -> None:
    assert toolchains.check("Ruby", "x", 1.0, sandbox.probe()) == (
        "not checked: nothing runs or compiles Ruby here", "", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("Go", 'package main\n\nimport "fmtx"\n\nfunc main() { fmtx.Println(1) }\n'),
        ("Rust", "mod helpers;\n\npub fn one() -> i32 { helpers::one() }\n"),
        ("C", "#include <iostream>\n\nint main(void) { return 0; }\n"),
    ],
)
def test_what_wants_what_its_language_cannot_have_is_wrong(language: str, text: str) -> None:
    """A Go path without a dot is the library's or the program's own, and neither has it; a header without an
    ending is C++'s."""
    how, why, _ = toolchains.check(language, text, 20.0, sandbox.probe())
    assert how.startswith("not checked: ") or re.search("fmtx|helpers|iostream", why)


@pytest.mark.parametrize(
    ("language", "tool", "text", "said"),
    [
        ("JavaScript", "node", "const f = (x) => x.toUpperCase();\nf(1);\n", "TypeError: x.toUpperCase is not a function"),
        ("C", "gcc", "int f(int *a) { int b[1]; b[0] = a; return b[0]; }\n", "error: "),
        ("C", "gcc", "int f(void) { int a = 1; a == 2; return g(a) + b; }\nlong h(char *s) { long n = s; return n; }\n", "error: "),
    ],
)  # fmt: skip
def test_the_error_is_told_rather_than_its_place_or_a_warning(
    language: str, tool: str, text: str, said: str
) -> None:
    if shutil.which(tool) is None or toolchains._absent(language, sandbox.probe()):
        pytest.skip(f"{tool} is not here")
    _, error, _ = toolchains.check(language, text, 20.0, sandbox.probe())
    assert said in error


def test_an_assertion_of_the_console_that_fails_is_an_error() -> None:
    if toolchains.check("JavaScript", "console.log(1);\n", 20.0, sandbox.probe())[0] != "run":
        pytest.skip("no node here")
    for text, error in (
        ("console.assert(1 === 2, 'sums');\n", "Assertion failed: sums"),
        ("console.assert(1 === 1, 'sums');\nconsole.error('no Assertion failed');\n", ""),
    ):
        assert toolchains.check("JavaScript", text, 20.0, sandbox.probe()) == ("run", error, "")
