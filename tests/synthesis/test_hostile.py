"""Answers and outputs made to hold a reader up. Oracle: processor time that grows with a text's length, not with its
square; what is read in them does not matter here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neve.synthesis import candidates, changes, gates, imports, names, remarks, scripts, stated, tested
from neve.synthesis.seeds import Seed


def text(unit: str, size: int, head: str = "", tail: str = "") -> str:
    return head + unit * (size // len(unit)) + tail


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("function f(){", "}"), ("let a=()=>{", "}"), ("test('a',()=>{", "});"), ("import a ", ""), ("import  ", ""), ("var {", ""),
        ("test", "(a)"),
    ],
)  # fmt: skip
def test_scripts(opening: str, closing: str, linear) -> None:
    def work(size: int) -> None:
        count = size // len(opening + closing)
        scripts.tests(f"test(1);{opening * count}{closing * count}")

    linear(work, 32_000)


def test_names_of_what_does_not_parse(linear) -> None:
    linear(lambda size: names.wrong(text("f(", size), "JavaScript"), 64_000)


@pytest.mark.parametrize("unit", ["#\n", "# a\n", "  #\n"])
def test_comments_below_each_other(unit: str, linear) -> None:
    linear(lambda size: stated.claims(text(unit, size, "def f():\n  pass\n")), 64_000)


@pytest.mark.parametrize("unit", ["\n", " \n", " "])
def test_white_space(unit: str, linear) -> None:
    linear(lambda size: stated.unsteady(text(unit, size, "a", "b")), 64_000)
    seed = Seed("d", "r", "a.py", "Python", "x", "x")
    linear(lambda size: candidates.echo(replace(seed, prompt=text(unit, size, "a", "b")), "c"), 64_000)
    linear(lambda size: changes.plain(text(unit, size, "a", "b"), "C"), 64_000)
    linear(lambda size: imports.written("Kotlin", text(unit, size, "import a", "b")), 64_000)


@pytest.mark.parametrize("unit", ["print(1)  # 2\n", "print(f(1))  # Output: 2\n"])
def test_many_claims_that_are_wrong(unit: str, linear) -> None:
    def work(size: int) -> None:
        program = text(unit, size)
        found = stated.claims(program)
        seen = {str(number): [["3\n", None]] for number in range(len(found))}
        assert stated.mend(program, found, seen, seen).mended == len(found) > 0

    linear(work, 64_000)


def test_marks_that_a_program_prints_itself(linear) -> None:
    claim = stated.Claim((0, 1), True, True, ((1, 0, "x"),))
    linear(lambda size: remarks.seen([claim], "".join(f"\x01<0\n{i}\x01>0\n" for i in range(size))), 8000)
    linear(lambda size: remarks.seen([claim], "".join(f"\x01<{i}\n" for i in range(size))), 8000)


def test_marks_of_many_statements(linear) -> None:
    def work(size: int) -> None:
        program = text("f(1); // 2\n", size)
        remarks.watched("JavaScript", program, remarks.claims("JavaScript", program))

    linear(work, 128_000)


@pytest.mark.parametrize("unit", ["a\n", "a\nb\n"])
def test_lines_that_are_all_the_same(unit: str, linear) -> None:
    gates.common_lines("a", "a")
    linear(lambda size: gates.common_lines(text(unit, size), text(unit, size, "c\n")), 32_000)


@pytest.mark.parametrize("language", ["Java", "Rust", "C#", "Kotlin", "PHP"])
def test_remarks_without_an_end_and_many_homes(language: str, linear) -> None:
    packages = {language: {"a.a", "a"}}
    imports.unknown(language, "", packages)
    linear(lambda size: imports.unknown(language, text("/* ", size), packages), 64_000)

    def work(size: int) -> None:
        lines = "".join(f"package b.c{i};\nimport a.a.c{i};\n" for i in range(size))
        imports.unknown(language, lines, packages)

    linear(work, 1500)


def test_copies_of_a_long_function(linear) -> None:
    module = "def f():\n" + "    x = 1\n" * 500
    linear(lambda size: tested.importing("def f(): pass\n" * size, "m", module), 400)
