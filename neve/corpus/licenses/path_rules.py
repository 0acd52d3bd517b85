"""Licences stated for paths: REUSE.toml, dep5 (`.reuse/dep5`, `debian/copyright`), and paths that a licence
file names.

Each statement becomes a rule: a pattern of paths, the licence there, and how near to the files it stands,
which is the depth of the folder that the pattern names before its first wildcard. A rule of REUSE counts as
nearer than a licence file in that folder, one that a licence file states in passing as farther.

The trade-off: what such a file states for a path that no file has costs nothing; what it states in a way
that is not understood blocks that path.

Source: REUSE specification 3.3 (REUSE.toml, precedence), Debian's machine-readable copyright format 1.0.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.licenses import license_texts, metadata, names
from neve.corpus.licenses.spdx import UNREAD

PATTERN_CHARACTERS = 2000
ASTERISKS = 100
"""Of a pattern that is followed: matching one costs its asterisks times a path's length."""


class Rule(NamedTuple):
    """A licence for the paths that a pattern matches."""

    literal: str
    """What every such path begins with."""
    pattern: str | None
    """Regular expression (RE2) of what follows; None for nothing at all."""
    nearness: float
    license: str
    by: str
    """Path of the file that states it."""
    precedence: str = "closest"
    """REUSE's: "closest" gives way to the file's own statement, "aggregate" joins it, "override" replaces
    it."""


def of_reuse(path: str, content: bytes) -> list[Rule]:
    """Rules of a REUSE.toml; where it cannot be read, one that blocks its folder."""
    folder = path.rpartition("/")[0]
    try:
        tables = metadata.toml(content.decode())["annotations"]
        return [rule for table in tables for rule in _annotation(folder, table, path)]
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError):
        return [_rule(folder, "**", UNREAD, path)]


def _annotation(folder: str, table: dict[str, Any], by: str) -> list[Rule]:
    stated = names.read(table.get("SPDX-License-Identifier"))
    if stated is None:
        return []
    globs = table["path"] if isinstance(table["path"], list) else [table["path"]]
    return [_rule(folder, glob, stated, by, str(table.get("precedence", "closest"))) for glob in globs]


def of_dep5(path: str, content: bytes) -> list[Rule]:
    """Rules of a machine-readable debian/copyright or .reuse/dep5; none where it is not in that format."""
    folder = path.rpartition("/")[0].rpartition("/")[0]
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    if not re.match(r"(?i)\s*format(?:-specification)?\s*:", text):
        return []
    paragraphs = [_fields(part) for part in re.split(r"\n[ \t]*\n", text)]
    texts = {p["license"].split("\n")[0].strip(): p["license"] for p in paragraphs if "license" in p}
    rules = []
    precedence = "aggregate" if path.endswith("dep5") else "closest"
    for paragraph in paragraphs:
        if "files" in paragraph and "license" in paragraph:
            stated = _named(paragraph["license"], texts)
            rules += [
                _rule(folder, glob, stated, path, precedence, deep=True)
                for glob in paragraph["files"].split()
            ]
    return rules


def _fields(paragraph: str) -> dict[str, str]:
    found = re.findall(r"(?m)^([A-Za-z][\w-]*):[ \t]*(.*(?:\n[ \t].*)*)", paragraph)
    return {name.lower(): value.strip() for name, value in found}


def _named(stated: str, texts: dict[str, str]) -> str:
    """The licence of a paragraph: by its short name, else by the text that stands under it or under its name
    elsewhere."""
    name, _, body = stated.partition("\n")
    if license := names.normalise(name):
        return license
    body = body or texts.get(name.strip(), "").partition("\n")[2]
    plain = re.sub(r"(?m)^ ?\.?[ \t]*", "", body)
    return license_texts.identify(plain.encode("utf-8", "replace")) or UNREAD


def of_text(path: str, rules: tuple[tuple[str, str], ...]) -> list[Rule]:
    """Rules for the paths, and what lies below them, that the licence file at `path` names."""
    folder = path.rpartition("/")[0]
    each = [_rule(folder, glob, license, path, deep=True) for glob, license in rules]
    here = (
        path.count("/") + 0.25
    )  # nearer than the file itself, farther than evidence in the folder that it names
    return [
        rule._replace(pattern=f"{rule.pattern or ''}(?:/.*)?", nearness=max(rule.nearness - 1, here))
        for rule in each
    ]


def _rule(
    folder: str, glob: str, license: str, by: str, precedence: str = "closest", deep: bool = False
) -> Rule:
    """A rule for `glob` below `folder`; with `deep` one asterisk crosses folders. A pattern that is longer
    than people write them blocks the folder."""
    if len(glob) > PATTERN_CHARACTERS or glob.count("*") > ASTERISKS:
        glob, license, deep = "**", UNREAD, True
    whole = "/".join(part for part in (folder, glob.removeprefix("./").strip("/")) if part)
    literal, pattern = "", ""
    for token in re.findall(r"\\.|\*+|\?|[^\\*?]+|\\", whole):
        if token.startswith("*"):
            pattern += ".*" if deep or len(token) > 1 else "[^/]*"
        elif token == "?":
            pattern += "." if deep else re.escape(token)
        else:
            plain = token[1:] if len(token) > 1 and token[0] == "\\" else token
            if pattern:
                pattern += re.escape(plain)
            else:
                literal += plain
    depth = literal.count("/") + (1 if literal and not pattern else 0)
    return Rule(literal, pattern or None, depth + 0.5, license, by, precedence)


def match(rules: list[Rule], paths: pa.Array) -> np.ndarray:
    """Index of the rule that holds for each path (int64 [n]), -1 where none does.

    Of one file's rules the last that matches holds, as in both formats; of several files' the nearest, but
    one that overrides before all others. Each rule looks at the whole column.
    """
    chosen = np.full(len(paths), -1, np.int64)
    rank = np.full(len(paths), -1.0)
    for by in dict.fromkeys(rule.by for rule in rules):
        mine = np.full(len(paths), -1, np.int64)
        for number, rule in enumerate(rules):
            if rule.by == by:
                mine[_matches(rule, paths)] = number
        here = np.flatnonzero(mine >= 0)
        ranks = np.array([_rank(rules[number]) for number in mine[here].tolist()])
        better = here[ranks > rank[here]]
        rank[better] = ranks[ranks > rank[here]]
        chosen[better] = mine[better]
    return chosen


def _rank(rule: Rule) -> float:
    depth = rule.by.count("/")
    if rule.precedence == "override":
        return 1e6 - depth
    return depth + 0.5 if rule.by.endswith("REUSE.toml") else rule.nearness


def _matches(rule: Rule, paths: pa.Array) -> np.ndarray:
    if rule.pattern is None:
        return np.flatnonzero(pc.equal(paths, rule.literal).to_numpy(zero_copy_only=False))
    here = np.flatnonzero(pc.starts_with(paths, rule.literal).to_numpy(zero_copy_only=False))
    rest = pc.utf8_slice_codeunits(paths.take(pa.array(here)), len(rule.literal))
    return here[pc.match_substring_regex(rest, f"^(?:{rule.pattern})$").to_numpy(zero_copy_only=False)]
