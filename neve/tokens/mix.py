"""A mixed view: windows of several views in turn, each as often as its weight says.

A period of SLOTS windows is shared out by largest remainder, so weights hold to a thousandth, and each
view's slots are spread evenly over it. Which view window k comes from, and which of that view's windows it
is, are arithmetic on k; so a mixed phase resumes from one number too. The trade-off: the turns do not depend
on the seed; what stands in them does.

Source: the even spread is Webster's method of apportionment (Balinski, Young, "Fair Representation", 1982).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neve.errors import Fault
from neve.hashing import shares
from neve.tokens.view import IGNORED, View

SLOTS = 1000
"""Windows of one period."""


def slots(weights: Sequence[float]) -> list[int]:
    """Slots of each weight, SLOTS together, by largest remainder; a weight under half a thousandth may get
    none."""
    return list(shares({f"{number:04}": weight for number, weight in enumerate(weights)}, SLOTS).values())


@dataclass(frozen=True)
class Settings:
    slots: Mapping[str, int]
    """Role of each view among the inputs -> its slots; SLOTS together."""


def build(settings: Settings, inputs: Mapping[str, Path], out: Path) -> dict[str, Any]:
    """Stage `view-<phase>` of a mix: mix.json, which names the views `inputs` and the slots of each."""
    parts = [
        {"folder": os.path.relpath(inputs[name], out), "slots": count}
        for name, count in sorted(settings.slots.items())
    ]
    (out / "mix.json").write_text(json.dumps({"parts": parts}) + "\n", encoding="utf-8")
    views = Mix(out).parts
    return {"documents": sum(v.documents for v in views), "tokens": sum(v.tokens for v in views)}


def opened(folder: Path) -> View | Mix:
    """The view in `folder`, mixed or not; raises Fault where its files are missing or cut short."""
    return Mix(folder) if (Path(folder) / "mix.json").exists() else View(folder)


class Mix:
    """A mixed view opened for reading; `batch` is View's."""

    def __init__(self, folder: Path) -> None:
        try:
            about = json.loads((Path(folder) / "mix.json").read_text(encoding="utf-8"))["parts"]
            self._shares = np.array([part["slots"] for part in about])
            self.folders = [Path(folder) / part["folder"] for part in about]
        except (OSError, ValueError, KeyError) as error:
            raise Fault(f"{folder}: not a readable mix ({error}); build its stage again") from None
        self.parts = [View(place) for place in self.folders]
        self.tokens = sum(view.tokens for view in self.parts)
        self.vocab_size, self.sentinels = self.parts[0].vocab_size, self.parts[0].sentinels
        owner = np.repeat(np.arange(len(about)), self._shares)
        times = np.concatenate([(np.arange(n) + 0.5) / max(n, 1) for n in self._shares])
        self._owner = owner[np.argsort(times, kind="stable")]

    def windows_of(self, first: int) -> list[int]:
        """How many of the windows before `first` come from each view."""
        turns, slot = divmod(first, SLOTS)
        return (turns * self._shares + np.bincount(self._owner[:slot], minlength=len(self.parts))).tolist()

    def batch(
        self, seed: int, first: int, count: int, length: int, limit: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Windows `first` … `first + count - 1`, empty from `limit` on: as `View.batch`."""
        inputs = np.full((count, length), self.sentinels["<|endoftext|>"], dtype=np.int64)
        targets = np.full((count, length), IGNORED, dtype=np.int64)
        stop = count if limit is None else min(count, limit - first)
        owner = self._owner[np.arange(first, first + stop) % SLOTS]
        for part, (view, number) in enumerate(zip(self.parts, self.windows_of(first), strict=True)):
            rows = np.flatnonzero(owner == part)
            if len(rows):
                inputs[rows], targets[rows] = view.batch(seed, number, len(rows), length)
        return inputs, targets
