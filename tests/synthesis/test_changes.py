"""What counts as the same code. Oracle: rewrites by hand, of which it is known whether they change what runs."""

from __future__ import annotations

import pytest

from neve.recipe.synthesis import Gates
from neve.synthesis import changes

PYTHON = """\
import re

LIMIT = 10


def tidy(text, sep=" "):
    # runs of white space
    words = re.split(r"\\s+", text.strip())
    if len(words) > LIMIT:
        words = words[:LIMIT] + ["..."]
    return sep.join(words)


def count(lines):
    total = 0
    for line in lines:
        total += len(tidy(line).split())
    return total
"""
DRESSED = '''\
"""Words of texts."""

from typing import List
import re

LIMIT: int = 10  # words


def clean_text(value: str, separator: str = ' ') -> str:
    """The text with single separators."""
    # Split at white space.
    parts = re.split(r'\\s+', value.strip())

    # Not too many.
    if len(parts) > LIMIT:
        parts = parts[:LIMIT] + ['...']
    return separator.join(parts)


def count_words(rows: List[str]) -> int:
    """Words of all rows."""
    result = 0
    for row in rows:
        result += len(clean_text(row).split())
    return result
'''
RECODED = """\
def tidy(text, sep=" ", limit=10):
    words = text.split()
    return sep.join([*words[:limit], "..."] if len(words) > limit else words)


def count(lines):
    return sum(len(tidy(line).split()) for line in lines)
"""
GO = """\
package list

// Push adds a value.
func (l *List) Push(value int) {
	node := &Node{value: value, next: l.head}
	if l.head == nil {
		l.tail = node
	}
	l.head = node
	l.size++
}
"""
GO_DRESSED = """\
package list

/* Push puts v in front. */
func (list *List) Push(v int) {
	// a node that points to the old head
	n := &Node{value: v, next: list.head}

	if list.head == nil {
		list.tail = n
	}
	list.head = n
	list.size++ // one more
}
"""


@pytest.mark.parametrize(
    ("language", "before", "after", "text", "code"),
    [
        ("Python", PYTHON, PYTHON, True, True),
        ("Python", f'"""Words."""\n{PYTHON}', PYTHON, True, True),
        ("Python", PYTHON, f"import sys\nfrom typing import Any\n{PYTHON}", True, True),
        ("Python", PYTHON, PYTHON[: PYTHON.index("def count")], True, True),
        ("Python", PYTHON, DRESSED, False, True),
        ("Python", PYTHON, RECODED, False, False),
        ("Python", PYTHON, PYTHON.replace("+=", "= 1 +").replace("split()", "split(sep)"), False, False),
        ("Go", GO, GO_DRESSED, False, True),
        ("Go", GO, GO.replace("l.head == nil", "l.size == 0").replace("l.size++", "l.size += 1"), False, False),
    ],
    ids=["itself", "first comment lost", "imports more", "half of it", "dressed", "recoded", "two operators", "Go, dressed",
         "Go, recoded"],
)  # fmt: skip
def test_clothes_change_no_code(language: str, before: str, after: str, text: bool, code: bool) -> None:
    gates = Gates()
    assert (changes.kept_text(after, before, 5) >= gates.rewritten) == text
    assert (changes.kept_code(after, before, language, 5) >= gates.recoded) == code
    if code:
        assert changes.kept_code(after, before, language, 5) == 1.0


def test_names_in_strings_are_names_where_they_are_looked_up() -> None:
    assert changes.plain("x = f'{letter}: {count}'", "Python") == changes.plain("y = f'{a}: {b.c}'", "Python")
    assert changes.plain("x = '{letter}'", "Python") != changes.plain("x = '{a}'", "Python")


def test_what_cannot_be_read_is_compared_by_its_words() -> None:
    broken = PYTHON.replace("total = 0", "total = (0")
    assert changes.bare(broken) is None
    assert changes.kept_code(broken, broken, "Python", 5) == 1.0
    assert changes.kept_code("", PYTHON, "Python", 5) == changes.kept_text("", PYTHON, 5) == 0.0
