"""Sampling. Oracle: the distribution itself, and a row's draw alone beside its draw in company."""

from __future__ import annotations

import numpy as np
import torch

from neve.evaluation.generation.sampling import Sampling, chooser, likeliest

CHANCES = np.array([0.5, 0.1, 0.25, 0.15])
LOGITS = torch.from_numpy(np.log(CHANCES)).float()


def drawn(sampling: Sampling, count: int) -> np.ndarray:
    choose = chooser(sampling, [f"T/0#{k}" for k in range(count)])
    return choose(LOGITS.repeat(count, 1), range(count)).numpy()


def test_greedy_is_the_likeliest():
    assert chooser(Sampling(), ["a"]) is likeliest
    assert likeliest(LOGITS[None], [0]).tolist() == [0]


def test_draws_follow_the_distribution():
    for temperature in (1.0, 0.5):
        wanted = CHANCES ** (1 / temperature) / (CHANCES ** (1 / temperature)).sum()
        found = np.bincount(drawn(Sampling(temperature), 4000), minlength=4) / 4000
        assert np.abs(found - wanted).max() < 0.03


def test_the_nucleus_is_the_smallest_set_that_reaches_its_mass():
    assert set(drawn(Sampling(1.0, 0.4), 400)) == {0}
    assert set(drawn(Sampling(1.0, 0.7), 400)) == {0, 2}
    assert set(drawn(Sampling(1.0, 1.0), 400)) == {0, 1, 2, 3}


def test_company_and_place_change_nothing():
    together = chooser(Sampling(1.0), ["a", "b", "c"])
    first = together(LOGITS.repeat(3, 1), [0, 1, 2])
    second = together(LOGITS.repeat(2, 1), [0, 2])
    alone = chooser(Sampling(1.0), ["c"])
    assert [first[2].item(), second[1].item()] == [alone(LOGITS[None], [0]).item() for _ in range(2)]
    other = chooser(Sampling(1.0, seed=2), [str(k) for k in range(64)])(LOGITS.repeat(64, 1), range(64))
    assert (
        other.tolist()
        != chooser(Sampling(1.0), [str(k) for k in range(64)])(LOGITS.repeat(64, 1), range(64)).tolist()
    )
