"""Ruff's findings as a score of Python code, as pylint counts: 1 − (5 errors + other findings) / statements.

Errors are what cannot work: undefined names, syntax that CPython refuses, misused formats and comparisons.
The trade-off: a short rule set that says nothing of style, since style is taste and this is a limit.

Source: pylint's `evaluation`; SwallowCode (arXiv 2505.02881) keeps code with 7 of pylint's 10 points.
"""

from __future__ import annotations

import ast
import json
import math
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

RULES = "E9,F,B,PLE,PLW,W605"
IGNORED = "PLE25"
"""Control characters in strings: odd, and no fault of a program."""
UNDEFINED = "F82"
"""A program that uses a name which is not there has the score 0."""
ERRORS = ("E9", "F7", "F50", "F52", "F63", "PLE", "invalid-syntax")
WEIGHT = 5
SECONDS = 60


def scores(programs: Sequence[str]) -> list[float | None]:
    """The score of each Python program, 0 to 1; None where there is nothing to score, or ruff fails."""
    from ruff import find_ruff_bin

    if not any(programs):
        return [None] * len(programs)
    command = [
        find_ruff_bin(), "check", ".", "--isolated", "--no-cache", "--no-respect-gitignore", "--quiet", "--exit-zero",
        "--target-version=py311", f"--select={RULES}", f"--ignore={IGNORED}", "--output-format=json-lines", "--ignore-noqa",
    ]  # fmt: skip
    found = [0.0] * len(programs)
    with tempfile.TemporaryDirectory(prefix="neve-") as folder:
        for i, program in enumerate(programs):
            Path(folder, f"{i}.py").write_text(program, encoding="utf-8", errors="replace")
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return [None] * len(programs)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        finding = json.loads(line)
        code, place = finding.get("code") or "invalid-syntax", int(Path(finding["filename"]).stem)
        found[place] += math.inf if code.startswith(UNDEFINED) else WEIGHT if code.startswith(ERRORS) else 1
    return [
        max(0.0, 1 - worth / count) if (count := _statements(program)) else None
        for program, worth in zip(programs, found, strict=True)
    ]


def _statements(program: str) -> int:
    """Statements, docstrings not counted; 0 where the program cannot be read."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    return sum(
        isinstance(node, ast.stmt)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in ast.walk(tree)
    )


def unwritten(program: str) -> float:
    """Share of a Python program's functions that have no body yet: nothing but `pass`, `...`, a docstring or
    `raise NotImplementedError`. Those that are there for others to write (abstract, overloads, protocols) do
    not count."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0.0
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    asked = {
        id(each)
        for node in classes
        if any(
            "Protocol" in ast.unparse(base) or "ABC" in ast.unparse(base)
            for base in (*node.bases, *node.keywords)
        )
        for each in node.body
    }
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and id(node) not in asked
        and not any(
            word in ast.unparse(mark) for mark in node.decorator_list for word in ("abstract", "overload")
        )
    ]
    return sum(all(map(_nothing, node.body)) for node in functions) / len(functions) if functions else 0.0


def _nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        return "NotImplementedError" in ast.unparse(statement.exc)
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
