"""The seed's file with docstrings and types, its code as it was.

Python alone. The gate takes docstrings and annotations out of both files and compares what is left, so a
model that "improves" the code on the way is refused. The trade-off: the document is nearly its seed, and
teaches what its docstrings say.
"""

from __future__ import annotations

import ast

from neve.synthesis import gates
from neve.synthesis.candidates import Candidate
from neve.synthesis.changes import bare
from neve.synthesis.gates import Accepted, Gate, Limits, Refusal
from neve.synthesis.reading import longest_block
from neve.synthesis.seeds import Seed

NAME = "docstrings"

TEMPLATE = """\
Add a docstring to each function and class of this Python file that lacks one, and type annotations to \
parameters and results. Change nothing else:

```python
{text}
```

Answer with a single code block that holds the whole file, and nothing else."""

STOP = ("\n```\n",)
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def prompt(seed: Seed, room: int) -> str | None:
    if seed.language != "Python" or len(seed.text) > room or bare(seed.text) is None:
        return None
    return TEMPLATE.format(text=seed.text.strip("\n")) if described(seed.text) < 1 else None


def described(code: str) -> float:
    """Share of functions and classes that have a docstring; 1 without any."""
    found = [
        n for n in ast.walk(ast.parse(code)) if isinstance(n, _DOCUMENTED) and not isinstance(n, ast.Module)
    ]
    return sum(ast.get_docstring(node) is not None for node in found) / len(found) if found else 1.0


def unchanged_code(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    same = bare(candidate.program) == bare(candidate.seed.text)
    return None if same else Refusal(detail="code is not as it was")


def more_described(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    now, before = described(candidate.program), described(candidate.seed.text)
    return None if now > before else Refusal(now, before, "share that has docstrings")


GATES = (
    *gates.PROGRAM,
    Gate("changed", unchanged_code),
    Gate("not-documented", more_described),
    *gates.NEW,
    *gates.RUNS,
)


read = longest_block
