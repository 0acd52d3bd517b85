"""How code is taken out of a model's answer, and the tag that names a language in a fence."""

from __future__ import annotations

from typing import NamedTuple

from neve.llm.fences import fences
from neve.synthesis.seeds import Seed


class Reading(NamedTuple):
    """What an answer holds."""

    code: str
    """"" where there is none."""
    fenced: bool
    """Whether it stood in a fence. Without one it is code only if it parses."""


def longest_block(answer: str, seed: Seed) -> Reading:
    """The longest fenced block, else the whole text; without blank lines around it and white space at line
    ends.

    What kinds have as their `read` unless they look at the seed, which this does not.
    """
    blocks = [fence.code for fence in fences(answer) if fence.code.strip()]
    text = max(blocks, key=len) if blocks else answer
    code = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    return Reading(f"{code}\n" if code.strip() else "", bool(blocks))


def tag(language: str) -> str:
    """The word that names a language behind a fence's opening.

    >>> tag("Jupyter Notebook")
    'jupyter-notebook'
    """
    return language.lower().replace(" ", "-")
