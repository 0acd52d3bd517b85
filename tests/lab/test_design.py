"""What a laboratory trains. Oracle: cells written down by hand; fingerprints of the store."""

from pathlib import Path
from typing import Any

import pytest

from neve.errors import Misuse
from neve.lab import design, forecast
from neve.lab.file import Laboratory, load
from neve.lab.schedule import Workers
from neve.run import machine

LABS = Path(__file__).parents[2] / "recipes" / "labs"


def test_cells_are_every_arm_seed_and_rate_and_share_what_is_equal(place: Path):
    lab, base = load(place / "lab.toml")
    cells = design.cells(lab, base, place / "out")
    names = [(c.arm, c.seed, c.low) for c in cells]
    assert names[:4] == [
        ("usual", 1, False),
        ("usual-copy-1", 1, False),
        ("usual", 2, False),
        ("usual-copy-1", 2, False),
    ]
    assert set(names[4:]) == {
        ("tiny-rate", 1, False), ("tiny-rate", 2, False), ("usual", 1, True), ("usual-copy-1", 1, True),
        ("tiny-rate", 1, True),
    }  # fmt: skip
    trained = {str(c.store.path(c.train)) for c in cells}
    assert len(trained) == len(cells), "each trains a model of its own"
    for shared in ("tokens", "train-general", "view-more"):
        assert len({c.store.path(shared) for c in cells}) == 1, shared


def test_a_cell_needs_its_own_stages_and_all_that_they_read(place: Path):
    lab, base = load(place / "lab.toml")
    cell = design.cell(lab, base, place / "out", "tiny-rate", 2, low=False)
    needed = cell.needed(final=False)
    assert needed[0] == "files" and needed[-1] == cell.tune and cell.train in needed
    assert cell.final not in needed and cell.final in cell.needed(final=True)
    assert cell.name == "tiny-rate · seed 2"


def test_the_model_that_a_phase_starts_from_is_measured_on_the_same_texts(place: Path):
    lab, base = load(place / "lab.toml")
    first, other = (design.cell(lab, base, place / "out", "usual", seed, low=False) for seed in (1, 2))
    assert first.before(final=False) == ["measure-general-tune"]
    assert first.before(final=True) == ["measure-general-tune", "measure-general-final"]
    stages = first.store.stages
    assert stages["measure-general-tune"].inputs["model"] == "train-general"
    assert stages["measure-general-tune"].settings == stages[first.tune].settings
    start = {cell.store.path("measure-general-tune") for cell in (first, other)}
    assert len(start) == 1 and first.store.path(first.tune) != other.store.path(other.tune)
    scratch, _ = load(LABS / "optimizer.toml")
    from_scratch = design.cell(*load(LABS / "optimizer.toml"), place / "out", scratch.baseline, 1, low=False)
    assert from_scratch.before(final=True) == []


def test_a_copy_has_seeds_of_its_own_and_an_arm_the_baselines(place: Path):
    lab, base = load(place / "lab.toml")

    def seed(arm: str) -> int:
        cell = design.cell(lab, base, place / "out", arm, 2, low=False)
        return cell.store.stages[cell.train].settings.seed

    assert (seed("usual"), seed("tiny-rate"), seed("usual-copy-1")) == (2, 2, 2 + design.COPY)


def test_arms_that_set_what_the_base_has_are_one_arm(place: Path):
    """Oracle: the phase's own rate, written as an arm's override, changes nothing."""
    lab, base = load(place / "lab.toml")
    at = next(i for i, phase in enumerate(base["phase"]) if phase["name"] == lab.phase)
    same = {f"phase.{at}.lr.peak": base["phase"][at]["lr"]["peak"]}
    arms = [
        lab.arm[0].model_copy(update={"name": name, "set": some}) for name, some in (("a", {}), ("b", same))
    ]
    lab = lab.model_copy(update={"arm": arms, "baseline": "a", "also": []})
    with pytest.raises(Misuse, match="a and b are one arm"):
        design.cells(lab, base, place / "out")


@pytest.mark.parametrize("file", sorted(LABS.rglob("*.toml")), ids=lambda file: load(file)[0].name)
def test_arms_of_the_laboratories_that_come_with_neve_differ(file: Path, tmp_path: Path):
    """They are overrides of a recipe, and change with it. Oracle: a training of its own for each cell."""
    lab, base = load(file)
    cells = design.cells(lab, base, tmp_path)
    assert len({c.store.path(c.train) for c in cells}) == len(cells)


@pytest.mark.parametrize("file", sorted(LABS.glob("*.toml")), ids=lambda file: file.stem)
def test_each_laboratory_has_a_twin_that_asks_the_same_in_nine_minutes_of_one_gpu(
    file: Path, tmp_path: Path, monkeypatch
):
    """Oracle: the laboratory at laptop size; the speed measured on an H100 at this size (docs/log.md) less a sixth, 8 s
    to start, save and measure a model and a minute to compile. Fewer seeds only where more do not fit."""
    monkeypatch.setattr(forecast, "speed", lambda cells: 450_000.0)

    def seconds(lab: Laboratory, base: dict[str, Any]) -> float:
        cells = design.cells(lab, base, tmp_path)
        assert len({tuple(vars(c.store.stages[c.train].settings.model).items()) for c in cells}) == 1
        said = forecast.forecast(lab, cells, tmp_path, Workers(1, gpus=("0",)))
        shared = sum(name.startswith("train-") for name in said["shared_stages_left"])
        return said["parts"]["training"] + 8 * (len(cells) + shared) + 60

    small, _ = load(file)
    lab, base = load(LABS / "gpu" / file.name)
    given = {"name", "like", "recipe", "noise", "set", "seeds", "arm"}
    assert lab.model_dump(exclude=given) == small.model_dump(exclude=given)
    assert [arm.model_copy(update={"set": {}}) for arm in lab.arm] == [
        arm.model_copy(update={"set": {}}) for arm in small.arm
    ]
    assert 300 < seconds(lab, base) < 540
    if lab.seeds != small.seeds:
        assert lab.seeds == small.seeds[:3]
        assert seconds(lab.model_copy(update={"seeds": small.seeds}), base) > 540


def test_synthetic_documents_of_a_laboratory_are_run_in_this_machines_sandbox():
    """Oracle: the tier that is probed here. With "none" every gate that runs programs is passed unseen."""
    lab, base = load(LABS / "synthesis.toml")
    cell = design.cell(lab, base, Path("out"), lab.baseline, 1, low=False)
    assert cell.store.stages["synthesis"].settings.sandbox == machine.sandbox_tier()
