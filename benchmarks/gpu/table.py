"""The table of `evidence.py`: arms by schedule, each beside random documents.

    python benchmarks/gpu/table.py OUT/evidence.json

Apart from the training, since it needs scipy and no card. The trade-off: an arm that lacks a seed of what it
would be compared with stands there with its figure alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from evidence import ARMS, RATES, SUITES, Arm

from neve.lab import statistics


def table(found: dict[str, Any]) -> str:
    """Arms by schedule, in Markdown: bits per byte, and beside random documents of the same schedule, seen
    once and seen as often. Intervals are over seeds and tasks, Holm over the arms of a schedule."""
    lines = []
    for suite in SUITES:
        sizes = np.array(found["sizes"][suite])
        base = sum(found["general"]["bits"][suite]) / sizes.sum()
        lines += ["", f"{suite}, {len(sizes)} texts, {base:.4f} before the arms", ""]
        lines += [
            "| arm | seeds | bits per byte | minus random once | minus random as often |",
            "|---|---|---|---|---|",
        ]
        for schedule_name in RATES:
            arms = [arm for arm in ARMS if arm.schedule == schedule_name and arm.name in found["arms"]]
            bits = {
                arm: np.array([one["bits"][suite] for one in found["arms"][arm.name].values()])
                for arm in arms
            }
            columns = [
                compared(bits, sizes, Arm("random", repeats, schedule_name), often)
                for repeats, often in ((1, (1, 2, 4)), (4, (4,)))
            ]
            for arm in arms:
                figure = bits[arm].sum(axis=1).mean() / sizes.sum()
                cells = [column.get(arm, "") for column in columns]
                lines.append(f"| {arm.name} | {len(bits[arm])} | {figure:.4f} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def compared(
    bits: dict[Arm, np.ndarray], sizes: np.ndarray, base: Arm, repeats: Sequence[int]
) -> dict[Arm, str]:
    """Arms of these repeats beside `base`, those that have its seeds: difference, interval, p, verdict."""
    known = {
        arm.name: values
        for arm, values in bits.items()
        if (arm == base or arm.repeats in repeats) and base in bits and len(values) == len(bits[base])
    }
    if len(known) < 2 or len(bits[base]) < 2:
        return {}
    groups = {name: "random" if name.startswith("random") else "chosen" for name in known}
    figures = statistics.figures(known, sizes, [base.name], groups)
    named = {arm.name: arm for arm in bits}
    return {
        named[
            one.arm
        ]: f"{one.value:+.4f} [{one.interval[0]:+.4f}, {one.interval[1]:+.4f}], p = {one.p:.2g}, {one.verdict}"
        for one in statistics.compare(figures, statistics.Rule(margin=0.005))
    }


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text())))
