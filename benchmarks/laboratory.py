"""How often a laboratory is wrong: equal arms that are called different, and planted differences that are
missed.

Each laboratory trains real, cheap models: bigrams over ASCII, by stochastic gradient descent on code of the
standard library, from first weights and in an order that depend on the seed. Tasks are held-out files. All
have three draws of a baseline and three seeds, and are of two kinds:

* `alike`: two arms, all on the same text;
* `drawn`: the baseline, and a control that all are compared with too (`also`), train on random pieces of the
  text, so that they are far noisier than the three arms, which train on all of it and end in one order.

All arms are equal: in `drawn` the three are moved, task by task, to what the random pieces give in the mean
over all laboratories. Then twice the smallest difference, stated from the baseline's draws alone, is planted
in one arm, at the much lower rate too; it is found if that arm is better than all that it is compared with.

    python benchmarks/laboratory.py [--laboratories 40]

Prints by kind the laboratories with a false verdict, with the check at the much lower rate and without it,
and those in which the planted difference was found.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from neve.lab.statistics import (
    ALPHA,
    BETTER,
    WORSE,
    Figures,
    Rule,
    compare,
    seed_noise,
    smallest_difference,
)

COPIES, SEEDS, LOW = 3, 3, 0.1
SYMBOLS = 128
STEPS, ENDS, BATCH, RATE = 80, 10, 128, 4.0
PIECE = 2_000
"""Bytes of a random piece."""


@dataclass(frozen=True)
class Kind:
    """How many controls and arms stand beside the baseline's draws; with controls these are drawn too."""

    name: str
    also: int
    arms: int

    @property
    def drawn(self) -> int:
        """Rows, the first ones, that train on random pieces."""
        return COPIES + self.also if self.also else 0

    def figures(self, values: np.ndarray) -> Figures:
        names = [f"base-{row}" for row in range(COPIES)] + [f"also-{row}" for row in range(self.also)]
        names += [f"arm-{row}" for row in range(self.arms)]
        groups = ("drawn",) * self.drawn + ("alike",) * (len(names) - self.drawn)
        rows = tuple(range(len(names)))
        return Figures(tuple(names), values, groups, rows[:COPIES], rows[COPIES : COPIES + self.also])


KINDS = [Kind("alike", 0, 2), Kind("drawn", 1, 3)]


def texts() -> tuple[np.ndarray, list[np.ndarray]]:
    """Bytes to train on, and held-out files, of 2,000 bytes each at most."""
    files = sorted(Path(json.__file__).parents[1].glob("*.py"))
    held = [path.read_bytes()[:2000] for path in files[::4]]
    rest = b"".join(path.read_bytes()[:20_000] for number, path in enumerate(files) if number % 4)
    train, *kept = (
        np.frombuffer(text, np.uint8) % SYMBOLS
        for text in (rest, *(text for text in held if len(text) > 200))
    )
    return train, kept


def trained(
    generators: list[np.random.Generator],
    train: np.ndarray,
    pieces: np.ndarray,
    rates: np.ndarray,
    ends: list[bool],
) -> np.ndarray:
    """Log-probabilities [models, SYMBOLS, SYMBOLS] of the next byte, one model a generator, each on a piece
    of so many bytes of `train`; the last ENDS steps are in one order for those that `ends` names."""
    weights = np.stack([g.normal(0, 0.1, (SYMBOLS, SYMBOLS)) for g in generators]).astype(np.float32)
    starts = [g.integers(0, len(train) - piece + 1) for g, piece in zip(generators, pieces, strict=True)]
    rows = np.arange(len(weights))[:, None]
    sizes = (rates / np.sqrt(BATCH)).astype(np.float32)[:, None, None]
    orders = generators
    for number in range(STEPS):
        if number == STEPS - ENDS:
            orders = [np.random.default_rng(1) if end else g for end, g in zip(ends, generators, strict=True)]
        drawn = [g.integers(0, piece - 1, BATCH) for g, piece in zip(orders, pieces, strict=True)]
        at = np.stack(drawn) + np.array(starts)[:, None]
        given, wanted = train[at], train[at + 1]
        logits = weights[rows, given]
        step = np.exp(logits - logits.max(-1, keepdims=True))
        step /= -step.sum(-1, keepdims=True)
        step[rows, np.arange(BATCH), wanted] += 1.0
        np.add.at(weights, (rows, given), sizes * step)
    return weights - np.log(np.exp(weights).sum(-1, keepdims=True))


def laboratory(kind: Kind, number: int, train: np.ndarray, held: list[np.ndarray]) -> np.ndarray:
    """Bits per byte [arms, seeds + 1, tasks]; the last row is the first seed at the much lower rate."""
    arms = COPIES + kind.also + kind.arms
    cells = [(arm, seed) for arm in range(arms) for seed in [*range(SEEDS), 0]]
    generators = [np.random.default_rng([number, arm, seed]) for arm, seed in cells]
    ends = [kind.drawn > 0 and arm >= kind.drawn for arm, _ in cells]
    pieces = np.array([PIECE if arm < kind.drawn else len(train) for arm, _ in cells])
    rates = np.tile([RATE] * SEEDS + [RATE * LOW], arms)
    models = trained(generators, train, pieces, rates, ends)
    bits = np.stack([-models[:, t[:-1], t[1:]].sum(-1) / np.log(2) for t in held], axis=-1)
    sizes = np.array([len(text) - 1 for text in held])
    return bits.reshape(arms, SEEDS + 1, len(held)) / sizes.mean()


def low_rate(values: np.ndarray) -> dict[int, float]:
    """By row, arm minus baseline at the much lower rate."""
    level = values[:, SEEDS].mean(axis=1)
    return dict(enumerate(level - level[:COPIES].mean()))


def judged(kind: Kind, values: np.ndarray) -> dict[str, float]:
    """What became of one laboratory of equal arms."""
    equal = kind.figures(values[:, :SEEDS])
    draws = Figures(equal.arms[:COPIES], equal.values[:COPIES], equal.groups[:COPIES], equal.copies)
    noise = seed_noise(draws, equal.groups[0])
    alike = equal.groups.count(equal.groups[0]) - COPIES
    held = 1 if kind.also else COPIES
    smallest = smallest_difference(noise, SEEDS, held, alike, ALPHA / len(compare(equal, Rule(0.0))))

    def verdicts(values: np.ndarray, checked: bool) -> list[tuple[str, str]]:
        low = {equal.arms[row]: value for row, value in low_rate(values).items() if row >= COPIES}
        rule = Rule(smallest, checked=low if checked else {})
        return [(c.arm, c.verdict) for c in compare(replace(equal, values=values[:, :SEEDS]), rule)]

    wrong = [any(v in (BETTER, WORSE) for _, v in verdicts(values, checked)) for checked in (True, False)]
    planted = values.copy()
    planted[COPIES + kind.also] -= 2 * smallest
    found = all(v == BETTER for arm, v in verdicts(planted, True) if arm == "arm-0")
    quiet = seed_noise(equal, equal.groups[-1])
    return {
        "false_verdicts": wrong[0], "false_without_the_low_rate": wrong[1], "planted_found": found,
        "noise": noise.value**0.5, "noise_of_the_arms": quiet.value**0.5, "smallest_difference": smallest,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--laboratories", type=int, default=40)
    count = parser.parse_args().laboratories
    train, held = texts()
    told = {}
    for kind in KINDS:
        values = np.stack([laboratory(kind, number, train, held) for number in range(count)])
        if kind.drawn:  # equal by what all laboratories gave
            for part in (slice(0, SEEDS), slice(SEEDS, None)):
                drawn, rest = values[:, : kind.drawn, part], values[:, kind.drawn :, part]
                rest += drawn.mean(axis=(0, 1, 2)) - rest.mean(axis=(0, 1, 2))
        found = [judged(kind, each) for each in values]
        sums = {name: sum(one[name] for one in found) for name in found[0]}
        told[kind.name] = {
            name: int(value) if isinstance(found[0][name], bool) else round(value / count, 4)
            for name, value in sums.items()
        }
    print(json.dumps({"laboratories": count, "tasks": len(held), **told}))
    right = [
        one["false_without_the_low_rate"] <= count / 10 and one["planted_found"] >= 0.9 * count
        for one in told.values()
    ]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
