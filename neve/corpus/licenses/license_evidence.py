"""The licence of each file of a repository, by the nearest evidence, and the file that states it.

What a file says of itself comes first (`own_statements`), then what a file beside it says or is stated for
its path (`path_rules`), then licence files and package metadata, folder by folder upwards, as one kind of
evidence. Evidence that is not understood ends the walk: the file then has no known licence, whatever a
folder further up says.

In one folder the licence file's text is believed, and metadata make it precise ("or later", a choice of
two); where they name a licence that is not in the text, both must hold.

The trade-off: rather no licence than a wrong one. Several texts in one folder all hold, and a choice is read
only from names that state it (`LICENSE-MIT` beside `LICENSE-APACHE`).

Source: REUSE specification 3.3 for the precedence of a file's own statements and those for its path.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from posixpath import normpath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.licenses import (
    license_files,
    license_texts,
    metadata,
    others_folders,
    own_statements,
    path_rules,
    policy,
    spdx,
)
from neve.corpus.licenses.license_texts import Text
from neve.corpus.licenses.spdx import UNREAD
from neve.corpus.licenses.statements import Statement, read_beside


def is_evidence(path: str) -> bool:
    """Whether `Lookup` can use the file at `path`.

    >>> [is_evidence(p) for p in ("LICENSE", "a/COPYING.txt", "PKG-INFO", "x.py.license", "license.py", "NOTICE")]
    [True, True, True, True, False, False]
    """  # noqa: W505
    return license_files.role(path) is not None


OWN_FILES, OWN_SHARE = 3, 0.05
"""Files, and share of a batch, from which a holder who reserves all rights in them is the project's own.
"""


_OWN_NAME = re.compile(
    r"(?i)LicenseRef-(?!public|permissive)(?!.*(?:eula|commercial|propriet|enterprise|trial|evaluation|non))[\w.-]+"
)
"""A name that metadata give to the text beside them, whatever that is."""


class Known(NamedTuple):
    """What is known of a folder or a file."""

    license: str | None = None
    """SPDX expression; UNREAD in it where evidence was not understood, None where there is none."""
    by: tuple[str, ...] = ()
    """Paths of the files that state it."""
    holders: frozenset[str] = frozenset()

    def __and__(self, other: Known) -> Known:
        """Both hold."""
        licenses = [each.license for each in (self, other) if each.license is not None]
        by = tuple(dict.fromkeys([*self.by, *other.by]))
        return Known(spdx.join(licenses, "AND") if licenses else None, by, self.holders | other.holders)


class Lookup:
    """Licences of one repository, from licence files and metadata: (path, content) in any order."""

    def __init__(self, evidence: Iterable[tuple[str, bytes]]) -> None:
        self._texts: dict[str, Text] = {}
        self._beside: dict[str, Known] = {}
        self._rules: list[path_rules.Rule] = []
        self._folders: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._metadata: dict[str, Statement] = {}
        self._parts: list[tuple[str, str]] = []
        self.whose = others_folders.Places()
        installed: dict[str, set[str]] = defaultdict(set)
        for path, content in sorted(evidence):
            role = license_files.role(path)
            if role is None:
                continue
            if found := license_files.INSTALLED.search(path):
                installed[role.folder].add(path[: found.end()])
            self._add(role, path, content)
            self.whose.add(role, path, content)
        for folder, packages in installed.items():
            if len(packages) > 1:  # many packages in one folder: none of them speaks for it
                for paths in self._folders[folder].values():
                    paths[:] = [path for path in paths if not path.startswith(tuple(packages))]
        self._nearest: dict[str, Known] = {}

    def _add(self, role: license_files.Role, path: str, content: bytes) -> None:
        if role.kind == "beside":
            said = read_beside(content)
            self._beside[role.folder] = Known(said.license or UNREAD, (path,))
        elif role.kind == "rules":
            of = path_rules.of_reuse if path.endswith(".toml") else path_rules.of_dep5
            self._rules += of(path, content)
        elif role.kind == "metadata":
            said = metadata.declared(path, content)
            if said != Statement():
                self._metadata[path] = said
                self._folders[role.folder]["metadata"].append(path)
        else:
            text = _text(role.kind, path, content)
            if path.rpartition("/")[2].lower().startswith("copyright") and license_texts.names_holders(
                content
            ):
                text = text._replace(license=None)
            self._texts[path] = text
            self._rules += path_rules.of_text(path, text.rules)
            if text.license is not None or text.refers is not None:
                self._folders[role.folder][role.kind].append(path)
            if role.kind == "part":
                self._parts.append((role.word, path))

    def nearest(self, folder: str) -> Known:
        """What holds in `folder` where nothing closer speaks: of the nearest folder upwards that has any
        evidence."""
        if folder not in self._nearest:
            known = self._at(folder)
            if folder and (known is None or known.license is None):
                known = self.nearest(folder.rpartition("/")[0])
            elif folder and known is not None and self._is_of_part(folder):
                known = known & self.nearest(folder.rpartition("/")[0])
            self._nearest[folder] = known or Known()
        return self._nearest[folder]

    def _is_of_part(self, folder: str) -> bool:
        """Whether all that speaks in a folder is a licence for a part of it (`LICENSE.jquery`)."""
        return folder in self._folders and not {
            kind for kind, paths in self._folders[folder].items() if paths
        } - {"part"}

    def _at(self, folder: str) -> Known | None:
        """What a folder's own licence files and metadata state together, None where they state nothing."""
        if folder not in self._folders:
            return None
        here = self._folders[folder]
        stated = [self._stated(path, folder) for path in here["metadata"]]
        said = [known for known in stated if known.license is not None]
        vouched = frozenset(name for known in said for name in spdx.identifiers(known.license or ""))
        choices = here["choice"]
        plain = [path for path in here["text"] if not choices or self._texts[path].license is not None]
        texts = self._together(plain, "AND", vouched) if plain else None
        if choices and (texts is None or texts.license is None):
            licenses = [self._texts[path].license for path in choices]
            free = all(policy.permitted(license, "permissive") for license in licenses)
            texts = self._together(choices, "OR" if free else "AND")
        elif choices and texts is not None:
            each = self._together(choices, "AND")
            chosen = spdx.identifiers(each.license or UNREAD) <= spdx.identifiers(texts.license or "")
            texts = texts if chosen and " OR " in (texts.license or "") else texts & each
        for kind in ("reuse", "part"):
            if (texts is None or texts.license is None) and here[kind]:
                texts = self._together(here[kind], "AND")
        if texts is None and any(rule.literal.startswith(f"{folder}/") for rule in self._rules):
            said = [
                known for known in said if known.license != UNREAD
            ]  # "mixed", and a file further up says of what
        if texts is not None and texts.license is not None and UNREAD not in texts.license:
            said = [known for known in said if not _OWN_NAME.fullmatch(known.license or "")]
        return _agree(texts, said) or (Known(UNREAD, tuple(here["unread"])) if here["unread"] else None)

    def _together(self, paths: list[str], operator: str, vouched: frozenset[str] = frozenset()) -> Known:
        """(licence, files) of several texts; the LGPL 3 contains the GPL that it lies beside.

        A text that is understood in part is what metadata beside it state (`vouched`) with all that was
        understood.
        """
        found = {path: self._resolved(path) for path in paths}
        for path, known in found.items():
            partly = self._texts[path].partly
            if partly and vouched and vouched <= spdx.identifiers(partly):
                found[path] = known._replace(license=partly)
        holders = frozenset(word for known in found.values() for word in known.holders)
        licenses = [
            license
            for _, license in sorted((path, known.license) for path, known in found.items())
            if license
        ]
        if any(name.startswith("LGPL-3.0-") for name in licenses):
            licenses = [name for name in licenses if not name.startswith("GPL-3.0-")]
        by = sorted({path for known in found.values() if known.license for path in known.by})
        return Known(spdx.join(sorted(licenses), operator) if licenses else None, tuple(by), holders)

    def _resolved(self, path: str) -> Known:
        """What the licence file at `path` says, or the one that it points to."""
        text = self._texts[path]
        if text.license is None and text.refers is not None:
            target = self._find(text.refers, path.rpartition("/")[0])
            if target is not None and target != path:
                other = self._texts[target]
                return Known(other.license, (target,), text.holders | other.holders)
            return Known(UNREAD, (path,), text.holders)
        return Known(text.license, (path,), text.holders)

    def _stated(self, path: str, folder: str) -> Known:
        """What metadata state; a file that they name and that is not there is not understood."""
        said = self._metadata[path]
        if said.license is not None or said.refers is None:
            return Known(said.license, (path,))
        target = self._find(said.refers, path.rpartition("/")[0]) or self._find(said.refers, folder)
        if target is not None:
            return Known(self._texts[target].license, (target,))
        return Known(UNREAD, (path,))

    def _find(self, name: str, folder: str) -> str | None:
        """Path of the licence file that `name`, as written in a file of `folder`, points to: there or
        further up."""
        if "/" in name:
            path = normpath(f"{folder}/{name}") if folder else normpath(name)
            if path in self._texts:
                return path
            return name if name in self._texts else None
        endings = ("", ".txt", ".md", ".rst") if "." not in name else ("",)
        while True:
            for path in (f"{folder}/{name}".lstrip("/"), f"{folder}/LICENSES/{name}".lstrip("/")):
                for whole in (path + ending for ending in endings):
                    if whole in self._texts:
                        return whole
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def columns(self, paths: pa.Array, contents: pa.Array, top: str = "") -> tuple[pa.Array, pa.Array]:
        """(licence, path of what decided) of each file, strings, null where none is known.

        Each folder is looked up once; only files that speak for themselves, or for which a rule speaks, are
        looked at one by one. Where several files decided they are joined by ", ". `top` is taken off the
        paths given back. A licence that is null beside a path is evidence that was not understood.
        """
        folders = pc.replace_substring_regex(paths, r"/?[^/]*$", "").dictionary_encode()
        each = [self.nearest(folder) for folder in folders.dictionary.to_pylist()]
        at = folders.indices.to_numpy(zero_copy_only=False)
        own = own_statements.statements(contents)
        special = self._special(
            paths,
            [each[i] for i in at.tolist()],
            own,
            _common([names for _, names in own.values()], len(paths)),
        )
        known = [*each, *special.values()]
        at = at.copy()
        for number, row in enumerate(special, len(each)):
            at[row] = number
        licenses = [None if one.license is None or UNREAD in one.license else one.license for one in known]
        said = [", ".join(path.removeprefix(top) for path in one.by) or None for one in known]
        rows = pa.array(at)
        return pa.array(licenses, pa.string()).take(rows), pa.array(said, pa.string()).take(rows)

    def _special(
        self,
        paths: pa.Array,
        above: list[Known],
        own: dict[int, tuple[Statement, frozenset[str]]],
        common: frozenset[str],
    ) -> dict[int, Known]:
        """What holds for the rows that something closer than a folder speaks for."""
        matched = path_rules.match(self._rules, paths) if self._rules else None
        rules = (
            {row: self._rules[matched[row]] for row in (matched >= 0).nonzero()[0].tolist()}
            if matched is not None
            else {}
        )
        words = (
            re.compile("|".join(rf"(?:^|[/.]){re.escape(word)}(?:[/.]|$)" for word, _ in self._parts), re.I)
            if self._parts
            else None
        )
        names = paths.to_pylist() if self._beside or words else None
        beside = (
            [row for row, path in enumerate(names) if path in self._beside] if names and self._beside else []
        )
        parts = [row for row, path in enumerate(names) if words.search(path)] if names and words else []
        found = {}
        for row in sorted({*own, *rules, *beside, *parts}):
            path = paths[row].as_py()
            said, holders = own.get(row, (Statement(), frozenset()))
            base = self._ruled(path, above[row], rules.get(row), part=row in parts)
            rule = rules.get(row)
            if rule is not None and rule.precedence == "override":
                found[row] = Known(rule.license, (rule.by,))
            elif path in self._beside:
                found[row] = self._beside[path]
            else:
                mine = self._own(path, said, holders - common, base)
                aggregate = rule is not None and rule.precedence == "aggregate" and mine is not base
                found[row] = mine & Known(rule.license, (rule.by,)) if aggregate and rule else mine
        return found

    def _ruled(self, path: str, above: Known, rule: path_rules.Rule | None, part: bool) -> Known:
        """What holds at a path but for its own statement: the folder's licence, or the rule's where it is
        nearer."""
        depth = max((by.count("/") for by in above.by), default=-1)
        known = above
        if rule is not None and (above.license is None or rule.nearness > depth):
            known = Known(rule.license, (rule.by,), above.holders)
        elif part:
            for word, by in self._parts:
                if (
                    re.search(rf"(?:^|[/.]){re.escape(word)}(?:[/.]|$)", path, re.I)
                    and by.count("/") >= depth
                ):
                    known = Known(self._texts[by].license or UNREAD, (by,))
        return known

    def _own(self, path: str, said: Statement, holders: frozenset[str], base: Known) -> Known:
        """What a file's own statement makes of what holds around it."""
        folder = path.rpartition("/")[0]
        target = self._find(said.refers, folder) if said.refers else None
        if said.license is not None:
            if UNREAD in said.license and target is not None:  # a name that nobody knows, and its text
                text = spdx.expression(
                    said.license.replace(UNREAD, f"({self._texts[target].license or UNREAD})")
                )
                return Known(text or UNREAD, (path, target))
            vague = said.refers is not None and said.license == "BSD-3-Clause" and base.license is not None
            if vague and all(
                name.startswith("BSD-") for name in spdx.identifiers(base.license or "") or {""}
            ):
                return base
            return Known(said.license, (path,))
        if said.refers is not None:
            if target is not None:
                return self._resolved(target)
            plain = license_files.WHOLE.fullmatch(said.refers)
            return base if plain else Known(UNREAD, (path,))
        stranger = said.reserved and holders and base.holders and not holders & base.holders
        if stranger and policy.permitted(base.license, "permissive"):
            return Known(UNREAD, (path,))
        return base


def _common(holders: list[frozenset[str]], files: int) -> frozenset[str]:
    """Holders whom so many of the files name that they are the project's own, however its licence calls
    them."""
    counts = Counter(word for names in holders for word in names)
    return frozenset(
        word
        for names in holders
        for word in names
        if any(counts[each] >= max(OWN_FILES, OWN_SHARE * files) for each in names)
    )


def _agree(texts: Known | None, said: list[Known]) -> Known | None:
    """What licence files and metadata of one folder state together."""
    stated = Known()
    for known in said:
        stated = stated & known
    if texts is None or texts.license is None:
        return stated if said else texts
    if stated.license is None or UNREAD in texts.license or UNREAD in stated.license:
        return texts
    mine, theirs = spdx.identifiers(texts.license), spdx.identifiers(stated.license)
    if theirs == mine and " OR " in stated.license and " OR " not in texts.license:
        return stated._replace(by=tuple(sorted({*texts.by, *stated.by})), holders=texts.holders)
    if theirs <= mine or _family(mine) == _family(theirs) != {""}:
        later = {name.replace("-only", "-or-later") for name in mine}
        return (
            stated._replace(by=tuple(sorted({*texts.by, *stated.by})), holders=texts.holders)
            if theirs == later != mine
            else texts
        )
    if mine <= theirs:
        return stated._replace(by=tuple(sorted({*texts.by, *stated.by})), holders=texts.holders)
    return texts & stated


def _family(names: set[str]) -> set[str]:
    """The families that vague names stand for: of BSD's by the number of clauses, of GNU's by version."""
    return {
        found[0] if (found := re.match(r"BSD|[AL]?GPL|Artistic|Python|PSF", name)) else "" for name in names
    }


def _text(kind: str, path: str, content: bytes) -> Text:
    """A licence file; one of `LICENSES/` is called by its identifier, and an exception is no licence."""
    if kind != "reuse":
        return Text(UNREAD) if kind == "unread" else license_texts.read(content)
    name = re.sub(r"\.(?:txt|md|rst)$", "", path.rpartition("/")[2])
    if "exception" in name.lower():
        return Text(None)
    return Text(spdx.current(name)) if spdx.current(name) else license_texts.read(content)
