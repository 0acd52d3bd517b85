"""The recipe's contract: what is written is read back equal, and each mistake is one line that helps."""

import copy
import tomllib
from pathlib import Path

import pytest

from neve.recipe import LANGUAGES, RecipeError
from neve.recipe_file import load, parse, to_toml

RECIPES = Path(__file__).parents[1] / "recipes"
SMALL = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": "."}]},
    "annotator": {"positives": [{"kind": "directory", "path": "."}]},
    "phase": [
        {"name": "general", "data": "corpus", "tokens": 1000, "lr": {"peak": 1e-3}},
        {"name": "quality", "data": "selection", "tokens": 400, "start": "general", "lr": {"peak": 1e-3}},
    ],
}


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda p: p.name)
def test_shipped_recipes_load_and_come_back_equal(path: Path) -> None:
    """Oracle: the recipe as resolved, written and read again, is the same recipe."""
    recipe = load(path)
    assert parse(tomllib.loads(to_toml(recipe))) == recipe


def test_the_papers_recipe_states_the_papers_figures() -> None:
    """Oracle: arXiv 2409.02326, sections 2 and 3."""
    recipe = load(RECIPES / "arctic-snowcoder-1.3b.toml")
    general, quality, synthetic = recipe.phase
    assert (general.tokens, quality.tokens, synthetic.tokens) == (500e9, 50e9, 5e9)
    assert (general.lr.peak, general.lr.floor, general.lr.warmup, general.lr.shape) == (
        5.3e-4,
        5.3e-5,
        600,
        "cosine",
    )
    assert (quality.lr.peak, quality.lr.floor, quality.lr.warmup, quality.lr.shape) == (
        5.3e-4,
        0,
        1000,
        "linear",
    )
    assert quality.repeats == 4 and recipe.corpus.languages == LANGUAGES and len(LANGUAGES) == 18
    assert recipe.training.sequence * recipe.training.batch == 512 * 8192


def test_what_the_paper_does_not_state_is_marked() -> None:
    """Every setting that the paper gives no value for carries the comment."""
    lines = (RECIPES / "arctic-snowcoder-1.3b.toml").read_text().splitlines()
    for key in (
        "betas",
        "weight_decay",
        "clip",
        "precision",
        "rope_base",
        "fim_rate",
        "temperature",
        "epochs",
    ):
        assert all("# assumed" in line for line in lines if line.startswith(f"{key} = ")), key


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["run"].update(nam="x"), "run.nam = \"x\": unknown key; did you mean 'name'?"),
        (lambda d: d["phase"][0].update(tokn=1), "phase.0.tokn = 1: unknown key; did you mean 'tokens'?"),
        (lambda d: d["phase"][0].update(tokens=0), "phase.0.tokens = 0: input should be greater than or equal to 1"),
        (lambda d: d["phase"][1].update(start="nowhere"), "phase.start = 'nowhere' of phase 'quality' is no earlier phase"),
        (lambda d: d["corpus"]["sources"][0].pop("path"), "corpus.sources.0: a source of kind 'directory' needs path"),
        (lambda d: d.pop("run"), "run: is missing"),
        (lambda d: d["phase"][1].update(data="synthetic"), "phase 'quality' has data = 'synthetic': the recipe needs a [synthesis]"),
        (lambda d: d.update(model={"hidden": 100, "heads": 3}), "model: hidden = 100 must be heads = 3 times"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(change, said: str) -> None:
    data = copy.deepcopy(SMALL)
    change(data)
    with pytest.raises(RecipeError) as caught:
        parse(data)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_overrides(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(to_toml(parse(SMALL)))
    recipe = load(
        path, ["phase.0.tokens=5", "run.name=other", "corpus.near.enabled=false", "phase.1.lr.peak=0.5"]
    )
    assert recipe.phase[0].tokens == 5 and recipe.run.name == "other"
    assert recipe.corpus.near.enabled is False and recipe.phase[1].lr.peak == 0.5
    for bad in ("nonsense", "phase.9.tokens=1", "phase.x.tokens=1"):
        with pytest.raises(RecipeError, match="--set"):
            load(path, [bad])


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[run\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("broken.toml", "binary.toml", "absent.toml"):
        with pytest.raises(RecipeError, match=name):
            load(tmp_path / name)
