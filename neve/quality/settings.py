"""Settings of the stages of labels and annotators, apart from the stages: planning a run imports none of
what they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from neve.recipe.annotators import Best, Hard, Judge
from neve.settings import Execution

T = TypeVar("T")


@dataclass(frozen=True)
class Labels:
    """Of stage `labels-NAME`."""

    positives_limit: int
    family_share: float
    negatives: int
    seed: int
    shuffled: bool = False
    best: Best | None = None
    judge: Judge | None = None
    hard: Hard | None = None
    ledger: Execution[str] = "ledger.sqlite"
    """Where a judge's answers are kept."""


@dataclass(frozen=True)
class Fit(Generic[T]):
    """Of stage `annotator-NAME`; T is the kind's own table of the recipe."""

    annotator: T
    seed: int


@dataclass(frozen=True)
class Diagnosis:
    """Of stage `diagnosis-PHASE`."""

    annotator: str
    """Name of the annotator that ranks what the phase chooses."""
    others: tuple[str, ...]
    """Names of the other annotators that the run builds and that judge each document by itself."""
    tasks: tuple[str, ...]
    """Benchmarks whose solutions are told from the pool; nothing is tuned on them."""
    data: Execution[str | None]
    """Folder of benchmark files."""
    seed: int
    drawn: bool = False
    """Whether the phase draws its documents by score, instead of cutting."""
