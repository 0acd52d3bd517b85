"""The recipe's contract: what is written is read back equal, and each mistake is one line that helps."""

import tomllib
from pathlib import Path

import pytest

from neve.recipe.corpus import LANGUAGES
from neve.recipe.file import load, parse, to_toml

RECIPES = Path(__file__).parents[2] / "recipes"


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
    assert recipe.training.batch_tokens == 512 * 8192 and recipe.training.sequence == 8192


@pytest.mark.parametrize("name", ["ann-edu", "ann-ins", "ann-hq", "ann-hq-ins"])
def test_the_papers_annotators_are_one_override_away(name: str) -> None:
    """Oracle: arXiv 2409.02326, section 3: the counts of labels of each variant."""
    recipe = load(RECIPES / "arctic-snowcoder-1.3b.toml", [f"phase.1.annotator={name}"])
    labels = {one: recipe.labels[one] for one in recipe.labels_of(name)}
    counts = {
        one: table.judge.documents if table.judge else table.best.documents if table.best else table.positives_limit
        for one, table in labels.items()
    }  # fmt: skip
    assert (
        counts
        == {
            "ann-edu": {"edu": 400_000},
            "ann-ins": {"top-edu": 100_000, "ins-100k": 100_000},
            "ann-hq": {"hq": 220_000},
            "ann-hq-ins": {"hq": 220_000, "ins": 80_000},
        }[name]
    )
    annotator = recipe.annotators[name]
    assert annotator.encoder == "Snowflake/snowflake-arctic-embed-m"
    assert annotator.labels_are == ("values" if name == "ann-edu" else "classes")


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
        (lambda d: d["phase"][1].update(start="nowhere"), "phase.start = 'nowhere' of phase 'quality' is no earlier phase"),
        (lambda d: d.pop("run"), "run: is missing"),
        (lambda d: d["phase"][1].update(data="synthetic"), "phase 'quality' has data = 'synthetic': the recipe needs a [synthesis]"),
        (lambda d: d["phase"][1].update(data=None, mix=[{"data": "synthetic", "weight": 1}]), "phase 'quality' has data = 'synthetic': the recipe needs a [synthesis]"),
        (lambda d: d["phase"][1].update(name="general"), "phase.name = 'general' occurs twice"),
        (lambda d: (d["phase"][1].update(controls={"random": 2}), d["phase"][0].update(name="quality-random-2")), "is the name of a control of 'quality'; take another"),
        (lambda d: (d["phase"].pop(1), d.update(synthesis={"tokens": 1, "seeds": 1})), "[synthesis] takes its seeds from a phase with data = 'selection'"),
        (lambda d: d.update(synthesis={"tokens": 1, "seeds": 1, "gates": {"score": 0.1}}, annotators={"x": {"kind": "column", "path": "a.parquet", "column": "s"}}), "synthesis.gates.score = 0.1: annotators.x is a column, which has no score for a new document"),
        (lambda d: d["phase"][1].update(sequence=5000), "batch_tokens = 4194304 of phase 'quality' must be a multiple of sequence = 5000"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(mistake, change, said: str) -> None:
    assert said in mistake(change)
