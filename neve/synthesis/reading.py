"""How code is taken out of a model's answer, and the tag that names a language in a fence."""

from __future__ import annotations

from typing import NamedTuple

from neve.llm.fences import fences
from neve.synthesis.seeds import Seed


class Reading(NamedTuple):
    """What an answer holds."""

    code: str
    """The document's text; "" where there is none."""
    fenced: bool
    """Whether it stood in a fence. Without one it is code only if it parses."""
    word: str = ""
    """What the fence says of its language."""
    program: str | None = None
    """What is parsed and run, where that is not the whole text."""


def longest_block(answer: str, seed: Seed) -> Reading:
    """The longest fenced block, else the whole text; without blank lines around it and white space at line
    ends.

    What kinds have as their `read` unless they look at the seed, which this does not.
    """
    blocks = [fence for fence in fences(answer) if fence.code.strip()]
    chosen = max(blocks, key=lambda fence: len(fence.code), default=None)
    text = neat(chosen.code if chosen else answer)
    return Reading(text, bool(blocks), chosen.word if chosen else "")


def chapter(answer: str, seed: Seed) -> Reading:
    """The whole answer as Markdown; its program is what stands in fences of the language asked for."""
    named = [fence for fence in fences(answer) if fence.word.lower() in _tags(seed.target)]
    program = neat("\n\n".join(fence.code for fence in named if fence.closed))
    return Reading(neat(answer) if program else "", bool(program), tag(seed.target), program)


def neat(text: str) -> str:
    """`text` without blank lines around it and white space at line ends; it ends with one newline, or is
    "" ."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    return f"{lines}\n" if lines.strip() else ""


def tag(language: str) -> str:
    """The word after a fence's opening that names a language.

    >>> tag("Jupyter Notebook")
    'jupyter-notebook'
    """
    return language.lower().replace(" ", "-")


def _tags(language: str) -> set[str]:
    """Words by which models call a language, in lower case."""
    from neve.corpus.languages import detection

    return {tag(language), detection.extension(language).lstrip(".")}
