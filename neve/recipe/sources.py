"""The recipe's sources: where raw code comes from, a corpus's and the exemplars' alike."""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from neve.recipe.table import DIGEST, RecipeTable

SUFFIXES = (
    ".parquet", *(f"{lines}{packed}" for lines in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst", ".bz2")),
    ".json.gz", ".json.zst",
)  # fmt: skip
"""How the names of tables end."""


class Source(RecipeTable):
    """Where raw code comes from; which fields are needed depends on `kind`."""

    kind: Literal["directory", "git", "archive", "sdist", "table", "hub"]
    """What it is, which says how `path` is meant."""
    path: str | None = None
    """directory: a folder whose children are repositories, or with `repo` one repository. git: a local
    repository or a URL. archive: a .tar (.gz, .bz2, .xz, .zst) or .zip, whatever its name. table: a glob of
    Parquet or JSONL (.gz, .zst, .bz2) files, or an address (s3://, gs://, hf://). hub: owner/dataset
    on the Hugging Face hub."""
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
    sha256: str | None = Field(default=None, pattern=DIGEST)
    """sdist: the digest that the file must have."""
    template: str | None = None
    """table, hub: a file's text, made of a row's columns: "{problem:comment}\\n{solution:code}". A column
    may be nested, {messages[1].content}. comment: as comments of the row's language. code: the code blocks
    of Markdown, or all of it where there are none; a row without any is no file."""
    language: str | None = None
    """table, hub, with template: the language of rows that name none."""

    @model_validator(mode="after")
    def _needed(self) -> Source:
        need = {"sdist": ("name", "version", "file", "sha256"), "git": ("path", "commit")}.get(
            self.kind, ("path",)
        )
        for key in need:
            if not getattr(self, key):
                raise ValueError(
                    f"a source of kind {self.kind!r} needs {', '.join(need)}; {key!r} is missing"
                )
        if self.kind == "hub" and str(self.path).startswith(("http://", "https://")):
            raise ValueError(f"path = {self.path!r}: a data set of the hub is named OWNER/NAME")
        if (self.template or self.language) and self.kind not in ("table", "hub"):
            raise ValueError(f"template and language are for kind = 'table' or 'hub', not {self.kind!r}")
        if self.language and not self.template:
            raise ValueError(f"language = {self.language!r} needs a template beside it")
        if self.template is not None:
            if self.in_place:
                raise ValueError(
                    "template makes files of rows, so they cannot be read in_place; leave one out"
                )
            template_parts(self.template)
        return self

    @property
    def moves(self) -> bool:
        """Whether what is named may change without a trace on this machine's disk: a branch, a hub's data
        set, a bucket."""
        if self.kind == "git":
            return not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", self.commit or "")
        return self.kind == "hub" or (self.kind == "table" and "://" in str(self.path))


class Part(NamedTuple):
    """A piece of a template: text, then a column, if there is one."""

    text: str
    column: tuple[str | int, ...]
    """Names of fields and places in lists, from the row inwards; empty: no column."""
    form: str
    """"", "comment" or "code"."""


def template_parts(template: str) -> list[Part]:
    """The pieces of a template in Python's format syntax. Raises ValueError where it names no column, or in
    another form.

    >>> template_parts("{turns[0].text:comment}!")
    [Part(text='', column=('turns', 0, 'text'), form='comment'), Part(text='!', column=(), form='')]
    """
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"template = {template!r}: {error}; a brace of the text is written twice") from None
    found = []
    for text, name, form, conversion in pieces:
        if name is not None and not re.fullmatch(r"[^\W\d][\w-]*(?:\.[\w-]+|\[\d+\])*", name):
            raise ValueError(f"template = {template!r}: {{{name}}} names no column such as {{turns[0].text}}")
        if conversion or form not in (None, "", "comment", "code"):
            raise ValueError(f"template = {template!r}: {{{name}}} may be followed by :comment or :code only")
        steps = re.findall(r"[\w-]+", name or "")
        column = tuple(int(step) if f"[{step}]" in str(name) else step for step in steps)
        found.append(Part(text, column, form or ""))
    if not any(part.column for part in found):
        raise ValueError(f"template = {template!r}: names no column such as {{solution:code}}")
    return found
