"""Speed of a phase, tried. Oracle: a model of a hundred times the work is slower."""

from dataclasses import replace
from pathlib import Path

from neve.lab import design, speed
from neve.lab.file import load


def test_a_larger_model_is_slower(place: Path):
    lab, base = load(place / "lab.toml")
    cell = design.cell(lab, base, place / "out", "usual", 1, low=False)
    settings = cell.store.stages[cell.train].settings
    larger = replace(settings, model=replace(settings.model, hidden=256, intermediate=1024, layers=4))
    small, large = (speed.tokens_per_second(each, 300) for each in (settings, larger))
    assert small > 3 * large > 0
