"""neve.quality.annotators.piped. Oracle: the same function of each part, one after the other. The card is the
processor under another name: events and pinned memory are stand-ins."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from neve.quality.annotators.piped import piped


class Event:
    """Stands for torch.cuda.Event."""

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None:
        self.at = time.perf_counter()

    def synchronize(self) -> None:
        assert self.at

    def elapsed_time(self, other: Event) -> float:
        return 1000 * (other.at - self.at)


@pytest.fixture(autouse=True)
def card(monkeypatch) -> None:
    empty = torch.empty
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    monkeypatch.setattr(torch, "empty", lambda *size, pin_memory, **more: empty(*size, **more))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_results_come_in_order_as_they_were_computed_and_with_their_time(count, kind) -> None:
    parts = [np.arange(k, k + 3) for k in range(count)]
    asked: list[int] = []

    def pad(rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append(len(asked))
        return torch.from_numpy(rows), torch.ones(3, dtype=torch.long)

    def forward(rows: torch.Tensor, one: torch.Tensor) -> torch.Tensor:
        time.sleep(0.002)
        return (rows + one).to(kind).sqrt()

    found = list(piped("cpu", parts, pad, forward))
    assert len(asked) == len(found) == count
    for (made, seconds), rows in zip(found, parts, strict=True):
        assert np.array_equal(made, (torch.from_numpy(rows) + 1).to(kind).sqrt().numpy())
        assert 0.002 <= seconds < 1


def test_what_padding_raises_comes_out() -> None:
    def pad(rows: np.ndarray) -> tuple[torch.Tensor, ...]:
        if rows[0]:
            raise ValueError("no such section")
        return (torch.from_numpy(rows),)

    with pytest.raises(ValueError, match="no such section"):
        list(piped("cpu", [np.zeros(2), np.ones(2)], pad, torch.sqrt))
