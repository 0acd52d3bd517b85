"""The notebook of the documentation. Oracle: its cells, run one after the other in one process; what the last ones hold."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import SITE

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "first-hour.ipynb"


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; gives the value of its last expression, as a notebook shows it."""
    *rest, last = ast.parse(source).body
    shown = isinstance(last, ast.Expr)
    exec(compile(ast.Module(rest if shown else [*rest, last], []), str(NOTEBOOK), "exec"), names)
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names) if shown else None  # type: ignore[attr-defined]


def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package, place in (("click", "code/click"), ("httpx", "code/httpx"), ("jinja2", "good/jinja2")):
        shutil.copytree(SITE / package, tmp_path / place, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(NOTEBOOK.read_text())
    assert notebook["nbformat"] == 4 and not any(cell.get("outputs") for cell in notebook["cells"])
    names: dict[str, Any] = {}
    shown = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    values = [run(source, names) for source in shown]
    assert names["documents"].num_rows > 20 and names["ranked"].num_rows == names["scores"].num_rows
    assert values[-1] == {"best": (20_000, 20)} and len(values[-2]) == 2
