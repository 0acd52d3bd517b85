"""The same program written otherwise: without comments, with other names, formatted differently.

An annotator that judges code should judge these alike; how often it does not is part of its diagnosis. The
changes are made on text, by one regular expression that knows strings and comments of a language's family,
so that they work in every language that is ranked. The trade-off: names are changed by their letters, each
to one other all over the file, and those of other modules too, so the result resembles code and need not
run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

HASHES = {"Python", "Ruby", "Shell", "Perl", "R", "Julia", "Elixir"}
"""Languages whose comments begin with #; the others' are // and /* */."""
FEWEST = 2
"""Occurrences of a name that is changed."""
STRINGS = (
    r'"""[\s\S]*?"""|' + r"'''[\s\S]*?'''|" + r'(?<!\\)"(?:\\.|[^"\\\n])*"|' + r"(?<!\\)'(?:\\.|[^'\\\n])*'"
)
"""A quote behind a backslash begins none: in a line without an end, each would be tried up to there."""
_NAME = r"[A-Za-z_]\w*\b(?!['\"])"
_NONE = r"(?!)"


def _compiled(comment: str, name: str, unclosed: str = _NONE) -> re.Pattern[str]:
    """A word that is no name, since a quote follows it, is passed over whole."""
    return re.compile(
        rf"(?P<string>{STRINGS})|(?P<comment>{comment})|(?P<name>{name})|(?P<unclosed>{unclosed})|[A-Za-z_]\w*"
    )


_INCLUDE = rf"#\s*include[^\n]*|{_NAME}"
_HASH = _compiled(r"#[^\n]*", _NAME)
_SLASH = _compiled(r"//[^\n]*|/\*[\s\S]*?\*/", _INCLUDE, r"/\*")
_UNCLOSED = _compiled(r"//[^\n]*", _INCLUDE)
"""For what follows a comment without an end: none after it has one, and each would be read up to there."""
_DOCSTRING = re.compile(r'(?<=:)(\s*\n[ \t]*)(?:"""[\s\S]*?"""|' + r"'''[\s\S]*?''')")
KEYWORDS = """
False None True abstract and as assert async await auto bool break byte case catch char class const
continue crate def default defer del delete do double elif else enum except export extends extern final
finally float fn for from func function global go if impl implements import in include inline instanceof
int interface is lambda let long loop match mod module mut namespace new nil nonlocal not null nullptr
operator or package pass private protected pub public raise range ref return select self short signed
sizeof static struct super switch template this throw trait try type typedef typename union unsafe
unsigned use using val var virtual void volatile where while with yield
"""
"""Words of the languages that are ranked, which keep their letters."""


def _found(text: str, language: str) -> Iterator[re.Match[str]]:
    """Strings, comments and names, in their order."""
    first, place = (_HASH if language in HASHES else _SLASH), 0
    for pattern in (first, _UNCLOSED):
        for found in pattern.finditer(text, place):
            if found["unclosed"] is not None:
                place = found.end()
                break
            yield found
        else:
            return


def _replaced(text: str, language: str, new: Callable[[re.Match[str]], str]) -> str:
    parts, place = [], 0
    for found in _found(text, language):
        parts += [text[place : found.start()], new(found)]
        place = found.end()
    return "".join([*parts, text[place:]])


def without_comments(text: str, language: str) -> str:
    """Without comments, and without docstrings after a colon in Python.

    >>> without_comments("x = '#'  # so\\n", "Python")
    "x = '#'\\n"
    """
    if language == "Python":
        text = _DOCSTRING.sub(r"\1pass", text)
    bare = _replaced(text, language, lambda found: "" if found["comment"] is not None else found[0])
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?<![ \t])[ \t]+(?=\n|$)", "", bare))


def with_other_names(text: str, language: str) -> str:
    """With every name of at least FEWEST occurrences that is no keyword changed to one other, in the order
    in which they come.

    >>> with_other_names("int count = 0; count++;", "C")
    'int name0 = 0; name0++;'
    """
    counts: dict[str, int] = {}
    kept = frozenset(KEYWORDS.split())
    for found in _found(text, language):
        if found["name"] and re.fullmatch(r"\w+", found["name"]) and found["name"] not in kept:
            counts[found["name"]] = counts.get(found["name"], 0) + 1
    names = [name for name, count in counts.items() if count >= FEWEST and not name.startswith("__")]
    new = {name: f"name{number}" for number, name in enumerate(names)}
    return _replaced(text, language, lambda found: new.get(found["name"] or "", found[0]))


def reformatted(text: str, language: str) -> str:
    """Indented by two columns for four or a tab, without blank lines, and with no blanks after commas.

    >>> reformatted("def f(a, b):\\n\\n    return a\\n", "Python")
    'def f(a,b):\\n  return a\\n'
    """
    del language
    kept = [line for line in text.expandtabs(4).split("\n") if line.strip()]
    indented = [" " * ((len(line) - len(line.lstrip())) // 2) + line.lstrip() for line in kept]
    return re.sub(r", +", ",", "\n".join(indented)) + "\n"


VARIANTS: dict[str, Callable[[str, str], str]] = {
    "comments stripped": without_comments,
    "names changed": with_other_names,
    "reformatted": reformatted,
}
"""What is done to a text, by the name that the report has for it."""
