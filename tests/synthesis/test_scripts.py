"""What of a script only looks right. Oracle: programs written to pretend one thing each, and ones beside them
that do not."""

from __future__ import annotations

import shutil

import pytest

from neve import sandbox
from neve.recipe.synthesis import Gates
from neve.synthesis import execution, scripts, toolchains

CODE = "import is from './is.js';\nconst twice = (x) => 2 * x;\nconst same = (x, y) => assert.equal(x, y);\nfunction wanted(x, y) {\n  assert.equal(x, y);\n}\n"


@pytest.mark.parametrize(
    ("body", "asserts"),
    [
        ("() => { twice(1); }", 0),
        ("function () { assert(true); twice(1); }", 0),
        ("async () => { expect(true).toBe(true); }", 0),
        ("() => { assert.equal(1, 1); }", 0),
        ("() => { assert.equal(twice(1), 2); }", 1),
        ("(t) => { t.is(twice(1), 2); }", 1),
        ("() => wanted(twice(1), 2)", 1),
        ("() => same(twice(1), 2)", 1),
        ("() => is(twice(1), 2)", 1),
        ("() => { if (twice(1) !== 2) throw new Error('no'); }", 1),
        ("() => { expect(twice(1)).toBe(2); }", 1),
    ],
)
def test_what_a_test_asserts(body: str, asserts: int) -> None:
    assert scripts.tests(f"{CODE}test('twice', {body});\n") == (1, asserts)
    assert scripts.tests(f"{CODE}describe('all', () => {{\n  it(`twice`, {body});\n}});\n") == (1, asserts)


def test_what_is_no_test() -> None:
    for text in ("/a/.test(x);\n", "it(1, 2);\n", "test(() => 1);\n", "obj.test('a', () => 1);\n"):
        assert scripts.tests(text) == (0, 0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("process.exit(0);\nassert.equal(1, 2);\n", 1),
        ("f();\nprocess.exit();\n// below\nfunction f() {}\n", 0),
        ("main().then(() => process.exit(0));\ng();\n", 0),
        ("if (!x) {\n  process.exit(1);\n}\ng();\n", 0),
    ],
)
def test_what_stands_below_an_exit(text: str, line: int) -> None:
    assert scripts.unreached(text) == (
        f"what stands below process.exit is never reached (line {line})" if line else ""
    )


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("function f() {}\nconsole.log(f());\n", True),
        ("const f = (x) => x, g = 1;\nfor (const x of [1]) {\n  console.log(f(x));\n}\n", True),
        ("export function f() {}\nf();\n", True),
        ("class A {}\nconsole.log(new A());\n", True),
        ("function f() {}\nfunction g() {\n  console.log(f());\n}\n", False),
        ("const f = () => 1;\nexport { f };\nexport default f;\n", False),
        ("function f() {}\nmodule.exports = 1;\n", False),
        ("console.log(1);\n", False),
    ],
)
def test_what_a_program_calls(text: str, calls: bool) -> None:
    assert scripts.called(text) == calls


def test_files_of_others_are_told_though_the_program_catches_all() -> None:
    if shutil.which("node") is None or toolchains._absent("JavaScript", sandbox.probe()):
        pytest.skip("no node here")

    def error(text: str) -> str:
        return execution.check([execution.Program("JavaScript", text, {})], Gates(), sandbox.probe())[0].error

    own = "const fs = require('fs');\nfs.writeFileSync('a.txt', 'a');\nfs.rmSync('a.txt');\nfs.mkdirSync('/tmp/b');\n"
    assert error(own) == ""
    for call in (
        "fs.rmSync('/usr', { recursive: true })",
        "fs.promises.unlink('/etc/passwd').catch(() => 1)",
    ):
        text = f"{own}try {{\n  {call};\n}} catch (error) {{\n}}\nprocess.exit(0);\n"
        assert error(text).startswith("Error: changes what is not its own: /")
    named = "import { appendFile } from 'node:fs/promises';\nawait appendFile('/etc/profile', 'x').catch(() => 1);\n"
    assert error(named) == "Error: changes what is not its own: /etc/profile"
