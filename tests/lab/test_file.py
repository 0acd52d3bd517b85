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


def test_a_laboratory_like_another_asks_the_same_of_its_own_recipe(place: Path, tmp_path: Path):
    """Oracle: what each file says; noise is of a recipe, tables are taken whole."""
    asked = LAB.replace("copies = 1", "copies = 1\nnoise = 0.5") + '[set]\n"run.seed" = 3\n'
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "lab.toml").write_text(asked)
    shutil.copy(place / "recipe.toml", tmp_path / "small")
    shutil.copy(place / "recipe.toml", tmp_path / "own.toml")
    like = 'like = "small/lab.toml"\nname = "large"\n'
    (tmp_path / "lab.toml").write_text(
        like + 'recipe = "own.toml"\nseeds = [1, 2, 3]\n[set]\n"run.name" = "x"\n'
    )
    first, (lab, base) = load(tmp_path / "small" / "lab.toml")[0], load(tmp_path / "lab.toml")
    assert (lab.name, lab.recipe, lab.seeds, lab.noise) == ("large", "own.toml", [1, 2, 3], None)
    assert (lab.set, first.set) == ({"run.name": "x"}, {"run.seed": 3}) and base["run"]["name"] == "tiny"
    for same in ("question", "phase", "baseline", "copies", "arm", "tune", "final"):
        assert getattr(lab, same) == getattr(first, same), same
    (tmp_path / "lab.toml").write_text(like)
    assert load(tmp_path / "lab.toml") == (
        first.model_copy(
            update={"name": "large", "like": "small/lab.toml", "recipe": "small/recipe.toml", "noise": None}
        ),
        base,
    )
    (tmp_path / "small" / "lab.toml").write_text(like)
    with pytest.raises(Misuse, match=r"small/lab\.toml': is like a third one"):
        load(tmp_path / "lab.toml")
    (tmp_path / "lab.toml").write_text(like.replace("small", "none"))
    with pytest.raises(Misuse, match=r"none/lab\.toml': cannot be read"):
        load(tmp_path / "lab.toml")


def test_later_overrides_win_and_the_base_stays_as_it_was(place: Path):
    _, base = load(place / "lab.toml")
    made = overridden(base, {"run.seed": 5, "phase.1.tokens": 1024}, {"run.seed": 7}, where="arm")
    assert (made.run.seed, made.phase[1].tokens) == (7, 1024) and "seed" not in base["run"]
    table = {"phase.1.lr": {"peak": 2e-3}}
    made = overridden(base, table, {"phase.1.lr.peak": 1e-3}, where="arm")
    assert made.phase[1].lr.peak == 1e-3 and table == {"phase.1.lr": {"peak": 2e-3}}
    with pytest.raises(Misuse, match=r"arm: run\.sed = 5: unknown key"):
        overridden(base, {"run.sed": 5}, where="arm")
