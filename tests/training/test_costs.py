"""Oracle: a model that is really built, what autograd really keeps, and views whose windows can be counted by hand."""

from types import SimpleNamespace

import pytest

from neve.training.costs import extent, memory, parameters, sizes
from neve.training.model import Config, Llama


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_of_a_built_model(tied):
    section = {"hidden": 48, "intermediate": 100, "layers": 3, "heads": 6, "kv_heads": 2, "tied": tied}
    model = Llama(Config(vocab_size=99, rope_base=1e4, norm_eps=1e-5, max_positions=8, **section))
    assert parameters(section, 99)["all"] == sum(p.numel() for p in model.parameters())


def test_sizes_are_the_phases_own_or_all_phases():
    training = {"sequence": 128, "batch_tokens": 1024}
    assert sizes({"sequence": None, "batch_tokens": None}, training) == {"sequence": 128, "batch": 8}
    assert sizes({"sequence": 64, "batch_tokens": None}, training) == {"sequence": 64, "batch": 16}
    assert sizes({"sequence": 256, "batch_tokens": 512}, training) == {"sequence": 256, "batch": 2}


@pytest.mark.parametrize(("epochs", "steps", "limit"), [(1, 4, 10), (2, 7, 20), (3, 10, 30), (None, 5, None)])
def test_steps_by_tokens_and_by_epochs(epochs, steps, limit):
    """An epoch of 10 windows in steps of 3: the last step is whole, and data ends with the last epoch's last window."""
    view = SimpleNamespace(windows=lambda length: -(-(100 - 1) // length))
    tokens = 13 * 10 if epochs is None else None
    phase, training = {"tokens": tokens, "epochs": epochs}, {"batch": 3, "sequence": 10}
    assert extent(phase, training, view) == (steps, limit)  # type: ignore[arg-type]


def test_activation_estimate_is_what_autograd_keeps():
    """Oracle: bytes saved for the backward pass by a real bf16 forward pass of the layers, within 15 %."""
    import torch

    section = {"hidden": 256, "intermediate": 704, "layers": 3, "heads": 4, "kv_heads": 2, "tied": True}
    model = Llama(Config(vocab_size=64, rope_base=1e4, norm_eps=1e-5, max_positions=256, **section))
    storages: dict[int, int] = {}
    shapes = {s for p in model.parameters() for s in (p.shape, p.shape[::-1])}

    def pack(t: torch.Tensor) -> torch.Tensor:
        where = t.untyped_storage().data_ptr()
        if t.shape not in shapes:
            storages[where] = t.untyped_storage().nbytes()
        return t

    tokens = torch.randint(0, 64, (2, 256))
    with (
        torch.autocast("cpu", dtype=torch.bfloat16),
        torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t),
    ):
        hidden = model(tokens)
    assert hidden.requires_grad
    training = {"micro_batch": 2, "batch": 2, "sequence": 256}
    assert memory(section, training, 1, 1)["activations"] == pytest.approx(sum(storages.values()), rel=0.15)
