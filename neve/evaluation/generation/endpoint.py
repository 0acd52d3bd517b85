"""A model at an OpenAI-compatible address, or a GGUF file that is served on this machine ("local").

A base model is sent the prompt (`/v1/completions`), a chat model a question (`/v1/chat/completions`). On
this machine the answer is also begun where the prompt says how: llama.cpp continues a last message that is
the assistant's. Elsewhere servers differ on that, so the question stands alone. What could not be asked, or
was refused, is no answer; that is said, and never taken for a wrong one. The trade-off: an endpoint gives
text, not likelihoods, so there are no bits per byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neve.evaluation.generation import prompts
from neve.evaluation.generation.completion import Completion, Key, Options, label
from neve.evaluation.generation.sampling import seed_of
from neve.llm.answers import Answer
from neve.tasks.task import Task
from neve.tasks.traits import Traits

if TYPE_CHECKING:
    from neve.llm.endpoint import Address

LOCAL = "local"
STOPS = 4
"""Stops that an endpoint is told, which saves tokens; all of them are looked for here. Some endpoints take
four only."""
PROMPT_TOKENS = 1024
"""Room for a prompt where the model is served on this machine."""


def _worth_asking_again(known: dict[str, Any] | None) -> bool:
    """Whether the ledger has a failure, or an answer that was cut."""
    return known is not None and (known["error"] is not None or Answer(**known).ending == "cut")


class Endpoint:
    """A model by its name at `url`; answers are kept in `out`/ledger.sqlite."""

    def __init__(self, name: str, url: str, options: Options, out: Path) -> None:
        self.name, self.url, self.options, self.out = name, url, options, out
        self.identity = name

    def prompt(self, traits: Traits) -> dict[str, Any]:
        if not self.options.chat:
            return {"name": prompts.COMPLETION}
        name = self.options.prompt or traits.prompt
        return {"name": name, "begun": self.url == LOCAL and bool(prompts.named(name).opening)}

    def tokenizer(self) -> None:
        return None

    def loaded(self) -> None:
        return None

    def write(
        self, traits: Traits, keys: Sequence[Key], done: Set[str]
    ) -> Iterator[list[tuple[Task, int, Completion]]]:
        from neve import weights
        from neve.llm import local
        from neve.llm.endpoint import Address

        rest = [key for key in keys if label(*key) not in done]
        if not rest:
            return
        if self.url == LOCAL:
            context = PROMPT_TOKENS + self.options.max_new_tokens
            with local.serve(weights.resolve(self.name), self.name, context=context) as url:
                address = Address(url, timeout_s=local.ANSWER_SECONDS)
                said = asyncio.run(self._ask(address, local.SLOTS, traits, rest))
        else:
            said = asyncio.run(self._ask(Address(self.url), None, traits, rest))
        yield [(*key, completion) for key, completion in zip(rest, said, strict=True)]

    async def _ask(
        self, address: Address, most: int | None, traits: Traits, keys: Sequence[Key]
    ) -> list[Completion]:
        """Answers to `keys`, at most `most` asked for at a time."""
        from neve.llm.client import Client
        from neve.llm.ledger import Ledger
        from neve.progress import bar

        payloads = [self._payload(traits, *key) for key in keys]
        with (
            Ledger(self.out / "ledger.sqlite") as ledger,
            bar(f"{traits.name}: ask", len(keys), "samples") as advance,
        ):
            if self.options.retry:
                ledger.forget(payload for payload in payloads if _worth_asking_again(ledger.get(payload)))
            async with Client([address], ledger, concurrency=most) as client:

                async def ask(payload: dict[str, Any]) -> Completion:
                    answer = await client.ask(payload)
                    advance(1)
                    if answer.error is not None:
                        return Completion("", "unknown", answer.error)
                    return self._completion(traits, answer.text, answer.ending)

                return list(await asyncio.gather(*map(ask, payloads)))

    def _completion(self, traits: Traits, text: str, ending: Any) -> Completion:
        """An answer as if the model had said all of it; a text of a base model ends before its stop."""
        if self.options.chat:
            opening = self._opening(traits)
            return Completion(text if text.startswith(opening) else opening + text, ending)
        from neve.evaluation.generation.generate import cut

        kept = cut(text, traits.stops)
        return Completion(kept, "ended" if len(kept) < len(text) else ending)

    def _opening(self, traits: Traits) -> str:
        return prompts.named(self.options.prompt or traits.prompt).opening if self.url == LOCAL else ""

    def _payload(self, traits: Traits, task: Task, number: int) -> dict[str, Any]:
        """The request for one sample."""
        sampling = self.options.sampling
        common = {
            "model": self.name, "max_tokens": self.options.max_new_tokens, "temperature": sampling.temperature,
            "top_p": sampling.top_p, "seed": seed_of(sampling.seed, label(task, number)) % (1 << 31),
        }  # fmt: skip
        if not self.options.chat:
            return {**common, "prompt": prompts.continued(task.prompt), "stop": traits.stops[:STOPS]}
        prompt = prompts.named(self.options.prompt or traits.prompt)
        messages = [{"role": "user", "content": prompts.question(prompt, traits, task)}]
        if not (opening := self._opening(traits)):
            return {**common, "messages": messages}
        messages.append({"role": "assistant", "content": opening})
        return {**common, "messages": messages, "stop": prompt.stops[:STOPS]}
