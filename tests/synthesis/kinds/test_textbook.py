"""A chapter is the whole answer, and what runs is its code. Oracle: an answer as models write them."""

from __future__ import annotations

from neve.synthesis import kinds
from neve.synthesis.kinds import textbook
from neve.synthesis.seeds import Seed

SEED = Seed("0" * 32, "r", "a.py", "Python", "x = sorted([2, 1])\n", "x = sorted([2, 1])")


def test_the_document_is_markdown_and_the_program_its_blocks() -> None:
    answer = "# Sorting\n\nA list is sorted:\n\n```python\nxs = sorted([2, 1])\n```\n\nand shown:\n\n```python\nprint(xs)\n```"
    found = textbook.read(answer, SEED)
    assert found.code == answer + "\n" and found.program == "xs = sorted([2, 1])\n\n\nprint(xs)\n"
    assert kinds.document(kinds.KINDS["textbook"], SEED) == "Markdown"
    asked = textbook.prompt(SEED, 100)
    assert asked is not None and SEED.snippet in asked
