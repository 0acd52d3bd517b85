"""The recipe's contract: what is written is read back equal, and each mistake is one line that helps."""

import copy
import tomllib
from pathlib import Path

import pytest

from neve.recipe.file import load, parse, to_toml
from neve.recipe.recipe import LANGUAGES, RecipeError

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": "."}]},
    "labels": {"good": {"positives": [{"kind": "directory", "path": "."}]}},
    "annotators": {"encoder": {"kind": "encoder", "labels": ["good"]}},
    "phase": [
        {"name": "general", "data": "corpus", "tokens": 1000, "lr": {"peak": 1e-3}},
        {"name": "quality", "data": "selection", "tokens": 400, "start": "general", "lr": {"peak": 1e-3}},
    ],
}
MIX = [{"data": "selection", "weight": 0.7}, {"data": "corpus", "weight": 0.3}]


def mixed(recipe: dict, mix: list[dict]) -> dict:
    """The recipe's first phase, made to read a mix."""
    del recipe["phase"][0]["data"]
    recipe["phase"][0]["mix"] = mix
    return recipe["phase"][0]


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
        (lambda d: d["phase"][0].update(tokens=0), "phase.0.tokens = 0: must be at least 1"),
        (lambda d: d["phase"][1].update(start="nowhere"), "phase.start = 'nowhere' of phase 'quality' is no earlier phase"),
        (lambda d: d["corpus"]["sources"][0].pop("path"), "corpus.sources.0: a source of kind 'directory' needs path"),
        (lambda d: d.pop("run"), "run: is missing"),
        (lambda d: d["phase"][1].update(data="synthetic"), "phase 'quality' has data = 'synthetic': the recipe needs a [synthesis]"),
        (lambda d: d["phase"][0].pop("tokens"), "phase.0: phase 'general' needs tokens or epochs"),
        (lambda d: d["phase"][0].update(epochs=2), "phase.0: phase 'general' has tokens and epochs"),
        (lambda d: (d["phase"][1].pop("tokens"), d["phase"][1].update(epochs=2)), "phase.1: phase 'quality' has data = 'selection': it needs tokens"),
        (lambda d: d["phase"][1].update(epochs=1, controls={"random": 1}), "phase.1: phase 'quality' has controls"),
        (lambda d: d["phase"][0].update(mix=MIX), "phase.0: phase 'general' needs data or mix, one of the two"),
        (lambda d: d["phase"][0].pop("data"), "phase.0: phase 'general' needs data or mix, one of the two"),
        (lambda d: mixed(d, [*MIX, MIX[0]]), "phase.0: phase 'general' names the same data twice in mix"),
        (lambda d: mixed(d, [MIX[0], {"data": "corpus", "weight": 1e-4}]), "phase.0: phase 'general' has a weight under a thousandth"),
        (lambda d: mixed(d, [{"data": "synthetic", "weight": 1}]), "phase 'general' has data = 'synthetic': the recipe needs a [synthesis]"),
        (lambda d: (mixed(d, MIX).pop("tokens"), d["phase"][0].update(epochs=1)), "phase.0: phase 'general' has a mix, whose parts end"),
        (lambda d: d["phase"][0].update(moments="keep"), "phase.0: phase 'general' has moments = 'keep': start must name"),
        (lambda d: d["phase"][1].update(moments="keep", start="./models/x"), "phase.1: phase 'quality' has moments = 'keep': start must name"),
        (lambda d: d["phase"][1].update(sequence=5000), "batch_tokens = 4194304 of phase 'quality' must be a multiple of sequence = 5000"),
        (lambda d: d["phase"][0]["lr"].update(shape="wsd"), "phase.0.lr: shape = 'wsd' with decay = 0"),
        (lambda d: d["phase"][0]["lr"].update(floor=1), "phase.0.lr: floor = 1 is above peak"),
        (lambda d: d.update(training={"sequence": "abc"}), 'training.sequence = "abc": must be a whole number'),
        (lambda d: d.update(training={"weight_decay": "x"}), 'training.weight_decay = "x": must be a number'),
        (lambda d: d.update(training={"weight_decay": float("nan")}), "training.weight_decay = NaN: must be a finite number"),
        (lambda d: d["corpus"].update(heldout_share=1.5), "corpus.heldout_share = 1.5: must be less than 1"),
        (lambda d: d["corpus"].update(licenses=7), "corpus.licenses = 7: must be 'permissive' or 'any'"),
        (lambda d: d["corpus"].update(sources=[]), "corpus.sources = []: must have at least 1"),
        (lambda d: d["phase"][0]["lr"].update(shape="linaer"), "must be 'cosine', 'linear', 'constant' or 'wsd'"),
        (lambda d: d["phase"][0]["lr"].update(decay=5), "phase.0.lr: shape = 'linear' with decay = 5"),
        (lambda d: d.update(training={"batch": 4}), "training.batch = 4: unknown key; did you mean 'batch_tokens'?"),
        (lambda d: d.update(model={"hidden": 100, "heads": 3}), "model: hidden = 100 must be heads = 3 times"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(change, said: str) -> None:
    data = copy.deepcopy(SMALL)
    change(data)
    with pytest.raises(RecipeError) as caught:
        parse(data)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_phases_of_every_kind_come_back_equal() -> None:
    """Oracle: the recipe as resolved, written and read again; a start is a phase's name unless it has a / in it."""
    data = copy.deepcopy(SMALL)
    data["phase"] += [
        {"name": "mixed", "mix": MIX, "tokens": 400, "start": "quality", "moments": "keep", "sequence": 64,
         "batch_tokens": 640, "lr": {"peak": 1e-3, "shape": "wsd", "warmup": 2, "decay": 3}},
        {"name": "twice", "data": "selection", "tokens": 400, "epochs": 2, "start": "./models/other", "lr": {"peak": 1e-3}},
    ]  # fmt: skip
    recipe = parse(data)
    assert parse(tomllib.loads(to_toml(recipe))) == recipe
    assert [phase.outside for phase in recipe.phase] == [False, False, False, True]
    assert [part.data for part in recipe.phase[2].parts] == ["selection", "corpus"]
    assert [(part.data, part.weight) for part in recipe.phase[0].parts] == [("corpus", 1.0)]


def test_the_documentations_phases_are_a_recipe() -> None:
    """Oracle: the blocks of docs/training.md, put together as they stand."""
    text = (RECIPES.parent / "docs" / "training.md").read_text()
    blocks = tomllib.loads("\n".join(part.split("```")[0] for part in text.split("```toml\n")[1:]))
    recipe = parse({key: value for key, value in SMALL.items() if key != "phase"} | blocks)
    assert [phase.name for phase in recipe.phase] == ["general", "quality", "anneal", "further"]
    assert recipe.training.validate_steps == 1000 and recipe.phase[3].outside
