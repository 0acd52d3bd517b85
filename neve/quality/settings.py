"""Settings of the stages of labels and annotators, apart from the stages: planning a run imports none of
what they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Labels:
    """Of stage `labels-NAME`."""

    positives_limit: int
    family_share: float
    negatives: int
    seed: int


@dataclass(frozen=True)
class Fit(Generic[T]):
    """Of stage `annotator-NAME`; T is the kind's own table of the recipe."""

    annotator: T
    seed: int
