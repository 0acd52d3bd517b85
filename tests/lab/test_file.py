"""A laboratory's file. Oracle: the rules as stated; messages that name key and value."""

import shutil
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.lab import design
from neve.lab.file import load, overridden

from .tiny import LAB


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'baseline = "usual"',
            'baseline = "none"',
            "baseline = 'none' is no arm; there are usual, tiny-rate",
        ),
        ("seeds = [1, 2]", "seeds = [1, 1]", "seeds repeats one"),
        ('phase = "more"', 'phase = "mroe"', "phase = 'mroe': no such phase"),
        (
            '"phase.1.lr.peak" = 1e-7',
            '"phase.7.lr.peak" = 1e-7',
            "arm 'tiny-rate': the recipe has no place 'phase.7.lr.peak'",
        ),
        ('recipe = "recipe.toml"', 'recipe = "none.toml"', "recipe = 'none.toml': cannot be read"),
        ("copies = 1", "copies = 1\ncopis = 2", "copis"),
    ],
)
def test_mistakes_are_one_line(place: Path, tmp_path: Path, old: str, new: str, said: str):
    shutil.copy(place / "recipe.toml", tmp_path)
    assert old in LAB
    (tmp_path / "lab.toml").write_text(LAB.replace(old, new))
    with pytest.raises((Misuse, ValueError)) as raised:
        design.cells(*load(tmp_path / "lab.toml"), tmp_path / "out")
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_later_overrides_win_and_the_base_stays_as_it_was(place: Path):
    _, base = load(place / "lab.toml")
    made = overridden(base, {"run.seed": 5, "phase.1.tokens": 1024}, {"run.seed": 7}, where="arm")
    assert (made.run.seed, made.phase[1].tokens) == (7, 1024) and "seed" not in base["run"]
    table = {"phase.1.lr": {"peak": 2e-3}}
    made = overridden(base, table, {"phase.1.lr.peak": 1e-3}, where="arm")
    assert made.phase[1].lr.peak == 1e-3 and table == {"phase.1.lr": {"peak": 2e-3}}
    with pytest.raises(Misuse, match=r"arm: run\.sed = 5: unknown key"):
        overridden(base, {"run.sed": 5}, where="arm")
