"""One problem of a benchmark, in the shape that all of Neve reads, whatever file it came from.

The trade-off: one flat record in which some fields stay empty, instead of a class for each benchmark.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """One problem. Text is as published, except that lines end in \\n."""

    task_id: str
    prompt: str
    """What a model is given. HumanEval and its kin: imports, signature, docstring. MBPP: a docstring with
    the text and the first test."""
    solution: str
    """The canonical solution: it continues the prompt, or is a program of its own (`self_contained`)."""
    entry_point: str
    """Name of the function under test."""
    test: str
    """Python that tests it: HumanEval's `check(candidate)`, MBPP's setup and assertions, BigCodeBench's
    unittest class."""
    instruction: str = ""
    """The task in words: MBPP's text, BigCodeBench's prompt for chat models; empty if there is only
    `prompt`."""
    split: str = "test"
    inputs: tuple[Any, ...] = ()
    """EvalPlus: argument lists of the base tests; EvoEval: the source text of each, which only the sandbox
    evaluates."""
    plus_inputs: tuple[Any, ...] = ()
    """EvalPlus: argument lists of the added tests."""
    atol: float = 0.0
    """EvalPlus: absolute tolerance of float results."""
    self_contained: bool = False
    """Whether `solution` runs without the prompt before it."""

    @property
    def program(self) -> str:
        """The canonical solution as a whole program."""
        return self.solution if self.self_contained else f"{self.prompt}\n{self.solution}"


def text(value: Any) -> str:
    """A field of a row as text with \\n at the end of lines; raises TypeError for anything but text."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} where text is expected")
    return re.sub(r"\r+\n?", "\n", value)


def is_python(source: str) -> bool:
    """Whether a text parses as a Python program."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def called(solution: str, tests: list[str]) -> str:
    """Name of the first function or class that `solution` defines and a test calls; raises ValueError if
    none is."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    defined = {node.name for node in ast.walk(ast.parse(solution)) if isinstance(node, definitions)}
    for test in tests:
        for node in ast.walk(ast.parse(test.strip())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
                return node.func.id
    raise ValueError("no test calls the solution")
