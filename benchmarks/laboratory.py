"""How often a laboratory is wrong: equal arms that are called different, and planted differences that are
missed.

Each laboratory trains real, cheap models: bigrams over bytes, by stochastic gradient descent on code of the
standard library, from first weights and in an order that depend on the seed. Tasks are held-out files. Three
draws of a baseline and two arms, three seeds, all equal; then twice the smallest difference, stated from the
draws alone, is planted in one arm.

    python benchmarks/laboratory.py [--laboratories 40]

Prints the laboratories with a false verdict, and those in which the planted difference was found.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from neve.lab.statistics import (
    BETTER,
    WORSE,
    Figures,
    Rule,
    compare,
    figures,
    seed_noise,
    smallest_difference,
)

NAMES, COPIES, SEEDS = ("base", "copy-1", "copy-2", "one", "other"), 3, 3
STEPS, BATCH, RATE = 80, 128, 4.0


def texts() -> tuple[np.ndarray, list[np.ndarray]]:
    """Bytes to train on, and held-out files, of 2,000 bytes each at most."""
    files = sorted(Path(json.__file__).parents[1].glob("*.py"))
    held = [np.frombuffer(path.read_bytes()[:2000], np.uint8) for path in files[::4]]
    rest = b"".join(path.read_bytes()[:20_000] for number, path in enumerate(files) if number % 4)
    return np.frombuffer(rest, np.uint8), [text for text in held if len(text) > 200]


def trained(generators: list[np.random.Generator], train: np.ndarray) -> np.ndarray:
    """Log-probabilities [models, 256, 256] of the next byte, one model a generator."""
    models = len(generators)
    weights = np.stack([g.normal(0, 0.1, (256, 256)) for g in generators])
    rows = np.arange(models)[:, None]
    for _ in range(STEPS):
        at = np.stack([g.integers(0, len(train) - 1, BATCH) for g in generators])
        given, wanted = train[at], train[at + 1]
        logits = weights[rows, given]
        step = np.exp(logits - logits.max(-1, keepdims=True))
        step /= -step.sum(-1, keepdims=True)
        step[rows, np.arange(BATCH), wanted] += 1.0
        np.add.at(weights, (rows, given), RATE / np.sqrt(BATCH) * step)
    return weights - np.log(np.exp(weights).sum(-1, keepdims=True))


def laboratory(number: int, train: np.ndarray, held: list[np.ndarray]) -> Figures:
    """Figures of five equal arms at three seeds."""
    generators = [
        np.random.default_rng([number, arm, seed]) for arm in range(len(NAMES)) for seed in range(SEEDS)
    ]
    models = trained(generators, train)
    bits = np.stack([-models[:, t[:-1], t[1:]].sum(-1) / np.log(2) for t in held], axis=-1)
    by_arm = bits.reshape(len(NAMES), SEEDS, len(held))
    sizes = np.array([len(text) - 1 for text in held])
    return figures(dict(zip(NAMES, by_arm, strict=True)), sizes, NAMES[:COPIES], dict.fromkeys(NAMES, "all"))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--laboratories", type=int, default=40)
    count = parser.parse_args().laboratories
    train, held = texts()
    wrong = found = 0
    noises, least = [], []
    for number in range(count):
        equal = laboratory(number, train, held)
        draws = Figures(equal.arms[:COPIES], equal.values[:COPIES], equal.groups[:COPIES], equal.copies)
        noise = seed_noise(draws, "all")
        smallest = smallest_difference(noise, SEEDS, COPIES, len(NAMES) - COPIES)
        rule = Rule(margin=smallest)
        wrong += any(c.verdict in (BETTER, WORSE) for c in compare(equal, rule))
        equal.values[COPIES] -= 2 * smallest
        found += compare(equal, rule)[0].verdict == BETTER
        noises.append(noise.value**0.5)
        least.append(smallest)
    figures_of = {
        "laboratories": count, "tasks": len(held), "false_verdicts": wrong, "planted_found": found,
        "noise": round(float(np.mean(noises)), 4), "smallest_difference": round(float(np.mean(least)), 4),
    }  # fmt: skip
    print(json.dumps(figures_of))
    return 0 if wrong <= count / 10 and found >= 0.9 * count else 1


if __name__ == "__main__":
    sys.exit(main())
