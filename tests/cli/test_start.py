"""neve init and neve recipe. Oracle: what is in the file, and the models."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neve.cli.main import app
from neve.errors import Misuse
from neve.recipe.file import load
from neve.recipe.recipe import RecipeError

from ..conftest import SITE

ROOT = Path(__file__).parents[2]


def neve(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_folder_gets_a_recipe_that_run_takes_by_itself(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"neve\.toml: no such file; `neve init FOLDER` writes a recipe"):
        neve("run")
    said = neve("init", SITE / "rich")
    assert "files of code" in said and "neve run builds it" in said
    assert load("neve.toml").run.name == "rich"
    neve("run", "--until", "files")
    assert (tmp_path / "runs" / "rich" / "recipe.toml").exists()
    with pytest.raises(Misuse, match="is there already"):
        neve("init", SITE / "rich")


@pytest.mark.parametrize("name", ["quickstart", "paper"])
def test_recipes_that_come_with_neve(tmp_path: Path, name: str) -> None:
    neve("init", "--from", name, "--out", tmp_path / "r.toml")
    assert (tmp_path / "r.toml").read_text() in {p.read_text() for p in (ROOT / "recipes").glob("*.toml")}
    with pytest.raises(Misuse, match="leave the others out"):
        neve("init", tmp_path, "--from", name, "--out", tmp_path / "other.toml")


def test_a_field_is_explained() -> None:
    said = neve("recipe", "corpus.near.threshold")
    assert said.startswith("corpus.near.threshold = 0.7\n") and "decides curate" in said
    assert "nothing is built again" in neve("recipe", "training.micro_batch")
    assert len(neve("recipe").splitlines()) > 150
    assert json.loads(neve("recipe", "--schema"))["properties"]["corpus"]
    assert json.loads(neve("recipe", "vocab_size", "--json"))[0]["default"] == 64_000
    with pytest.raises(Misuse, match=r"did you mean corpus\.near\.threshold"):
        neve("recipe", "near.treshold")
    assert tomllib.loads(f"x = {said.splitlines()[0].partition(' = ')[2]}") == {"x": 0.7}
