"""Folders: the oracle is the tree that each test makes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from neve.corpus.sources import directory
from neve.corpus.sources.batches import Limits
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=100, max_archive_bytes=1 << 20)


def make(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def read(folder: Path, repo: str | None = None) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    files, verdicts = [], []
    for batch in directory.read(Source(kind="directory", path=str(folder), repo=repo), LIMITS):
        files += [(row["repo"], row["path"]) for row in batch.files.to_pylist()]
        verdicts += [(row["repo"], row["path"], row["rule"]) for row in batch.verdicts.to_pylist()]
    return files, verdicts


def test_children_are_repositories_and_loose_files_one_more(tmp_path: Path) -> None:
    top = tmp_path / "code"
    make(top, "b/z.py", "b/a/x.py", "a/m.py", "loose.py", "a/.git/config", "a/sub/.git", "README.md")
    files, verdicts = read(top)
    files.remove(("code", "README.md"))
    assert files == [("code", "loose.py"), ("a", "m.py"), ("b", "z.py"), ("b", "a/x.py")]
    assert verdicts == []
    assert sorted(read(top, "one")[0]) == [
        ("one", p) for p in ("README.md", "a/m.py", "b/a/x.py", "b/z.py", "loose.py")
    ]


def test_links_devices_and_large_files_are_verdicts(tmp_path: Path) -> None:
    top, outside = tmp_path / "code", tmp_path / "outside"
    make(outside, "secret.py")
    make(top, "a/ok.py")
    (top / "a" / "out").symlink_to(outside)
    (top / "a" / "in.py").symlink_to("ok.py")
    (top / "a" / "nowhere").symlink_to("missing")
    (top / "linked").symlink_to(outside)
    os.mkfifo(top / "a" / "pipe")
    (top / "a" / "large.py").write_text("x" * 101)
    (top / "a" / "exact.py").write_text("x" * 100)
    (top / "a" / "cells.ipynb").write_text("x" * 1600)
    (top / "a" / "huge.ipynb").write_text("x" * 1601)
    files, verdicts = read(top)
    assert files == [("a", "cells.ipynb"), ("a", "exact.py"), ("a", "ok.py")]
    assert sorted(verdicts) == [
        ("a", "huge.ipynb", "too-large"), ("a", "in.py", "link"), ("a", "large.py", "too-large"), ("a", "nowhere", "link"), ("a", "out", "link"),
        ("a", "pipe", "device"), ("code", "linked", "link"),
    ]  # fmt: skip


def test_what_may_not_be_read_is_a_verdict() -> None:
    """Root may read anything, so as root the folder is read as another user."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        make(top, "a/x.py", "a/y.py", "a/folder/z.py")
        top.chmod(0o755)
        (top / "a/x.py").chmod(0)
        (top / "a/folder").chmod(0)
        user = os.geteuid()
        try:
            if user == 0:
                os.seteuid(65534)
            files, verdicts = read(top)
        finally:
            os.seteuid(user)
            (top / "a/folder").chmod(0o700)
    assert (files, sorted(verdicts)) == (
        [("a", "y.py")],
        [("a", "folder", "unreadable"), ("a", "x.py", "unreadable")],
    )


def test_names_that_are_not_utf8_are_kept_apart(tmp_path: Path) -> None:
    for name in (b"\xff.py", b"\xfe.py", "é.py".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"1")
    names = [path for _, path in read(tmp_path, "r")[0]]
    assert len(set(names)) == 3 and "é.py" in names and all(name.encode() for name in names)


def test_a_licence_after_the_files_that_it_covers_is_found(tmp_path: Path) -> None:
    """The licence sorts last, and the repository is too large to be read at once."""
    import importlib.metadata

    from neve.corpus.sources import batches

    package = importlib.metadata.distribution("pytest")
    text = next(f for f in package.files or [] if f.name == "LICENSE").locate().read_bytes()
    make(tmp_path, "r/a.py", "r/sub/b.py", "s/c.py")
    (tmp_path / "r" / "license").write_bytes(text)
    limits = Limits(1 << 20, 1 << 20)
    found = {}
    for ahead in (1, batches.AHEAD_BYTES):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(batches, "AHEAD_BYTES", ahead)
            source = Source(kind="directory", path=str(tmp_path))
            rows = [
                r
                for b in directory.read(source, limits)
                for r in b.files.select(["path", "license"]).to_pylist()
            ]
            found[ahead] = {row["path"]: row["license"] for row in rows}
    assert (
        found[1]
        == found[batches.AHEAD_BYTES]
        == {"a.py": "MIT", "license": "MIT", "sub/b.py": "MIT", "c.py": None}
    )


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="no such folder"):
        read(tmp_path / "none")


@pytest.mark.parametrize(
    "mark", [".git/HEAD", ".git", ".hg/store", "LICENSE", "COPYING3", "LICENSE-MIT", "Makefile", "pyproject.toml", "x.gemspec", "go.mod", "CMakeLists.txt"]
)  # fmt: skip
def test_a_folder_with_version_control_a_licence_or_a_build_file_is_one_repository(
    tmp_path: Path, mark: str
) -> None:
    top = tmp_path / "clone"
    make(top, "src/a.py", "tests/b.py", mark)
    files = {file for file in read(top)[0] if file[1].endswith(".py")}
    assert files == {("clone", "src/a.py"), ("clone", "tests/b.py")}
    inside = tmp_path / "many"
    make(inside, "one/src/a.py", f"one/{mark}", "two/b.py")
    assert {file for file in read(inside)[0] if file[1].endswith(".py")} == {
        ("one", "src/a.py"),
        ("two", "b.py"),
    }
