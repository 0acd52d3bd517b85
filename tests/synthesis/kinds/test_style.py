"""What the kind asks. Oracle: the seed's own text."""

from __future__ import annotations

from neve.synthesis.kinds import style
from neve.synthesis.seeds import Seed


def test_the_whole_document_is_shown_where_there_is_room() -> None:
    seed = Seed("0" * 32, "r", "a.go", "Go", "package a\n", "package a")
    asked = style.prompt(seed, 100)
    assert asked is not None and "```go\npackage a\n```" in asked
    assert style.prompt(seed, 5) is None
