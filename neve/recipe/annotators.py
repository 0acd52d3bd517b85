"""The recipe's tables [labels.NAME] and [annotators.NAME]: what is good, and what learns to tell it.

Labels and annotators are named, and an annotator names the labels that it learns from, so that sets of labels are
combined freely and several annotators stand side by side. Each kind of annotator has a table of its own, found by its
`kind`; a kind that has none here takes its fields as `options`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from neve.recipe.sources import Source
from neve.recipe.training import Section


class Labels(Section):
    """A set of labelled documents: exemplars against random documents of the corpus."""

    positives: list[Source] = Field(min_length=1)
    """Exemplar sources: code that an annotator learns to recognise. They stay out of the corpus."""
    positives_limit: int = Field(default=300_000, ge=10)
    """At most so many positives, drawn by a hash of doc_id."""
    negatives: int = Field(default=300_000, ge=10)
    """Random documents as negatives; they stay in the pool and are scored out of fold."""


class Encoder(Section):
    """A linear head on a frozen encoder."""

    kind: Literal["encoder"]
    labels: list[str] = Field(min_length=1)
    """Names of sets of labels."""
    encoder: str = "Snowflake/snowflake-arctic-embed-m"
    """BERT encoder: "minilm" (a pinned wheel, works offline), a folder, or a hub id."""
    section_tokens: int = Field(default=512, ge=16)
    """Tokens of one section, [CLS] and [SEP] counted in. A score is the mean over top, middle and bottom."""
    epochs: int = Field(default=20, ge=1)
    """Passes of the head over the labelled embeddings; the encoder is frozen."""
    lr: float = Field(default=3e-4, gt=0)
    """Learning rate of the head."""


class Own(Section):
    """A kind without a table here."""

    kind: str
    labels: list[str] = Field(default=[])
    options: dict[str, Any] = Field(default={})
    """What the kind's module asks for."""

    @model_validator(mode="before")
    @classmethod
    def _fields(cls, given: Any) -> Any:
        more = sorted(given.keys() - {"kind", "labels", "options"}) if isinstance(given, dict) else []
        if more:
            raise ValueError(
                f"kind = {given.get('kind')!r} has no table in the recipe (those with one: {', '.join(TABLES)}), "
                f"so {more[0]} belongs into options = {{…}}"
            )
        return given


TABLES = ("encoder",)
"""Kinds with a table of their own."""


def _table(given: Any) -> str:
    kind = given.get("kind") if isinstance(given, dict) else getattr(given, "kind", None)
    return kind if kind in TABLES else "own"


Annotator = Annotated[
    Annotated[Encoder, Tag("encoder")] | Annotated[Own, Tag("own")],
    Discriminator(_table),
]
