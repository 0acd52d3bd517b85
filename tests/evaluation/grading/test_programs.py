"""Programs for the sandbox. Oracle: Python's parser, and an interpreter that knows nothing of Neve."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from neve.evaluation.grading import programs


@pytest.mark.parametrize("name", programs.ORDER)
def test_a_program_stands_alone(name, monkeypatch):
    tree = ast.parse(programs.source(name))
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not any(module and module.startswith("neve") for module in modules)
    assert [n for n in tree.body if isinstance(n, ast.If)][-1].test is not None
    text = programs.source(name).replace("    main()", "    print('here')")
    with monkeypatch.context() as patch:
        patch.setattr(programs, "source", lambda program: text)
        compiled = programs.compiled.__wrapped__(name)
    for program in (text, compiled):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd="/"
        )
        assert done.stdout == "here\n", done.stderr
