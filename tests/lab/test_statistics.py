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
    pairs,
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
    also: int = 0,
) -> Figures:
    """Copies of a baseline and `arms` that differ by `shift`; seeds and tasks have effects on all arms.
    Noise from seed to seed is `noise`, of the arms `quiet` times that; an arm's effect varies by `by_task`
    from task to task. `also` more arms, which the rest are compared with too, are as noisy as the baseline
    and equal to it."""
    names = [f"copy{i}" for i in range(copies)] + [f"arm{i}" for i in range(arms)]
    names += [f"also{i}" for i in range(also)]
    scale = np.array([1.0] * copies + [quiet] * arms + [1.0] * also)[:, None]
    values = generator.normal(2.0, 0.5, tasks) + generator.normal(0, 0.1, (seeds, 1))
    values = values + (generator.normal(0, noise, (len(names), seeds)) * scale)[:, :, None]
    values = values + generator.normal(0, 0.1, (len(names), seeds, tasks))
    values[copies : copies + arms] += shift
    values[copies:] += generator.normal(0, by_task, (arms + also, 1, tasks))
    groups = ("drawn",) * copies + (("drawn" if quiet == 1.0 else "chosen"),) * arms + ("drawn",) * also
    rows = tuple(range(len(names)))
    return Figures(tuple(names), values, groups, rows[:copies], rows[copies + arms :])


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
        {"seeds": 5, "copies": 2, "by_task": 0.2}, {"also": 1}, {"also": 2, "seeds": 5, "arms": 3},
        {"also": 1, "arms": 3, "noise": 0.046, "quiet": 0.13},
        {"also": 1, "arms": 3, "noise": 0.046, "quiet": 0.13, "seeds": 5},
        {"arms": 1, "noise": 0.006, "quiet": 8.0}, {"arms": 1, "noise": 0.006, "quiet": 8.0, "seeds": 5},
        {"arms": 1, "noise": 0.046, "quiet": 0.13},
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


def test_of_an_arm_that_is_alone_in_its_group_the_pair_says_all():
    """By hand: beside the mean of two quiet copies it stands at 1, 5 and 3, a variance of 4, over three
    seeds."""
    levels = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.0, 6.0, 4.0]])
    values = levels[:, :, None] + np.array([-0.5, 0.5])
    value, noise = difference(Figures(("a", "b", "c"), values, ("g", "g", "h"), (0, 1)), 2)
    assert value == 3.0 and noise == Variance(4 / 3, 2)


def test_the_noise_of_a_control_is_that_of_all_that_are_drawn():
    """Beside a control that was drawn once stands the noise of its whole group, the baseline's copies among
    it. Oracle: by hand, for arms that are measured without noise of their own."""
    generator = np.random.default_rng(14)
    lab = made(generator, noise=0.046, quiet=0.0, arms=3, also=1)
    lab.values[3:6] = lab.values[3:6].mean(axis=(0, 1))
    drawn = seed_noise(lab, "drawn")
    value, noise = difference(lab, 3, [6])
    assert drawn.freedom == 6 and noise.value >= drawn.value / 3
    assert value == pytest.approx(lab.values[3].mean() - lab.values[6].mean())


def test_what_is_compared():
    """By hand: two arms beside the baseline and each of two controls, and the controls once."""
    found = pairs(["base", "copy", "a", "b", "x", "y"], ["base", "copy"], ["x", "y"])
    assert found[:4] == [(arm, ["base", "copy"]) for arm in "abxy"]
    assert found[4:] == [("a", ["x"]), ("b", ["x"]), ("y", ["x"]), ("a", ["y"]), ("b", ["y"])]
    lab = made(np.random.default_rng(1), also=2)
    compared = [(c.arm, c.baseline) for c in compare(lab, Rule(0.0))]
    assert compared == [(arm, base[0]) for arm, base in pairs(lab.arms, lab.arms[:3], ["also0", "also1"])]


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
    for number in range(200):
        shift = generator.choice([0.0, 0.03, 0.06])
        for c in compare(made(generator, arms=4, shift=shift, also=number % 2), Rule(margin=0.0)):
            low, high = c.interval
            assert (low > 0 or high < 0) == (c.p <= ALPHA), c
            both.add(c.p <= ALPHA)
    assert both == {True, False}


@pytest.mark.parametrize(
    "about",
    [
        {}, {"seeds": 2}, {"copies": 2}, {"by_task": 0.1}, {"also": 1},
        {"also": 1, "arms": 3, "noise": 0.046, "quiet": 0.13},
        {"also": 1, "arms": 3, "noise": 0.046, "quiet": 0.13, "seeds": 5},
    ],
    ids=str,
)  # fmt: skip
def test_the_smallest_difference_is_found(about):
    """Stated from copies of the baseline alone, then planted: found with the stated chance, and twice of it
    nearly always, beside the baseline and beside a control with one draw."""
    found = {1: 0, 2: 0}
    for times in found:
        generator = np.random.default_rng(9)
        for _ in range(200):
            lab = made(generator, **about)
            copies, seeds = len(lab.copies), lab.values.shape[1]
            pilot = Figures(lab.arms[:copies], lab.values[:copies], lab.groups[:copies], lab.copies)
            drawn = lab.groups.count("drawn") - copies
            count = len(compare(lab, Rule(margin=0.0)))
            held = 1 if lab.also else copies
            least = smallest_difference(seed_noise(pilot, "drawn"), seeds, held, drawn, ALPHA / count)
            lab.values[[row for row in lab.others if row not in lab.also]] -= times * least
            found[times] += all(
                c.verdict == BETTER for c in compare(lab, Rule(margin=0.0)) if c.arm == "arm0"
            )
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
    wide = {c.arm: c.verdict for c in compare(lab, Rule(margin=1.0))}
    assert wide == {"arm0": BETTER, "arm1": WORSE, "arm2": EQUAL}, "a margin hides no difference that is told"


def test_the_order_at_the_low_rate_is_that_of_the_two_that_are_compared():
    lab = made(np.random.default_rng(10), seeds=5, noise=0.001, also=1)
    lab.values[3:5] -= 0.2
    rule = Rule(0.0, checked={"arm0": -0.1, "arm1": -0.1, "also0": -0.2})
    told = {(c.arm, c.baseline): c for c in compare(lab, rule)}
    assert told["arm0", "copy0"].verdict == BETTER
    assert told["arm0", "also0"].verdict == UNKNOWN and "(+0.100)" in told["arm0", "also0"].reason


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
    beside = made(generator, seeds=8, noise=0.01, shift=-0.5, also=1)
    beside.values[5] += 0.5
    assert decided(beside, Rule(margin=0.001, early=True))
    beside.values[5] -= 1.0
    assert not decided(beside, Rule(margin=0.001, early=True)), (
        "open beside the control that all are held against"
    )
