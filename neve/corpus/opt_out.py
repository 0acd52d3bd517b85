"""Files that must not be used because somebody does not want it: a list of repositories, authors and SWHIDs.

A line of the list names one: `octocat/hello-world` (a repository, its releases, commits and URL too; without
an owner a project by its name, forks included), `author: alice` (the owner of a repository, or somebody whom
a statement at a file's head names as its author or holder), or `swh:1:cnt:…`, the Software Heritage
identifier of one content. # begins a comment.

The trade-off: an author is known by what a repository is called and a file says of itself. The history of a
repository is not looked at, so who only committed has to name files or repositories.

Source: SWHIDs (ISO/IEC 18670); for a content it is the SHA-1 that git gives a blob.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.ordering.families import family, project
from neve.corpus.text import buffers
from neve.errors import Misuse

HEAD_BYTES = 8192
"""Beginning of a file in which authors are looked for."""
_CONTENT = re.compile(r"swh:1:cnt:([0-9a-f]{40})(?:;.*)?")
_AUTHOR = re.compile(r"(?i)author\s*:\s*(.+)")
_HOST = re.compile(
    r"(?i)^(?:git\+)?(?:https?|ssh|git)://(?:[^/@]*@)?[^/]+/|^[\w.-]+@[\w.-]+:|^(?:www\.)?(?:github|gitlab|gitee)\.com/|^(?:bitbucket|codeberg)\.org/"
)
_STATEMENT = re.compile(
    rb"(?i)^[^\n]*(?:copyright|\(c\)|\xc2\xa9|author|maintain|written by|contribut)[^\n]*", re.M
)


@dataclass(frozen=True)
class OptOut:
    """What a list names, in lower case."""

    repositories: frozenset[str] = frozenset()
    """owner/name of a repository, or the name of a project."""
    authors: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    """SWHIDs of contents."""

    def __bool__(self) -> bool:
        return bool(self.repositories or self.authors or self.contents)


def load(path: str | Path) -> OptOut:
    """The list in a file; raises Misuse, which names the line, for what cannot be understood."""
    try:
        lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise Misuse(f"corpus.opt_out = {str(path)!r}: cannot be read ({why}); name a text file") from None
    return parse(((f"{path} line {number}", line) for number, line in enumerate(lines, 1)))


def parse(lines: Iterable[tuple[str, str]]) -> OptOut:
    """The list that (place, line) pairs make up.

    >>> parse([("1", "https://github.com/Octocat/Hello.git # asked"), ("2", "author: Alice")])
    OptOut(repositories=frozenset({'octocat/hello'}), authors=frozenset({'alice'}), contents=frozenset())
    """
    found: dict[str, set[str]] = {"repositories": set(), "authors": set(), "contents": set()}
    for place, line in lines:
        text = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if not text:
            continue
        if text.lower().startswith("swh:"):
            if (content := _CONTENT.fullmatch(text)) is None:
                raise Misuse(
                    f"{place}: {text!r}: a SWHID here must be that of a content, swh:1:cnt: and 40 digits; for more "
                    "than one file name the repository"
                )
            found["contents"].add(f"swh:1:cnt:{content[1]}")
        elif (author := _AUTHOR.fullmatch(text)) is not None:
            found["authors"].add(" ".join(author[1].lower().split()))
        elif re.search(r"\s", text):
            raise Misuse(f"{place}: {text!r}: must be a repository, author: NAME, or a SWHID; one a line")
        else:
            name = project(_HOST.sub("", text).strip("/")).lower()
            found["repositories"].add(name if "/" in name else family(name))
    return OptOut(**{key: frozenset(names) for key, names in found.items()})


def swhids(content: pa.Array) -> list[str | None]:
    """The SWHID of each file's bytes, null for null; the loop is hashlib's, which takes one text at a time.

    >>> swhids(pa.array([b"hello\\n"]))
    ['swh:1:cnt:ce013625030ba8dba906f756967f9e9ca394464a']
    """
    values, offsets, valid = buffers(content.cast(pa.large_binary()))
    data = memoryview(values)  # type: ignore[arg-type]
    made: list[str | None] = []
    for i in range(len(valid)):
        if not valid[i]:
            made.append(None)
            continue
        blob = hashlib.sha1(b"blob %d\0" % (offsets[i + 1] - offsets[i]), usedforsecurity=False)
        blob.update(data[offsets[i] : offsets[i + 1]])
        made.append(f"swh:1:cnt:{blob.hexdigest()}")
    return made


def named_by(wanted: OptOut, repo: pa.Array, swhid: pa.Array, content: pa.Array) -> pa.Array:
    """What of the list names each file (string), null for a file that it does not name.

    `content` is looked at only for authors, file by file, since their names stand anywhere in a line.
    """
    if not wanted:
        return pa.nulls(len(repo), pa.string())
    coded = pc.fill_null(repo.cast(pa.string()), "").dictionary_encode()
    by_repo = pa.array([_of_repository(wanted, name) for name in coded.dictionary.to_pylist()], pa.string())
    found = by_repo.take(coded.indices)
    mine = pc.is_in(swhid, value_set=pa.array(sorted(wanted.contents), pa.string()))
    found = pc.coalesce(found, pc.if_else(mine, swhid, None))
    if not wanted.authors:
        return found
    names = b"|".join(re.escape(name.encode()) for name in sorted(wanted.authors, key=len, reverse=True))
    pattern = re.compile(rb"(?<![\w-])(" + names.replace(rb"\ ", rb"\s+") + rb")(?![\w-])", re.I)
    said = np.full(len(repo), None, object)
    heads = pc.binary_slice(content.cast(pa.binary()), 0, HEAD_BYTES)
    for row in np.flatnonzero(pc.is_null(found).to_numpy(zero_copy_only=False)).tolist():
        head = heads[row].as_py() or b""
        for statement in _STATEMENT.finditer(head):
            if name := pattern.search(statement[0]):
                said[row] = f"author: {name[1].decode(errors='replace')}"
                break
    return pc.coalesce(found, pa.array(said, pa.string()))


def _of_repository(wanted: OptOut, repo: str) -> str | None:
    """What of the list names a repository, by itself, its project or its owner."""
    name = project(_HOST.sub("", repo).strip("/")).lower()
    owner = name.partition("/")[0] if "/" in name else None
    if name in wanted.repositories:
        return name
    if family(repo) in wanted.repositories:
        return family(repo)
    return f"author: {owner}" if owner in wanted.authors else None
