"""Docstrings and types are all that may change. Oracle: answers that change one thing each."""

from __future__ import annotations

import pytest

from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Limits
from neve.synthesis.kinds import docstrings
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.seeds import Seed

TEXT = "import os\n\n\ndef place(name, deep=False):\n    root = os.getcwd()\n    return os.path.join(root, name) if deep else name\n"
GOOD = (
    'from __future__ import annotations\n\nimport os\n\n\ndef place(name: str, deep: bool = False) -> str:\n    """Where it is."""\n'
    "    root: str = os.getcwd()\n    return os.path.join(root, name) if deep else name\n"
)
SEED = Seed("0" * 32, "r", "a.py", "Python", TEXT, TEXT)
NOTHING = Accepted(Lookalikes(Near()))


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (GOOD, None),
        (GOOD.replace("os.getcwd()", "os.curdir"), "changed"),
        (TEXT.replace("deep", "is_deep"), "changed"),
        (TEXT.replace("name, deep", "name: str, deep: bool"), "not-documented"),
    ],
)
def test_what_may_change(code: str, rule: str | None) -> None:
    made = Candidate(SEED, Answer(code), code, 0.0, 0.0, None, 9)
    own = [gate for gate in docstrings.GATES if gate.rule in ("changed", "not-documented")]
    stopped = [gate.rule for gate in own if gate.refuse(made, NOTHING, Limits())]
    assert stopped[:1] == ([rule] if rule else [])


def test_a_file_that_has_its_docstrings_is_not_asked_for() -> None:
    assert docstrings.prompt(SEED, 1000) is not None and docstrings.prompt(SEED, 10) is None
    assert docstrings.prompt(Seed("0" * 32, "r", "a.py", "Python", GOOD, ""), 1000) is None
    assert docstrings.prompt(Seed("0" * 32, "r", "a.c", "C", "int x;\n", ""), 1000) is None
