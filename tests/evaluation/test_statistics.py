"""Intervals and tests. Oracles: scipy, closed forms, full enumeration, and coverage in simulation."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neve.evaluation import statistics

RNG = np.random.default_rng(7)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=40, deadline=None)
def test_wilson_is_scipys(case):
    successes, n = case
    ours = statistics.wilson(successes, n)
    oracle = stats.binomtest(successes, n).proportion_ci(0.95, "wilson")
    assert ours == pytest.approx((oracle.low, oracle.high), abs=1e-12)


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
@settings(max_examples=40, deadline=None)
def test_pass_at_k_is_the_share_of_subsets_with_a_pass(case):
    n, correct, k = case
    subsets = list(combinations([1] * correct + [0] * (n - correct), k))
    assert statistics.pass_at_k([n], [correct], k) == pytest.approx(np.mean([any(s) for s in subsets]))


def test_ratio_interval_is_scipys():
    weight = RNG.integers(50, 5000, 120).astype(float)
    bits = weight * RNG.normal(2.0, 0.3, 120)
    ours = statistics.ratio_interval(bits, weight, seed=3, resamples=20_000)
    oracle = stats.bootstrap(
        (bits, weight), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, vectorized=True,
        n_resamples=20_000, method="percentile", random_state=1,
    ).confidence_interval  # fmt: skip
    assert ours == pytest.approx((oracle.low, oracle.high), abs=0.004)
    assert ours[0] < bits.sum() / weight.sum() < ours[1]


def test_ratio_interval_covers():
    """Of 95 % intervals of a known mean, 95 % hold it: 200 draws, three standard errors either way."""
    held = 0
    for draw in range(200):
        sample = np.random.default_rng(draw).normal(1.0, 1.0, 80)
        low, high = statistics.ratio_interval(sample, np.ones(80), seed=draw, resamples=400)
        held += low <= 1.0 <= high
    assert 0.89 <= held / 200 <= 0.99


def test_p_is_the_enumerated_sign_flip():
    gap = np.array([0.5, 1.0, -0.25, 2.0, 0.75, -0.1, 1.5, 0.3])
    sums = [abs(np.dot(signs, gap)) for signs in product([-1, 1], repeat=len(gap))]
    exact = np.mean(np.array(sums) >= abs(gap.sum()) - 1e-12)
    result = statistics.paired_difference(gap, np.zeros(8), np.full(8, 2.0), seed=1, resamples=50_000)
    assert result.p == pytest.approx(exact, abs=0.006)
    assert result.value == pytest.approx(gap.sum() / 16)
    assert result.interval[0] < result.value < result.interval[1]


def test_p_is_uniform_where_nothing_differs():
    values = [
        statistics.paired_difference(
            *np.random.default_rng(k).normal(0, 1, (2, 40)), np.ones(40), seed=k, resamples=299
        ).p
        for k in range(200)
    ]
    assert stats.kstest(values, "uniform").pvalue > 0.001


def test_swapping_the_models_turns_the_sign():
    a, b, weight = RNG.random(30), RNG.random(30), RNG.integers(1, 9, 30)
    one = statistics.paired_difference(a, b, weight, seed=5, resamples=500)
    two = statistics.paired_difference(b, a, weight, seed=5, resamples=500)
    assert one.value == -two.value
    assert one.interval == pytest.approx((-two.interval[1], -two.interval[0]))
    assert one.p == two.p


def test_equal_models_differ_by_nothing():
    result = statistics.paired_difference(np.ones(20), np.ones(20), np.ones(20), seed=1, resamples=200)
    assert (result.value, result.interval, result.p) == (0.0, (0.0, 0.0), 1.0)


def test_seeds_and_blocks(monkeypatch):
    a, b, weight = RNG.random(50), RNG.random(50), np.ones(50)
    first = statistics.paired_difference(a, b, weight, seed=5, resamples=300)
    assert first == statistics.paired_difference(a, b, weight, seed=5, resamples=300)
    assert first != statistics.paired_difference(a, b, weight, seed=6, resamples=300)
    monkeypatch.setattr(statistics, "BLOCK", 500)
    assert statistics.paired_difference(a, b, weight, seed=5, resamples=300) == first


@pytest.mark.parametrize(("a", "w"), [([], []), ([1.0], [0.0]), ([np.nan], [1.0]), ([1.0, 2.0], [1.0])])
def test_what_makes_no_sense_is_refused(a, w):
    with pytest.raises(ValueError):
        statistics.ratio_interval(np.array(a), np.array(w), seed=1, resamples=100)


def test_draws_are_in_the_interval() -> None:
    """Simulation: a phase and its draws all alike, units shared. At most some 5 % of tests may say otherwise, where a
    test over units alone says so mostly; a true gap of several standard deviations is found."""
    rng = np.random.default_rng(5)
    weight = rng.integers(100, 400, 160).astype(float)
    false, alone, found = 0, 0, 0
    for _ in range(300):
        hard = rng.normal(2.2, 0.4, 160)
        models = [(hard + rng.normal(0, 0.05) + rng.normal(0, 0.05, 160)) * weight for _ in range(5)]
        phase, draws = models[0], np.stack(models[1:])
        result = statistics.over_draws(phase, draws, weight)
        false += result.p < 0.05
        low, high = result.interval
        assert (low <= 0 <= high) == (result.p >= 0.05)
        assert result.value == pytest.approx((phase - draws.mean(axis=0)).sum() / weight.sum())
        alone += statistics.paired_difference(phase, draws[0], weight, seed=1, resamples=200).p < 0.05
        found += statistics.over_draws(phase - 0.4 * weight, draws, weight).p < 0.05
    assert false <= 0.09 * 300 and alone > 0.5 * 300 and found > 0.95 * 300


@pytest.mark.parametrize(("quieter", "allowed"), [(1, 0.08), (3, 0.12)])
def test_controls_of_one_phase_share_their_variance(quieter: float, allowed: float) -> None:
    """Simulation, all models alike: with two draws of each of two controls, at most `allowed` of tests say otherwise,
    also where the control beside varies a third as much; and intervals are less than half as long as alone."""
    rng = np.random.default_rng(6)
    weight = rng.integers(100, 400, 160).astype(float)
    false, alone, pooled = 0, [], []
    for _ in range(600):
        hard = rng.normal(2.2, 0.4, 160)
        spread = np.array([1, 1, 1, 1 / quieter, 1 / quieter]) * 0.05
        models = np.stack([(hard + rng.normal(0, s) + rng.normal(0, 0.01, 160)) * weight for s in spread])
        result = statistics.over_draws(models[0], models[1:3], weight, beside=[models[3:]])
        false += result.p < 0.05
        pooled.append(np.ptp(result.interval))
        alone.append(np.ptp(statistics.over_draws(models[0], models[1:3], weight).interval))
    assert false <= allowed * 600
    assert np.median(pooled) < np.median(alone) / 2


def test_equal_draws_leave_what_the_units_say() -> None:
    a, b, weight = np.array([10.0, 12, 9, 14]), np.array([11.0, 12, 11, 15]), np.array([5.0, 5, 4, 6])
    result = statistics.over_draws(a, np.stack([b, b]), weight)
    assert result.value == pytest.approx((a - b).sum() / 20)
    assert result.interval[0] < result.value < result.interval[1]
    with pytest.raises(ValueError, match="two draws"):
        statistics.over_draws(a, b[None], weight)
