"""What a model said to one prompt, and how it is asked: the seam between models and the evaluator.

A model is a folder on this machine (`local_model`) or a name at an address (`endpoint`); the evaluator knows
neither. The trade-off: a model hands on its completions in groups, each journaled as a whole, so that what a
batch made together is made together again after a kill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from neve.evaluation.generation.sampling import Sampling
from neve.tasks.task import Task
from neve.tasks.traits import Traits

if TYPE_CHECKING:
    from neve.evaluation.generation.model_tokenizer import ModelTokenizer
    from neve.training.model import Llama

Key = tuple[Task, int]
"""A task and the number of one of its samples."""


class Completion(NamedTuple):
    text: str
    ending: Literal["ended", "cut", "refused", "unknown"] = "ended"
    """Whether the model ended by itself or at a stop, or was cut at a limit (`llm.answers.ENDINGS`)."""
    error: str = ""
    """Why there is no answer, in one line."""


@dataclass(frozen=True)
class Options:
    """How models are asked, graded and measured; the fields are those of the command line."""

    n: int = 1
    """Samples a task."""
    sampling: Sampling = field(default_factory=Sampling)
    ks: tuple[int, ...] = (1,)
    chat: bool = False
    """Whether a model is asked through its chat template; else it continues the prompt."""
    prompt: str | None = None
    """A name in `prompts.PROMPTS`, for chat; None: the one that each benchmark names."""
    max_new_tokens: int = 512
    only: str | None = None
    """Patterns of task ids, by commas."""
    packages: Path | None = None
    """site-packages that programs may import beside the standard library."""
    resamples: int = 2000
    """Resamples of each bootstrap interval."""
    retry: bool = False
    """Whether what got no answer, or a cut one, is asked again."""


class Model(Protocol):
    """Something that writes completions."""

    identity: str
    """What tells this model from others in a folder of results."""

    def prompt(self, traits: Traits) -> dict[str, Any]:
        """Which prompt a benchmark's tasks are asked with: name, and whether the answer was begun."""
        ...

    def write(
        self, traits: Traits, keys: Sequence[Key], done: Set[str]
    ) -> Iterator[list[tuple[Task, int, Completion]]]:
        """Completions of samples, except those whose labels are `done`, a group at a time."""
        ...

    def tokenizer(self) -> ModelTokenizer | None:
        """Its tokenizer; None where only text can be had."""
        ...

    def loaded(self) -> tuple[Llama, ModelTokenizer] | None:
        """The model and its tokenizer, to measure likelihoods; None where only text can be had."""
        ...


def label(task: Task, number: int) -> str:
    """What a sample is known by, and draws its random numbers from."""
    return f"{task.task_id}#{number}"
