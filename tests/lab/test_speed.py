"""Speed of a phase, tried. Oracle: a model of a hundred times the work is slower."""

from dataclasses import replace
from pathlib import Path

import pytest

from neve.lab import design, speed
from neve.lab.file import load


def test_a_larger_model_is_slower(place: Path):
    lab, base = load(place / "lab.toml")
    cell = design.cell(lab, base, place / "out", "usual", 1, low=False)
    settings = cell.store.stages[cell.train].settings
    larger = replace(settings, model=replace(settings.model, hidden=256, intermediate=1024, layers=4))
    small, large = (speed.tokens_per_second(each, 300) for each in (settings, larger))
    assert small > 3 * large > 0


def test_a_large_batch_is_tried_in_small_passes(place: Path, monkeypatch: pytest.MonkeyPatch):
    """A whole batch of a large recipe takes a CPU minutes. Oracle: the tokens that the trainer was given."""
    lab, base = load(place / "lab.toml")
    cell = design.cell(lab, base, place / "out", "usual", 1, low=False)
    settings = cell.store.stages[cell.train].settings
    training = settings.training
    wide = replace(training, batch=4096, micro_batch=4096)
    given, accumulate = [], speed.loop.accumulate

    def seen(replicas, batch, *rest):
        given.append(batch[0].numel())
        return accumulate(replicas, batch, *rest)

    monkeypatch.setattr(speed.loop, "accumulate", seen)
    assert speed.tokens_per_second(replace(settings, training=wide), 300) > 0
    assert given and max(given) <= max(speed.CPU_TOKENS, training.sequence)
