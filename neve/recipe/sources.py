"""The recipe's sources: where raw code comes from, a corpus's and the exemplars' alike."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from neve.recipe.training import Section


class Source(Section):
    """Where raw code comes from; which fields are needed depends on `kind`."""

    kind: Literal["directory", "git", "archive", "sdist", "table", "hub"]
    """What it is, which says how `path` is meant."""
    path: str | None = None
    """directory: a folder whose children are repositories, or with `repo` one repository. git: a local
    repository or a URL. archive: a .tar.gz, .tgz, .tar or .zip. table: a glob of Parquet or JSONL (.gz,
    .zst) files, or an address (s3://, gs://, hf://). hub: owner/dataset on the Hugging Face hub."""
    commit: str | None = None
    """git: the commit, tag or branch; give a full hash, so that the same recipe reads the same files."""
    in_place: bool = False
    """table: whether Parquet is read where it lies, not copied first: for one's own tables, since a damaged
    file stops the run instead of getting a verdict."""
    repo: str | None = None
    """Repository name for a directory or an archive; default: the folder's or the archive's name."""
    name: str | None = None
    """sdist: the project's name on PyPI."""
    version: str | None = None
    """sdist: the exact version."""
    file: str | None = None
    """sdist: the file's name on the index."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """sdist: the digest that the file must have."""

    @model_validator(mode="after")
    def _needed(self) -> Source:
        need = {"sdist": ("name", "version", "file", "sha256"), "git": ("path", "commit")}.get(
            self.kind, ("path",)
        )
        for key in need:
            if getattr(self, key) is None:
                raise ValueError(
                    f"a source of kind {self.kind!r} needs {', '.join(need)}; {key!r} is missing"
                )
        return self

    @property
    def moves(self) -> bool:
        """Whether what is named may change without a trace on this machine's disk: a branch, a hub's data
        set, a bucket."""
        if self.kind == "git":
            return not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", self.commit or "")
        return self.kind == "hub" or (self.kind == "table" and "://" in str(self.path))
