"""What a laboratory trains: a cell for every arm, seed and rate, each a recipe over one store.

Arms share whatever is equal, since stages are known by their fingerprints: the corpus, the tokens, earlier
phases. Seeds are shared between arms: at one seed all start from the same weights and, where the data allow,
in the same order. Copies of the baseline differ from it in nothing but their seeds. The trade-off: a seed
moves the laboratory's phase alone, so that earlier phases are trained once; a verdict holds for the
checkpoint that they gave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neve.errors import Misuse
from neve.lab import measure
from neve.lab.file import Laboratory, overridden
from neve.recipe.recipe import Recipe
from neve.run import runner
from neve.store import Stage, Store

COPY = 1_000_003
"""What is added to a seed for each copy of the baseline."""


@dataclass(frozen=True)
class Cell:
    """One training: an arm (or a copy of the baseline) at a seed, at the recipe's rate or the much lower
    one."""

    arm: str
    seed: int
    low: bool
    store: Store
    train: str
    """The stage that trains its model."""
    tune: str
    """The stage that measures it on the texts to decide by."""
    final: str
    recipe: Recipe
    start: str | None = None
    """The phase whose model its training starts from; None where it starts from scratch or from elsewhere.
    """

    @property
    def name(self) -> str:
        return f"{self.arm} · seed {self.seed}{' · low rate' if self.low else ''}"

    def ends(self, final: bool) -> list[str]:
        """The stages that the laboratory wants of it."""
        return [self.tune, self.final] if final else [self.tune]

    def before(self, final: bool) -> list[str]:
        """The stages that measure the model it starts from, as `ends` do its own."""
        kinds = ["tune", "final"] if final else ["tune"]
        return [_measure(self.start, kind) for kind in kinds] if self.start else []

    def needed(self, final: bool) -> list[str]:
        """All stages that those need, in the order in which they are built."""
        wanted = set().union(*(self.store.needed(name) for name in self.ends(final)))
        return [name for name in self.store.stages if name in wanted]


def copies(lab: Laboratory) -> list[str]:
    """Names of the baseline's draws, itself first."""
    return [lab.baseline, *(f"{lab.baseline}-copy-{number}" for number in range(1, lab.copies + 1))]


def arms(lab: Laboratory) -> list[str]:
    """All arms and copies, the baseline's draws first: their noise is known before anything is compared."""
    return [*copies(lab), *(arm.name for arm in lab.arm if arm.name != lab.baseline)]


def cells(lab: Laboratory, base: dict[str, Any], folder: Path) -> list[Cell]:
    """Every training, in the order in which they are worth having: the baseline's draws, then
    seed by seed. Raises Misuse where two arms come to the same training, as they stand or over the base."""
    made = [cell(lab, base, folder, arm, seed, low) for seed, low, arm in _order(lab)]
    known: dict[Path, Cell] = {}
    for each in made:
        other = known.setdefault(each.store.path(each.tune), each)
        if other is not each:
            raise Misuse(
                f"{other.arm} and {each.arm} are one arm: over {lab.recipe} they set the same, and measure the same model"
            )
    return made


def _order(lab: Laboratory) -> Iterator[tuple[int, bool, str]]:
    first = set(copies(lab))
    for seed in lab.seeds:
        yield from ((seed, False, arm) for arm in arms(lab) if arm in first)
    for position, seed in enumerate(lab.seeds):
        yield from ((seed, False, arm) for arm in arms(lab) if arm not in first)
        if position < lab.low_rate_seeds:
            yield from ((seed, True, arm) for arm in arms(lab))


def cell(lab: Laboratory, base: dict[str, Any], folder: Path, name: str, seed: int, low: bool) -> Cell:
    """The cell of an arm, or of a copy of the baseline, at a seed of the file."""
    draws = copies(lab)
    draw = seed + COPY * (draws.index(name) if name in draws else 0)
    arm = next(arm for arm in lab.arm if arm.name == (lab.baseline if name in draws else name))
    recipe = overridden(base, lab.set, arm.set, where=f"arm {name!r}")
    known = [phase.name for phase in recipe.phase]
    if lab.phase not in known:
        raise Misuse(f"phase = {lab.phase!r}: no such phase in arm {name!r}; there are {', '.join(known)}")
    at = known.index(lab.phase)
    rate = recipe.phase[at].lr
    moved: dict[str, Any] = {f"phase.{at}.seed": draw}
    if low:
        moved |= {
            f"phase.{at}.lr.peak": rate.peak * lab.low_rate,
            f"phase.{at}.lr.floor": rate.floor * lab.low_rate,
        }
    recipe = overridden(base, lab.set, arm.set, moved, where=f"arm {name!r}")
    model = arm.model or lab.phase
    trained = {name for phase in recipe.phase for name in (phase.name, *phase.twins)}
    if model not in trained:
        raise Misuse(
            f"arm {name!r}: model = {model!r}: no such phase or control; there are {', '.join(sorted(trained))}"
        )
    plan = runner.planned(recipe, folder)
    plain = plan.store(folder)
    train = f"train-{model}"
    begun = plain.stages[train].inputs.get("start", "")
    start = begun.removeprefix("train-") if begun.startswith("train-") else None
    made = []
    for kind, texts in (("tune", lab.tune), ("final", lab.final)):
        settings = measure.Settings(tuple(texts), recipe.evaluate.heldout_bytes, recipe.evaluate.data)
        for each in filter(None, (model, start)):
            inputs = {"documents": "curate", "tokenizer": "tokenizer", "model": f"train-{each}"}
            made.append(Stage(_measure(each, kind), "measure", settings, inputs))
    store = Store(plain.folder, [*plain.stages.values(), *made], plain.outside)
    return Cell(
        name, seed, low, store, train, _measure(model, "tune"), _measure(model, "final"), recipe, start
    )


def _measure(model: str, kind: str) -> str:
    return f"measure-{model}-{kind}"
