"""What a laboratory trains. Oracle: cells written down by hand; fingerprints of the store."""

from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.lab import design, laboratory
from neve.lab.file import load
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


@pytest.mark.parametrize("file", sorted((LABS / "gpu").glob("*.toml")), ids=lambda file: file.stem)
def test_a_laboratory_for_one_gpu_asks_the_same_and_takes_nine_minutes(
    file: Path, tmp_path: Path, monkeypatch
):
    """Oracle: the laboratory at laptop size; the speed measured on an H100 at this size (docs/log.md) less a sixth, 8 s
    to start, save and measure a model and a minute to compile."""
    lab, base = load(file)
    small, _ = load(LABS / file.name)
    for same in ("question", "phase", "baseline", "seeds", "copies", "tune", "final", "low_rate"):
        assert getattr(lab, same) == getattr(small, same), same
    assert [arm.name for arm in lab.arm] == [arm.name for arm in small.arm]
    phases = {
        tuple(cell.store.stages[cell.train].settings.model.__dict__.items())
        for cell in design.cells(lab, base, tmp_path)
    }
    assert len(phases) == 1, "all train the model that was timed"
    monkeypatch.setattr(laboratory, "_speed", lambda cells: 450_000.0)
    said = laboratory.plan(file, tmp_path, 1)
    models = said["trainings"] + sum(name.startswith("train-") for name in said["shared_stages_left"])
    assert 300 < said["seconds"] + 8 * models + 60 < 540


def test_synthetic_documents_of_a_laboratory_are_run_in_this_machines_sandbox():
    """Oracle: the tier that is probed here. With "none" every gate that runs programs is passed unseen."""
    lab, base = load(LABS / "synthesis.toml")
    cell = design.cell(lab, base, Path("out"), lab.baseline, 1, low=False)
    assert cell.store.stages["synthesis"].settings.sandbox == machine.sandbox_tier()
