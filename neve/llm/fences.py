"""Fenced code blocks of a Markdown answer, as CommonMark has them, read by markdown-it-py.

Only the block structure is parsed. Inline Markdown is not needed, and hostile text ("[" repeated) makes it
quadratic.

Source: CommonMark 0.31, section 4.5.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


class Fence(NamedTuple):
    word: str
    """The first word after the opening fence ("python"), or ""."""
    code: str
    """The content, each line ended by a newline; indentation of the fence, quotes and lists taken off."""
    closed: bool
    """Whether a closing fence ends it, rather than the end of what contains it."""


def fences(text: str) -> list[Fence]:
    """The fenced blocks of `text` in their order; one that is never closed runs to the end of what contains
    it.

    >>> fences("Here:\\n> ```python\\n> x = 1\\n> ```\\nDone.")
    [Fence(word='python', code='x = 1\\n', closed=True)]
    """
    found = []
    for token in _parser().parse(text):
        if token.type == "fence":
            code = token.content
            word = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
            code += "" if code.endswith("\n") or not code else "\n"
            first, end = token.map or (0, 0)
            found.append(Fence(word, code, closed=end - first == code.count("\n") + 2))
    return found


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable(["inline", "text_join"])
