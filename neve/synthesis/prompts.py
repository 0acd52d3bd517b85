"""What is asked of the model, and how code is taken out of its answer.

A seed is a few consecutive lines of a selected document; the model is asked for one new, self-contained file in
the same language that they inspire. One wording serves models of all sizes: short, since small models lose long
instructions, with the snippet fenced as the answer is to be. Generation may end at the fence that closes the code
block (STOP), which counts as ending by itself: a small model rambles on behind its code until it is cut off.

The lines are chosen by a hash of (seed, doc_id, turn), so that a document gives the same question in every run,
whatever else is in the corpus. Stretches of mostly blank lines, comments, docstrings and imports are passed over:
they say little about what a file does.

Source: OSS-Instruct (Magicoder, arXiv 2312.02120): 1 to 15 lines of open-source code as inspiration; as
Arctic-SnowCoder (arXiv 2409.02326) adapted it, files and not question-answer pairs. The wording is our own.
"""

from __future__ import annotations

import re

import numpy as np

from neve.hashing import seed_of

MAX_LINES = 15
MAX_CHARACTERS = 1000
"""A snippet is cut here: minified lines would fill a small model's context."""

TEMPLATE = """\
Write a short, complete {language} program. Take inspiration from this code, but do not copy it:

```{tag}
{snippet}
```

Answer with a single code block that holds the whole program with all its imports and functions, and nothing else."""
"""Of 32 answers of SmolLM2-135M-Instruct (temperature 0.7, 256 tokens) 23 ended by themselves; 17 of those parsed, with 100 bytes or more."""

STOP = ["\n```\n"]

_COMMENT = re.compile(r"\s*(?:#(?!\s*(?:include|define|if|else|endif|pragma)|\[)|//|/?\*|--|;|%|<!--)")
_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+[\w.]+\s+import\b|#\s*include\b|using\s+[\w.:]+;|use\s+[\w:\\{]|package\s+[\w.]+|require\b)"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$")


def prompt(language: str, lines: str) -> str:
    """The question for a snippet in a language, by its Linguist name."""
    return TEMPLATE.format(language=language, tag=language.lower().replace(" ", "-"), snippet=lines)


def snippet(text: str, doc_id: str, seed: int, turn: int = 0) -> str:
    """1 to MAX_LINES consecutive lines of `text`, chosen by a hash of (seed, doc_id, turn); "" of an empty text.

    At least half of them tell something, and the first does, or as many as the text allows.
    """
    lines = text.splitlines()
    tells = telling(lines)
    size, place = divmod(seed_of(f"snippet {seed} {doc_id} {turn}", bits=128), 1 << 64)
    length = min(1 + size % MAX_LINES, len(lines))
    if not length:
        return ""
    sums = np.concatenate([[0], np.cumsum(tells)])
    counts = sums[length:] - sums[:-length]
    good = counts >= min((length + 1) // 2, counts.max())
    begins = good & tells[: len(counts)]
    starts = np.flatnonzero(begins if begins.any() else good)
    first = int(starts[place % len(starts)])
    return "\n".join(lines[first : first + length])[:MAX_CHARACTERS]


def telling(lines: list[str]) -> np.ndarray:
    """Which lines say what code does, bool [lines]: not blank, no comment, no docstring, no import.

    By a line's beginning and by triple quotes, so nearly right in any language, without a parser.
    """
    quotes = np.array([line.count('"""') + line.count("'''") for line in lines], np.int64)
    inside = (np.cumsum(quotes) - quotes) % 2 > 0
    plain = [bool(line.strip()) and not _COMMENT.match(line) and not _IMPORT.match(line) for line in lines]
    return np.array(plain, bool) & ~inside & (quotes == 0)


def code_blocks(answer: str) -> list[str]:
    """The fenced blocks of a Markdown answer, in order; one that is not closed runs to the end.

    A fence is closed by one of the same character, at least as long and without a word behind it (CommonMark).

    >>> code_blocks("Here:\\n```python\\nx = 1\\n```\\nDone.")
    ['x = 1\\n']
    """
    blocks: list[list[str]] = []
    fence = ""
    for line in answer.splitlines():
        match = _FENCE.match(line)
        if not fence and match:
            fence = match[1]
            blocks.append([])
        elif fence and match and match[1].startswith(fence) and not match[2].strip():
            fence = ""
        elif fence:
            blocks[-1].append(line)
    return ["".join(f"{line}\n" for line in block) for block in blocks]


def extract(answer: str) -> tuple[str, bool]:
    """The code of an answer, and whether it stood in a fence: the longest block, else the whole text.

    Without blank lines around it; "" where there is none. Text without a fence is code only if it parses.
    """
    blocks = [block for block in code_blocks(answer) if block.strip()]
    text = max(blocks, key=len) if blocks else answer
    lines = [line.rstrip() for line in text.splitlines()]
    code = "\n".join(lines).strip("\n")
    return (f"{code}\n" if code.strip() else ""), bool(blocks)
