"""Oracle: the tensors that were saved, bit for bit; damage done by hand."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from neve.training import checkpoint, optim
from neve.training.distributed import World
from neve.training.model import Config, Llama

TRAINING = SimpleNamespace(optimizer="adamw", adamw_lr_factor=0.5, betas=(0.9, 0.95), weight_decay=0.1)


def state(config: Config, seed: int, steps: int, training: SimpleNamespace = TRAINING):
    """A model and its optimizer after some steps on made-up gradients."""
    model = Llama(config, seed)
    optimizer = optim.make(model, training, bf16=False)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        for p in model.parameters():
            p.grad = torch.randn(p.shape, generator=generator)
        optim.update(optimizer, torch.tensor(1.0), 1e-3, 1.0)
    return model, optimizer


def tensors(model, optimizer):
    yield from (p.detach().clone() for p in model.parameters())
    for p in model.parameters():
        yield from (value.clone() for _, value in sorted(optimizer.state[p].items()))


def kept_in(folder: Path, kept: int = 2) -> checkpoint.Checkpoints:
    return checkpoint.Checkpoints(folder, kept, World(0, 1, torch.device("cpu")))


def save(folder: Path, step: int, what, kept: int = 2) -> None:
    """A whole checkpoint of `what`."""
    checkpoints = kept_in(folder, kept)
    checkpoints.save(step, "s", *what)
    checkpoints.settle()


def equal(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(*a), tensors(*b), strict=True))


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("steps", [0, 3])
def test_round_trip(config: Config, tmp_path, steps: int, optimizer: str):
    training = SimpleNamespace(**{**vars(TRAINING), "optimizer": optimizer})
    one, other = state(config, 1, steps, training), state(config, 2, 0, training)
    save(tmp_path, 3, one)
    found = kept_in(tmp_path).restore(3, *other)
    assert found and (found["step"], found["settings"]) == (3, "s")
    assert equal(one, other)


@pytest.mark.parametrize("kept", [1, 2])
def test_the_last_are_kept(config: Config, tmp_path, kept: int):
    one = state(config, 1, 1)
    for step in (1, 2, 10):
        save(tmp_path, step, one, kept)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000000002", "step-000000010"][-kept:]


def test_what_is_written_is_the_state_at_that_moment(config: Config, tmp_path):
    """Training goes on, and changes all tensors, while a checkpoint is written."""
    then, target = state(config, 1, 3), state(config, 2, 0)
    model, optimizer = state(config, 1, 3)
    checkpoints = kept_in(tmp_path)
    checkpoints.save(3, "s", model, optimizer)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
            optimizer.state[p]["exp_avg"].fill_(7.0)
    checkpoints.settle()
    assert kept_in(tmp_path).restore(3, *target)["step"] == 3
    assert equal(then, target)


def test_one_that_cannot_be_written_is_told_and_leaves_the_one_before(config: Config, tmp_path):
    """Its folder is taken away while it is written; so is a disk that is full, in `test_faults.py`."""
    one, target = state(config, 1, 1), state(config, 2, 0)
    save(tmp_path, 1, one)
    checkpoints = kept_in(tmp_path)
    real = checkpoint._sum
    try:
        checkpoint._sum = lambda path: shutil.rmtree(path.parent) or real(path)
        checkpoints.save(2, "s", *one)
        with pytest.raises(OSError, match="a checkpoint could not be written"):
            checkpoints.settle()
    finally:
        checkpoint._sum = real
    assert kept_in(tmp_path).restore(2, *target)["step"] == 1
    checkpoints.save(3, "s", *one)
    checkpoints.settle()
    assert not list(tmp_path.glob("*.partial")), "what failed takes no room beside the next one"
    assert kept_in(tmp_path).restore(3, *target)["step"] == 3


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
    save(tmp_path, 1, older)
    save(tmp_path, 2, newer)
    damage(tmp_path / "step-000000002" / file)
    assert kept_in(tmp_path).restore(2, *target)["step"] == 1
    assert equal(older, target)
    damage(tmp_path / "step-000000001" / file)
    assert kept_in(tmp_path).restore(2, *target) is None
    assert equal(older, target)


def test_a_damaged_later_one_does_not_push_out_those_before_it(config: Config, tmp_path):
    """Training went back before it, and keeps one checkpoint."""
    one, target = state(config, 1, 1), state(config, 2, 0)
    save(tmp_path, 9, one, kept=1)
    flip(tmp_path / "step-000000009" / "__0_0.distcp")
    assert kept_in(tmp_path, 1).restore(9, *target) is None
    save(tmp_path, 3, one, kept=1)
    assert kept_in(tmp_path, 1).restore(9, *target)["step"] == 3 and equal(one, target)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000003"]


def test_one_that_metrics_do_not_reach_is_ignored(config: Config, tmp_path):
    one = state(config, 1, 1)
    save(tmp_path, 1, one)
    save(tmp_path, 2, one)
    assert kept_in(tmp_path).restore(1, *one)["step"] == 1


def test_a_partial_one_is_ignored_and_replaced(config: Config, tmp_path):
    one = state(config, 1, 1)
    (tmp_path / "step-000000004.partial").mkdir(parents=True)
    assert kept_in(tmp_path).restore(9, *one) is None
    save(tmp_path, 4, one)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000004"]
