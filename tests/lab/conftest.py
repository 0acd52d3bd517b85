"""A laboratory of tiny models on disk."""

import ast
import json
from pathlib import Path

import pytest

from .tiny import LAB, RECIPE


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six repositories of functions and classes of the standard library, the recipe, the laboratory."""
    root = tmp_path_factory.mktemp("lab")
    library = Path(json.__file__).parents[1]
    for name in ("json", "email", "http", "logging", "urllib", "wsgiref"):
        (root / "sources" / name).mkdir(parents=True)
        texts = [path.read_text() for path in sorted((library / name).glob("*.py"))]
        parts = [ast.get_source_segment(text, node) or "" for text in texts for node in ast.parse(text).body]
        for number, part in enumerate([part for part in parts if 600 < len(part) < 4000][:12]):
            (root / "sources" / name / f"part{number}.py").write_text(part + "\n")
    (root / "recipe.toml").write_text(RECIPE.format(sources=root / "sources"))
    (root / "lab.toml").write_text(LAB)
    return root
