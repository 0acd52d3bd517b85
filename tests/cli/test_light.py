"""Commands that only look load nothing heavy and start nothing. Oracle: what is in sys.modules when they end.

On the machine where it was written each took 0.5 to 0.8 s of processor time, Python's own start included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neve.documents import read
from neve.recipe.file import to_toml
from neve.recipe.recipe import Recipe

MAY = {
    "annotated_doc", "annotated_types", "click", "cloudpickle", "license_expression", "boolean", "markdown_it", "mdurl", "neve", "numpy", "pyarrow", "pydantic",
    "pydantic_core", "pygments", "regex", "rich", "shellingham", "tiktoken", "tiktoken_ext", "tokenizers", "tomli_w", "typer",
    "typing_extensions", "typing_inspection",
}  # fmt: skip
"""Packages beside the standard library that these commands may load."""
PROGRAM = """
import json, os, resource, socket, subprocess, sys
def refused(*_, **__): raise AssertionError("a command that only looks asked somebody")
socket.socket.connect = refused
if sys.argv[1] != "run": subprocess.Popen.__init__ = refused  # run tries whether the sandbox still works
from neve.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
known = set(sys.stdlib_module_names)
names = {name.partition(".")[0] for name, module in sys.modules.items() if module} - known
print("MODULES", json.dumps(sorted(name for name in names if not name.startswith(("_", "cython")))))
"""


def modules(folder: Path, *arguments: object) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ})
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(done.stdout.splitlines()[-1].removeprefix("MODULES ")))


def test_filters_and_a_plan_before_anything_ran(tmp_path: Path, small_recipe: Recipe) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(small_recipe))
    for arguments in (
        ("filters",),
        ("recipe", "threshold"),
        ("plan", recipe),
        ("plan", recipe, "--out", tmp_path / "run"),
    ):
        assert modules(tmp_path, *arguments) <= MAY, arguments


@pytest.mark.parametrize("command", ["status", "why", "plan", "run", "export"])
def test_a_finished_run(small_run: Path, small_recipe: Recipe, tmp_path: Path, command: str) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(to_toml(small_recipe))
    (curate,) = small_run.glob("stages/curate-*")
    document = read(curate / "documents", ["doc_id"])["doc_id"][0].as_py()
    arguments = {
        "status": ["status", small_run], "why": ["why", small_run, document],
        "plan": ["plan", recipe, "--out", small_run], "run": ["run", recipe, "--out", small_run],
        "export": ["export", small_run, "--phase", "synthetic", "--out", tmp_path / "model"],
    }[command]  # fmt: skip
    assert modules(tmp_path, *arguments) <= MAY
