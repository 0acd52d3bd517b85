"""What a folder holds. Oracles: the folders of the test, and git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.run import survey

from ..conftest import SITE


def test_clones_are_read_at_their_commit(clones: Path) -> None:
    found = survey.look(clones, clones / "neve.toml")
    head = subprocess.run(
        ["git", "-C", clones / "one", "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    kinds = {Path(source["path"]).name: source["kind"] for source in found.sources}
    assert kinds == {"one": "git", "three": "directory", "two": "git"}
    assert found.sources[0]["commit"] == head
    assert {name.partition("@")[0] for name in found.repositories} == {"one", "two", "three"} and found.whole
    wanted = sum(
        p.stat().st_size for package in ("rich", "httpx", "jinja2") for p in (SITE / package).rglob("*.py")
    )
    assert found.languages["Python"] == wanted and found.languages["C"] > 0
    assert found.licenses["Apache-2.0"] and found.licenses["none known"]


def test_what_cannot_be_begun_with_is_said_in_a_line(tmp_path: Path) -> None:
    for folder, said in (
        (tmp_path / "absent", "no such folder"),
        (tmp_path, "no file in a programming language"),
    ):
        with pytest.raises(Misuse, match=said):
            (tmp_path / "read.me").write_text("x")
            survey.look(folder, tmp_path.parent / "neve.toml")
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(Misuse, match="would lie in the folder that it reads"):
        survey.look(tmp_path, tmp_path / "neve.toml")
