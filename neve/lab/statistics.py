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
groups, and a pair's own variance counts where it is larger. The trade-off: the intervals rest on normal
errors, which with few seeds nothing can check. Copies of the baseline ("A/A arms") are further draws of it:
they add to its mean and to the noise floor.

Sources: Clark (1973) for both random; Satterthwaite (1946); Smyth (2004) for the moderated variance; Holm
(1979); Schuirmann (1987) for equality within a margin; Wang and Ramdas (arXiv 2310.03722) for the rule that
may be looked at after each seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Figures:
    """Bits per byte by arm, seed and task: `values` [arms, seeds, tasks], whose mean over tasks is bits over
    bytes.

    `groups` says which arms are equally noisy; `copies` are rows that are draws of the baseline, row
    `baseline` included.
    """

    arms: tuple[str, ...]
    values: np.ndarray
    groups: tuple[str, ...]
    copies: tuple[int, ...]

    @property
    def others(self) -> list[int]:
        """Rows that are compared with the baseline."""
        return [row for row in range(len(self.arms)) if row not in self.copies]


def figures(
    bits: Mapping[str, np.ndarray], sizes: np.ndarray, copies: Sequence[str], groups: Mapping[str, str]
) -> Figures:
    """Figures of arms by name from bits [seeds, tasks] and the bytes [tasks] of each task's solution."""
    arms = tuple(bits)
    values = np.stack([bits[arm] for arm in arms]) / np.mean(sizes)
    if not np.isfinite(values).all():
        raise ValueError("bits per byte must be finite")
    return Figures(arms, values, tuple(groups[a] for a in arms), tuple(arms.index(name) for name in copies))


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
    """Mean square of arm × seed among the arms of a group (all arms where it has one): variance of one arm's
    figure from seed to seed, beyond what a seed does to all arms."""
    rows = [row for row, name in enumerate(figures.groups) if name == group]
    if len(rows) < 2:
        rows = list(range(len(figures.arms)))
    level = figures.values[rows].mean(axis=2)
    rest = level - level.mean(axis=0) - level.mean(axis=1, keepdims=True) + level.mean()
    freedom = (len(rows) - 1) * (level.shape[1] - 1)
    return Variance(float((rest**2).sum()) / freedom, freedom)


def difference(figures: Figures, arm: int) -> tuple[float, Variance]:
    """Arm minus baseline (the mean of its copies), in bits per byte, and the variance of that."""
    copies = list(figures.copies)
    gap = figures.values[arm] - figures.values[copies].mean(axis=0)
    seeds, tasks = gap.shape
    mine, base = seed_noise(figures, figures.groups[arm]), seed_noise(figures, figures.groups[copies[0]])
    pooled = _sum(
        [Variance(mine.value / seeds, mine.freedom), Variance(base.value / seeds / len(copies), base.freedom)]
    )
    if figures.groups[arm] == figures.groups[copies[0]]:
        pooled = Variance(pooled.value, mine.freedom)
    own = float(gap.mean(axis=1).var(ddof=1)) / seeds
    weight = PRIOR + seeds - 1
    moderated = Variance(
        (PRIOR * pooled.value + (seeds - 1) * own) / weight, min(weight, pooled.freedom + seeds - 1)
    )
    by_seed = max(pooled, moderated, key=lambda part: part.value)
    by_task = Variance(float(gap.mean(axis=0).var(ddof=1)) / tasks, tasks - 1)
    rest = gap - gap.mean(axis=0) - gap.mean(axis=1, keepdims=True) + gap.mean()
    residual = float((rest**2).sum()) / ((seeds - 1) * (tasks - 1)) / (seeds * tasks)
    more = Variance(max(by_task.value - residual, 0.0), by_task.freedom)
    return float(gap.mean()), _sum([by_seed, more])


def _sum(parts: Sequence[Variance]) -> Variance:
    """Sum of independent variances, its degrees of freedom by Satterthwaite."""
    total = sum(part.value for part in parts)
    below = sum(part.value**2 / part.freedom for part in parts)
    return Variance(total, total**2 / below if below else min(part.freedom for part in parts))


@dataclass(frozen=True)
class Comparison:
    """One arm beside the baseline; `value` below 0 is better. `p` is adjusted by Holm, the interval
    accordingly."""

    arm: str
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
    """Arm minus baseline at a much lower learning rate, where it was trained; its sign has to be the
    same."""


def compare(figures: Figures, rule: Rule) -> list[Comparison]:
    """Every arm beside the baseline, with a verdict each.

    An interval is at the level at which Holm's procedure tested its arm, so that it leaves out 0 where the
    arm differs.
    """
    from scipy.stats import t

    alpha = rule.alpha * (1 - EARLY * rule.early)
    found = {figures.arms[row]: difference(figures, row) for row in figures.others}
    raw = {
        name: 2 * float(t.sf(abs(value) / math.sqrt(noise.value), noise.freedom))
        if noise.value
        else float(value == 0)
        for name, (value, noise) in found.items()
    }
    adjusted, divisors = holm(raw, alpha)
    made = []
    for name, (value, noise) in found.items():
        half = noise.quantile(1 - alpha / (2 * divisors[name]))
        interval = (value - half, value + half)
        verdict, reason = _verdict(value, interval, rule, name)
        made.append(Comparison(name, value, interval, adjusted[name], verdict, reason))
    return made


def holm(p: Mapping[str, float], alpha: float) -> tuple[dict[str, float], dict[str, int]]:
    """Holm's adjusted p-values, and by how much the level was divided where each was tested (after the first
    that is not rejected, as there)."""
    adjusted: dict[str, float] = {}
    divisors: dict[str, int] = {}
    largest, stopped = 0.0, 0
    for rank, name in enumerate(sorted(p, key=lambda name: (p[name], name))):
        left = len(p) - rank
        largest = max(largest, min(1.0, left * p[name]))
        adjusted[name] = largest
        stopped = stopped or (left if largest > alpha else 0)
        divisors[name] = stopped or left
    return adjusted, divisors


def _verdict(value: float, interval: tuple[float, float], rule: Rule, arm: str) -> tuple[str, str]:
    low, high = interval
    if -rule.margin < low and high < rule.margin:
        return EQUAL, f"the whole interval lies within ±{rule.margin:.3g}"
    if low <= 0 <= high:
        return UNKNOWN, "the interval contains 0"
    other = rule.checked.get(arm)
    if other is not None and other * value <= 0:
        return UNKNOWN, f"at the much lower learning rate the order is not the same ({other:+.3f})"
    return (BETTER if value < 0 else WORSE), "the interval leaves out 0"


def smallest_difference(
    noise: Variance, seeds: int, copies: int, arms: int, alpha: float = ALPHA, known: bool = False
) -> float:
    """Difference between an arm and the baseline that is found with chance POWER, in bits per byte.

    `noise` is that of one figure from seed to seed (`seed_noise` of the baseline's copies), taken to be
    every arm's, and at its upper end unless it is `known`; `arms` are compared with the baseline, which has
    `copies`. Differences that vary from task to task need to be larger.
    """
    from scipy.stats import chi2, t

    upper = noise.value
    if not known:
        upper *= noise.freedom / float(chi2.ppf(1 - CERTAINTY, noise.freedom))
    freedom = noise.freedom + arms * (seeds - 1)
    steps = float(t.ppf(1 - alpha / (2 * arms), freedom) + t.ppf(POWER, freedom))
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
    """Whether a laboratory may stop before its last seed: every arm has a verdict other than "cannot tell",
    at the level of the anytime-valid rule too."""
    level = rule.alpha * EARLY / max(1, len(figures.others))
    base = figures.values[list(figures.copies)].mean(axis=(0, 2))
    for comparison in compare(figures, rule):
        gaps = figures.values[figures.arms.index(comparison.arm)].mean(axis=1) - base
        half, centre = anytime_half(gaps, level), abs(float(gaps.mean()))
        sure = centre + half < rule.margin if comparison.verdict == EQUAL else centre > half
        if comparison.verdict == UNKNOWN or not sure:
            return False
    return True
