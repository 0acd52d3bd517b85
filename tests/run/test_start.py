"""Recipes to start from. Oracles: the folders of the test, git, and the plan of the recipe written."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.recipe.file import parse
from neve.run import start, survey

from ..conftest import SITE


def clone(folder: Path, package: str) -> None:
    shutil.copytree(SITE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "LICENSE").write_text((Path(__file__).parents[2] / "LICENSE").read_text())
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@localhost", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    shutil.copytree(SITE / "typer", folder / ".venv" / "typer")


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clones and a folder, each with what git would not have in it."""
    folder = tmp_path_factory.mktemp("src")
    clone(folder / "one", "rich")
    clone(folder / "two", "httpx")
    shutil.copytree(SITE / "jinja2", folder / "three" / "jinja2")
    (folder / "three" / "main.c").write_text("int main(void) { return 0; }\n" * 20)
    return folder


def test_clones_are_read_at_their_commit(clones: Path) -> None:
    found = survey.look(clones, clones / "neve.toml")
    head = subprocess.run(
        ["git", "-C", clones / "one", "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    kinds = {Path(source["path"]).name: source["kind"] for source in found.sources}
    assert kinds == {"one": "git", "three": "directory", "two": "git"}
    assert found.sources[0]["commit"] == head
    assert {name.partition("@")[0] for name in found.repositories} == {"one", "two", "three"} and found.whole
    wanted = sum(
        p.stat().st_size for package in ("rich", "httpx", "jinja2") for p in (SITE / package).rglob("*.py")
    )
    assert found.languages["Python"] == wanted and found.languages["C"] > 0
    assert found.licenses["Apache-2.0"] and found.licenses["none known"]


def test_the_recipe_fits_what_was_found(clones: Path) -> None:
    found = survey.look(clones, clones / "neve.toml")
    text, said = start.recipe(found, "my code!")
    recipe = parse(tomllib.loads(text))
    assert recipe.run.name == "my-code" and [phase.name for phase in recipe.phase] == ["general", "quality"]
    assert recipe.corpus.languages == ["Python"] and recipe.evaluate.tasks == ["humaneval"]
    assert recipe.phase[0].tokens <= start.PASSES * recipe.corpus.expected_tokens
    assert recipe.phase[1].tokens <= recipe.phase[0].tokens
    assert "Python" in said[0] and "2 more" not in said[0] and "\n# " + said[0][:40] in text


def test_little_code_is_not_trained_on_and_other_languages_have_no_exemplars(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "a.c").write_text("int x;\n" * 30)
    found = survey.look(tmp_path / "c", tmp_path / "neve.toml")
    text, said = start.recipe(found, "c")
    assert parse(tomllib.loads(text)).phase == [] and "too few" in said[1]
    found.bytes, found.languages["C"] = 5_000_000, 5_000_000
    recipe = parse(tomllib.loads(start.recipe(found, "c")[0]))
    assert [phase.name for phase in recipe.phase] == ["general"] and recipe.evaluate.tasks == []


@pytest.mark.parametrize(
    ("unique", "flops", "hidden"), [(10**6, 1e13, 192), (3 * 10**8, 1e17, 384), (10**12, 1e23, 2048)]
)
def test_larger_data_and_machines_have_larger_models(unique: int, flops: float, hidden: int) -> None:
    shape, tokens = start.fitting(unique, flops)
    assert shape.hidden == hidden and tokens <= 4 * unique


def test_what_cannot_be_begun_with_is_said_in_a_line(tmp_path: Path) -> None:
    for folder, said in (
        (tmp_path / "absent", "no such folder"),
        (tmp_path, "no file in a programming language"),
    ):
        with pytest.raises(Misuse, match=said):
            (tmp_path / "read.me").write_text("x")
            survey.look(folder, tmp_path.parent / "neve.toml")
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(Misuse, match="would lie in the folder that it reads"):
        survey.look(tmp_path, tmp_path / "neve.toml")
    with pytest.raises(Misuse, match="--from tiny: no such recipe; there are quickstart, paper"):
        start.packaged("tiny")
