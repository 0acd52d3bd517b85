"""Tests for a file. Oracle: seeds and answers written to suit or not."""

from __future__ import annotations

import pytest

from neve.llm.answers import Answer
from neve.recipe.corpus import Near
from neve.synthesis.candidates import Candidate
from neve.synthesis.execution import Check
from neve.synthesis.gates import Accepted, Limits
from neve.synthesis.kinds import tests_for_file
from neve.synthesis.lookalikes import Lookalikes
from neve.synthesis.seeds import Seed

TEXT = "def double(x):\n    return 2 * x\n"


def seed(path: str = "src/tools-a.py", text: str = TEXT, language: str = "Python") -> Seed:
    return Seed("0" * 32, "r", path, language, text, text)


def test_the_module_has_a_name_that_hides_none_of_pythons() -> None:
    assert tests_for_file.module(seed()) == "tools_a"
    assert tests_for_file.module(seed("queue.py")) == "queue_module"
    assert tests_for_file.module(seed("3d.py")) == "m3d"
    assert tests_for_file.beside(seed()) == {"tools_a": TEXT}


def test_only_files_that_stand_alone_and_define_something_suit() -> None:
    asked = tests_for_file.prompt(seed(), 1000)
    assert asked is not None and "`tools_a.py`" in asked and TEXT in asked
    others = (
        "from . import x\n",
        "from .x import y\n",
        "from node import Node\n",
        "import math, node\n",
        "for i in xrange(3):\n    pass\n",
        "n = int(input())\n",
        "n = int(input())\n",
    )
    for other in (*(seed(text=each + TEXT) for each in others), seed(text="x = 1\n"), seed(language="C")):
        assert tests_for_file.prompt(other, 1000) is None


def test_a_seed_that_uses_pythons_library_suits() -> None:
    asking = f"{TEXT}\n\ndef main():\n    print(double(int(input())))\n\n\nif __name__ == '__main__':\n    x = input()\n"
    assert tests_for_file.prompt(seed(text=asking), 1000) is not None
    text = "import os.path as p\nfrom math import *\n\n\ndef f(a, *b, **c):\n    try:\n        return pi, p, [x for x in a]\n    except OSError as e:\n        return e\n"
    assert tests_for_file.prompt(seed(text=text), 1000) is not None


def test_what_is_tested_is_imported() -> None:
    found = tests_for_file.read(
        f"```python\n{TEXT}\n\ndef test_it():\n    assert double(1) == 2\n```", seed()
    )
    assert (
        found.code == "from tools_a import double\n\n\ndef test_it():\n    assert double(1) == 2\n"
        and found.fenced
    )


@pytest.mark.parametrize(
    ("code", "check", "rule"),
    [
        (
            "from tools_a import double\n\ndef test_it():\n    assert double(1) == 2\n",
            Check("tested", tests=1),
            None,
        ),
        ("from tools_a import double\n\nprint(double(1))\n", Check("run"), "no-tests"),
        (
            "def double(x):\n    return x\n\ndef test_it():\n    assert double(1)\n",
            Check("run"),
            "not-imported",
        ),
        ("import tools_a\n\ndef test_it(fixture):\n    assert fixture\n", Check("run"), "no-tests-run"),
        (
            "import tools_a\n\ndef test_it():\n    assert tools_a.x\n",
            Check("not checked: no display"),
            "no-tests-run",
        ),
    ],
)
def test_an_answer_is_tests_that_import_and_run(code: str, check: Check, rule: str | None) -> None:
    made = Candidate(seed(), Answer(code), code, 0.0, 0.0, None, 9, check=check)
    own = [gate for gate in tests_for_file.GATES if gate.rule in ("no-tests", "not-imported", "no-tests-run")]
    stopped = [gate.rule for gate in own if gate.refuse(made, Accepted(Lookalikes(Near())), Limits())]
    assert stopped[:1] == ([rule] if rule else [])
