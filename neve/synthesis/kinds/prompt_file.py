"""A kind of one's own without code: a Markdown file with the question, and a few lines that say the rest.

The file begins with TOML between two lines of `+++`; what follows is the question, in which {language},
{tag}, {path}, {lines} and {file} stand for the seed's. The trade-off: gates are chosen from those that there
are; a gate of one's own takes a module (docs/extend-synthesis.md).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from neve.errors import Misuse
from neve.recipe.table import RecipeTable
from neve.synthesis import gates
from neve.synthesis.gates import Gate
from neve.synthesis.reading import Reading, chapter, longest_block, tag
from neve.synthesis.seeds import Seed

MARK = "+++"


class Front(RecipeTable):
    """What stands between the marks."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """What documents and verdicts call the kind."""
    languages: list[str] = Field(default=[])
    """Languages of seeds that it suits; none named: all."""
    into: str = ""
    """The language of the answer, where it is not the seed's."""
    rewrites: bool = False
    """Whether the answer may resemble its seed."""
    markdown: bool = False
    """Whether the document is the whole answer, a text with code blocks, rather than one block of it."""
    runs: bool = True
    """Whether the program is to run, or compile."""
    stop: list[str] = Field(default=["\n```\n"])
    """Texts at which generation ends."""


@dataclass(frozen=True)
class PromptFile:
    """A kind as its file says."""

    front: Front
    template: str

    @property
    def NAME(self) -> str:
        return self.front.name

    @property
    def STOP(self) -> tuple[str, ...]:
        return () if self.front.markdown else tuple(self.front.stop)

    @property
    def DOCUMENT(self) -> str:
        return "Markdown" if self.front.markdown else ""

    @property
    def GATES(self) -> tuple[Gate, ...]:
        own = (gates.UNCHANGED,) if self.front.rewrites else (gates.SEED_COPY, gates.SEED_LINES)
        return (*gates.PROGRAM, *own, *gates.NEW, *(gates.RUNS if self.front.runs else ()))

    def into(self, seed: Seed, languages: object) -> str | None:
        return self.front.into or seed.language

    def prompt(self, seed: Seed, room: int) -> str | None:
        if self.front.languages and seed.language not in self.front.languages:
            return None
        if "{file}" in self.template and len(seed.text) > room:
            return None
        text = self.template
        for name, value in (
            ("language", seed.language), ("tag", tag(seed.language)), ("path", seed.path),
            ("lines", seed.snippet), ("file", seed.text.strip("\n")),
        ):  # fmt: skip
            text = text.replace("{" + name + "}", value)
        return text

    def read(self, answer: str, seed: Seed) -> Reading:
        return chapter(answer, seed) if self.front.markdown else longest_block(answer, seed)


def load(path: str) -> PromptFile:
    """The kind that a file describes. Raises Misuse, one line, for a file that is none."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{path}: the prompt file cannot be read: {error}") from None
    before, mark, rest = text.partition(f"{MARK}\n")
    head, closing, body = rest.partition(f"\n{MARK}\n")
    if before.strip() or not mark or not closing or not body.strip():
        raise Misuse(f"{path}: a prompt file begins with TOML between two lines of {MARK}, then the question")
    try:
        return PromptFile(Front.model_validate(tomllib.loads(head)), body.strip("\n"))
    except tomllib.TOMLDecodeError as error:
        raise Misuse(f"{path}: not TOML between the lines of {MARK}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise Misuse(
            f"{path}: {key} = {first['input']!r}: {first['msg']}; known: {', '.join(Front.model_fields)}"
        ) from None
