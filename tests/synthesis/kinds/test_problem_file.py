"""What the kind asks. Oracle: the seed's own lines."""

from __future__ import annotations

from neve.synthesis.kinds import problem_file
from neve.synthesis.seeds import Seed


def test_the_question_shows_the_snippet_alone_and_names_the_language() -> None:
    asked = problem_file.prompt(
        Seed("0" * 32, "r", "a.ipynb", "Jupyter Notebook", "hidden = 0\n", 'x = {"a": 1}'), 100
    )
    assert asked is not None and "hidden" not in asked
    assert '```jupyter-notebook\nx = {"a": 1}\n```' in asked and "Jupyter Notebook program" in asked
