"""A file that solves a problem, inspired by 1 to 15 lines of the seed, and not a copy of it.

The paper's kind: OSS-Instruct asks for a problem and its solution; Arctic-SnowCoder adapted it to ask for
files. One wording serves models of all sizes. It is short, since small models lose long instructions, and
the snippet is fenced as the answer is to be. Generation may stop at the fence that closes the code block: a
small model goes on talking after its code until it is cut off.

Source: Arctic-SnowCoder (arXiv 2409.02326), phase 3; OSS-Instruct (Magicoder, arXiv 2312.02120). The wording
is ours.
"""

from __future__ import annotations

from neve.synthesis import gates
from neve.synthesis.reading import longest_block, tag
from neve.synthesis.seeds import Seed

NAME = "problem-file"

TEMPLATE = """\
Write a short, complete {language} program. Take inspiration from this code, but do not copy it:

```{tag}
{snippet}
```

Answer with a single code block that holds the whole program with all its imports and functions, and nothing else."""
"""Of 32 answers of SmolLM2-135M-Instruct (temperature 0.7, 256 tokens) 23 ended by themselves; 17 of those
parsed, with 100 bytes or more."""

STOP = ("\n```\n",)

GATES = (*gates.PROGRAM, gates.SEED_COPY, gates.SEED_LINES, *gates.NEW, *gates.RUNS)


def prompt(seed: Seed, room: int) -> str | None:
    return TEMPLATE.format(language=seed.language, tag=tag(seed.language), snippet=seed.snippet)


read = longest_block
