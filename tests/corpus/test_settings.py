"""The settings of curation: the recipe's own fields, and nothing that planning would have to wait for.

Oracle: the recipe's table, field by field; a fresh interpreter's modules."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import get_type_hints

from neve.corpus.settings import Settings
from neve.recipe.corpus import Corpus
from neve.settings import deciding, pick

GIVEN = {"exclude_repos": ["a==1"], "data": None, "seed": 3}


def test_every_field_is_the_recipes_or_the_runs() -> None:
    """By name and by type, so that nothing of the recipe is read a second way."""
    hints, own = get_type_hints(Settings), get_type_hints(Corpus)
    assert {name for name in hints if name not in own} == set(GIVEN)
    assert {name: hints[name] for name in hints if name in own and name != "licenses"} == {
        name: own[name] for name in hints if name in own and name != "licenses"
    }


def test_every_field_decides() -> None:
    """None of them is a matter of execution: a change of any builds the corpus again."""
    settings = pick(Settings, Corpus(sources=[{"kind": "directory", "path": "x"}]), **GIVEN)
    assert set(deciding(settings)) == {field.name for field in dataclasses.fields(Settings)}


def test_reading_them_imports_nothing_heavy() -> None:
    program = "import sys, neve.corpus.settings; print(sorted({'daft', 'numba', 'pyarrow', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
