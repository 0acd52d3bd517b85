"""Sentences about results. Oracle: pairs written by hand, and what may be said of them."""

import pytest

from neve.report.claim import claim, headlines, word


def summary(
    difference: float, interval: list[float], p: float, tasks: int = 164, control: bool = True
) -> dict:
    pair = {"phase": "quality", "control": "quality-random" if control else "general", "metric": "humaneval", "draws": 1,
            "difference": difference, "interval": interval, "p": p}  # fmt: skip
    figure = {"value": 2.0, "interval": [1.9, 2.1], "tasks": tasks}
    names = ("general", "quality", "quality-random")
    models = {name: {"bits_per_byte": {"humaneval": figure, "heldout": {}}} for name in names}
    phases = [{"name": name, "control": name.endswith("random")} for name in names]
    return {"seed": 7, "results": {"pairs": [pair], "models": models}, "phases": phases}


@pytest.mark.parametrize(
    ("interval", "p", "units", "said"),
    [
        ([-0.2, -0.1], 0.001, 164, "better"),
        ([0.1, 0.2], 0.001, 164, "worse"),
        ([-0.1, 0.1], 0.5, 164, "no clear difference"),
        ([-0.2, -0.1], 0.2, 164, "no clear difference"),
        ([-0.143, -0.143], 1.0, 1, "too few to say"),
    ],
)
def test_words(interval, p, units, said) -> None:
    assert word({"interval": interval, "p": p, "units": units}) == said


def test_a_claim_has_its_size_its_interval_and_its_limits() -> None:
    found = claim(summary(-0.1, [-0.12, -0.08], 0.001))
    assert "5.0 % fewer bits" in found["text"] and "random documents" in found["text"]
    assert "[-0.120, -0.080] over 164 tasks" in found["scope"] and "another draw" in found["scope"]


def test_chance_is_no_claim() -> None:
    assert "cannot be told" in claim(summary(-0.1, [-0.2, 0.1], 0.4))["text"]
    assert "Too few" in claim(summary(-0.1, [-0.2, -0.1], 0.01, tasks=3))["text"]


def test_without_a_control_nothing_is_claimed_about_data() -> None:
    found = claim(summary(-0.1, [-0.12, -0.08], 0.001, control=False))
    assert "2.000 bits for a byte of HumanEval's solutions" in found["text"]
    assert found["scope"].startswith("No phase has a control")


def test_held_out_code_is_claimed_where_nothing_else_is_measured() -> None:
    """A corpus without Python has neither HumanEval nor labels; references stand beside what there is."""
    alone = summary(-0.1, [-0.12, -0.08], 0.001, control=False)
    held = {"all": {"value": 2.5, "interval": [2.4, 2.6], "documents": 40}}
    for model in alone["results"]["models"].values():
        model["bits_per_byte"] = {"heldout": held}
    alone["results"]["references"] = {"zlib -9": {"bits_per_byte": {"heldout": {"all": {"value": 1.5}}}}}
    found = claim(alone)
    assert "2.500 bits for a byte of held-out code" in found["text"]
    assert found["scope"].startswith("zlib -9 needs 1.500. No phase")
    alone["results"]["pairs"][0] |= {"control": "quality-random", "metric": "heldout"}
    found = claim(alone)
    assert "4.0 % fewer bits for held-out code" in found["text"] and "over 40 documents" in found["scope"]


def test_headlines_say_what_their_intervals_cover() -> None:
    (row,) = headlines(summary(-0.1, [-0.12, -0.08], 0.001))
    assert row["over"] == "over tasks only" and row["is_control"] and row["on"] == "HumanEval's solutions"


def test_several_draws_are_in_the_interval_and_said() -> None:
    found = summary(-0.1, [-0.12, -0.08], 0.001)
    found["results"]["pairs"][0]["draws"] = 3
    assert "164 tasks and 3 draws of random documents" in claim(found)["scope"]
    assert headlines(found)[0]["over"] == "over tasks, draws and seeds"


def test_where_nothing_was_measured_nothing_is_said() -> None:
    """One repository, of which none is held out, and no benchmark: the claim has no figure."""
    results = {"models": {"general": {"bits_per_byte": {}}}, "pairs": []}
    said = claim({"phases": [{"name": "general", "control": False}], "results": results})
    assert said["text"] == "The model is trained through phase general; nothing was measured."
