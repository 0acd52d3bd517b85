"""Recipes as files. Oracle: TOML as the standard library reads it."""

from pathlib import Path

import pytest

from neve.recipe.file import corpus_alone, load, parse, to_toml
from neve.recipe.recipe import RecipeError

SMALL = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": "src"}]},
    "phase": [
        {"name": "general", "data": "corpus", "tokens": 9, "lr": {"peak": 0.1}},
        {"name": "second", "data": "corpus", "tokens": 9, "lr": {"peak": 0.1}},
    ],
}


def test_overrides(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(to_toml(parse(SMALL)))
    recipe = load(
        path, ["phase.0.tokens=5", "run.name=other", "corpus.near.enabled=false", "phase.1.lr.peak=0.5"]
    )
    assert recipe.phase[0].tokens == 5 and recipe.run.name == "other"
    assert recipe.corpus.near.enabled is False and recipe.phase[1].lr.peak == 0.5
    quoted = load(path, ['corpus.filters."syntax.C"=0.2', "corpus.languages=['C', 'Go']"])
    assert quoted.corpus.filters == {"syntax.C": 0.2} and quoted.corpus.languages == ["C", "Go"]
    for bad in ("nonsense", "a b=1", '"unclosed=1', "=3", "phase.9.tokens=1", "phase.x.tokens=1"):
        with pytest.raises(RecipeError, match="--set"):
            load(path, [bad])


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[run\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("broken.toml", "binary.toml", "absent.toml"):
        with pytest.raises(RecipeError, match=name):
            load(tmp_path / name)


def test_a_corpus_alone_has_the_recipes_defaults() -> None:
    alone = corpus_alone([{"kind": "directory", "path": "src"}], {}, ['filters."syntax.C"=0.2'])
    assert alone.licenses == parse(SMALL).corpus.licenses and alone.filters == {"syntax.C": 0.2}
    with pytest.raises(
        RecipeError, match=r"near\.threshold = 7.0: must be at most 1|near\.threshold = 7: must be at most 1"
    ):
        corpus_alone([{"kind": "directory", "path": "src"}], {}, ["near.threshold=7"])


def test_a_runs_folder_is_no_recipe_but_has_one(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text("")
    with pytest.raises(RecipeError, match=r"is a folder, not a recipe; its recipe is .*recipe\.toml"):
        load(tmp_path)
