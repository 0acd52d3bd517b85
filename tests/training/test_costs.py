"""Oracle: a model that is really built, and views whose windows can be counted by hand."""

from dataclasses import asdict
from types import SimpleNamespace

import pytest

from neve.training.costs import extent, parameters, sizes
from neve.training.model import Config, Llama
from neve.training.settings import Model


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_of_a_built_model(tied):
    shape = Model(48, 100, 3, 6, 2, 1e4, 1e-5, tied)
    model = Llama(Config(vocab_size=99, max_positions=8, **asdict(shape)))
    assert parameters(shape, 99)["all"] == sum(p.numel() for p in model.parameters())


def test_sizes_are_the_phases_own_or_all_phases():
    training = SimpleNamespace(sequence=128, batch_tokens=1024)
    assert sizes(SimpleNamespace(sequence=None, batch_tokens=None), training) == {"sequence": 128, "batch": 8}
    assert sizes(SimpleNamespace(sequence=64, batch_tokens=None), training) == {"sequence": 64, "batch": 16}
    assert sizes(SimpleNamespace(sequence=256, batch_tokens=512), training) == {"sequence": 256, "batch": 2}


@pytest.mark.parametrize(("epochs", "steps", "limit"), [(1, 4, 10), (2, 7, 20), (3, 10, 30), (None, 5, None)])
def test_steps_by_tokens_and_by_epochs(epochs, steps, limit):
    """An epoch of 10 windows in steps of 3: the last step is whole, and data ends with the last epoch's last window."""
    view = SimpleNamespace(windows=lambda length: -(-(100 - 1) // length))
    tokens = 13 * 10 if epochs is None else None
    phase, training = SimpleNamespace(tokens=tokens, epochs=epochs), SimpleNamespace(batch=3, sequence=10)
    assert extent(phase, training, view) == (steps, limit)  # type: ignore[arg-type]
