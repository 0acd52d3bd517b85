"""A file of tests for the seed's file, which they import and run.

Python alone, and seeds that stand alone: a module that imports its neighbours cannot be tested without them.
The tests are run against the seed in the sandbox, and mutants are made of the seed, so that tests which pass
whatever it does are refused. The trade-off: an expectation that the model got wrong loses the whole file,
unless the recipe lets a share of tests fail.
"""

from __future__ import annotations

import re
import sys
from pathlib import PurePosixPath

from neve.synthesis import gates
from neve.synthesis.candidates import Candidate
from neve.synthesis.gates import Accepted, Gate, Limits, Refusal
from neve.synthesis.reading import longest_block
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
_RELATIVE = re.compile(r"^\s*from\s+\.", re.M)


def module(seed: Seed) -> str:
    """The name under which a seed's file is imported; none of Python's own."""
    name = re.sub(r"\W", "_", PurePosixPath(seed.path).stem) or "module"
    name = f"m{name}" if name[0].isdigit() else name
    return f"{name}_module" if name in sys.stdlib_module_names or name in ("document", "__init__") else name


def prompt(seed: Seed, room: int) -> str | None:
    if seed.language != "Python" or len(seed.text) > room or _RELATIVE.search(seed.text):
        return None
    if not re.search(r"^(?:def|class)\s", seed.text, re.M):
        return None
    return TEMPLATE.format(module=module(seed), text=seed.text.strip("\n"))


def beside(seed: Seed) -> dict[str, str]:
    return {module(seed): seed.text}


def has_tests(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    count = len(re.findall(r"^\s*(?:async\s+)?def\s+test", candidate.code, re.M))
    return None if count else Refusal(0, 1, "tests")


def imports_seed(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    name = module(candidate.seed)
    used = re.search(rf"^\s*(?:from\s+{name}\s+import|import\s+{name}\b)", candidate.code, re.M)
    return None if used else Refusal(detail=f"does not import {name}")


def were_run(candidate: Candidate, accepted: Accepted, limits: Limits) -> Refusal | None:
    check = candidate.check
    return Refusal(0, 1, "tests that ran") if check is not None and check.how == "run" else None


GATES = (
    *gates.PROGRAM,
    Gate("no-tests", has_tests),
    Gate("not-imported", imports_seed),
    gates.SEED_COPY,
    *gates.NEW,
    *gates.RUNS,
    Gate("no-tests-run", were_run),
)


read = longest_block
