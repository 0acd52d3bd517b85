"""Licences as SPDX expressions: found in licence files, else in package metadata, and admitted by a policy.

What a file says of itself in an `SPDX-License-Identifier:` line comes first, as the REUSE specification has it,
then the nearest licence file up its path in its repository (or the folder `LICENSES/` there); metadata
(PKG-INFO, pyproject.toml, package.json, Cargo.toml and their kin) is asked only where no licence file is
recognised, or to tell whether a GNU licence holds in later versions too, which its text leaves open. The
answer names the files that decided.

The trade-off: rather no licence than a wrong one. Several texts in one file all hold (AND), a choice
(OR) is read only from names that state it, `LICENSE-MIT` beside `LICENSE-APACHE`, and a classifier such
as "BSD License" that names no single licence becomes the member of its family that asks the most.

Texts are identified by licenseclassifier, a port of Google's licensecheck over the SPDX list;
expressions and the policies that admit them are `spdx`'s.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from email.parser import HeaderParser
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.licenses.spdx import NAMES, current, join, normalise
from neve.corpus.licenses.spdx import permitted_mask as permitted_mask

LICENSE_FILE_BYTES = 256 << 10
"""A longer licence file is not read: it is a collection of other people's licences."""
HEADER_BYTES = 4 << 10
"""How far into a file its own SPDX line is looked for."""

_LICENSE_FILE = re.compile(r"(?i)(un)?licen[cs]e|copying([-_.](lesser|lib))?")
_REUSE = re.compile(r"((?:.*/)?)LICENSES/([^/]+)\.txt")
_PROSE_SUFFIX = re.compile(r"(?i)\.(txt|md|markdown|rst|html)$")
_FAMILY = r"(apache|bsd|mit|isc|zlib|mpl|l?gpl|psf|cc0|0bsd|unlicense|boost|bsl)"
_CHOICE = re.compile(rf"(?i)(licen[cs]e|copying)[-_.]{_FAMILY}[-_.0-9v]*\w{{0,6}}|{_FAMILY}[-_.]licen[cs]e")
_METADATA = {
    "pkg-info",
    "metadata",
    "pyproject.toml",
    "setup.cfg",
    "package.json",
    "composer.json",
    "cargo.toml",
}

_REMEMBERED = 100_000
_identified: dict[bytes, str | None] = {}  # by digest of the text: identifying takes milliseconds

_HEADER_MARK = "SPDX-License-Identifier:"
_HEADER = re.compile(rb"SPDX-License-Identifier:[ \t]*([A-Za-z0-9(][A-Za-z0-9.+() \t-]*)")
_COMMENT = re.compile(rb"""(?i)(dnl\b|rem\b|[\s#/*;%!<{(.@:\\-]|["'](?=\s))*""")
"""What may stand before it on its line: marks of a comment, but no opening quote and no code."""


def is_evidence(path: str) -> bool:
    """Whether `path` is a licence file or package metadata that `Lookup` can use.

    >>> [is_evidence(p) for p in ("LICENSE", "a/COPYING.txt", "LICENSE-MIT", "PKG-INFO", "license.py", "NOTICE")]
    [True, True, True, True, False, False]
    """
    return _role(path) is not None


def _role(path: str) -> str | None:
    """ "text" for the licence of a folder, "choice" for one of several to choose from, "reuse" for a text in
    `LICENSES/`, "metadata", else None."""
    name = path.rpartition("/")[2]
    if name.lower() in _METADATA:
        return "metadata"
    if _REUSE.fullmatch(path):
        return "reuse"
    stem = _PROSE_SUFFIX.sub("", name)
    if _LICENSE_FILE.fullmatch(stem):
        return "text"
    return "choice" if _CHOICE.fullmatch(stem) else None


class Lookup:
    """Licences of one repository by folder, from its licence files and metadata: (path, content) in any order."""

    def __init__(self, evidence: Iterable[tuple[str, bytes]]) -> None:
        found: dict[str, dict[str, list[tuple[str, str]]]] = {
            "reuse": {}, "choice": {}, "text": {}, "metadata": {},
        }  # fmt: skip
        for path, content in evidence:
            role = _role(path)
            if role is None:
                continue
            folder, _, name = path.rpartition("/")
            if role == "metadata":
                license = declared(name, content)
            elif reuse := _REUSE.fullmatch(path):
                folder, license = reuse[1].removesuffix("/"), _reuse(reuse[2], content)
            else:
                license = identify(content)
            if license is not None:
                found[role].setdefault(folder, []).append((path, license))
        operators = {"choice": "OR"}
        joined = {
            role: {folder: _together(each, operators.get(role, "AND")) for folder, each in folders.items()}
            for role, folders in found.items()
        }
        self._metadata = joined["metadata"]
        self._files = joined["reuse"] | joined["choice"] | joined["text"]
        for folder, (license, paths) in self._files.items():
            stated = self._metadata.get(folder)
            if (
                stated
                and license.endswith("-only")
                and stated[0] == license.removesuffix("only") + "or-later"
            ):
                self._files[folder] = (stated[0], paths + stated[1])

    def nearest(self, folder: str) -> tuple[str | None, list[str]]:
        """(SPDX expression that holds in `folder`, paths of the files that say so), or (None, [])."""
        for known in (self._files, self._metadata):
            at = folder
            while True:
                if at in known:
                    return known[at]
                if not at:
                    break
                at = at.rpartition("/")[0]
        return None, []

    def columns(self, paths: pa.Array, contents: pa.Array, top: str = "") -> tuple[pa.Array, pa.Array]:
        """(licence, path of what decided) of each file, strings, null where none is known.

        Each folder is looked up once; where several files decided they are joined by ", ". `top` is taken off
        the paths given back.
        """
        folders = pc.replace_substring_regex(paths, r"/?[^/]*$", "").dictionary_encode()
        each = [self.nearest(folder) for folder in folders.dictionary.to_pylist()]
        said = [", ".join(path.removeprefix(top) for path in by) or None for _, by in each]
        own = headers(contents)
        return (
            pc.coalesce(own, pa.array([license for license, _ in each], pa.string()).take(folders.indices)),
            pc.if_else(
                pc.is_valid(own),
                pc.replace_substring_regex(paths, f"^{re.escape(top)}", "") if top else paths,
                pa.array(said, pa.string()).take(folders.indices),
            ),
        )


def _together(found: list[tuple[str, str]], operator: str) -> tuple[str, list[str]]:
    """(expression, paths) of all that was found in a folder; the LGPL 3 contains the GPL that it lies beside."""
    names = [license for _, license in sorted(found)]
    if any(name.startswith("LGPL-3.0-") for name in names):
        names = [name for name in names if not name.startswith("GPL-3.0-")]
    return join(names, operator), sorted(path for path, _ in found)


def _reuse(name: str, content: bytes) -> str | None:
    """Licence of a file of `LICENSES/`, called by its identifier; an exception is no licence."""
    if "exception" in name.lower():
        return None
    return name if name.startswith("LicenseRef-") else NAMES.get(name.lower()) or identify(content)


def headers(contents: pa.Array) -> pa.Array:
    """SPDX expression that each file states of itself in its first HEADER_BYTES, null where it states none.

    `contents` is binary or text. Several lines all hold. The mark is sought over the column; only the
    files that bear it are read one by one, since what stands before it on its line must be a comment.
    """
    head = pc.binary_slice(contents.cast(pa.large_binary()), 0, HEADER_BYTES)
    marked = pc.fill_null(pc.match_substring(head, _HEADER_MARK), False)
    found = pa.array([_header(text) for text in head.filter(marked).to_pylist()], pa.string())
    return pc.replace_with_mask(pa.nulls(len(contents), pa.string()), marked, found)


def _header(head: bytes) -> str | None:
    found = []
    for match in _HEADER.finditer(head):
        before = head.rfind(b"\n", 0, match.start()) + 1
        if match.end() < HEADER_BYTES and _COMMENT.fullmatch(head, before, match.start()):
            found.append(_written(match[1].decode()))
    known = [license for license in found if license]
    return join(known, "AND") if known else None


@lru_cache(4096)
def _written(value: str) -> str | None:
    """Expression written in an SPDX line; one word that is no identifier is a licence that nobody knows."""
    value = value.strip(" \t-")
    return normalise(value) or (None if " " in value or "(" in value else f"LicenseRef-{value}")


def identify(text: bytes) -> str | None:
    """SPDX expression of a licence text: one identifier, or several that all hold; None if not recognised."""
    from licenseclassifier import identify_license

    if len(text) > LICENSE_FILE_BYTES:
        return None
    digest = hashlib.sha256(text).digest()
    if digest not in _identified:
        if len(_identified) >= _REMEMBERED:
            _identified.clear()
        found = _stated([match.id for match in identify_license(text.decode("utf-8", "replace"))])
        _identified[digest] = join(found, "AND") if found else None
    return _identified[digest]


def _stated(found: list[str]) -> list[str]:
    """Identifiers of a text's regions as SPDX has them today, of a GNU licence the first only.

    A notice before its terms may say "or any later version"; that behind them is an example of such a notice.
    """
    stated: list[str] = []
    for name in map(current, found):
        family = re.sub(r"-(only|or-later)$", "-", name)
        if family == name or not any(other.startswith(family) for other in stated):
            stated.append(name)
    return stated


def declared(name: str, content: bytes) -> str | None:
    """Licence that a metadata file called `name` declares, as SPDX; None where it declares none that is known."""
    text = content[: 1 << 20].decode("utf-8", "replace").replace("\r\n", "\n")
    name = name.lower()
    try:
        if name.endswith(".json"):
            return _from_json(json.loads(text), "OR" if name == "composer.json" else "AND")
        if name == "cargo.toml":
            return normalise(tomllib.loads(text)["package"].get("license"))
        if name == "pyproject.toml":
            data = tomllib.loads(text)
            stated = data.get("project") or data["tool"]["poetry"]
            value = stated.get("license")
            value = value.get("text") if isinstance(value, dict) else value
            return normalise(value) or _classified(stated.get("classifiers", []))
        if name == "setup.cfg":
            parser = configparser.RawConfigParser(strict=False)
            parser.read_string(text)
            stated = parser["metadata"]
            return normalise(stated.get("license")) or _classified(stated.get("classifiers", "").split("\n"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, configparser.Error):
        return None
    header = HeaderParser().parsestr(text)
    written = str(header.get("License", ""))
    return (
        normalise(header.get("License-Expression"))
        or _classified(header.get_all("Classifier", []))
        or normalise(written)
        or (identify(written.encode("utf-8", "replace")) if "\n" in written else None)
    )


def _from_json(data: Any, operator: str) -> str | None:
    """Licence of package.json or composer.json: a name, {"type": name}, or a list of either."""
    value = data.get("license") or data.get("licenses")
    each = [
        v.get("type") if isinstance(v, dict) else v for v in (value if isinstance(value, list) else [value])
    ]
    names = [normalise(v) for v in each]
    return join([n for n in names if n], operator) if names and all(names) else None


def _classified(classifiers: list[Any]) -> str | None:
    """Licence of the trove classifiers; all hold."""
    trove = [str(c).rpartition("::")[2] for c in classifiers if str(c).strip().startswith("License ::")]
    found = [spdx for name in trove if (spdx := normalise(name))]
    return join(found, "AND") if found else None
