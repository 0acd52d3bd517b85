"""Expressions that are tried where they can match, beside `re` on the same texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.licenses import license_texts, notice_patterns
from neve.corpus.licenses.expressions import Expression

PATTERNS = {
    name: value
    for module in (notice_patterns, license_texts)
    for name, value in vars(module).items()
    if isinstance(value, Expression)
} | {f"SHORT {license}": expression for expression, license in notice_patterns.SHORT.items()}


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("abc", ("abc",)), (r"\bab(?:cd|efg)", ("ab",)), ("(?:abc|xyz)d", ("abc", "xyz")), ("a?bc", ("bc",)), ("(?:abcd)?e", ("e",)),
        ("(?:abcd)+e", ("abcd",)), ("a|b*", ("",)), ("x(?=longer)", ("x",)), ("İz", ("iz",)), ("abc|xabcd", ("abc",)), ("[ab]c", ("c",)), (r"\w+", ("",)),
    ],
)  # fmt: skip
def test_the_words_are_what_no_match_does_without(pattern: str, words: tuple[str, ...]) -> None:
    """Oracle: by hand."""
    assert Expression(pattern).words == words


def test_case_counts_where_the_expression_says_so() -> None:
    """Oracle: by hand; the words are as written."""
    expression = Expression("(?:UN)?LICEN[CS]E|Copying", re.NOFLAG)
    assert expression.words == ("LICEN", "Copying")
    assert expression.fullmatch("LICENCE")
    assert not expression.search("see the licence, copying and COPYING")


@pytest.mark.parametrize("name", PATTERNS)
def test_the_expressions_in_use_have_words(name: str) -> None:
    assert "" not in PATTERNS[name].words


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(PATTERNS)), st.data())
def test_it_finds_what_re_finds(name: str, data: st.DataObject) -> None:
    """Texts that the pattern itself makes, in odd capitals too. Oracle: `re`, without regard to words."""
    expression = PATTERNS[name]
    pattern = re.compile(expression.pattern, expression.flags)
    text = data.draw(st.from_regex(pattern) | st.text("abİı ſlicensedGNU.", max_size=40))
    for written in (text, text.upper(), text.title()):
        found = pattern.search(written)
        mine = expression.search(written)
        assert (mine and mine.span()) == (found and found.span())
        assert [m.span() for m in expression.finditer(written)] == [
            m.span() for m in pattern.finditer(written)
        ]
        assert expression.sub("-", written) == pattern.sub("-", written)
