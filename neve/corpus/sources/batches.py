"""What every source yields: batches of files and of verdicts on those it refuses.

A reader walks a folder, an archive or a table and yields `Batch`es of bounded size, so that memory does
not grow with the source. A licence may come after the files that it covers, so a small repository is read
whole, and a large one is walked twice: first for its licence files and metadata, then for everything. The
trade-off: the second walk costs time rather than memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from neve.corpus.licenses import license_evidence
from neve.corpus.notebooks import LARGER
from neve.documents import FILES, VERDICTS
from neve.recipe.sources import Source

BATCH_BYTES = 32 << 20
BATCH_ROWS = 8192
AHEAD_BYTES = 64 << 20
"""Bytes up to which a repository is read at once."""
MEMBER_BYTES = 512
"""What a member takes in memory beside its content."""
NAME_CHARACTERS = 4096
POINTERS = tuple(
    [b"version " + each for each in (b"https://git-lfs.github.com/spec/", b"https://hawser.github.com/spec/", b"http://git-media.io/v/")]
    + [b"/annex/objects/", *(b"../" * up + b".git/annex/objects/" for up in range(6))]
)  # fmt: skip
POINTER_BYTES = 1024
"""What a pointer begins with: of Git LFS in all its versions, whose specification keeps it below this
length, and of git-annex, as its link's target too."""
RATIO, RATIO_BYTES = 200, 64 << 20
"""Code packs to a fifth or so; what grows RATIO-fold is a bomb, judged after so many unpacked bytes."""


class Limits(NamedTuple):
    max_file_bytes: int
    """A larger file is refused unread."""
    max_archive_bytes: int
    """An archive that unpacks to more is refused from there on."""

    def of(self, path: str) -> int:
        """How many bytes the file `path` may have: a notebook's outputs are dropped later."""
        return self.max_file_bytes * (LARGER if path.lower().endswith(".ipynb") else 1)


@dataclass(slots=True)
class Member:
    """A file of a repository: its `content`, or the `rule` by which it was refused and why."""

    path: str
    content: bytes | None = None
    rule: str | None = None
    value: float | None = None
    limit: float | None = None
    detail: str | None = None


class Batch(NamedTuple):
    files: pa.Table
    """Columns of FILES."""
    verdicts: pa.Table
    """Columns of VERDICTS that a source can fill."""


class Reader(Protocol):
    """A kind of source: yields batches in an order that depends on the source's content alone."""

    def __call__(self, source: Source, limits: Limits) -> Iterator[Batch]: ...


Walk = Callable[[Callable[[str], bool]], Iterable[Member]]
"""A walk over a repository; takes which paths are wanted, and leaves the content of others unread (None)."""


def repository(source: str, repo: str, walk: Walk, strip: bool = False) -> Iterator[Batch]:
    """Batches of one repository, each file with the licence that holds where it lies.

    `strip` drops the top folder from paths where all files share it. Members come one by one from a folder
    or a stream, so this loops over them; what is done with their contents is done a batch at a time.
    """
    walk = partial(_without_pointers, walk)
    ahead, whole = _ahead(walk)
    tops: set[str] = set()

    def evidence() -> Iterator[tuple[str, bytes]]:
        for member in ahead if whole else walk(license_evidence.is_evidence):
            if member.rule is None:
                tops.add(member.path.partition("/")[0] if "/" in member.path else "")
                if member.content is not None and license_evidence.is_evidence(member.path):
                    yield member.path, member.content

    lookup = license_evidence.Lookup(evidence())
    top = f"{tops.pop()}/" if strip and len(tops) == 1 and "" not in tops else ""
    members: list[Member] = []
    size = 0
    for member in ahead if whole else walk(lambda path: True):
        members.append(member)
        size += len(member.content or b"")
        if size >= BATCH_BYTES or len(members) >= BATCH_ROWS:
            yield _batch(source, repo, members, lookup, top)
            members, size = [], 0
    if members:
        yield _batch(source, repo, members, lookup, top)


def _without_pointers(walk: Walk, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The members of a walk; what only points to its content is refused, whatever the kind of source."""
    for member in walk(wanted):
        if member.content is not None and (said := pointer(member.content)) is not None:
            yield Member(member.path, rule="lfs-pointer", detail=said)
        else:
            yield member


def pointer(content: bytes) -> str | None:
    """What a pointer of Git LFS or git-annex says of the content that it stands for; None for content.

    >>> pointer(b"version https://git-lfs.github.com/spec/v1\\noid sha256:ab\\nsize 5\\n")
    'oid sha256:ab size 5'
    """
    if len(content) >= POINTER_BYTES or not content.startswith(POINTERS):
        return None
    said = content.decode("utf-8", "replace").split()
    return printable(" ".join(said[2:]) or said[0].rpartition("/")[2])


def _ahead(walk: Walk) -> tuple[list[Member], bool]:
    """(members, True) of a repository that memory may hold, else ([], False)."""
    members, size = [], 0
    for member in walk(lambda path: True):
        members.append(member)
        size += len(member.content or b"") + MEMBER_BYTES
        if size > AHEAD_BYTES:
            return [], False
    return members, True


def _batch(source: str, repo: str, members: list[Member], lookup: license_evidence.Lookup, top: str) -> Batch:
    kept = [m for m in members if m.rule is None and m.content is not None]
    whole = [m.path for m in kept]
    content = pa.array([m.content for m in kept], pa.large_binary())
    license, license_path = lookup.columns(pa.array(whole, pa.string()), content, top)
    files = {
        "source": pa.repeat(pa.scalar(source), len(kept)),
        "repo": pa.repeat(pa.scalar(repo), len(kept)),
        "path": pa.array([path.removeprefix(top) for path in whole], pa.string()),
        "language": pa.nulls(len(kept), pa.string()),
        "license": license,
        "license_path": license_path,
        "others_license": lookup.whose.column(pa.array(whole, pa.string()), top),
        "source_id": pa.nulls(len(kept), pa.string()),
        "size": pa.array([len(m.content or b"") for m in kept], pa.int64()),
        "content": content,
    }
    stopped = [replace(m, path=m.path.removeprefix(top)) for m in members if m.rule is not None]
    return Batch(pa.table(files, schema=FILES), refused(source, repo, stopped))


def refused(source: str, repo: str, members: list[Member]) -> pa.Table:
    """VERDICTS rows of refused members of one repository."""
    columns = {
        name: [getattr(m, name) for m in members] for name in ("path", "rule", "value", "limit", "detail")
    }
    return verdicts(len(members), source=source, repo=repo, **columns)


def verdicts(rows: int, **columns: Any) -> pa.Table:
    """VERDICTS rows of this stage: each column a sequence, or one text for all rows; null where it is not
    given."""

    def column(field: pa.Field) -> pa.Array:
        given = columns.get(field.name)
        if isinstance(given, str):
            return pa.repeat(pa.scalar(given), rows)
        if given is None:
            return pa.nulls(rows, field.type)
        return pa.array(given, field.type) if isinstance(given, list) else given.cast(field.type)

    columns["stage"] = "sources"
    return pa.table([column(field) for field in VERDICTS], schema=VERDICTS)


def printable(name: str) -> str:
    r"""A name from outside as text that any table can hold: bytes that are not UTF-8 escaped, length
    bounded.

    >>> printable("a\udcff.py")
    'a\\xff.py'
    """
    shown = re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", name)
    return shown.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")[:NAME_CHARACTERS]
