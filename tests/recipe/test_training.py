"""[training] and [[phase]]: what fits together and what does not. Oracle: the rules as stated; TOML written and read
again."""

import tomllib
from pathlib import Path

import pytest

from neve.recipe.file import parse, to_toml

DOCS = Path(__file__).parents[2] / "docs"
MIX = [{"data": "selection", "weight": 0.7}, {"data": "corpus", "weight": 0.3}]


def mixed(recipe: dict, mix: list[dict]) -> dict:
    """The recipe's first phase, made to read a mix."""
    del recipe["phase"][0]["data"]
    recipe["phase"][0]["mix"] = mix
    return recipe["phase"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["phase"][0].update(tokn=1), "phase.0.tokn = 1: unknown key; did you mean 'tokens'?"),
        (lambda d: d["phase"][0].update(tokens=0), "phase.0.tokens = 0: must be at least 1"),
        (lambda d: d["phase"][0].pop("tokens"), "phase.0: phase 'general' needs tokens or epochs"),
        (lambda d: d["phase"][0].update(epochs=2), "phase.0: phase 'general' has tokens and epochs"),
        (lambda d: (d["phase"][1].pop("tokens"), d["phase"][1].update(epochs=2)), "phase.1: phase 'quality' has data = 'selection': it needs tokens"),
        (lambda d: d["phase"][1].update(epochs=1, controls={"random": 1}), "phase.1: phase 'quality' has controls"),
        (lambda d: d["phase"][0].update(mix=MIX), "phase.0: phase 'general' needs data or mix, one of the two"),
        (lambda d: d["phase"][0].pop("data"), "phase.0: phase 'general' needs data or mix, one of the two"),
        (lambda d: mixed(d, [*MIX, MIX[0]]), "phase.0: phase 'general' names the same data twice in mix"),
        (lambda d: mixed(d, [MIX[0], {"data": "corpus", "weight": 1e-4}]), "phase.0: phase 'general' has a weight under a thousandth"),
        (lambda d: (mixed(d, MIX).pop("tokens"), d["phase"][0].update(epochs=1)), "phase.0: phase 'general' has a mix, whose parts end"),
        (lambda d: d["phase"][0].update(languages={"C": 1}), "phase.0: phase 'general' has repeats, a curve, a temperature or languages"),
        (lambda d: d["phase"][1].update(languages={"Cobol": 0.2}), "phase 'quality' has languages.Cobol = 0.2, and corpus.languages keeps "),
        (lambda d: d["phase"][1].update(languages={"C": 0}), "phase.1.languages.C = 0: must be more than 0"),
        (lambda d: d["phase"][0].update(controls={"random": 1}), "phase.0: phase 'general' reads the corpus"),
        (lambda d: mixed(d, [MIX[0], {"data": "synthetic", "weight": 1}]).update(controls={"random": 1}), "phase.0: phase 'general' mixes a selection with synthetic documents"),
        (lambda d: d["phase"][0].update(moments="keep"), "phase.0: phase 'general' has moments = 'keep': start must name"),
        (lambda d: d["phase"][1].update(moments="keep", start="./models/x"), "phase.1: phase 'quality' has moments = 'keep': start must name"),
        (lambda d: d["phase"][0]["lr"].update(shape="wsd"), "phase.0.lr: shape = 'wsd' with decay = 0"),
        (lambda d: d["phase"][0]["lr"].update(floor=1), "phase.0.lr: floor = 1 is above peak"),
        (lambda d: d.update(training={"sequence": "abc"}), 'training.sequence = "abc": must be a whole number'),
        (lambda d: d.update(training={"weight_decay": "x"}), 'training.weight_decay = "x": must be a number'),
        (lambda d: d.update(training={"weight_decay": float("nan")}), "training.weight_decay = NaN: must be a finite number"),
        (lambda d: d["phase"][0]["lr"].update(shape="linaer"), "must be 'cosine', 'linear', 'constant' or 'wsd'"),
        (lambda d: d["phase"][0]["lr"].update(decay=5), "phase.0.lr: shape = 'linear' with decay = 5"),
        (lambda d: d.update(training={"batch": 4}), "training.batch = 4: unknown key; did you mean 'batch_tokens'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(mistake, change, said: str) -> None:
    assert said in mistake(change)


def test_phases_of_every_kind_come_back_equal(small: dict) -> None:
    """Oracle: the recipe as resolved, written and read again; a start is a phase's name unless it has a / in it."""
    small["phase"] += [
        {"name": "mixed", "mix": MIX, "tokens": 4000, "start": "quality", "moments": "keep", "sequence": 64,
         "batch_tokens": 640, "lr": {"peak": 1e-3, "shape": "wsd", "warmup": 2, "decay": 3}},
        {"name": "twice", "data": "selection", "tokens": 400, "epochs": 2, "start": "./models/other", "lr": {"peak": 1e-3}},
    ]  # fmt: skip
    recipe = parse(small)
    assert parse(tomllib.loads(to_toml(recipe))) == recipe
    assert [phase.outside for phase in recipe.phase] == [False, False, False, True]
    assert [part.data for part in recipe.phase[2].parts] == ["selection", "corpus"]
    assert [(part.data, part.weight) for part in recipe.phase[0].parts] == [("corpus", 1.0)]


def test_the_documentations_phases_are_a_recipe(small: dict) -> None:
    """Oracle: the blocks of docs/training.md, put together as they stand."""
    text = (DOCS / "training.md").read_text()
    blocks = tomllib.loads("\n".join(part.split("```")[0] for part in text.split("```toml\n")[1:]))
    recipe = parse({key: value for key, value in small.items() if key != "phase"} | blocks)
    assert [phase.name for phase in recipe.phase] == ["general", "quality", "anneal", "further"]
    assert recipe.training.validate_steps == 1000 and recipe.phase[3].outside
