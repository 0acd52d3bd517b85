"""How sure a figure is: intervals, and tests of one model against another on the same documents or tasks.

Documents and tasks are the units that are resampled, never bytes or tokens, which depend on each other
within a unit. Everything is exact or seeded (PCG64), so a report written twice is the same. The trade-off:
percentile intervals are plain and assume no shape, but with a dozen units they are too narrow; a page shows
none below ten units.

A comparison with one draw of a control speaks of its tasks only; with several, draws are in the interval too
(`over_draws`).

Sources: Efron and Tibshirani, An Introduction to the Bootstrap (1993); Wilson (1927); Chen et al.
(arXiv 2107.03374) for unbiased pass@k; Phipson and Smyth (2010) for p-values that are never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

BLOCK = 1 << 22
"""Random numbers held at once."""


@dataclass(frozen=True)
class Difference:
    """A minus B: value, 95 % interval, two-sided p of "no difference"."""

    value: float
    interval: tuple[float, float]
    p: float


def ratio_interval(
    numerator: np.ndarray, denominator: np.ndarray, *, seed: int, resamples: int, level: float = 0.95
) -> tuple[float, float]:
    """Bootstrap percentile interval of sum(numerator) / sum(denominator), both [units], units resampled."""
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    _check(numerator, denominator)
    sums = _resampled_sums(np.stack([numerator, denominator], axis=1), seed, resamples)
    tail = (1 - level) / 2
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [tail, 1 - tail])
    return float(low), float(high)


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion; right down to 0 and 1, where the bootstrap's has no width."""
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} successes of {n}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def paired_difference(
    a: np.ndarray, b: np.ndarray, weight: np.ndarray, *, seed: int, resamples: int, level: float = 0.95
) -> Difference:
    """(sum(a) - sum(b)) / sum(weight) of two models on the same units; all [units].

    `a` and `b` are bits and `weight` bytes, or 0/1 and ones. The interval draws units again; p swaps the two
    models' values at random within each unit, which changes nothing if they are equally good.
    """
    a, b, weight = (np.asarray(x, np.float64) for x in (a, b, weight))
    _check(a - b, weight)
    gap, total = a - b, float(weight.sum())
    sums = _resampled_sums(np.stack([gap, weight], axis=1), seed, resamples)
    tail = (1 - level) / 2
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [tail, 1 - tail])
    generator = np.random.Generator(np.random.PCG64([seed, 1]))
    observed, extreme = abs(gap.sum()), 0
    for count in _blocks(resamples, len(gap)):
        signs = generator.integers(0, 2, (count, len(gap)), dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(signs @ gap) >= observed * (1 - 1e-12)).sum())
    return Difference(float(gap.sum()) / total, (float(low), float(high)), (extreme + 1) / (resamples + 1))


def over_draws(
    a: np.ndarray,
    b: np.ndarray,
    weight: np.ndarray,
    *,
    beside: Sequence[np.ndarray] = (),
    level: float = 0.95,
) -> Difference:
    """Model `a` [units] minus the mean of several draws `b` [draws, units] of what it is compared with, per
    weight. `beside` are several draws each of other controls of the same phase.

    Two kinds of chance are in the interval. Another draw, or another seed of `a`, would give another model:
    the draws' variance s² counts 1 + 1 / draws times, as if `a` varied like them. Other units would give
    other figures: the variance of the paired ratio. Two draws alone say next to nothing about s²; so it is
    pooled over the phase's controls, unless the pair's own is larger, as a laboratory does. Normal errors; t
    with Satterthwaite's degrees of freedom. Where the controls beside vary a third as much, a nominal 5 %
    of false alarms is 10 %.
    """
    from scipy.stats import t

    a, b, weight = (np.asarray(x, np.float64) for x in (a, b, weight))
    _check(a, weight)
    if b.ndim != 2 or len(b) < 2:
        raise ValueError(f"shape {b.shape}: two draws at least are needed")
    draws, total, units = len(b), float(weight.sum()), len(weight)
    gap = a - b.mean(axis=0)
    value = float(gap.sum()) / total
    groups = [b, *beside]
    own = [float(np.var(group.sum(axis=1) / total, ddof=1)) for group in groups]
    free = [len(group) - 1 for group in groups]
    drawn = max(own[0], float(np.average(own, weights=free))) * (1 + 1 / draws)
    rest = gap - value * weight
    sampled = float((rest**2).sum()) * units / max(1, units - 1) / total**2
    whole = drawn + sampled
    if whole == 0:
        return Difference(value, (value, value), 1.0)
    freedom = whole**2 / (drawn**2 / sum(free) + sampled**2 / max(1, units - 1))
    half = float(t.ppf((1 + level) / 2, freedom)) * whole**0.5
    return Difference(value, (value - half, value + half), float(2 * t.sf(abs(value) / whole**0.5, freedom)))


def pass_at_k(n: np.ndarray, correct: np.ndarray, k: int) -> float:
    """Unbiased pass@k: mean over tasks of 1 - C(n - c, k) / C(n, k), with n samples and c
    correct ones each."""
    n, correct = np.asarray(n), np.asarray(correct)
    if np.any(n < k) or np.any(correct > n):
        raise ValueError(f"pass@{k} needs at least {k} samples a task")
    estimates = [
        1.0 - float(np.prod(1.0 - k / np.arange(n_i - c_i + 1, n_i + 1))) if n_i - c_i >= k else 1.0
        for n_i, c_i in zip(n.tolist(), correct.tolist(), strict=True)
    ]
    return float(np.mean(estimates))


def _check(values: np.ndarray, weight: np.ndarray) -> None:
    if values.shape != weight.shape or values.ndim != 1 or len(values) == 0:
        raise ValueError(f"shapes {values.shape} and {weight.shape}: two equal, non-empty vectors are needed")
    if not np.isfinite(values).all() or not (weight > 0).all():
        raise ValueError("values must be finite and weights positive")


def _resampled_sums(columns: np.ndarray, seed: int, resamples: int) -> np.ndarray:
    """Sums [resamples, columns] over units [units, columns] drawn with replacement."""
    units = len(columns)
    generator = np.random.Generator(np.random.PCG64(seed))
    return np.concatenate(
        [
            columns[generator.integers(0, units, (count, units))].sum(axis=1)
            for count in _blocks(resamples, units * columns.shape[1])
        ]
    )


def _blocks(resamples: int, width: int) -> list[int]:
    """`resamples` cut into counts of which each times `width` is about BLOCK at most."""
    step = max(1, BLOCK // max(1, width))
    return [min(step, resamples - start) for start in range(0, resamples, step)]
