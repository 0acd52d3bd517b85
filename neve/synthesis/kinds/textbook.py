"""A short chapter of a textbook about what the seed's lines do, in Markdown, with code that runs.

The document is the whole answer; its program is what stands in its code blocks, put together, and that is
parsed, linted and run. The trade-off: a chapter that shows one wrong example on purpose is refused.

Source: "Textbooks are all you need" (arXiv 2306.11644). The wording is ours.
"""

from __future__ import annotations

from neve.synthesis import gates
from neve.synthesis.reading import chapter, tag
from neve.synthesis.seeds import Seed

NAME = "textbook"
DOCUMENT = "Markdown"

TEMPLATE = """\
Write a short chapter of a programming textbook about an idea that this {language} code uses:

```{tag}
{snippet}
```

Write it in Markdown: a title, an explanation in a few paragraphs, and two or three examples of your own in \
```{tag} code blocks. The blocks are run one after the other in one program, so import what they need. \
End when the chapter ends."""

STOP = ()

GATES = (*gates.PROGRAM, gates.SEED_COPY, gates.SEED_LINES, *gates.NEW, *gates.RUNS)


def prompt(seed: Seed, room: int) -> str | None:
    return TEMPLATE.format(language=seed.language, tag=tag(seed.language), snippet=seed.snippet)


read = chapter
