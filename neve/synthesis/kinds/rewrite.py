"""The seed's file once more, self-contained: one file that runs alone and does what the seed does.

Rewriting keeps what the document knows and repairs how it is written; it may resemble its seed, so the gates
against copies are left out and only an answer that changes next to nothing is refused. The trade-off: the
whole document is shown, so that a document longer than the room for the question gives no seed of this kind.

Source: SwallowCode (arXiv 2505.02881), its self-contained optimisation rewriting (SCOR). The wording is
ours.
"""

from __future__ import annotations

from neve.synthesis import gates
from neve.synthesis.reading import longest_block, tag
from neve.synthesis.seeds import Seed

NAME = "rewrite"

TEMPLATE = """\
Rewrite this {language} file so that it is self-contained, clear and efficient. Keep what it does. \
Replace imports of other files of its project with code of your own, and give names, types and comments \
where they help a reader:

```{tag}
{text}
```

Answer with a single code block that holds the whole new file, and nothing else."""

STOP = ("\n```\n",)

GATES = (*gates.PROGRAM, gates.UNCHANGED, gates.SAME_CODE, *gates.NEW, *gates.RUNS, gates.PRINTS_AS_SEED)


def prompt(seed: Seed, room: int) -> str | None:
    if len(seed.text) > room:
        return None
    return TEMPLATE.format(language=seed.language, tag=tag(seed.language), text=seed.text.strip("\n"))


read = longest_block
