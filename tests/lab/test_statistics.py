"""Oracles: figures made by a known model of arms, seeds and tasks (simulation); textbook values of Holm and
Student."""

import math

import numpy as np
import pytest
from scipy import stats

from neve.lab.statistics import (
    ALPHA,
    BETTER,
    EQUAL,
    UNKNOWN,
    WORSE,
    Figures,
    Rule,
    Variance,
    anytime_half,
    compare,
    decided,
    difference,
    figures,
    holm,
    seed_noise,
    smallest_difference,
)


def made(
    generator: np.random.Generator,
    *,
    seeds: int = 3,
    tasks: int = 80,
    copies: int = 3,
    arms: int = 2,
    noise: float = 0.02,
    quiet: float = 1.0,
    by_task: float = 0.0,
    shift: float = 0.0,
) -> Figures:
    """Copies of a baseline and `arms` that differ by `shift`; seeds and tasks have effects on all arms.
    Noise from seed to seed is `noise`, of the arms `quiet` times that; an arm's effect varies by `by_task`
    from task to task."""
    names = [f"copy{i}" for i in range(copies)] + [f"arm{i}" for i in range(arms)]
    scale = np.array([1.0] * copies + [quiet] * arms)[:, None]
    values = generator.normal(2.0, 0.5, tasks) + generator.normal(0, 0.1, (seeds, 1))
    values = values + (generator.normal(0, noise, (len(names), seeds)) * scale)[:, :, None]
    values = values + generator.normal(0, 0.1, (len(names), seeds, tasks))
    values[copies:] += shift + generator.normal(0, by_task, (arms, 1, tasks))
    groups = ("drawn",) * copies + (("drawn" if quiet == 1.0 else "chosen"),) * arms
    return Figures(tuple(names), values, groups, tuple(range(copies)))


def false_share(labs: int, **about) -> float:
    """Share of laboratories of equal arms with a verdict of better or worse."""
    generator = np.random.default_rng(5)
    wrong = [
        any(c.verdict in (BETTER, WORSE) for c in compare(made(generator, **about), Rule(margin=0.0)))
        for _ in range(labs)
    ]
    return float(np.mean(wrong))


@pytest.mark.parametrize(
    "about",
    [
        {}, {"seeds": 2}, {"arms": 6}, {"by_task": 0.2}, {"noise": 0.0}, {"quiet": 0.1}, {"quiet": 0.1, "copies": 2},
        {"seeds": 5, "copies": 2, "by_task": 0.2},
    ],
    ids=str,
)  # fmt: skip
def test_equal_arms_are_rarely_called_different(about):
    """At most 5 % of laboratories, 400 each: 8 % is two and a half standard errors above."""
    assert false_share(400, **about) <= 0.08


def test_seeds_as_if_they_were_tasks_would_find_differences_everywhere():
    """What the model is for: a paired test over tasks calls two draws of equal arms different most of the
    time."""
    generator = np.random.default_rng(6)
    found = 0
    for _ in range(50):
        values = made(generator, seeds=2, tasks=164, copies=1, arms=1, noise=0.046).values
        found += stats.ttest_rel(values[0, 0], values[1, 0]).pvalue < 0.05
    assert found > 30


def test_variance_of_a_difference_is_that_of_repeated_laboratories():
    generator = np.random.default_rng(7)
    found = [difference(made(generator, by_task=0.2, tasks=40), 3) for _ in range(600)]
    true = np.var([value for value, _ in found])
    assert np.mean([noise.value for _, noise in found]) == pytest.approx(true, rel=0.2)
    covered = [abs(value) < noise.quantile(0.975) for value, noise in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_noise_is_the_mean_square_of_arm_by_seed():
    """By hand: two arms, two seeds; the arms' levels are 1, 2 and 3, 8, so what is left is ±1 in each: 4 /
    1."""
    levels = np.array([[1.0, 2.0], [3.0, 8.0]])
    values = levels[:, :, None] + np.array([-0.5, 0.5])
    noise = seed_noise(Figures(("a", "b"), values, ("g", "g"), (0, 1)), "g")
    assert noise == Variance(4.0, 1)
    alone = seed_noise(Figures(("a", "b"), values, ("g", "h"), (0,)), "g")
    assert alone == noise, "a group of one arm is pooled with all"


def test_bits_become_bits_per_byte():
    """The mean over tasks is the sum of bits over the sum of bytes."""
    bits = {"a": np.array([[10.0, 40.0], [12.0, 44.0]]), "b": np.array([[9.0, 39.0], [9.0, 39.0]])}
    got = figures(bits, np.array([5, 20]), ["a"], {"a": "x", "b": "y"})
    assert got.values[0].mean(axis=1).tolist() == [50 / 25, 56 / 25]
    assert got.copies == (0,) and got.others == [1] and got.groups == ("x", "y")
    with pytest.raises(ValueError, match="finite"):
        figures({"a": np.array([[math.nan]])}, np.array([1]), ["a"], {"a": "x"})


def test_holm():
    """Holm 1979's procedure on four p-values, and after the first that is not rejected none is."""
    adjusted, divisors = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}, 0.05)
    assert adjusted == {
        "d": 0.02,
        "a": pytest.approx(0.03),
        "c": pytest.approx(0.06),
        "b": pytest.approx(0.06),
    }
    assert divisors == {"d": 4, "a": 3, "c": 2, "b": 2}


def test_intervals_leave_out_zero_exactly_where_holm_rejects():
    generator = np.random.default_rng(8)
    both = set()
    for _ in range(200):
        shift = generator.choice([0.0, 0.03, 0.06])
        for c in compare(made(generator, arms=4, shift=shift), Rule(margin=0.0)):
            low, high = c.interval
            assert (low > 0 or high < 0) == (c.p <= ALPHA), c
            both.add(c.p <= ALPHA)
    assert both == {True, False}


@pytest.mark.parametrize("about", [{}, {"seeds": 2}, {"copies": 2}, {"by_task": 0.1}], ids=str)
def test_the_smallest_difference_is_found(about):
    """Stated from copies of the baseline alone, then planted: found with the stated chance, and twice of it
    nearly always."""
    found = {1: 0, 2: 0}
    for times in found:
        generator = np.random.default_rng(9)
        for _ in range(200):
            lab = made(generator, **about)
            copies, seeds = len(lab.copies), lab.values.shape[1]
            pilot = Figures(lab.arms[:copies], lab.values[:copies], lab.groups[:copies], lab.copies)
            least = smallest_difference(seed_noise(pilot, "drawn"), seeds, copies, len(lab.others))
            lab.values[copies:] -= times * least
            found[times] += compare(lab, Rule(margin=0.0))[0].verdict == BETTER
    assert found[1] >= 0.7 * 200 and found[2] >= 0.95 * 200, found


def test_verdicts():
    generator = np.random.default_rng(10)
    lab = made(generator, seeds=5, noise=0.001, arms=3)
    lab.values[3] -= 0.2
    lab.values[4] += 0.2
    named = {c.arm: c for c in compare(lab, Rule(margin=0.05))}
    assert [named[a].verdict for a in ("arm0", "arm1", "arm2")] == [BETTER, WORSE, EQUAL]
    assert named["arm0"].value == pytest.approx(-0.2, abs=0.02)
    narrow = {c.arm: c.verdict for c in compare(lab, Rule(margin=0.0))}
    assert narrow["arm2"] == UNKNOWN, "without a margin nothing is equal"
    turned = {c.arm: c for c in compare(lab, Rule(0.05, checked={"arm0": 0.01, "arm1": 0.3}))}
    assert turned["arm0"].verdict == UNKNOWN and "lower learning rate" in turned["arm0"].reason
    assert turned["arm1"].verdict == WORSE


def test_one_may_look_after_every_seed():
    """1,000 sequences without an effect, looked at after each of 60 values: the interval leaves 0 in at most
    5 %; Student's, used so, in far more."""
    generator = np.random.default_rng(11)
    width = {n: stats.t.ppf(0.975, n - 1) / math.sqrt(n) for n in range(3, 61)}
    ours = theirs = 0
    for _ in range(1000):
        gaps = generator.normal(0, 1, 60)
        looks = range(3, 61)
        ours += any(abs(gaps[:n].mean()) > anytime_half(gaps[:n], 0.05) for n in looks)
        theirs += any(abs(gaps[:n].mean()) > width[n] * gaps[:n].std(ddof=1) for n in looks)
    assert ours <= 0.05 * 1000 < 0.2 * 1000 < theirs


def test_the_anytime_interval_shrinks_and_is_wider_than_students():
    gaps = np.random.default_rng(12).normal(1, 1, 400)
    assert anytime_half(gaps[:1], 0.05) == math.inf
    halves = [anytime_half(gaps[:n], 0.05) for n in (5, 50, 400)]
    student = [stats.t.ppf(0.975, n - 1) * gaps[:n].std(ddof=1) / math.sqrt(n) for n in (5, 50, 400)]
    assert halves[0] > halves[1] > halves[2] and all(a > b for a, b in zip(halves, student, strict=True))


def test_a_laboratory_stops_early_only_where_all_is_decided():
    generator = np.random.default_rng(13)
    plain = made(generator, seeds=8, noise=0.01)
    assert not decided(plain, Rule(margin=0.001, early=True))
    large = made(generator, seeds=8, noise=0.01, shift=-0.5)
    assert decided(large, Rule(margin=0.001, early=True))
    assert not decided(made(generator, seeds=3, noise=0.01, shift=-0.5), Rule(margin=0.001, early=True)), (
        "three seeds"
    )
    half = made(generator, seeds=8, noise=0.01)
    half.values[3] -= 0.5
    assert not decided(half, Rule(margin=0.001, early=True)), "one of the two arms is open"
