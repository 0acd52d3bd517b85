"""What an argument of `curate` or `dedup` names: sources, as a recipe would give them.

A folder of tables is tables, whatever usually lies beside them (README, _SUCCESS, checksums); a bare git
repository and a git URL are read at the commit that is their HEAD now; any other folder is repositories or
one, as `directory` finds.

The trade-off: what is named is told by its name and by what lies in it, so that no option has to say it.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from neve.errors import Fault, Misuse
from neve.recipe.sources import SUFFIXES, Source

ARCHIVES = (
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".zip", ".whl", ".jar", ".crate",
)  # fmt: skip
_LAKE = re.compile(r"(?:s3a?|gs|gcs|az|abfss?|hf|tos|cos)://")
_GIT = re.compile(r"(?:git\+)?(?:https?|ssh|git|file)://|[\w.-]+@[\w.-]+:")
_BESIDE = re.compile(
    r"(?i)(?:readme|licen[cs]e|copying|notice|citation|changelog|changes|dataset_?infos?|croissant|metadata|schema|manifest|checksums?|stats|state|index)(?:\..*)?|"
    r".*\.(?:md|rst|txt|crc|md5|sha1|sha256|ya?ml)"
)
"""Files that lie beside tables and belong to them; so do those, and folders, whose names begin with "." or
"_"."""


def sources_of(given: str) -> list[dict[str, Any]]:
    """The sources that an argument names: a folder, a repository, an archive, tables, a glob or an address.

    Raises Misuse where it names none of these, Fault where a git repository has no commit or cannot be
    reached.

    >>> sources_of("s3://lake/code/*.parquet")
    [{'kind': 'table', 'path': 's3://lake/code/*.parquet', 'in_place': True}]
    """
    place = Path(given).expanduser()
    if given.partition("?")[0].endswith(SUFFIXES) or _LAKE.match(given):
        literal = glob.escape(str(place)) if place.is_file() else given
        return [{"kind": "table", "path": literal, "in_place": given.endswith(".parquet")}]
    if place.is_dir():
        if tables := _tables(place):
            return tables
        if (place / "HEAD").is_file() and (place / "objects").is_dir() and (place / "refs").is_dir():
            return [_git(given)]
        return [{"kind": "directory", "path": given}]
    if _GIT.match(given) and not given.lower().endswith(ARCHIVES):
        return [_git(given.removeprefix("git+"))]
    if given.lower().endswith(ARCHIVES) and "://" not in given:
        return [{"kind": "archive", "path": given}]
    raise Misuse(
        f"{given}: must be a folder, a git repository or its URL, an archive on this machine ({', '.join(ARCHIVES)}), or "
        f"tables ({', '.join(SUFFIXES)})"
    )


def apart(out: Path, given: Iterable[str], option: str) -> None:
    """Raises Misuse where what is written would lie in a folder that is read: it would be read with it next
    time."""
    whole = out.expanduser().resolve()
    for each in given:
        place = Path(each).expanduser().resolve()
        if place.is_dir() and (place == whole or place in whole.parents):
            raise Misuse(
                f"{option} {out}: lies in the source {each}, and would be read with it next time; "
                "name a folder outside of it"
            )


def folders(sources: Iterable[Source]) -> Iterator[str]:
    """The folders of which sources read all that lies in them."""
    for source in sources:
        above, whole, _ = str(source.path).partition("**")
        if source.kind == "directory":
            yield str(source.path)
        elif source.kind == "table" and whole:
            yield re.sub(r"\[(.)\]", r"\1", above)  # as glob.escape writes a path


def _tables(folder: Path) -> list[dict[str, Any]]:
    """The tables of a folder that holds nothing else, a source for each kind; none where it holds other
    files."""
    suffixes: set[str] = set()
    for path in folder.rglob("*"):
        if not path.is_file() or any(part[0] in "._" for part in path.relative_to(folder).parts):
            continue
        suffix = next((each for each in SUFFIXES if path.name.endswith(each)), None)
        if suffix:
            suffixes.add(suffix)
        elif not _BESIDE.fullmatch(path.name):
            return []
    return [
        {
            "kind": "table",
            "path": f"{glob.escape(str(folder))}/**/*{suffix}",
            "in_place": suffix == ".parquet",
        }
        for suffix in SUFFIXES
        if suffix in suffixes
    ]


def _git(path: str) -> dict[str, Any]:
    """A git source at the commit that HEAD means now."""
    from neve.corpus.sources import git
    from neve.recipe.sources import Source

    source = Source(kind="git", path=path, commit="HEAD")
    try:
        return {"kind": "git", "path": path, "commit": git.resolve(source)}
    except Fault as error:
        raise Misuse(str(error)) from None
