"""The generated pages of the documentation. Oracle: the script that writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from neve.cli.main import COMMANDS
from neve.recipe import explain

from .conftest import script

ROOT = Path(__file__).parents[1]
make_reference = script("scripts/make_reference.py")


@pytest.mark.parametrize("name", make_reference.PAGES)
def test_the_page_is_what_the_script_writes(name: str) -> None:
    """`python scripts/make_reference.py` renews both pages."""
    assert (ROOT / "docs" / name).read_text("utf-8") == make_reference.PAGES[name]()


def test_the_pages_have_everything() -> None:
    commands = (ROOT / "docs" / "commands.md").read_text()
    assert [line[8:] for line in commands.splitlines() if line.startswith("## neve ")] == [
        c.__name__ for c in COMMANDS
    ]
    recipe = (ROOT / "docs" / "recipe.md").read_text()
    assert all(f"| `{row.key.rpartition('.')[2]}` |" in recipe for row in explain.rows() if "." in row.key)
