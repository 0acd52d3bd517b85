"""The recipe's table [corpus]: where code comes from, what of it is kept, and in which order it lies.

Each step of curation that has settings of its own has a table below this one: near duplicates,
decontamination, secrets, grouping. Limits of filters are a table by rule name, since `neve filters` is where
rules are explained.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from neve.recipe.sources import Source
from neve.recipe.table import BenchmarkName, RecipeTable
from neve.settings import Execution

LANGUAGES = [
    "Python", "Java", "C++", "C", "JavaScript", "PHP", "C#", "Go", "TypeScript", "SQL", "Ruby", "Rust",
    "Jupyter Notebook", "Scala", "Kotlin", "Shell", "Dart", "Swift",
]  # fmt: skip
"""The paper's 18 languages, by their Linguist names."""


class Near(RecipeTable):
    """Near duplicates: MinHash finds candidates, true similarity decides."""

    enabled: bool = True
    """Whether near duplicates are looked for at all."""
    threshold: float = Field(default=0.7, gt=0, le=1)
    """True Jaccard similarity of word 5-gram sets at and above which a document is a near duplicate."""
    ngram: int = Field(default=5, ge=1)
    """Words per shingle."""
    bands: int = Field(default=32, ge=1)
    """Groups of permutations: documents that agree in all of one are compared."""
    rows: int = Field(default=8, ge=1)
    """Permutations in a band, bands × rows in all; a pair of similarity s is compared with chance
    1 − (1 − s^rows)^bands."""
    rounds: int = Field(default=8, ge=1)
    """How often the members of a bucket that failed against its first are grouped again; the rest is
    reported."""


class BenchmarkFile(RecipeTable):
    """A benchmark of one's own: JSON lines (.gz too), a task a line."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    """What verdicts call it."""
    path: str
    """The file."""
    prompt: str | None = None
    """The field that holds a task's prompt."""
    solution: str | None = None
    """The field that holds its solution."""
    test: str | None = None
    """The field that holds its tests, where these are shown to models."""

    @model_validator(mode="after")
    def _something(self) -> BenchmarkFile:
        if self.prompt is None and self.solution is None:
            raise ValueError(
                f"benchmark {self.name!r} needs prompt or solution: the name of a field of its file"
            )
        return self


class Decontaminate(RecipeTable):
    """What must not be learnt from: the text of benchmarks."""

    benchmarks: list[BenchmarkName] = Field(
        default=["humaneval", "humaneval+", "mbpp", "mbpp+", "bigcodebench"]
    )
    """Benchmarks whose text must not be in the corpus: by name, or the path of a description of one's own.
    """
    files: list[BenchmarkFile] = Field(default=[])
    """More benchmarks, from files of one's own."""
    share: float = Field(default=0.5, gt=0, le=1)
    """Share of a task's 10-grams (of its prompt, or of its solution) at and above which a document is
    contaminated."""


class Secrets(RecipeTable):
    """Keys, passwords, e-mail and IP addresses."""

    action: Literal["redact", "drop", "keep"] = "redact"
    """What becomes of keys, passwords, e-mail and IP addresses: replaced by sentinels, the file dropped, or
    left alone."""


class Grouping(RecipeTable):
    """The order in which documents are laid down for training."""

    order: Literal["language-repository", "repository", "dependency"] = "language-repository"
    """Order of documents in the token shards; dependency: by language and repository, in it what is imported
    first."""


class Corpus(RecipeTable):
    """Raw files become documents: where they come from, and which stay."""

    sources: list[Source] = Field(min_length=1)
    """Where raw code comes from, read in this order."""
    languages: list[str] = Field(default=LANGUAGES)
    """Linguist names of the languages kept; an empty list keeps all of them."""
    licenses: Literal["permissive", "any"] | list[str] = "any"
    """Licences admitted: a policy or a list of SPDX identifiers. Files without a known licence pass only
    under "any"."""
    opt_out: str | None = None
    """File that lists what must not be used: a repository, author: NAME or a SWHID a line. It counts by size
    and time."""
    max_file_bytes: int = Field(default=1 << 20, ge=1)
    """A larger file gets a verdict unread."""
    max_archive_bytes: int = Field(default=4 << 30, ge=1)
    """An archive that unpacks to more is refused (a bomb)."""
    expected_tokens: Execution[int | None] = Field(default=None, ge=1)
    """Unique tokens expected; `neve plan` counts epochs with them, nothing else reads them."""
    heldout_share: float = Field(default=0.03, ge=0, lt=1)
    """Share of repositories held out of training, at least one where there are two or more."""
    quarantine_limit: float = Field(default=0.01, ge=0, le=1)
    """Share of files that may fail for an internal error before the run stops."""
    filters: dict[str, float | bool | str] = Field(default={})
    """Limits by rule name (`neve filters` lists them); false switches a rule off; a text under a new name is
    a rule of your own, an expression over signals that says which files stop."""
    near: Near = Near()
    """How near duplicates are told."""
    decontaminate: Decontaminate = Decontaminate()
    """Which benchmarks stay out of the corpus."""
    secrets: Secrets = Secrets()
    """What becomes of secrets and personal addresses."""
    grouping: Grouping = Grouping()
    """How documents are ordered."""
