"""Modules of this package as programs for the sandbox.

Inside there is the standard library and nothing of Neve, so what runs there goes in as text: one module
after another, without their imports of each other. The trade-off: names of these modules must not clash; in
return they stay real modules, which a linter reads and a test can import. They are compiled here, once,
since the interpreter inside is this one: a start in which they are compiled takes an eighth longer.
"""

from __future__ import annotations

import functools
import marshal
import re
from pathlib import Path

_OWN_IMPORT = re.compile(r"^from (?:neve\.[\w.]+|__future__) import (?:\([^)]*\)|[^\n]*)$", re.MULTILINE)
_MAIN = re.compile(r'^if __name__ == "__main__":\n    main\(\)$', re.MULTILINE)

ORDER = {
    "run_candidate": ("inside/plain_data", "inside/run_candidate"),
    "record_tests": ("inside/plain_data", "comparisons", "record_tests"),
    "compare_answers": ("inside/plain_data", "comparisons", "record_tests", "compare_answers"),
    "run_unit_tests": ("inside/run_unit_tests",),
}
"""Program -> the modules that it is made of; the `main` of the last one runs."""


@functools.cache
def source(program: str) -> str:
    """The text of a program; `from neve…` imports are dropped, since what they name is above."""
    modules = [(Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8") for name in ORDER[program]]
    *libraries, last = (_OWN_IMPORT.sub("", text) for text in modules)
    return "\n".join(
        ["from __future__ import annotations", *(_MAIN.sub("", text) for text in libraries), last]
    )


@functools.cache
def compiled(program: str) -> str:
    """A program that does what `source` does, and carries it compiled, under the name that the sandbox gives
    to programs: the guard of unit tests knows its own code by that."""
    code = compile(source(program), "/program.py", "exec", dont_inherit=True)
    return f"import marshal\nexec(marshal.loads({marshal.dumps(code)!r}))\n"
