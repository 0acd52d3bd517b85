"""Clones that tests of this folder share."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ..conftest import SITE


def clone(folder: Path, package: str) -> None:
    shutil.copytree(SITE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "LICENSE").write_text((Path(__file__).parents[2] / "LICENSE").read_text())
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@localhost", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    shutil.copytree(SITE / "typer", folder / ".venv" / "typer")


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clones and a folder, each with what git would not have in it."""
    folder = tmp_path_factory.mktemp("src")
    clone(folder / "one", "rich")
    clone(folder / "two", "httpx")
    shutil.copytree(SITE / "jinja2", folder / "three" / "jinja2")
    (folder / "three" / "main.c").write_text("int main(void) { return 0; }\n" * 20)
    return folder
