"""A file of tests for the seed's file, which they import and run.

Python alone, and seeds that stand alone: a module that imports its neighbours, or was written for Python 2,
cannot be run. What a model forgets to import is imported for it (`tested`), and what it guesses that a call
gives makes way for what the call gives (`expected`), since the seed is what is to be held on to. The tests
are run against the seed in the sandbox, and mutants are made of the seed, so that tests which pass whatever
it does are refused. The trade-off: a test that fails otherwise loses the whole file, unless the recipe lets
a share of tests fail.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from neve.synthesis import gates, tested
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Gate, Limits, Refusal
from neve.synthesis.reading import Reading, longest_block
from neve.synthesis.seeds import Seed

NAME = "tests"

TEMPLATE = """\
Write tests for this Python module, `{module}.py`:

```python
{text}
```

Write plain functions whose names begin with test_, with assert statements on values that you are sure of. \
Import what you test with `from {module} import …`. Use the standard library only. Answer with a single code \
block that holds the whole test file, and nothing else."""

STOP = ("\n```\n",)


def module(seed: Seed) -> str:
    """The name under which a seed's file is imported; none of Python's own."""
    name = re.sub(r"\W", "_", PurePosixPath(seed.path).stem) or "module"
    name = f"m{name}" if name[0].isdigit() else name
    return f"{name}_module" if name in sys.stdlib_module_names or name in ("document", "__init__") else name


def alone(text: str) -> bool:
    """Whether a module can be imported by itself: it needs Python's library at most, names nothing that is
    not there, and asks nobody for input."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = list(ast.walk(tree))
    if any(isinstance(node, ast.Name) and node.id == "input" for node in _imported(tree)):
        return False
    named = [
        (node.module or "") if isinstance(node, ast.ImportFrom) and not node.level else each.name
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for each in node.names
    ]
    there = {*dir(builtins), *tested.bound(nodes), "__name__", "__file__", "__doc__"}
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    star = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in nodes)
    known = all(name.partition(".")[0] in sys.stdlib_module_names for name in named)
    return known and (star or used <= there)


def _imported(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when a module is imported."""
    for node in tree.body:
        main = isinstance(node, ast.If) and "__main__" in ast.dump(node.test)
        if not main and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from ast.walk(node)


def prompt(seed: Seed, room: int) -> str | None:
    if seed.language != "Python" or len(seed.text) > room or not alone(seed.text):
        return None
    if not re.search(r"^(?:def|class)\s", seed.text, re.M):
        return None
    return TEMPLATE.format(module=module(seed), text=seed.text.strip("\n"))


def beside(seed: Seed) -> dict[str, str]:
    return {module(seed): seed.text}


def has_tests(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    count = len(re.findall(r"^[^\S\n]*(?:async\s+)?def\s+test", candidate.code, re.M))
    return None if count else Refusal(0, 1, "tests")


def imports_seed(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    name = module(candidate.seed)
    used = re.search(rf"^[^\S\n]*(?:from\s+{name}\s+import|import\s+{name}\b)", candidate.code, re.M)
    return None if used else Refusal(detail=f"does not import {name}")


def were_run(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check = candidate.check
    return None if check is None or check.how == "tested" else Refusal(0, 1, f"tests that ran: {check.how}")


GATES = (
    *gates.PROGRAM,
    Gate("no-tests", has_tests),
    Gate("not-imported", imports_seed),
    gates.SEED_COPY,
    *gates.NEW,
    *gates.RUNS,
    Gate("no-tests-run", were_run),
)


def read(answer: str, seed: Seed) -> Reading:
    found = longest_block(answer, seed)
    return found._replace(code=tested.importing(found.code, module(seed), seed.text))
