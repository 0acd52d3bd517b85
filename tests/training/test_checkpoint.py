"""Oracle: the tensors that were saved, bit for bit; damage done by hand."""

import pytest
import torch

from neve.training import checkpoint, optim
from neve.training.model import Config, Llama

TRAINING = {"betas": [0.9, 0.95], "weight_decay": 0.1}


def state(config: Config, seed: int, steps: int):
    """A model and its optimizer after some steps on made-up gradients."""
    model = Llama(config, seed)
    optimizer = optim.adamw(model, TRAINING)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        for p in model.parameters():
            p.grad = torch.randn(p.shape, generator=generator)
        optim.update(optimizer, 1.0, 1e-3, 1.0)
    return model, optimizer


def tensors(model, optimizer):
    yield from (p.detach().clone() for p in model.parameters())
    for p in model.parameters():
        yield from (optimizer.state[p][key].clone() for key in ("step", "exp_avg", "exp_avg_sq"))


def equal(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(*a), tensors(*b), strict=True))


@pytest.mark.parametrize("steps", [0, 3])
def test_round_trip(config: Config, tmp_path, steps: int):
    one, other = state(config, 1, steps), state(config, 2, 0)
    checkpoint.save(tmp_path, 3, 3, "s", *one)
    assert checkpoint.restore(tmp_path, 3, *other) == {"step": 3, "lines": 3, "settings": "s"}
    assert equal(one, other)


def test_two_are_kept(config: Config, tmp_path):
    one = state(config, 1, 1)
    for step in (1, 2, 10):
        checkpoint.save(tmp_path, step, step, "s", *one)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000000002", "step-000000010"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def remove(path):
    path.unlink()


DAMAGES = [(file, how) for file in ("__0_0.distcp", ".metadata") for how in (cut, flip, remove)]


@pytest.mark.parametrize(("file", "damage"), [*DAMAGES, ("complete.json", cut), ("complete.json", remove)])
def test_damage_falls_back_to_the_one_before(config: Config, tmp_path, file: str, damage):
    older, newer, target = state(config, 1, 1), state(config, 1, 2), state(config, 2, 0)
    checkpoint.save(tmp_path, 1, 1, "s", *older)
    checkpoint.save(tmp_path, 2, 2, "s", *newer)
    damage(tmp_path / "step-000000002" / file)
    assert checkpoint.restore(tmp_path, 2, *target)["step"] == 1
    assert equal(older, target)
    damage(tmp_path / "step-000000001" / file)
    assert checkpoint.restore(tmp_path, 2, *target) is None
    assert equal(older, target)


def test_one_that_metrics_do_not_reach_is_ignored(config: Config, tmp_path):
    one = state(config, 1, 1)
    checkpoint.save(tmp_path, 1, 1, "s", *one)
    checkpoint.save(tmp_path, 2, 2, "s", *one)
    assert checkpoint.restore(tmp_path, 1, *one)["step"] == 1


def test_a_partial_one_is_ignored_and_replaced(config: Config, tmp_path):
    one = state(config, 1, 1)
    (tmp_path / "step-000000004.partial").mkdir(parents=True)
    assert checkpoint.restore(tmp_path, 9, *one) is None
    checkpoint.save(tmp_path, 4, 4, "s", *one)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000004"]
