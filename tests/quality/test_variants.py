"""Programs written otherwise. Oracle: Python's own parser, on the standard library."""

from __future__ import annotations

import ast
import io
import sysconfig
import tokenize
from pathlib import Path

import pytest

from neve.quality import variants

FILES = [
    p for p in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")) if 6_000 < p.stat().st_size < 30_000
][:40]


def comments(text: str) -> int:
    return sum(t.type == tokenize.COMMENT for t in tokenize.generate_tokens(io.StringIO(text).readline))


@pytest.mark.parametrize("name", variants.VARIANTS)
def test_most_programs_parse_after_a_change_and_all_are_changed(name: str) -> None:
    parsed = 0
    for path in FILES:
        text = path.read_text("utf-8")
        made = variants.VARIANTS[name](text, "Python")
        assert made != text
        try:
            ast.parse(made)
        except SyntaxError:
            continue
        parsed += 1
    assert parsed >= 0.9 * len(FILES)


def test_no_comment_is_left_and_strings_stay() -> None:
    for path in FILES[:20]:
        made = variants.without_comments(path.read_text("utf-8"), "Python")
        assert comments(made) == 0
    assert variants.without_comments('s = "// no"; // yes\n/* a\n b */int x;', "C") == 's = "// no";\nint x;'


def test_names_are_changed_each_to_one_other() -> None:
    made = variants.with_other_names(
        "def add(total, step):\n    total += step\n    return total  # add\n", "Python"
    )
    assert made == "def add(name0, name1):\n    name0 += name1\n    return name0  # add\n"
    assert (
        variants.with_other_names("#include <a.h>\nint a; a = 1;", "C")
        == "#include <a.h>\nint name0; name0 = 1;"
    )


@pytest.mark.parametrize("language", ["Python", "C"])
@pytest.mark.parametrize(
    ("unit", "tail"),
    [(" ", "x"), ("\\\"", ""), ("\\'", ""), ("a", "'"), ("a9", '"'), ("/* ", ""), ("/*", ""), ('"""', ""), (":\n'''", ""), ("{", "")],
)  # fmt: skip
def test_hostile_texts_take_linear_time(unit: str, tail: str, language: str, linear) -> None:
    for change in variants.VARIANTS.values():
        linear(
            lambda size, change=change: change(
                "\"'"[unit[-1] == "'"] + unit * (size // len(unit)) + tail, language
            ),
            64_000,
        )


def test_what_follows_a_comment_without_an_end_is_read() -> None:
    assert (
        variants.without_comments("int a; // b\n/* c /* d '/*' // e\nf", "C") == "int a;\n/* c /* d '/*'\nf"
    )
    assert variants.with_other_names("a /* a /* '*' a 'a'", "C") == "name0 /* name0 /* '*' name0 'a'"
