"""Folders as sources: a folder is one repository, or each of its children is one.

It is one where `repo` names it, or where something at its top says so: version control, a licence or a build
file (a clone, an unpacked release). The trade-off: a folder of repositories that holds such a file itself is
taken for one.

Links are not followed, neither out of the folder nor within it, where their target is read under its own
name: each is a verdict, as are devices, files that are too large and files that cannot be read. Folders of
version control are no files. Order is that of the names, not of the file system.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from neve.corpus.licenses import license_files
from neve.corpus.sources.batches import Batch, Limits, Member, printable, repository
from neve.errors import Misuse
from neve.recipe.sources import Source

BUILD_FILES = re.compile(
    r"(?i)(gnu)?makefile|cmakelists\.txt|meson\.build|configure(\.ac|\.in)?|setup\.(py|cfg)|pyproject\.toml|package\.json|deno\.json|cargo\.toml|go\.mod|pom\.xml|"
    r"build\.(gradle(\.kts)?|sbt|xml|zig|sc)|settings\.gradle(\.kts)?|gemfile|rakefile|composer\.json|package\.swift|pubspec\.yaml|mix\.exs|rebar\.config|stack\.yaml|cabal\.project|"
    r"dune-project|project\.(toml|clj)|description|makefile\.pl|build\.pl|dist\.ini|shard\.yml|v\.mod|justfile|workspace(\.bazel)?|module\.bazel|build\.bazel|flake\.nix|"
    r".*\.(sln|csproj|fsproj|vbproj|gemspec|cabal|opam|podspec|nimble|rockspec|xcodeproj)|reuse\.toml"
)
"""Files that stand at the top of a repository and of nothing else."""
VERSION_CONTROL = {".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"}


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of each repository in name order; files directly in the folder are a repository named like it.

    Raises Misuse where there is no such folder.
    """
    top = Path(str(source.path)).expanduser()
    if not top.is_dir():
        raise Misuse(f"source directory: {top}: no such folder; correct its path in the recipe")
    if source.repo is not None or is_repository(top):
        name = source.repo or printable(top.resolve().name)
        return repository("directory", name, partial(_members, top, limits))
    return _children(top, limits)


def is_repository(folder: Path) -> bool:
    """Whether a folder is one repository by what lies at its top: version control, a licence or a build
    file."""
    with os.scandir(folder) as entries:
        return any(
            entry.name in VERSION_CONTROL
            or (entry.is_file() and (BUILD_FILES.fullmatch(entry.name) or _is_license(entry.name)))
            for entry in entries
        )


def _is_license(name: str) -> bool:
    role = license_files.role(name)
    return role is not None and role.kind in ("text", "choice", "part")


def _children(top: Path, limits: Limits) -> Iterator[Batch]:
    yield from repository(
        "directory", printable(top.resolve().name), partial(_members, top, limits, deep=False)
    )
    with os.scandir(top) as entries:
        children = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    for name in children:
        if name not in VERSION_CONTROL:
            yield from repository("directory", printable(name), partial(_members, top / name, limits))


def _members(top: Path, limits: Limits, wanted: Callable[[str], bool], deep: bool = True) -> Iterator[Member]:
    """Files under `top` in name order; without `deep` only those directly in it."""
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield _unreadable(_relative(folder, top), error)
            continue
        below = []
        for entry in entries:
            if entry.name in VERSION_CONTROL:
                continue
            path = _relative(Path(entry.path), top)
            if entry.is_symlink():
                yield Member(path, rule="link", detail=printable(_target(entry.path)))
            elif entry.is_dir(follow_symlinks=False):
                below.append(Path(entry.path))
            else:
                yield _file(Path(entry.path), path, limits, wanted)
        if deep:
            folders.extend(reversed(below))


def _file(at: Path, path: str, limits: Limits, wanted: Callable[[str], bool]) -> Member:
    if not wanted(path):
        return Member(path)
    try:
        handle = os.open(
            at, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        )  # a pipe without a writer must not block
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return Member(path, rule="device", detail=f"mode {status.st_mode:o}")
            content = file.read(limits.of(path) + 1)
            size = max(status.st_size, len(content))
    except OSError as error:
        return _unreadable(path, error)
    if size > limits.of(path):
        return Member(path, rule="too-large", value=float(size), limit=float(limits.of(path)))
    return Member(path, content)


def _relative(at: Path, top: Path) -> str:
    return printable(at.relative_to(top).as_posix())


def _target(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _unreadable(path: str, error: OSError) -> Member:
    return Member(path, rule="unreadable", detail=error.strerror or type(error).__name__)
