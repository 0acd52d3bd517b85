"""Oracle: one model that takes all windows by itself."""

import threading
import time

import pytest
import torch

from neve.training.cores import Replicas
from neve.training.distributed import ALONE
from neve.training.loss import scaled_loss
from neve.training.model import Config, Llama


@pytest.fixture
def cores():
    """PyTorch's operations have four threads; after a test what they had before."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield 4
    torch.set_num_threads(before)


def gradients(replicas: Replicas, windows: torch.Tensor) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of windows [B, T], one at a time, the replicas's models in turn."""

    def share(number: int) -> torch.Tensor:
        total = torch.zeros(())
        for row in range(number, len(windows), len(replicas.models)):
            window = windows[row : row + 1]
            loss = scaled_loss(replicas.models[number], window, window, 1 / windows.numel())
            loss.backward()
            total += loss.detach()
        return total

    loss = replicas.sum(share).item()
    found = {name: p.grad.clone() for name, p in replicas.models[0].named_parameters()}
    replicas.models[0].zero_grad()
    return loss, found


@pytest.mark.parametrize(("micro_batch", "models"), [(1, 1), (2, 2), (3, 3), (16, 4)])
def test_gradients_are_those_of_one_model_and_the_same_each_time(config: Config, cores, micro_batch, models):
    replicas = Replicas(Llama(config, seed=1), micro_batch, ALONE)
    assert len(replicas.models) == models and replicas.each == cores // models
    windows = torch.randint(1, 97, (9, 32), generator=torch.Generator().manual_seed(0))
    expected = gradients(Replicas(Llama(config, seed=1), 1, ALONE), windows)
    with replicas.pool:
        got, again = (gradients(replicas, windows) for _ in range(2))
        fewer = gradients(replicas, windows[:1])
    assert torch.get_num_threads() == cores
    assert got[0] == again[0] == pytest.approx(expected[0], rel=1e-6)
    assert fewer[0] == pytest.approx(
        gradients(Replicas(replicas.models[0], 1, ALONE), windows[:1])[0], rel=1e-6
    )
    for name, gradient in got[1].items():
        assert torch.equal(gradient, again[1][name])
        torch.testing.assert_close(gradient, expected[1][name], rtol=1e-4, atol=1e-7)


def test_a_step_of_the_first_is_a_step_of_all(config: Config, cores):
    replicas = Replicas(Llama(config, seed=1), 2, ALONE)
    with torch.no_grad():
        for parameter in replicas.models[0].parameters():
            parameter.add_(1.0)
    weights = [dict(model.named_parameters()) for model in replicas.models]
    assert all(torch.equal(weight, weights[1][name]) for name, weight in weights[0].items())


def test_what_fails_in_a_thread_fails_and_the_others_leave(config: Config, cores):
    replicas = Replicas(Llama(config, seed=1), 2, ALONE)

    both = threading.Barrier(2)

    def share(number: int) -> torch.Tensor:
        both.wait(30)
        if not number:
            raise MemoryError("no room")
        ends = time.monotonic() + 30
        while replicas.busy and time.monotonic() < ends:
            time.sleep(0.01)
        left.append(time.monotonic() < ends)
        return torch.zeros(())

    left: list[bool] = []
    with replicas.pool, pytest.raises(MemoryError, match="no room"):
        replicas.sum(share)
    assert torch.get_num_threads() == cores and left == [True]
