"""neve.recipe.annotators. Oracle: the rules as stated; messages that name key, value and remedy."""

import copy

import pytest

from neve.recipe.annotators import Encoder, Own
from neve.recipe.file import parse
from neve.recipe.recipe import RecipeError

GOOD = {"positives": [{"kind": "directory", "path": "."}]}
SMALL = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": "."}]},
    "labels": {"good": GOOD, "more": copy.deepcopy(GOOD)},
    "annotators": {
        "encoder": {"kind": "encoder", "labels": ["good", "more"], "epochs": 3},
        "student": {"kind": "student", "teacher": "encoder"},
        "both": {"kind": "blend", "of": ["encoder", "mine"], "weights": [2, 1]},
        "all": {"kind": "cascade", "first": "student", "then": "both", "keep": 0.3},
        "mine": {"kind": "words", "labels": ["good"], "options": {"fewest": 3}},
    },
    "phase": [
        {
            "name": "quality", "data": "selection", "annotator": "mine", "tokens": 400, "lr": {"peak": 1e-3},
            "batch_tokens": 64, "sequence": 8,
        }
    ],
}  # fmt: skip


def test_each_kind_has_its_own_table_and_one_without_takes_options():
    recipe = parse(copy.deepcopy(SMALL))
    encoder, mine = recipe.annotators["encoder"], recipe.annotators["mine"]
    assert isinstance(encoder, Encoder) and encoder.epochs == 3 and encoder.section_tokens == 512
    assert isinstance(mine, Own) and mine.options == {"fewest": 3}
    assert recipe.annotator_of(recipe.phase[0]) == "mine"


def test_an_annotator_comes_after_what_it_is_made_of_and_is_measured_on_their_labels():
    recipe = parse(copy.deepcopy(SMALL))
    assert recipe.made_of("all") == ["encoder", "student", "mine", "both", "all"]
    assert recipe.labels_of("all") == ["good", "more"] and recipe.labels_of("mine") == ["good"]


def test_a_phase_takes_the_only_annotator():
    data = copy.deepcopy(SMALL)
    del data["phase"][0]["annotator"]
    data["annotators"] = {"encoder": data["annotators"]["encoder"]}
    recipe = parse(data)
    assert recipe.annotator_of(recipe.phase[0]) == "encoder"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["annotators"]["encoder"].update(epoch=1), "annotators.encoder.epoch = 1: unknown key; did you mean 'epochs'?"),
        (lambda d: d["annotators"]["encoder"].update(epochs=0), "annotators.encoder.epochs = 0: must be at least 1"),
        (lambda d: d["annotators"]["encoder"].update(kind="encodr"), "annotators.encoder: kind = 'encodr' has no table in the recipe"),
        (lambda d: d["labels"]["more"].update(hard={"rounds": 2}), "labels.more: hard = {…} needs judge = {…}"),
        (lambda d: d["labels"]["more"].update(judge={}), "labels.more: judge = {…} is to rate nothing: give it documents"),
        (lambda d: d["labels"].update(more={"judge": {"documents": 20}, "hard": {}}), "labels.more: hard = {…} needs positives or best"),
        (lambda d: d["labels"]["more"].update(best={"annotator": "edu", "documents": 20}), "labels.more.best.annotator = 'edu'; the recipe has [annotators.encoder]"),
        (lambda d: d["labels"]["more"].update(best={"annotator": "all", "documents": 20}), "annotators.encoder is made of itself: encoder of all of student of encoder"),
        (lambda d: d["annotators"].update(encoder=3), "annotators.encoder = 3: must be a table"),
        (lambda d: d["annotators"]["encoder"].update(labels=["god"]), "annotators.encoder.labels names 'god'; the recipe has [labels.good], [labels.more]"),
        (lambda d: d["annotators"]["both"].update(of=["mine", "none"]), "annotators.both is made of 'none'; the recipe has [annotators.encoder]"),
        (lambda d: d["annotators"]["student"].update(teacher="all"), "is made of itself: student of all of student"),
        (lambda d: d["annotators"]["both"].update(weights=[1]), "annotators.both: weights = [1.0]: needs a number above 0 for each of the 2"),
        (lambda d: d["annotators"]["all"].update(keep=1.0), "annotators.all.keep = 1.0: must be"),
        (lambda d: d["annotators"].update({"My/kind": {}}), 'annotators.My/kind = "My/kind": must be small letters'),
        (lambda d: d["labels"]["good"]["positives"][0].update(pth=1), "labels.good.positives.0.pth = 1: unknown key; did you mean 'path'?"),
        (lambda d: d["labels"]["more"].pop("positives"), "labels.more: labels need positives = [sources], best = "),
        (lambda d: d["phase"][0].pop("annotator"), "phase 'quality' selects: it needs annotator = NAME; the recipe has [annotators.encoder], [annotators.student]"),
        (lambda d: d["phase"][0].update(annotator="none"), "phase 'quality' has annotator = 'none'; the recipe has"),
        (lambda d: (d.pop("annotators"), d["phase"][0].pop("annotator")), "the recipe has no [annotators.NAME]"),
        (lambda d: d["phase"][0]["lr"].update(peek=1), "phase.0.lr.peek = 1: unknown key; did you mean 'peak'?"),
        (lambda d: d.update(synthesis={"tokns": 1}), "synthesis.tokns = 1: unknown key; did you mean 'tokens'?"),
        (lambda d: d.update(synthesis={"tokens": 1, "seeds": 1, "top": 1}), "synthesis.top = 1: unknown key; did you mean 'top_p'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(change, said):
    data = copy.deepcopy(SMALL)
    change(data)
    with pytest.raises(RecipeError) as caught:
        parse(data)
    assert said in str(caught.value) and "\n" not in str(caught.value)
