"""The seed's file in another language, self-contained.

The language is drawn by a hash of the document among those that the corpus has and this machine, or at
least a parser, can check. Its tokens count for the language of the answer. The trade-off: what depends
on a library of one language has no translation, which the model has to say in code.

Source: MultiPL-T (arXiv 2308.09895) for translated code as training data. The wording is ours.
"""

from __future__ import annotations

from collections.abc import Collection

from neve.hashing import seed_of
from neve.synthesis import gates
from neve.synthesis.reading import longest_block, tag
from neve.synthesis.seeds import Seed

NAME = "translation"

LANGUAGES = (
    "Python",
    "JavaScript",
    "TypeScript",
    "Java",
    "C",
    "C++",
    "C#",
    "Go",
    "Rust",
    "Ruby",
    "Kotlin",
    "Scala",
    "Swift",
)
"""From and into which is translated."""

TEMPLATE = """\
Translate this {language} file to {into}. Write idiomatic {into} that does the same and stands alone, with \
the standard library only:

```{tag}
{text}
```

Answer with a single {into} code block that holds the whole file, and nothing else."""

STOP = ("\n```\n",)

GATES = (*gates.PROGRAM, *gates.NEW, *gates.RUNS, gates.PRINTS_AS_SEED)


def into(seed: Seed, languages: Collection[str]) -> str | None:
    """The language that a seed is translated to; None where it suits none."""
    others = [name for name in LANGUAGES if name in languages and name != seed.language]
    if seed.language not in LANGUAGES or not others:
        return None
    return others[seed_of(f"translation {seed.doc_id} {seed.turn}", bits=31) % len(others)]


def prompt(seed: Seed, room: int) -> str | None:
    if not seed.into or len(seed.text) > room:
        return None
    return TEMPLATE.format(
        language=seed.language, into=seed.into, tag=tag(seed.language), text=seed.text.strip("\n")
    )


read = longest_block
