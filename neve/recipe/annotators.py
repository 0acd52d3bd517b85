"""The recipe's tables [labels.NAME] and [annotators.NAME]: what is good, and what learns to tell it.

Labels and annotators are named, and an annotator names the labels that it learns from, so that sets of
labels are combined freely and several annotators stand side by side. Each kind of annotator has a table of
its own, found by its `kind`; a kind that has none here takes its fields as `options`. Fields that several
kinds have stand in each, so that a kind's table can be read alone.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from neve.recipe.sources import Source
from neve.recipe.table import ENDPOINT, VARIABLE, RecipeTable
from neve.settings import Execution


class Judge(RecipeTable):
    """A language model that rates documents of the corpus."""

    rubric: str = "educational"
    """What it is asked: "educational" (0 to 5), "quality" (readability, modularity, clarity, reusability),
    "pairwise" (which of two, both orders), or a TOML file of one's own."""
    documents: int = Field(default=0, ge=0)
    """Training documents that it labels, as many of each language as there are."""
    pairs: int = Field(default=4, ge=1)
    """pairwise: others that each document is compared with, twice over."""
    characters: int = Field(default=4000, ge=100)
    """Of a document that it reads, from its beginning."""
    endpoint: str = Field(default="local", pattern=ENDPOINT)
    """"local" serves the model with llama.cpp on this machine; else the base URL of an OpenAI-compatible
    API."""
    model: str = "qwen2.5-coder-0.5b-instruct"
    """local: a pinned model's name or a GGUF file; else the model's name at the endpoint."""
    api_key_env: Execution[str] = Field(default="NEVE_API_KEY", pattern=VARIABLE)
    """Environment variable that holds the endpoint's key."""
    concurrency: Execution[int] = Field(default=4, ge=1)
    """Questions in flight."""
    max_tokens: int = Field(default=64, ge=1)
    """Of an answer."""


class Best(RecipeTable):
    """The corpus's best documents by another annotator, as positives."""

    annotator: str
    """Its name; it may not learn from these labels."""
    documents: int = Field(ge=10)
    """How many; languages in proportion to their documents."""


class Hard(RecipeTable):
    """Documents that look good and are not: an n-gram model picks what looks best, a judge labels it."""

    rounds: int = Field(default=2, ge=1, le=10)
    """How often it is looked again."""
    documents: int = Field(default=1000, ge=1)
    """A round, as many of each language as there are."""
    good: float = Field(default=0.5, gt=0, lt=1)
    """A document rated so, on the scale of 0 to 1, is a positive; a lower one a negative."""


class Labels(RecipeTable):
    """A set of labelled documents: positives against random documents of the corpus, or what a judge
    says."""

    positives: list[Source] = Field(default=[])
    """Exemplar sources: code that an annotator learns to recognise. They stay out of the corpus. Instruction
    sets are tables, or data sets of the hub, with a template."""
    best: Best | None = None
    """Positives out of the corpus."""
    judge: Judge | None = None
    """Rates documents of the corpus; its labels are values between 0 and 1."""
    hard: Hard | None = None
    """Rounds of hard negatives, labelled by the judge."""
    licenses: Literal["permissive", "any"] | list[str] | None = None
    """Licences admitted among the positives; default: as in the corpus. Instruction sets state none."""
    positives_limit: int = Field(default=300_000, ge=10)
    """At most this many of the exemplars, drawn by a hash of doc_id."""
    family_share: float = Field(default=0.5, gt=0, le=1)
    """Share of the positives that one family of repositories may have."""
    negatives: int = Field(default=300_000, ge=10)
    """Random documents as negatives of the positives; they stay in the pool and are scored out of fold."""
    shuffled: bool = False
    """Whether the labels to learn from are dealt out again at random, within each language: a control of
    annotators, in which there is nothing to find. What is held out keeps its labels."""

    @model_validator(mode="after")
    def _has_something(self) -> Labels:
        rated = self.judge is not None and self.judge.documents > 0
        if not (self.positives or self.best or rated):
            raise ValueError(
                "labels need positives = [sources], best = {annotator, documents}, or judge = {documents, …}"
            )
        if self.hard is not None and self.judge is None:
            raise ValueError("hard = {…} needs judge = {…}, which labels what the rounds find")
        if self.hard is not None and not (self.positives or self.best):
            raise ValueError("hard = {…} needs positives or best: rounds look for what resembles them")
        if self.judge is not None and not rated and self.hard is None:
            raise ValueError("judge = {…} is to rate nothing: give it documents, or hard = {…} beside it")
        return self


Place = Literal["top", "middle", "bottom"]


class Table(RecipeTable):
    """What all kinds have."""

    labels: list[str] = Field(default=[])
    """Names of sets of labels that it learns from, or is measured on; one made of other annotators is
    measured on theirs."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Paths of what it reads from outside the run, where these are paths."""
        return tuple(getattr(self, name) for name in ("encoder", "better", "base") if hasattr(self, name))

    @property
    def files(self) -> tuple[str, ...]:
        """Files that it reads from outside the run, as paths or globs."""
        return ()

    @property
    def pretrained(self) -> str:
        """Pretrained weights that it begins with, by name; "" where there are none."""
        name: str = getattr(self, "encoder", "")
        return name

    def pinned(self, revision: str) -> Self:
        """The same with its weights at a revision."""
        return self.model_copy(update={"encoder": f"{self.pretrained}@{revision}"})

    @property
    def members(self) -> list[str]:
        """Names of the annotators that it is made of."""
        return []


class Encoder(Table):
    """A linear head on a frozen encoder."""

    kind: Literal["encoder"]
    labels: list[str] = Field(min_length=1)
    """Names of sets of labels."""
    encoder: str = "Snowflake/snowflake-arctic-embed-m"
    """BERT encoder: "minilm" (a pinned wheel, works offline), a folder, or a hub id."""
    section_tokens: int = Field(default=512, ge=16)
    """Tokens of one section, [CLS] and [SEP] counted in. A score is the mean over the sections."""
    sections: list[Place] = Field(default=["top", "middle", "bottom"], min_length=1)
    """Where a document is read."""
    head: Literal["logistic", "ridge"] = "logistic"
    """logistic: by AdamW, scores are probabilities. ridge: least squares in closed form, nothing to set."""
    labels_are: Literal["classes", "values"] = "classes"
    """classes: good or not, which weigh the same in all. values: how good, learnt as they are (a
    regression)."""
    per_language: bool = False
    """Whether each language with at least 100 labels of either kind has a separate head; the rest share one.
    """
    epochs: int = Field(default=20, ge=1)
    """logistic: passes over the labelled embeddings; the encoder is frozen."""
    lr: float = Field(default=3e-4, gt=0)
    """logistic: learning rate."""


class Tuned(Table):
    """An encoder that is trained on the labels together with its head."""

    kind: Literal["tuned"]
    labels: list[str] = Field(min_length=1)
    """Names of sets of labels."""
    encoder: str = "Snowflake/snowflake-arctic-embed-m"
    """As for kind encoder: what training starts from."""
    section_tokens: int = Field(default=512, ge=16)
    """As for kind encoder."""
    sections: list[Place] = Field(default=["top", "middle", "bottom"], min_length=1)
    """As for kind encoder."""
    labels_are: Literal["classes", "values"] = "classes"
    """classes: good or not, scores are probabilities. values: a regression."""
    epochs: int = Field(default=3, ge=1)
    """Passes over the labelled sections."""
    lr: float = Field(default=3e-5, gt=0)
    """Learning rate, after a short warm-up falling along a line to 0; ten times as much for the head."""


class Ngrams(Table):
    """Hashed words and word n-grams, a weight for each."""

    kind: Literal["ngrams"]
    labels: list[str] = Field(min_length=1)
    """Names of sets of labels."""
    longest: int = Field(default=2, ge=1, le=8)
    """Words of the longest n-gram."""
    bits: int = Field(default=18, ge=10, le=24)
    """Weights are 2^bits; n-grams whose hashes agree so far share one."""
    epochs: int = Field(default=5, ge=1)
    """Passes over the labels."""
    lr: float = Field(default=0.2, gt=0)
    """Step of AdaGrad."""


class Forest(Table):
    """A random forest on a frozen encoder's embeddings."""

    kind: Literal["forest"]
    labels: list[str] = Field(min_length=1)
    """Names of sets of labels."""
    encoder: str = "Snowflake/snowflake-arctic-embed-m"
    """As for kind encoder."""
    section_tokens: int = Field(default=512, ge=16)
    """As for kind encoder."""
    sections: list[Place] = Field(default=["top", "middle", "bottom"], min_length=1)
    """As for kind encoder."""
    trees: int = Field(default=200, ge=1)
    """Trees, whose answers are averaged."""
    leaf: int = Field(default=3, ge=1)
    """Sections that a leaf holds at least."""


class Student(Table):
    """A small fast network that learns another annotator's ranking."""

    kind: Literal["student"]
    teacher: str
    """Name of the annotator that it learns from."""
    sample: int = Field(default=50_000, ge=100)
    """Documents that the teacher scores for it."""
    section_bytes: int = Field(default=512, ge=16)
    """Bytes of its sections at top, middle and bottom: about 3.5 for each token of the teacher's."""
    bits: int = Field(default=16, ge=10, le=24)
    """Embeddings are 2^bits; words whose hashes agree so far share one."""
    dimensions: int = Field(default=32, ge=1)
    """Of an embedding."""
    epochs: int = Field(default=10, ge=1)
    """Passes over the sample."""
    lr: float = Field(default=3e-3, gt=0)
    """AdamW's learning rate."""

    @property
    def members(self) -> list[str]:
        return [self.teacher]


class LossDifference(Table):
    """How much better one checkpoint predicts a document than another."""

    kind: Literal["loss-difference"]
    better: str
    """Folder of a model that knows what is wanted, as `neve export` makes it."""
    base: str
    """Folder of the model that it is compared with, most often the one that it started from."""
    section_tokens: int = Field(default=512, ge=16)
    """Tokens of one section."""
    sections: list[Place] = Field(default=["top", "middle", "bottom"], min_length=1)
    """Where a document is read."""


class Column(Table):
    """Scores of one's own."""

    kind: Literal["column"]
    path: str
    """A file or a glob of Parquet or JSON lines with a column doc_id."""
    column: str = "score"
    """The column of scores: numbers, higher is better."""
    missing: float | None = None
    """Score of documents that the table lacks; without it they are an error."""

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,)


class Blend(Table):
    """The mean of several annotators' ranks."""

    kind: Literal["blend"]
    of: list[str] = Field(min_length=2)
    """Names of annotators."""
    weights: list[float] = Field(default=[])
    """What each weighs; default: all the same."""

    @property
    def members(self) -> list[str]:
        return self.of

    @model_validator(mode="after")
    def _weighs(self) -> Blend:
        if self.weights and (len(self.weights) != len(self.of) or min(self.weights) <= 0):
            raise ValueError(
                f"weights = {self.weights}: needs a number above 0 for each of the {len(self.of)} in of"
            )
        return self


BEST = 0.1
"""Share of the best of which a cascade keeps its recall."""
CONFIDENCE = 0.95
"""With which it does."""


class Cascade(Table):
    """A cheap annotator drops the bottom, an expensive one ranks the rest."""

    kind: Literal["cascade"]
    first: str
    """Name of the annotator that scores everything."""
    then: str
    """Name of the annotator that ranks what is left."""
    recall: float = Field(default=0.95, gt=0, lt=1)
    """Share of the second's best tenth that is left at least, with a confidence of 95 %; how many documents
    that takes is found on the sample."""
    keep: float | None = Field(default=None, gt=0, lt=1)
    """Instead: the share of each language's documents that is left."""
    sample: int = Field(default=1000, ge=0)
    """Documents that the second judges before, to find what has to be left and to measure what is lost."""

    @property
    def members(self) -> list[str]:
        return [self.first, self.then]

    @model_validator(mode="after")
    def _knows_its_share(self) -> Cascade:
        least = math.ceil(math.log(1 - CONFIDENCE) / math.log(self.recall) / BEST)
        if self.keep is None and self.sample < least:
            raise ValueError(
                f"sample = {self.sample} is too small to be sure of a recall of {self.recall:g}: give it {least} or "
                "more, or keep = the share that is left"
            )
        return self


class Own(Table):
    """A kind without a table here."""

    kind: str
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


TABLES = ("encoder", "tuned", "ngrams", "forest", "student", "loss-difference", "column", "blend", "cascade")
"""Kinds with a table of their own."""


def _table(given: Any) -> str:
    kind = given.get("kind") if isinstance(given, dict) else getattr(given, "kind", None)
    return kind if kind in TABLES else "own"


Annotator = Annotated[
    Annotated[Encoder, Tag("encoder")]
    | Annotated[Tuned, Tag("tuned")]
    | Annotated[Ngrams, Tag("ngrams")]
    | Annotated[Forest, Tag("forest")]
    | Annotated[Student, Tag("student")]
    | Annotated[LossDifference, Tag("loss-difference")]
    | Annotated[Column, Tag("column")]
    | Annotated[Blend, Tag("blend")]
    | Annotated[Cascade, Tag("cascade")]
    | Annotated[Own, Tag("own")],
    Discriminator(_table),
]
