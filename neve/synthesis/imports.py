"""What the corpus's documents import: the only list of packages that is at hand.

A program that needs a package which is not here cannot be run, and nothing in it says whether there is such
a package: small models invent them. So a package that no document of the corpus imports is taken for
invented. Texts are searched, not parsed, many at a time, and of a name only the root counts: `yaml` of
`yaml.nodes`, `boost` of `boost/any.hpp`. The trade-off: a real package that the corpus never uses is refused
with the invented ones, and a name that stands only in a docstring or in a test's string counts as imported.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

BATCH_ROWS = 1024


class Imports(NamedTuple):
    """How a language names what it imports."""

    pattern: re.Pattern[str]
    """Its first group is the name."""
    parts: str
    """What separates the parts of a name."""
    root: int
    """How many of them name the package."""


_INCLUDE = Imports(re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]+)[>\"]", re.M), "/", 1)
LANGUAGES = {
    "Python": Imports(
        re.compile(
            r"^[ \t]*(?:from[ \t]+(?=[\w.]+[ \t]+import\b)|import[ \t]+(?=[\w.]+[ \t]*(?:[,;#]|as\b|$)))([A-Za-z_][\w.]*)", re.M
        ),
        ".", 1,
    ),
    "JavaScript": Imports(
        re.compile(r"\b(?:require[ \t]*\(|from\b|import\b)[ \t]*\(?[ \t]*['\"]([^'\"./\n][^'\"\n]*)['\"]"),
        "/",
        1,
    ),
    "C": _INCLUDE,
    "C++": _INCLUDE,
    "Rust": Imports(
        re.compile(r"^[ \t]*(?:pub[ \t]+)?(?:use|extern[ \t]+crate)[ \t]+(?:::)?(\w+)(?=::|;|[ \t]+as\b)", re.M), "::", 1
    ),
    "Go": Imports(
        re.compile(r"^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?\"([\w-]+(?:\.[\w-]+)+/[^\"\s]+)\"", re.M),
        "/",
        3,
    ),
    "Java": Imports(re.compile(r"^[ \t]*import[ \t]+(?:static[ \t]+)?([a-zA-Z_][\w.]*)", re.M), ".", 2),
}  # fmt: skip
"""Linguist name -> how it imports, of what is run or compiled."""


def root(language: str, name: str) -> str:
    """The part of a name that is the package's.

    >>> root("Python", "yaml.nodes"), root("JavaScript", "@vue/core/x"), root("Go", "github.com/a/b/c")
    ('yaml', '@vue/core', 'github.com/a/b')
    """
    how = LANGUAGES[language]
    return how.parts.join(name.split(how.parts)[: how.root + name.startswith("@")])


def known(corpus: Path) -> dict[str, frozenset[str]]:
    """Language -> the packages that documents in a folder of Parquet import."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(corpus.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=["language", "content"]):
                for language in set(batch["language"].to_pylist()) & set(LANGUAGES):
                    texts = batch["content"].filter(pc.equal(batch["language"], language))
                    names = set(LANGUAGES[language].pattern.findall("\n".join(texts.to_pylist())))
                    found[language] |= {root(language, name) for name in names}
    return {language: frozenset(names) for language, names in found.items()}
