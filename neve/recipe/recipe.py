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
from neve.recipe.synthesis import Synthesis
from neve.recipe.table import LABEL, NAME, RecipeTable
from neve.recipe.tokenizer import Tokenizer
from neve.recipe.training import Phase, Training
from neve.settings import Execution


class RecipeError(Misuse):
    """A recipe that cannot run; the message is one line that names the key, the value and what would do."""


class Run(RecipeTable):
    """What the run is called, and where it lies."""

    name: str = Field(pattern=LABEL)
    """Name of the run, and of its folder."""
    seed: int = Field(default=1, ge=0)
    """The one seed that all others are derived from."""
    out: Execution[str] = "runs"
    """Folder in which the run's folder `<out>/<name>` lies."""


Name = Annotated[str, Field(pattern=NAME)]
"""What a table is named by; folders of stages are named after it."""


class Recipe(RecipeTable):
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

    @property
    def draws(self) -> int:
        """How often synthesis asks its questions: once, and once for each draw that a phase is compared
        with."""
        return 1 + max((phase.controls.get("redrawn", 0) for phase in self.phase), default=0)

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
            for wanted in annotator.labels:
                if wanted not in self.labels:
                    raise ValueError(
                        f"annotators.{name}.labels names {wanted!r}; {_known('labels', self.labels)}"
                    )
        for name, labels in self.labels.items():
            if labels.best is not None and labels.best.annotator not in self.annotators:
                known = _known("annotators", self.annotators)
                raise ValueError(f"labels.{name}.best.annotator = {labels.best.annotator!r}; {known}")
        for name in self.annotators:
            _acyclic(self, name, ())
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
                raise ValueError(f"phase.name = {phase.name!r} occurs twice; each phase needs its own name")
            if phase.start not in ["scratch", *names] and not phase.outside:
                raise ValueError(
                    f"phase.start = {phase.start!r} of phase {phase.name!r} is no earlier phase; it may be "
                    f"{', '.join(['scratch', *names])}, or a Hugging Face folder as a path with a / in it"
                )
            if "synthetic" in [part.data for part in phase.parts] and self.synthesis is None:
                raise ValueError(
                    f"phase {phase.name!r} has data = 'synthetic': the recipe needs a [synthesis] table"
                )
            for language in phase.languages:
                if self.corpus.languages and language not in self.corpus.languages:
                    raise ValueError(
                        f"phase {phase.name!r} has languages.{language} = {phase.languages[language]:g}, and corpus.languages "
                        f"keeps {', '.join(self.corpus.languages)}; add it there, or leave it out"
                    )
            sequence = phase.sequence or self.training.sequence
            batch = phase.batch_tokens or self.training.batch_tokens
            if batch % sequence:
                raise ValueError(
                    f"batch_tokens = {batch} of phase {phase.name!r} must be a multiple of sequence = {sequence}"
                )
            steps = -(-phase.tokens // batch) if phase.tokens and not phase.epochs else None
            if steps and phase.lr.warmup + phase.lr.decay > steps:
                raise ValueError(
                    f"lr.warmup = {phase.lr.warmup} and lr.decay = {phase.lr.decay} of phase {phase.name!r} are longer "
                    f"than its {steps:,} steps of {batch:,} tokens; lower them, or give it more tokens"
                )
            names.append(phase.name)
        if self.synthesis is not None and not any(phase.selects for phase in self.phase):
            raise ValueError("[synthesis] takes its seeds from a phase with data = 'selection'; add one")
        if self.synthesis is not None and self.synthesis.gates.score:
            name = self.annotator_of(next(phase for phase in self.phase if phase.selects))
            if (kind := self.annotators[name].kind) in ("blend", "cascade", "column"):
                raise ValueError(
                    f"synthesis.gates.score = {self.synthesis.gates.score}: annotators.{name} is a {kind}, which has no "
                    "score for a new document alone; select by another kind, or leave the gate out"
                )
        return self


def _acyclic(recipe: Recipe, name: str, above: tuple[str, ...]) -> None:
    """Raise ValueError where an annotator is made of one that is not there, or of itself, be it by what its
    labels are the best of."""
    if name in above:
        raise ValueError(f"annotators.{name} is made of itself: {' of '.join([*above, name])}")
    annotator = recipe.annotators[name]
    for member in annotator.members:
        if member not in recipe.annotators:
            raise ValueError(
                f"annotators.{name} is made of {member!r}; {_known('annotators', dict(recipe.annotators))}"
            )
    bests = [recipe.labels[used].best for used in annotator.labels]
    for member in [*annotator.members, *(best.annotator for best in bests if best is not None)]:
        _acyclic(recipe, member, (*above, name))


def _known(table: str, names: dict[str, Any]) -> str:
    """What the recipe has of a table of named tables."""
    return f"the recipe has {', '.join(f'[{table}.{name}]' for name in names) or f'no [{table}.NAME]'}"
