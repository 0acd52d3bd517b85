"""The seed's file with docstrings and types, its code as it was.

Python alone. The gate takes docstrings and annotations out of both files and compares what is left, so a
model that "improves" the code on the way is refused. The trade-off: the document is nearly its seed, and
teaches what its docstrings say.
"""

from __future__ import annotations

import ast

from neve.synthesis import gates
from neve.synthesis.candidates import Candidate
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


def bare(code: str) -> str | None:
    """Python code without docstrings, comments, annotations and imports of types; None where it cannot be
    read."""
    try:
        tree = ast.parse(code)
        for node in ast.walk(tree):
            if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.returns = None
            elif isinstance(node, ast.arg):
                node.annotation = None
            if hasattr(node, "body") and isinstance(node.body, list):
                node.body = [_plain(each) for each in node.body if not _of_types(each)] or [ast.Pass()]
        return ast.unparse(ast.fix_missing_locations(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain(node: ast.stmt) -> ast.stmt:
    """An annotated assignment without its annotation."""
    if isinstance(node, ast.AnnAssign) and node.value is not None and node.simple:
        return ast.Assign([node.target], node.value, lineno=node.lineno)
    return node


def _of_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module in ("__future__", "typing", "collections.abc")


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
