"""A laboratory's file: a base recipe, arms as overrides of it, seeds, and one question.

Everything that decides the outcome stands in the file before anything is trained: what is compared with
what, on which texts, at how many seeds, and what counts as equal; or in one other file, which it is `like`.
The trade-off: all arms are compared with one baseline, not with each other; a question about two others is a
laboratory of its own.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from neve.errors import Misuse
from neve.recipe.file import not_toml, one_line, parse
from neve.recipe.recipe import Recipe
from neve.recipe.table import RecipeTable

Overrides = dict[str, Any]


class Arm(RecipeTable):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    set: Overrides = Field(default={})
    """Overrides of the base recipe, by dotted key: `"phase.1.repeats" = 2`."""
    model: str | None = None
    """The phase or control whose model is measured; default: the laboratory's phase."""
    drawn: bool = False
    """Whether its documents are drawn at random: noise is pooled over such arms, and over the others."""


class Laboratory(RecipeTable):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    like: str | None = None
    """Path of a laboratory, from this file: what is not said here is as there, but for the noise, which is
    that recipe's. Tables and lists are taken whole."""
    question: str
    recipe: str
    """Path of the base recipe, from the laboratory's file."""
    set: Overrides = Field(default={})
    """Overrides for all arms."""
    phase: str
    """The phase that arms differ in. Its seed is the laboratory's, its rate is lowered for the check."""
    baseline: str
    """The arm that the others are compared with."""
    also: list[str] = Field(default=[])
    """Other arms that the rest are compared with too; the 5 % are over all comparisons."""
    arm: list[Arm] = Field(min_length=2)
    seeds: list[int] = Field(min_length=2)
    """Seeds of the phase: order of data, draw of random documents, and weights where it starts from scratch.
    """
    copies: int = Field(default=2, ge=1)
    """More draws of the baseline, equal but for their seeds (A/A): the noise floor, and part of the
    baseline's mean."""
    tune: list[str] = Field(default=["mbpp-train", "heldout"])
    """Texts to decide by, the first before all others: a benchmark's solutions, its -train tasks, or
    heldout."""
    final: list[str] = Field(default=["humaneval"])
    """Texts for the report alone."""
    compute_final: bool = False
    """Whether they are computed; it is recorded when they were."""
    low_rate: float = Field(default=0.1, gt=0, lt=1)
    """Factor of the much lower learning rate at which a difference must have the same sign."""
    low_rate_seeds: int = Field(default=1, ge=0)
    """Seeds that are trained at it too; 0 leaves the check out."""
    margin: float | None = Field(default=None, gt=0)
    """Where an interval contains 0 and lies inside ± this, in bits per byte, arms count as equal; default:
    the smallest difference."""
    noise: float | None = Field(default=None, gt=0)
    """Standard deviation of the baseline from seed to seed, known from an earlier laboratory: for --plan."""
    stop_early: bool = False
    """Whether it stops before the last seed where all is decided, by a rule that allows looking."""

    @model_validator(mode="after")
    def _fits(self) -> Laboratory:
        names = [arm.name for arm in self.arm]
        rules = [
            (len(set(names)) < len(names), "two arms have the same name"),
            (
                self.baseline not in names,
                f"baseline = {self.baseline!r} is no arm; there are {', '.join(names)}",
            ),
            (
                not set(self.also) <= set(names) - {self.baseline},
                "also names something that is no arm, or the baseline",
            ),
            (len(set(self.seeds)) < len(self.seeds), "seeds repeats one"),
            (self.low_rate_seeds > len(self.seeds), "low_rate_seeds is more than there are seeds"),
            (not self.tune, "tune names no text"),
            (set(self.tune) & set(self.final), "tune and final share a text"),
        ]
        for wrong, said in rules:
            if wrong:
                raise ValueError(said)
        return self


def load(path: Path) -> tuple[Laboratory, dict[str, Any]]:
    """A laboratory and its base recipe as nested dicts; raises Misuse with one line."""
    try:
        data = _read(path)
        lab = Laboratory.model_validate(data)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise Misuse(f"{path}: cannot be read ({why}); name a laboratory, as those in recipes/labs") from None
    except tomllib.TOMLDecodeError as error:
        raise Misuse(f"{path}: {not_toml(path, error)}") from None
    except ValidationError as error:
        if "run" in data and "arm" not in data:
            raise Misuse(
                f"{path}: is a recipe, not a laboratory, as those in recipes/labs; `neve run` takes it"
            ) from None
        said = one_line(error, Laboratory)
        if said.startswith("name: is missing") or error.errors()[0]["type"] == "missing":
            said = f"{said.partition(';')[0]}; a laboratory is a file of its own, as those in recipes/labs (docs/laboratory.md)"
        raise Misuse(f"{path}: {said}") from None
    base = path.parent / lab.recipe
    try:
        return lab, tomllib.loads(base.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(f"{path}: recipe = {lab.recipe!r}: cannot be read ({error})") from None


def _read(path: Path) -> dict[str, Any]:
    """A laboratory's file, with what it takes from the one that it is like."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    like = data.get("like")
    if not isinstance(like, str):
        return data
    try:
        other = tomllib.loads((path.parent / like).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(f"{path}: like = {like!r}: cannot be read ({error})") from None
    if "like" in other:
        raise Misuse(f"{path}: like = {like!r}: is like a third one; name that")
    other.pop("noise", None)
    if isinstance(recipe := other.get("recipe"), str):
        other["recipe"] = str(Path(like).parent / recipe)
    return {**other, **data}


def overridden(base: dict[str, Any], *overrides: Overrides, where: str) -> Recipe:
    """The base recipe with overrides, validated; raises RecipeError naming the key."""
    import copy

    from neve.recipe.file import place

    data = copy.deepcopy(base)
    for table in overrides:
        for key, value in table.items():
            place(data, key, copy.deepcopy(value), where)  # a later key may reach into a table
    return parse(data, where)
