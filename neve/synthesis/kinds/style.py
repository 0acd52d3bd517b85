"""The seed's file in good style: names, layout, types and comments as the language's guide has them.

What the program does is not touched, so a small model can do it, and imports of the seed's project stay:
such a document is parsed and linted, and run only as far as what it imports is there. The trade-off against
`rewrite`: less is repaired, and less is invented.

Source: SwallowCode (arXiv 2505.02881), its style-guided rewriting (SGCR). The wording is ours.
"""

from __future__ import annotations

from neve.synthesis import gates
from neve.synthesis.reading import longest_block, tag
from neve.synthesis.seeds import Seed

NAME = "style"

TEMPLATE = """\
Rewrite this {language} file in good style. Keep what it does and its public names. Use descriptive names \
inside functions, short functions, type annotations where the language has them, and a short comment or \
docstring for each function:

```{tag}
{text}
```

Answer with a single code block that holds the whole file, and nothing else."""

STOP = ("\n```\n",)

GATES = (*gates.PROGRAM_AS_SEED, gates.UNCHANGED, *gates.NEW, *gates.RUNS_AS_SEED, gates.PRINTS_AS_SEED)


def prompt(seed: Seed, room: int) -> str | None:
    if len(seed.text) > room:
        return None
    return TEMPLATE.format(language=seed.language, tag=tag(seed.language), text=seed.text.strip("\n"))


read = longest_block
