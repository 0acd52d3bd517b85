"""A model in a folder on this machine, of Llama's shape, read when the first of its weights is needed.

It is read in fp32 whatever it was trained in: a figure should not depend on a processor's formats. The
trade-off: on a large model that takes twice the memory, and some speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neve import weights
from neve.errors import Misuse
from neve.evaluation.generation import prompts
from neve.evaluation.generation.completion import Completion, Key, Options, label
from neve.tasks.task import Task
from neve.tasks.traits import Traits

if TYPE_CHECKING:
    from neve.evaluation.generation.model_tokenizer import ModelTokenizer
    from neve.training.model import Llama


class LocalModel:
    """A Hugging Face folder, or a train stage's folder with one in it; `name` is a path, a hub id or a
    pinned model."""

    def __init__(self, name: str | Path, options: Options) -> None:
        self.options = options
        folder = weights.resolve(name) if isinstance(name, str) else name
        self.folder = folder / "model" if (folder / "model" / "config.json").exists() else folder
        if not (self.folder / "config.json").exists():
            raise Misuse(
                f"{name}: no config.json there; give a Hugging Face folder of Llama's shape, or --endpoint"
            )
        self.identity = weights.digest(self.folder)
        self.tokenizer = cache(self._tokenizer)
        self.loaded = cache(self._load)

    def _load(self) -> tuple[Llama, ModelTokenizer]:
        import torch

        from neve.training.model import load

        model = load(self.folder).eval().to("cuda" if torch.cuda.is_available() else "cpu")
        return model, self.tokenizer()

    def _tokenizer(self) -> ModelTokenizer:
        from neve.evaluation.generation import model_tokenizer

        return model_tokenizer.load(self.folder)

    def prompt(self, traits: Traits) -> dict[str, Any]:
        if not self.options.chat:
            return {"name": prompts.COMPLETION}
        name = self.options.prompt or traits.prompt
        return {"name": name, "begun": bool(prompts.named(name).opening)}

    def write(
        self, traits: Traits, keys: Sequence[Key], done: Set[str]
    ) -> Iterator[list[tuple[Task, int, Completion]]]:
        from neve.evaluation.generation.generate import Asked, batches

        labels = [label(*key) for key in keys]
        if all(name in done for name in labels):
            return
        model, tokenizer = self.loaded()
        opening, stops = "", traits.stops
        if self.options.chat:
            prompt = prompts.named(self.options.prompt or traits.prompt)
            opening, stops = prompt.opening, prompt.stops
            texts = [tokenizer.chat(prompts.question(prompt, traits, task)) + opening for task, _ in keys]
        else:
            texts = [prompts.continued(task.prompt) for task, _ in keys]
        asked = Asked(texts, labels, self.options.max_new_tokens, stops, self.options.sampling)
        for batch in batches(model, tokenizer, asked, done, f"{traits.name}: generate"):
            yield [(*keys[number], said._replace(text=opening + said.text)) for number, said in batch]
