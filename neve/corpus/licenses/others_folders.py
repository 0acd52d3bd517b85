"""Folders that hold another project's code, told by a licence file of their own under another holder.

Copies of libraries lie under any name (`src/lz4/`, `ext/json/`), but most keep their LICENSE, whose
copyright lines name somebody that the licence and the metadata at the root do not. The packages of one
repository look alike, so three things make a folder the project's own whatever its licence says: its
metadata name the repository that the root's metadata name; a workspace of the root lists it; or as many
folders as OWN_FOLDERS lie beside one another under the same holder.

The trade-off: packages of different authors in one repository are the project's own only where a workspace
or an address says so; without either they count as others'. A root that names nobody decides nothing, nor
does a licence whose text has a holder of its own (GNU's), nor a font's. Where a project keeps a wrapper of
its own beside the library that it wraps, the wrapper counts as the library.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.licenses import license_texts, statements
from neve.corpus.licenses.license_files import INSTALLED, Role

OWN_FOLDERS = 3
"""Folders beside one another under one holder from which that holder is the project's own."""
BYTES = 64 << 10
"""Bytes of a file that are searched for names and addresses."""

_FORM = re.compile(r"(?im)^.*(?:copyright|©|\(c\)).*(?:[\[{<%$](?!https?:|[\w.+-]+@)|\byour\b).*$")
"""A line of copyright to be filled in."""
_NOBODY = frozenset("gmail googlemail hotmail outlook mail example github gitlab noreply users".split())  # noqa: SIM905
"""Words of addresses, which many share."""
_TEXTS = {
    "GPL": frozenset("free software foundation fsf everyone".split()),  # noqa: SIM905
    "WTFPL": frozenset(("sam", "hocevar")),
    "Python": frozenset(("python", "software", "foundation", "beopen", "cnri", "stichting", "mathematisch")),
}
"""Part of a licence's identifier -> who holds its text."""
_AUTHOR = re.compile(
    r"(?im)^.{0,40}\b(?:authors?|maintainers?|copyrights?|organi[sz]ations?|company|owners?|vendor|developers?|"
    r"contributors)\b.*(?:\n.*){0,2}"
)
_ADDRESS = re.compile(
    r"(?i)(?:github|gitlab|bitbucket|codeberg)\.(?:com|org)[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?(?![\w.-])"
)
_MEMBERS = re.compile(
    r"""(?s)["']?\b(?:workspaces|members|packages)["']?\s*[:=]\s*(?:\{[^\[\]{}]*?)?\[(.*?)\]"""
)


@dataclass
class Place:
    """What the licence files and metadata of one folder say of whose it is."""

    license: str = ""
    """Path of the first licence file that names a holder."""
    holders: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    members: list[str] = field(default_factory=list)
    """Globs of folders of a workspace."""


class Places:
    """The folders of one repository that any evidence speaks for."""

    def __init__(self) -> None:
        self._at: dict[str, Place] = {}

    def add(self, role: Role, path: str, content: bytes) -> None:
        """Evidence, as `license_files.role` tells it."""
        if role.kind not in ("text", "choice", "metadata") or INSTALLED.search(path):
            return
        text = content[:BYTES].decode("utf-8", "replace")
        place = self._at.setdefault(role.folder, Place())
        if role.kind != "metadata":
            license = license_texts.read(content).license or ""
            named = set() if license == "OFL-1.1" else _holders(text, license)  # a font's
            place.license = place.license or (path if named else "")
            place.holders |= named
            return
        place.people |= _words(" ".join(_AUTHOR.findall(text)))
        for owner, name in _ADDRESS.findall(text):
            place.addresses.add(f"{owner}/{name}".lower())
            place.people |= _words(owner)
        for found in _MEMBERS.findall(text):
            place.members += re.findall(r"""["']\.?/?([^"']+?)/?["']""", found)

    def column(self, paths: pa.Array, top: str = "") -> pa.Array:
        """The licence file of another holder above each path, strings, null where there is none; `top` is
        the repository's folder in `paths`, and is taken off the paths given back."""
        found = self.others(top.rstrip("/"))
        if not found:
            return pa.nulls(len(paths), pa.string())
        folders = pc.replace_substring_regex(paths, r"/?[^/]*$", "").dictionary_encode()
        each = [_nearest(folder, found) for folder in folders.dictionary.to_pylist()]
        said = [by and by.removeprefix(top) for by in each]
        return pa.array(said, pa.string()).take(folders.indices)

    def others(self, root: str) -> dict[str, str]:
        """Topmost folders below `root` ("" or a folder) that are another project's -> the licence file that
        says so."""
        found: dict[str, str] = {}
        for folder in sorted(self._at):
            above = _above(folder, root)
            if above is None or any(each in found for each in above):
                continue
            place, upper = self._at[folder], [self._at[each] for each in above if each in self._at]
            home = set().union(*(each.holders | each.people for each in upper))
            own = _listed(folder, above, self._at) or any(place.addresses & each.addresses for each in upper)
            if place.holders and home and not own and not place.holders & home:
                found[folder] = place.license
        beside = Counter((f.rpartition("/")[0], frozenset(self._at[f].holders)) for f in found)
        return {
            folder: by
            for folder, by in found.items()
            if beside[folder.rpartition("/")[0], frozenset(self._at[folder].holders)] < OWN_FOLDERS
        }


def _nearest(folder: str, found: Mapping[str, str]) -> str | None:
    """What `found` has for `folder`, or for a folder above it."""
    while folder not in found:
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
    return found[folder]


def _holders(text: str, license: str) -> set[str]:
    """The words by which a licence file names who holds the code, not who holds the licence's own text."""
    named = set(statements.holders(_FORM.sub("", text))) - _NOBODY
    for part, words in _TEXTS.items():
        named -= words if part in license else set()
    return named


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", text.lower())) - _NOBODY


def _above(folder: str, root: str) -> list[str] | None:
    """The folders above `folder` down from `root`; None where it is not below it."""
    if folder == root or (root and not folder.startswith(f"{root}/")):
        return None
    above = [root]
    for part in folder[len(root) :].strip("/").split("/")[:-1]:
        above.append(f"{above[-1]}/{part}".lstrip("/"))
    return above


def _listed(folder: str, above: list[str], at: Mapping[str, Place]) -> bool:
    """Whether a workspace of a folder above lists `folder`."""
    for upper in above:
        below = folder[len(upper) :].strip("/")
        if any(fnmatchcase(below, glob) for glob in (at[upper].members if upper in at else ())):
            return True
    return False
