"""What a folder of code holds, before a recipe exists: its repositories, languages, licences and size.

Files are read as a run would read them, by the same readers, so that what is said here is what will be
there. The trade-off: no more than LOOK_BYTES are read, and what lies beyond is only said to be there.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus import sources as readers
from neve.corpus.languages import detection
from neve.corpus.sources import directory, git
from neve.corpus.sources.batches import Limits
from neve.errors import Fault, Misuse
from neve.progress import bar
from neve.recipe.corpus import LANGUAGES, Corpus
from neve.recipe.sources import Source
from neve.run.inputs import sources_of

LOOK_BYTES = 1 << 30
"""Files are looked at until this many bytes are read."""
CLONES = 100
"""At most this many sources are listed; a folder of more repositories is one source."""


@dataclass
class Survey:
    sources: list[dict[str, Any]]
    """As a recipe gives them."""
    files: int = 0
    """Files with a language."""
    bytes: int = 0
    repositories: set[str] = field(default_factory=set)
    languages: Counter[str] = field(default_factory=Counter)
    """Bytes by language."""
    code: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Bytes by repository and language."""
    licenses: Counter[str] = field(default_factory=Counter)
    """Files by SPDX expression; "none known"."""
    whole: bool = True
    """Whether everything was looked at."""


def look(folder: Path, recipe: Path) -> Survey:
    """Survey a folder. Raises Misuse where it holds no code, or where the file `recipe` would lie in what it
    reads."""
    found = Survey(sources(folder))
    for source in found.sources:
        if source["kind"] == "directory" and recipe.resolve().is_relative_to(Path(source["path"]).resolve()):
            raise Misuse(
                f"{recipe}: would lie in the folder that it reads, and each change of it would read all again; "
                f"go out of {source['path']} and name it: neve init {Path(source['path']).resolve().name}"
            )
    defaults = Corpus(sources=[Source(kind="directory", path=".")])
    limits = Limits(defaults.max_file_bytes, defaults.max_archive_bytes)
    with bar("look at files", unit="files") as advance:
        for batch in readers.read([Source(**source) for source in found.sources], limits):
            files, _ = readers.sift(batch.files)
            _count(found, files)
            advance(files.num_rows)
            if found.bytes > LOOK_BYTES:
                found.whole = False
                break
    if not found.languages:
        raise Misuse(f"{folder}: holds no file in a programming language; name a folder of code")
    return found


def sources(folder: Path) -> list[dict[str, Any]]:
    """The sources of a folder: a clone at the commit that it is at, so that what git ignores (environments,
    builds) stays out; each of its children likewise; else the folder as it lies."""
    if not folder.is_dir():
        raise Misuse(
            f"{folder}: {'is no' if folder.exists() else 'no such'} folder; name a folder of code, or a clone"
        )
    (first, *_) = given = sources_of(str(folder))
    if first["kind"] != "directory":
        return given
    if directory.is_repository(folder):
        return [_one(folder)]
    with os.scandir(folder) as entries:
        children = sorted(
            e.name for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith(".")
        )
    clones = [name for name in children if (folder / name / ".git").exists()]
    if not clones or len(children) > CLONES:
        return given
    listed = [_one(folder / name) for name in children]
    return [source for source in listed if source["kind"] == "git" or any(Path(source["path"]).iterdir())]


def _one(folder: Path) -> dict[str, Any]:
    """The source of one repository."""
    if (folder / ".git").exists():
        try:
            commit = git.resolve(Source(kind="git", path=str(folder), commit="HEAD"))
            return {"kind": "git", "path": str(folder), "commit": commit}
        except Fault:  # a clone without a commit is a folder
            pass
    return {"kind": "directory", "path": str(folder), "repo": folder.resolve().name}


def _count(found: Survey, files: pa.Table) -> None:
    """Count files of programming languages, and of those that the paper keeps."""
    by_language = files.group_by("language").aggregate([("size", "sum"), ("size", "count")])
    kept = [
        name
        for name in by_language["language"].to_pylist()
        if name in LANGUAGES or detection.kind(name) == "programming"
    ]
    code = files.filter(pc.is_in(files["language"], pa.array(kept, pa.string())))
    for row in code.group_by(["repo", "language"]).aggregate([("size", "sum")]).to_pylist():
        found.code[row["repo"], row["language"]] += row["size_sum"]
    for row in by_language.to_pylist():
        if row["language"] in kept:
            found.languages[row["language"]] += row["size_sum"]
    found.files += code.num_rows
    found.bytes += pc.sum(code["size"]).as_py() or 0
    found.repositories.update(pc.unique(code["repo"]).to_pylist())
    for row in pc.value_counts(code["license"].combine_chunks()).to_pylist():
        found.licenses[row["values"] or "none known"] += row["counts"]
