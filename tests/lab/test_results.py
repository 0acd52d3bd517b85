"""A laboratory's outcome. Oracle: figures planted in units.json; sentences by hand."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from neve.errors import Fault
from neve.lab import design, results
from neve.lab.file import load
from neve.lab.statistics import BETTER, EQUAL, UNKNOWN, Variance
from neve.store import read_json, write_json


@pytest.fixture
def cells(place: Path, tmp_path: Path) -> list[design.Cell]:
    """All cells of the laboratory as if they had been trained: `tiny-rate` is worse by half a bit a byte."""
    lab, base = load(place / "lab.toml")
    made = design.cells(lab, base, tmp_path / "out")
    task = np.random.default_rng(1).normal(2.0, 0.3, 40)
    for number, cell in enumerate(made):
        shift = 0.5 if cell.arm == "tiny-rate" else 0.0
        bits = (task + shift + 0.001 * (number % 3)) * 100
        folder = cell.store.path(cell.tune)
        folder.mkdir(parents=True)
        units = {"keys": [str(i) for i in range(40)], "bits": bits.tolist(), "bytes": [100] * 40}
        write_json(folder / "units.json", {"heldout": units})
    return made


def test_what_was_planted_is_found_and_written(place: Path, tmp_path: Path, cells: list[design.Cell]) -> None:
    lab, _ = load(place / "lab.toml")
    found = results.outcome(lab, cells, [1, 2], final=False)
    (only,) = found["texts"]["heldout"]["comparisons"]
    assert only["arm"] == "tiny-rate" and only["verdict"] == "worse"
    assert abs(only["value"] - 0.5) < 0.01 and only["interval"][0] > 0.4
    assert found["texts"]["heldout"]["low_rate"]["tiny-rate"] == pytest.approx(0.5, abs=0.01)
    beside = {"zlib -9": {"what": "one stream", "value": 2.491}}
    found["texts"]["heldout"]["references"] = beside
    results.write(tmp_path, found, {"seconds": 1})
    assert "beside them: zlib -9 2.491 bits per byte" in (tmp_path / "table.txt").read_text()
    assert "zlib -9" in (page := (tmp_path / "index.html").read_text()) and "2.491" in page
    assert read_json(tmp_path / "lab.json")["texts"]["heldout"]["references"] == beside
    said = "tiny-rate is worse than usual (+0.5"
    assert said in (tmp_path / "table.txt").read_text() and said in (tmp_path / "index.html").read_text()


def test_arms_are_held_against_each_that_also_names(
    place: Path, tmp_path: Path, cells: list[design.Cell]
) -> None:
    """`tiny-rate` beside itself as a control, and beside the baseline; the page says its low rate beside
    both."""
    lab, _ = load(place / "lab.toml")
    lab = lab.model_copy(
        update={"arm": [*lab.arm, lab.arm[1].model_copy(update={"name": "again"})], "also": ["again"]}
    )
    again = [replace(cell, arm="again") for cell in cells if cell.arm == "tiny-rate"]
    found = results.outcome(lab, [*cells, *again], [1, 2], final=False)
    told = {(c["arm"], c["baseline"]): c for c in found["texts"]["heldout"]["comparisons"]}
    assert set(told) == {("tiny-rate", "usual"), ("again", "usual"), ("tiny-rate", "again")}
    assert told["tiny-rate", "again"]["value"] == 0 and told["tiny-rate", "usual"]["verdict"] == "worse"
    results.write(tmp_path, found, {})
    assert "tiny-rate equals again within the margin" in (tmp_path / "table.txt").read_text()
    assert '<td>again</td><td class="r"><b>+0.000</b>' in (tmp_path / "index.html").read_text()


def test_the_smallest_difference_is_that_of_the_hardest_comparison(place: Path) -> None:
    """By hand, from Student's quantiles: beside the mean of three draws; beside a control that is drawn once
    too; with a fifth of the 5 % kept for looking early; and where the second arm is of another kind."""
    lab, _ = load(place / "lab.toml")
    two = [*lab.arm, lab.arm[1].model_copy(update={"name": "second"})]
    noise = Variance(0.01, 4)

    def stated(**about: object) -> float:
        some = lab.model_copy(update={"arm": two, "copies": 2, "seeds": [1, 2, 3], **about})
        return results.smallest_difference(some, noise, known=True)

    def hand(alpha: float, freedom: int, comparisons: int, held: int) -> float:
        steps = t.ppf(1 - alpha / 2 / comparisons, freedom) + t.ppf(0.8, freedom)
        return float(steps * math.sqrt(0.01 * (1 / 3 + 1 / 3 / held)))

    assert stated() == pytest.approx(hand(0.05, 8, 2, 3))
    assert stated(also=["second"]) == pytest.approx(hand(0.05, 8, 3, 1))
    assert stated(stop_early=True) == pytest.approx(hand(0.04, 8, 2, 3))
    other = [*lab.arm, two[2].model_copy(update={"drawn": True})]
    assert stated(arm=other) == pytest.approx(hand(0.05, 6, 2, 3))


def test_few_units_are_a_fault(place: Path, cells: list[design.Cell]) -> None:
    lab, _ = load(place / "lab.toml")
    for cell in cells:
        units = {"keys": ["1"], "bits": [1.0], "bytes": [10]}
        write_json(cell.store.path(cell.tune) / "units.json", {"heldout": units})
    with pytest.raises(Fault, match="heldout: has 1 units, a laboratory needs 5"):
        results.figures(lab, cells, "heldout")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (BETTER, "new is better than old (-0.020 bits per byte, between -0.030 and -0.010)"),
        (EQUAL, "new equals old within the margin (-0.020 bits per byte, between -0.030 and -0.010)"),
        (UNKNOWN, "new or old: cannot tell (-0.020 bits per byte, between -0.030 and -0.010); few seeds"),
    ],
)
def test_a_verdict_is_a_sentence(verdict: str, said: str) -> None:
    about = {
        "arm": "new",
        "baseline": "old",
        "value": -0.02,
        "interval": (-0.03, -0.01),
        "reason": "few seeds",
    }
    assert results.sentence(about | {"verdict": verdict}) == said
