"""Which arm is better, by how much, and how sure that is: a model in which seeds and tasks are both random.

A figure is bits per byte of one task under one arm and one seed. Two kinds of chance stand between it and
what an arm is worth: another seed (order of data, draw of documents) would train another model, and another
benchmark of the same kind would have other tasks. A test over tasks alone calls two draws of the same random
documents different; a test over seeds alone says nothing about other tasks. So the variance of a difference
is the sum of both parts:

    seeds   mean square of arm × seed, pooled over arms that are equally noisy, over the number of seeds
    tasks   variance over tasks of the pair's own difference (mean over seeds), over the number of tasks
    minus   the residual, which is in both

with Satterthwaite's degrees of freedom. Pooling makes three seeds usable; it is wrong where one arm is
noisier than the others (random documents are: standard deviation 0.046 beside 0.006), so arms are pooled in
groups, each over all that was measured, and a pair's own variance counts where it is larger, or where an arm
is alone in its group. The trade-off: the intervals rest on normal errors, which with few seeds nothing can
check. Copies of the baseline ("A/A arms") are further draws of it: they add to its mean and to the noise
floor.

Sources: Clark (1973) for both random; Satterthwaite (1946); Smyth (2004) for the moderated variance; Holm
(1979); Schuirmann (1987) for equality within a margin; Wang and Ramdas (arXiv 2310.03722) for the rule that
may be looked at after each seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

ALPHA = 0.05
"""Chance of a false "better" or "worse" among all comparisons of a laboratory with equal arms."""

POWER = 0.8
"""Chance with which the smallest difference is found."""

CERTAINTY = 0.8
"""Chance with which the noise is no larger than what the smallest difference is computed from: a few copies
estimate it badly."""

EARLY = 0.2
"""Share of ALPHA that a laboratory spends on stopping early, if it may."""

PRIOR = 4.0
"""Weight, in degrees of freedom, of the pooled variance beside a pair's own; and the variance of the effect,
in units of the noise, that the anytime-valid rule expects."""

BETTER, WORSE, EQUAL, UNKNOWN = "better", "worse", "equal within the margin", "cannot tell"

Row = TypeVar("Row", int, str)
Pair = TypeVar("Pair", str, tuple[str, str])


def pairs(rows: Iterable[Row], copies: Sequence[Row], also: Sequence[Row]) -> list[tuple[Row, list[Row]]]:
    """What a laboratory compares: each arm, and the rows whose mean it is held against. These are the
    baseline's copies, then each of `also`, two of which are compared once."""
    others = [row for row in rows if row not in copies]
    return [(row, list(copies)) for row in others] + [
        (row, [other]) for at, other in enumerate(also) for row in others if row not in also[: at + 1]
    ]


@dataclass(frozen=True)
class Figures:
    """Bits per byte by arm, seed and task: `values` [arms, seeds, tasks], whose mean over tasks is bits over
    bytes.

    `groups` says which arms are equally noisy; `copies` are rows that are draws of the baseline, itself
    first; `also` are rows that the others are compared with too.
    """

    arms: tuple[str, ...]
    values: np.ndarray
    groups: tuple[str, ...]
    copies: tuple[int, ...]
    also: tuple[int, ...] = ()

    @property
    def others(self) -> list[int]:
        """Rows that are compared with the baseline."""
        return [row for row in range(len(self.arms)) if row not in self.copies]


def figures(
    bits: Mapping[str, np.ndarray],
    sizes: np.ndarray,
    copies: Sequence[str],
    groups: Mapping[str, str],
    also: Sequence[str] = (),
) -> Figures:
    """Figures of arms by name from bits [seeds, tasks] and the bytes [tasks] of each task's solution."""
    arms = tuple(bits)
    values = np.stack([bits[arm] for arm in arms]) / np.mean(sizes)
    if not np.isfinite(values).all():
        raise ValueError("bits per byte must be finite")
    draws, more = (tuple(map(arms.index, names)) for names in (copies, also))
    return Figures(arms, values, tuple(groups[arm] for arm in arms), draws, more)


@dataclass(frozen=True)
class Variance:
    """A variance with its degrees of freedom."""

    value: float
    freedom: float

    def quantile(self, p: float) -> float:
        """Student's quantile times the standard error."""
        from scipy.stats import t

        return float(t.ppf(p, self.freedom)) * math.sqrt(self.value)


def seed_noise(figures: Figures, group: str) -> Variance:
    """Mean square of arm × seed among the arms of a group, two or more: variance of one arm's figure from
    seed to seed, beyond what a seed does to all arms."""
    rows = [row for row, name in enumerate(figures.groups) if name == group]
    level = figures.values[rows].mean(axis=2)
    rest = level - level.mean(axis=0) - level.mean(axis=1, keepdims=True) + level.mean()
    freedom = (len(rows) - 1) * (level.shape[1] - 1)
    return Variance(float((rest**2).sum()) / freedom, freedom)


def difference(figures: Figures, arm: int, base: Sequence[int] = ()) -> tuple[float, Variance]:
    """Arm minus the mean of the rows `base`, which are of one group (default: the baseline), in bits
    per byte, and the variance of that."""
    held = list(base or figures.copies)
    gap = figures.values[arm] - figures.values[held].mean(axis=0)
    seeds, tasks = gap.shape
    by_seed = _by_seed(figures, arm, held)
    by_task = Variance(float(gap.mean(axis=0).var(ddof=1)) / tasks, tasks - 1)
    rest = gap - gap.mean(axis=0) - gap.mean(axis=1, keepdims=True) + gap.mean()
    residual = float((rest**2).sum()) / ((seeds - 1) * (tasks - 1)) / (seeds * tasks)
    more = Variance(max(by_task.value - residual, 0.0), by_task.freedom)
    return float(gap.mean()), _sum([by_seed, more])


def _by_seed(figures: Figures, arm: int, held: list[int]) -> Variance:
    """Variance from seed to seed of arm minus the mean of `held`: pooled, or the pair's own, moderated,
    where that is larger.

    An arm that is alone in its group may be far noisier than all others, and nothing is known of it but what
    the pair itself shows, with as few degrees of freedom as there are seeds.
    """
    levels = figures.values.mean(axis=2)
    seeds = levels.shape[1]
    own = Variance(float((levels[arm] - levels[held].mean(axis=0)).var(ddof=1)) / seeds, seeds - 1)
    groups = figures.groups[arm], figures.groups[held[0]]
    if any(figures.groups.count(group) < 2 for group in groups):
        return own
    mine, theirs = (seed_noise(figures, group) for group in groups)
    parts = [Variance(one.value / seeds / n, one.freedom) for one, n in ((mine, 1), (theirs, len(held)))]
    pooled = _sum(parts)
    if groups[0] == groups[1]:
        pooled = Variance(pooled.value, mine.freedom)
    weight = PRIOR + own.freedom
    moderated = Variance(
        (PRIOR * pooled.value + own.freedom * own.value) / weight,
        min(weight, pooled.freedom + own.freedom),
    )
    return max(pooled, moderated, key=lambda part: part.value)


def _sum(parts: Sequence[Variance]) -> Variance:
    """Sum of independent variances, its degrees of freedom by Satterthwaite."""
    total = sum(part.value for part in parts)
    below = sum(part.value**2 / part.freedom for part in parts)
    return Variance(total, total**2 / below if below else min(part.freedom for part in parts))


@dataclass(frozen=True)
class Comparison:
    """One arm beside the baseline, or beside another that all are compared with; `value` below 0 is better.
    `p` is adjusted by Holm over all comparisons, the interval accordingly."""

    arm: str
    baseline: str
    value: float
    interval: tuple[float, float]
    p: float
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Rule:
    """How verdicts are given: chance of a false one, the margin of equality, and whether it may stop
    early."""

    margin: float
    alpha: float = ALPHA
    early: bool = False
    checked: Mapping[str, float] = field(default_factory=dict)
    """Arm minus baseline at a much lower learning rate, where it was trained; a difference's sign has to be
    the same."""

    @property
    def level(self) -> float:
        """Chance of a false verdict that is left for the last look."""
        return self.alpha * (1 - EARLY * self.early)


def compare(figures: Figures, rule: Rule) -> list[Comparison]:
    """Every pair of the laboratory, with a verdict each.

    Holm's procedure goes over all of them at once, whatever they are held against. An interval is at the
    level at which it tested the pair, so that it leaves out 0 where they differ.
    """
    from scipy.stats import t

    found = {}
    for row, base in pairs(range(len(figures.arms)), figures.copies, figures.also):
        found[figures.arms[row], figures.arms[base[0]]] = difference(figures, row, base)
    raw = {
        pair: 2 * float(t.sf(abs(value) / math.sqrt(noise.value), noise.freedom))
        if noise.value
        else float(value == 0)
        for pair, (value, noise) in found.items()
    }
    adjusted, divisors = holm(raw, rule.level)
    made = []
    for pair, (value, noise) in found.items():
        half = noise.quantile(1 - rule.level / (2 * divisors[pair]))
        interval = (value - half, value + half)
        low_rate = rule.checked.get(pair[0])
        if low_rate is not None:
            low_rate -= rule.checked.get(pair[1], 0.0)
        verdict, reason = _verdict(value, interval, rule.margin, low_rate)
        made.append(Comparison(*pair, value, interval, adjusted[pair], verdict, reason))
    return made


def holm(p: Mapping[Pair, float], alpha: float) -> tuple[dict[Pair, float], dict[Pair, int]]:
    """Holm's adjusted p-values, and by how much the level was divided where each was tested (after the first
    that is not rejected, as there)."""
    adjusted: dict[Pair, float] = {}
    divisors: dict[Pair, int] = {}
    largest, stopped = 0.0, 0
    for rank, name in enumerate(sorted(p, key=lambda name: (p[name], name))):
        left = len(p) - rank
        largest = max(largest, min(1.0, left * p[name]))
        adjusted[name] = largest
        stopped = stopped or (left if largest > alpha else 0)
        divisors[name] = stopped or left
    return adjusted, divisors


def _verdict(
    value: float, interval: tuple[float, float], margin: float, low_rate: float | None
) -> tuple[str, str]:
    low, high = interval
    differs = not low <= 0 <= high
    if differs and (low_rate is None or low_rate * value > 0):
        return (BETTER if value < 0 else WORSE), "the interval leaves out 0"
    if -margin < low and high < margin:
        return EQUAL, f"the whole interval lies within ±{margin:.3g}"
    if differs:
        return UNKNOWN, f"at the much lower learning rate the order is not the same ({low_rate:+.3f})"
    return UNKNOWN, "the interval contains 0"


def smallest_difference(
    noise: Variance,
    seeds: int,
    copies: int,
    alike: int,
    level: float,
    known: bool = False,
) -> float:
    """Difference between an arm and what has `copies` that is found with chance POWER, in bits per byte.

    `noise` is that of one figure from seed to seed (`seed_noise` of the baseline's copies), taken to be
    every arm's, and at its upper end unless it is `known`; so many arms beside the copies are `alike`, and
    will tell more of it. `level` is what Holm leaves for a comparison at first. Differences that vary from
    task to task need to be larger, and so do those of arms that are noisier than the baseline.
    """
    from scipy.stats import chi2, t

    upper = noise.value
    if not known:
        upper *= noise.freedom / float(chi2.ppf(1 - CERTAINTY, noise.freedom))
    freedom = noise.freedom + alike * (seeds - 1)
    steps = float(t.ppf(1 - level / 2, freedom) + t.ppf(POWER, freedom))
    return steps * math.sqrt(upper * (1 / seeds + 1 / (seeds * copies)))


def anytime_half(gaps: np.ndarray, alpha: float) -> float:
    """Half width of an interval of the mean of `gaps` [n] that may be looked at after every one of them.

    The chance that the true mean is ever outside is at most `alpha`, however often one looks and whatever
    one then does. It inverts a test martingale: the likelihood ratio of Student's statistic under effects
    drawn from N(0, PRIOR) to none.
    """
    n = len(gaps)
    growth = 1 + n * PRIOR
    bound = (math.sqrt(growth) / alpha) ** (2 / n) if n else math.inf
    if n < 2 or bound >= growth:
        return math.inf
    square = (n - 1) * (bound - 1) / (1 - bound / growth)
    return math.sqrt(square * float(gaps.var(ddof=1)) / n)


def decided(figures: Figures, rule: Rule) -> bool:
    """Whether a laboratory may stop before its last seed: every comparison has a verdict other than "cannot
    tell", at the level of the anytime-valid rule too."""
    made = compare(figures, rule)
    held = pairs(range(len(figures.arms)), figures.copies, figures.also)
    for comparison, (row, base) in zip(made, held, strict=True):
        gaps = (figures.values[row] - figures.values[base].mean(axis=0)).mean(axis=1)
        half, centre = anytime_half(gaps, rule.alpha * EARLY / len(made)), abs(float(gaps.mean()))
        sure = centre + half < rule.margin if comparison.verdict == EQUAL else centre > half
        if comparison.verdict == UNKNOWN or not sure:
            return False
    return True
