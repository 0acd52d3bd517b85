"""The tokenizer of a model's folder as generation and bits per byte need it, whoever made the folder.

Neve's own tokenizer says itself where texts begin and end. Of others the folder is asked:
generation_config.json or config.json for what ends a text, tokenizer_config.json for what begins one and for
the chat template. Only JSON is read, and a template is rendered in jinja's sandbox: no code of the folder
runs. The trade-off: one record with a few optional fields instead of a class for each kind of tokenizer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neve.errors import Fault, Misuse


@dataclass(frozen=True)
class ModelTokenizer:
    """A tokenizer, and what it says about where texts begin and end."""

    tokenizer: Any
    prefix: tuple[int, ...]
    """Ids before every prompt."""
    ends: tuple[int, ...]
    """Ids that end a text."""
    eos: int
    """The id before a text whose bits are measured."""
    own: bool = False
    """Whether it is Neve's."""
    template: str | None = None
    names: dict[str, str] | None = None
    """Tokens by the names that the template knows, such as bos_token."""

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Ids of each text, int64 [tokens], without any token before or after it."""
        if self.own:
            return self.tokenizer.encode_batch(list(texts))
        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [np.array(one.ids, np.int64) for one in encoded]

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Text of ids, special tokens by name."""
        if self.own:
            return self.tokenizer.decode(ids)
        return self.tokenizer.decode([int(i) for i in ids], skip_special_tokens=False)

    def chat(self, question: str) -> str:
        """A question in the model's chat template, up to where the answer begins. Raises Fault without a
        template."""
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        if self.template is None:
            raise Misuse(
                "--chat: the model's folder has no chat template; leave --chat out, or name another model"
            )
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        messages = [{"role": "user", "content": question}]
        return environment.from_string(self.template).render(
            messages=messages, add_generation_prompt=True, **(self.names or {})
        )


def load(folder: Path) -> ModelTokenizer:
    """The tokenizer of a folder. Raises Fault if it has none, or nothing says what ends a text."""
    import tokenizers

    from neve.tokens import bpe

    try:
        exact = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises Exception itself
        raise Fault(
            f"{folder / 'tokenizer.json'}: not a readable tokenizer ({error}); give a model's folder"
        ) from None
    if bpe.is_own(exact):
        own = bpe.load(folder)
        return ModelTokenizer(own, (own.eos,), tuple(range(len(bpe.SENTINELS))), own.eos, own=True)
    settings = _json(folder / "tokenizer_config.json")
    names = {key: _text(settings.get(key)) for key in ("bos_token", "eos_token", "pad_token", "unk_token")}
    ends = _ends(folder, exact, names["eos_token"])
    bos = exact.token_to_id(names["bos_token"]) if settings.get("add_bos_token") else None
    template = settings.get("chat_template")
    separate = folder / "chat_template.jinja"
    if template is None and separate.exists():
        template = separate.read_text(encoding="utf-8")
    return ModelTokenizer(
        exact,
        () if bos is None else (bos,),
        tuple(sorted(set(ends))),
        ends[0],
        template=template if isinstance(template, str) else None,
        names={key: value for key, value in names.items() if value},
    )


def _ends(folder: Path, exact: Any, eos_token: str) -> list[int]:
    """Ids that end a text, the first that the folder names first."""
    ends: list[int] = []
    for source in (_json(folder / "generation_config.json"), _json(folder / "config.json")):
        given = source.get("eos_token_id")
        ends += [i for i in (given if isinstance(given, list) else [given]) if isinstance(i, int)]
    for name in (eos_token, "<|im_end|>", "<|endoftext|>"):
        if (found := exact.token_to_id(name)) is not None:
            ends.append(found)
    if not ends:
        raise Fault(f"{folder}: nothing says which token ends a text; config.json needs eos_token_id")
    return ends


def _text(token: Any) -> str:
    return token.get("content", "") if isinstance(token, dict) else token or ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
