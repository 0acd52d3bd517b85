"""Recipes with every field explained. Oracle: TOML as the standard library reads it, and the recipe that went in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from neve.recipe import explain, write
from neve.recipe.file import parse

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize("name", ["quickstart", "arctic-snowcoder-1.3b"])
def test_a_commented_recipe_is_the_recipe_and_names_every_field(name: str) -> None:
    data = tomllib.loads((RECIPES / f"{name}.toml").read_text())
    text = write.commented(data, "A head.\nOf two lines.")
    assert parse(tomllib.loads(text)) == parse(data)
    assert text.startswith("# A head.\n# Of two lines.\n")
    kinds = {"", *(each["kind"] for each in data["annotators"].values())}
    for row in explain.rows():
        if row.kind in kinds:
            assert re.search(rf"^#?\s*\[*[\w.-]*{row.key.rpartition('.')[2]}\b", text, re.M), row.key
    assert max(map(len, (line for line in text.splitlines() if line.startswith("# ")))) < 240


def test_taking_the_mark_away_changes_nothing() -> None:
    """Every default that stands in a comment is TOML, in the right table, and the value that holds anyway."""
    data = tomllib.loads((RECIPES / "quickstart.toml").read_text())
    text = write.commented(data, "A head.")
    bare = re.sub(r"^# (?=[a-z_]+ = (?!  #))(?!curve|judge|hard|adamw_lr_factor)", "", text, flags=re.M)
    assert bare.count("\n#") < text.count("\n#") - 40
    assert parse(tomllib.loads(bare)) == parse(data)
