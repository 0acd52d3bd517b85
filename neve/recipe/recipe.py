"""The recipe: one TOML file that says all of a run, typed and validated; here its tables come together.

A table is a module beside this one, and explains each field under itself; checked here is only what two
tables must agree on. The trade-off: plain pydantic models and no inheritance between recipes. A variant is a
copy, or a few `--set key=value`, so what ran can always be read whole.

Source: the recipe of Arctic-SnowCoder (arXiv 2409.02326). What the paper states is written in
`recipes/arctic-snowcoder-1.3b.toml`; defaults here are the same where a figure does not depend on size.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from neve.errors import Misuse
from neve.recipe.annotators import Annotator, Labels
from neve.recipe.corpus import Corpus
from neve.recipe.evaluation import Evaluate
from neve.recipe.model import Model
from neve.recipe.section import Section
from neve.recipe.synthesis import Synthesis
from neve.recipe.tokenizer import Tokenizer
from neve.recipe.training import Phase, Training
from neve.settings import Execution


class RecipeError(Misuse):
    """A recipe that cannot run; the message is one line that names the key, the value and what would do."""


class Run(Section):
    """What the run is called, and where it lies."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the run, and of its folder."""
    seed: int = Field(default=1, ge=0)
    """The one seed that all others are derived from."""
    out: Execution[str] = "runs"
    """Folder in which the run's folder `<out>/<name>` lies."""


<<<<<<< HEAD
=======
class Near(Section):
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


class BenchmarkFile(Section):
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


class Decontaminate(Section):
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


class Secrets(Section):
    """Keys, passwords, e-mail and IP addresses."""

    action: Literal["redact", "drop", "keep"] = "redact"
    """What becomes of keys, passwords, e-mail and IP addresses: replaced by sentinels, the file dropped, or
    left alone."""


class Grouping(Section):
    """The order in which documents are laid down for training."""

    order: Literal["language-repository", "repository", "dependency"] = "language-repository"
    """Order of documents in the token shards; dependency: by language and repository, in it what is imported
    first."""


class Corpus(Section):
    """Raw files become documents: where they come from, and which stay."""

    sources: list[Source] = Field(min_length=1)
    """Where raw code comes from, read in this order."""
    languages: list[str] = LANGUAGES
    """Linguist names of the languages kept."""
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
    filters: dict[str, float | bool] = Field(default={})
    """Limits by rule name (`neve filters` lists them); false switches a rule off."""
    near: Near = Near()
    """How near duplicates are told."""
    decontaminate: Decontaminate = Decontaminate()
    """Which benchmarks stay out of the corpus."""
    secrets: Secrets = Secrets()
    """What becomes of secrets and personal addresses."""
    grouping: Grouping = Grouping()
    """How documents are ordered."""


class Tokenizer(Section):
    """Byte-level BPE, learnt from the corpus or taken from an earlier run."""

    vocab_size: int = Field(default=64_000, ge=300)
    """Entries, the 256 bytes and the sentinels counted in."""
    folder: str | None = None
    """Folder of an earlier run's model, whose tokenizer.json is taken instead of learning one."""
    sample_bytes: int = Field(default=1 << 30, ge=1 << 16)
    """Bytes of training documents that merges are learnt from, drawn by a hash of doc_id, languages in
    proportion."""


class Model(Section):
    """Llama-2 shape; the vocabulary's size comes from the tokenizer."""

    hidden: int = Field(default=2048, ge=8)
    """Width: numbers for one token between layers; heads times an even number."""
    intermediate: int = Field(default=5632, ge=8)
    """Width inside the feed-forward part of a layer; some 8/3 of hidden."""
    layers: int = Field(default=24, ge=1)
    """Layers, one after the other."""
    heads: int = Field(default=16, ge=1)
    """Attention heads of a layer."""
    kv_heads: int = Field(default=16, ge=1)
    """Heads of keys and values, which heads share in equal groups."""
    rope_base: float = Field(default=10_000.0, gt=0)
    """Base of the rotary positions; larger for longer windows."""
    norm_eps: float = Field(default=1e-5, gt=0)
    """What RMSNorm adds below the root, against division by 0."""
    tied: bool = True
    """Whether input and output embeddings are one matrix."""

    @model_validator(mode="after")
    def _shape(self) -> Model:
        if self.hidden % self.heads or (self.hidden // self.heads) % 2:
            raise ValueError(f"hidden = {self.hidden} must be heads = {self.heads} times an even number")
        if self.heads % self.kv_heads:
            raise ValueError(f"heads = {self.heads} must be a multiple of kv_heads = {self.kv_heads}")
        return self


class Synthesis(Section):
    """Code that an LLM grows from the best documents."""

    endpoint: str = "local"
    """"local" serves the model with llama.cpp on this machine; else the base URL of an OpenAI-compatible
    API."""
    model: str = "smollm2-135m-instruct"
    """local: a pinned model's name or a GGUF file; else the model's name at the endpoint."""
    api_key_env: Execution[str] = "NEVE_API_KEY"
    """Environment variable that holds the endpoint's key; the key itself never stands in a file."""
    tokens: int = Field(ge=1)
    """Accepted synthetic tokens wanted (of Neve's tokenizer); generation ends when they are reached."""
    seeds: int = Field(ge=1)
    """At most so many seeds are tried, from the top of the selection."""
    python_share: float = Field(default=0.5, ge=0, le=1)
    """Share of seeds in Python; the other languages keep their proportions."""
    kinds: dict[str, Annotated[float, Field(gt=0)]] = Field(default={"problem-file": 1.0}, min_length=1)
    """Kinds of document asked for, with their shares of the seeds: problem-file, rewrite."""
    prompt_tokens: int = Field(default=1024, ge=256)
    """Room for a question; a document that needs more gives no seed to a kind that shows all of it."""
    max_tokens: int = Field(default=2048, ge=16)
    """Tokens of an answer, at most."""
    temperature: float = Field(default=0.7, ge=0)
    """Of an answer's sampling; 0 takes the likeliest token."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Of an answer's sampling: share of the likeliest tokens that it draws from."""
    concurrency: Execution[int] = Field(default=8, ge=1)
    """Requests in flight."""
    ledger: Execution[str | None] = None
    """SQLite file of questions and answers; default: `ledger.sqlite` in the run's folder."""


class Evaluate(Section):
    """What the phases' models are asked at the end."""

    tasks: list[BenchmarkName] = Field(default=["humaneval"])
    """Benchmarks: bits per byte of their canonical solutions, and pass@1 where they can be run."""
    pass_at_1: bool | Literal["last"] = True
    """Whether solutions are generated and run in the sandbox: of all phases and controls, or of the last
    phase."""
    training_tasks: list[BenchmarkName] = Field(default=[])
    """Benchmarks with training tasks of which bits per byte alone are taken, to tune a recipe on."""
    max_new_tokens: int = Field(default=512, ge=1)
    """Tokens of a solution, at most."""
    heldout_bytes: int = Field(default=1 << 20, ge=1 << 12)
    """Bytes of held-out documents, at most, on which bits per byte are taken, languages in proportion."""
    bootstrap: int = Field(default=2000, ge=100)
    """Resamples for each interval."""
    data: str | None = None
    """Folder of benchmark files as published; default: a pinned wheel, then the hub."""


>>>>>>> 268498a (An opt-out list in the recipe: repositories, authors and contents that curation drops with a verdict; SWHIDs of files among the signals)
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""What a table is named by; folders of stages are named after it."""


class Recipe(Section):
    """All of a run."""

    run: Run
    """What the run is called, and where it lies."""
    corpus: Corpus
    """Raw files become documents."""
    tokenizer: Tokenizer = Tokenizer()
    """How text becomes tokens."""
    labels: dict[Name, Labels] = Field(default={})
    """Sets of labels by name: what annotators learn from."""
    annotators: dict[Name, Annotator] = Field(default={})
    """Annotators by name; a phase that selects names one."""
    model: Model = Model()
    """The shape of what is trained."""
    training: Training = Training()
    """What all phases share."""
    phase: list[Phase] = Field(default=[])
    """The legs of training; without any a run ends with the corpus's tokens."""
    synthesis: Synthesis | None = None
    """Synthetic code, for a phase with data = "synthetic"."""
    evaluate: Evaluate = Evaluate()
    """What is measured at the end."""

    def annotator_of(self, phase: Phase) -> str:
        """Name of the annotator that a phase selects by: its own, or the only one."""
        return phase.annotator or next(iter(self.annotators))

    def made_of(self, name: str) -> list[str]:
        """An annotator and all that it is made of, each after its members."""
        found: list[str] = []
        for member in self.annotators[name].members:
            found += [one for one in self.made_of(member) if one not in found]
        return [*found, name]

    def labels_of(self, name: str) -> list[str]:
        """Names of the labels that an annotator, or what it is made of, learns from."""
        return sorted({labels for one in self.made_of(name) for labels in self.annotators[one].labels})

    @model_validator(mode="after")
    def _annotators(self) -> Recipe:
        for name, annotator in self.annotators.items():
            _acyclic(self.annotators, name, ())
            for wanted in annotator.labels:
                if wanted not in self.labels:
                    raise ValueError(
                        f"annotators.{name}.labels names {wanted!r}; {_known('labels', self.labels)}"
                    )
        for phase in self.phase:
            known = _known("annotators", self.annotators)
            if phase.annotator is not None and phase.annotator not in self.annotators:
                raise ValueError(f"phase {phase.name!r} has annotator = {phase.annotator!r}; {known}")
            if phase.selects and phase.annotator is None and len(self.annotators) != 1:
                raise ValueError(f"phase {phase.name!r} selects: it needs annotator = NAME; {known}")
        return self

    @model_validator(mode="after")
    def _phases(self) -> Recipe:
        names: list[str] = []
        twins = {name: phase.name for phase in self.phase for name in phase.twins}
        for phase in self.phase:
            if phase.name in twins:
                raise ValueError(
                    f"phase.name = {phase.name!r} is the name of a control of {twins[phase.name]!r}; take another"
                )
            if phase.name in names:
                raise ValueError(f"phase.name = {phase.name!r} stands twice; each phase needs its own name")
            if phase.start not in ["scratch", *names] and not phase.outside:
                raise ValueError(
                    f"phase.start = {phase.start!r} of phase {phase.name!r} is no earlier phase; it may be "
                    f"{', '.join(['scratch', *names])}, or a Hugging Face folder as a path with a / in it"
                )
            if "synthetic" in [part.data for part in phase.parts] and self.synthesis is None:
                raise ValueError(
                    f"phase {phase.name!r} has data = 'synthetic': the recipe needs a [synthesis] table"
                )
            sequence = phase.sequence or self.training.sequence
            batch = phase.batch_tokens or self.training.batch_tokens
            if batch % sequence:
                raise ValueError(
                    f"batch_tokens = {batch} of phase {phase.name!r} must be a multiple of sequence = {sequence}"
                )
            names.append(phase.name)
        if self.synthesis is not None and not any(phase.selects for phase in self.phase):
            raise ValueError("[synthesis] takes its seeds from a phase with data = 'selection'; add one")
        return self


def _acyclic(annotators: dict[str, Annotator], name: str, above: tuple[str, ...]) -> None:
    """Raise ValueError where an annotator is made of one that is not there, or of itself."""
    if name in above:
        raise ValueError(f"annotators.{name} is made of itself: {' of '.join([*above, name])}")
    for member in annotators[name].members:
        if member not in annotators:
            raise ValueError(
                f"annotators.{name} is made of {member!r}; {_known('annotators', dict(annotators))}"
            )
        _acyclic(annotators, member, (*above, name))


def _known(table: str, names: dict[str, Any]) -> str:
    """What the recipe has of a table of named tables."""
    return f"the recipe has {', '.join(f'[{table}.{name}]' for name in names) or f'no [{table}.NAME]'}"
