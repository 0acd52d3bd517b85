"""The language of each file, by Linguist's names: file name, extension, signs in the text, shebang,
modeline.

`linguist.json` (written by scripts/make_languages.py) says which names, extensions and interpreters belong
to which language; where an extension belongs to several, `ambiguous.py` has signs that are searched in the
text. A shebang and a Vim or Emacs modeline choose among the owners of an extension, and decide alone where
the extension is unknown, or of no programming language, or shared without a sign. The trade-off: Linguist
lets both overrule every extension, which turns C++ into C (a `.cpp` that begins with `-*- c -*-`) and Cython
into Python; here they do not. There is no trained classifier: every answer has one reason, and whole columns
are looked up at once.

Source: GitHub Linguist's languages.yml.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.languages.ambiguous import NAMES, SIGNS, Signs

HEAD_BYTES = 32 << 10
"""Bytes from a file's start that are searched for signs."""

LINES, LINES_BYTES = 5, 512
"""Lines at a file's start (and end) that are searched for modelines and `exec`, and their bytes."""

EMACS = r"-\*-(?:[ \t]*|(?:[^\n]*?[ \t;])?(?i:mode)[ \t]*:[ \t]*)(?P<mode>[^:;\s*]+)[ \t]*(?:;[^\n]*?)?-\*-"
VIM = (
    r"(?m)(?:(?:^|[ \t])(?:vi|[vV]im[<=>]?\d*)|[ \t]ex):(?:[^\n]*?[ \t:])?(?:filetype|ft|syntax)[ \t]*="
    r"(?P<mode>\w+)(?:[ \t:\r]|$)"
)
VIM_HINTS = (r"vim?[<=>]?\d*:", r"Vim[<=>]?\d*:", " ex:")
"""Expressions that begin with a literal are searched many times as fast: they say where VIM is worth its
time."""

EXEC = re.compile(r"\bexec[\"']?\s+[\"']?(?:/\S*/)?([\w.+-]+)[^\n]*\$(?:0|\{0\})[\"']?(?:\s|$)")
"""`exec scala "$0" "$@"` in the first lines of a shell script: the rest is another language's."""

FIRST_LINES = rf"\A(?P<lines>(?:[^\n]*\n?){{0,{LINES}}})"
LAST_LINES = rf"(?P<lines>(?:[^\n]*\n?){{0,{LINES}}})\z"


HEADERS = {"XML": r"\A(?:\xef\xbb\xbf)?<\?xml\s+version=", "PHP": r"\A(?:\xef\xbb\xbf)?<\?php\s"}
"""What makes a language of a file whose name tells nothing (Drupal's `.module`)."""


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("neve.corpus.languages").joinpath("linguist.json").read_text(encoding="utf-8")
    return json.loads(text)["languages"]


@cache
def _owners(key: str) -> dict[str, list[str]]:
    """Languages by extension (lower case), file name, or interpreter, in the order of their names."""
    owners: dict[str, list[str]] = defaultdict(list)
    for language, row in _table().items():
        for value in row.get(key, []):
            owners[value.lower() if key == "extensions" else value].append(language)
    return dict(owners)


def names() -> list[str]:
    """All languages of Linguist's."""
    return list(_table())


def kind(language: str | None) -> str | None:
    """Linguist's type of a language: "programming", "data", "markup" or "prose"; None for a name
    it lacks."""
    return _table()[language]["type"] if language in _table() else None


def extension(language: str) -> str:
    """Primary extension of a language, such as ".py"; "" where it has none.

    >>> extension("Python"), extension("Jupyter Notebook"), extension("C++")
    ('.py', '.ipynb', '.cpp')
    """
    return (_table().get(language, {}).get("extensions") or [""])[0]


DIALECTS = {
    "PLpgSQL": "SQL", "PLSQL": "SQL", "SQLPL": "SQL", "TSQL": "SQL", "TSX": "TypeScript",
    "Gradle Kotlin DSL": "Kotlin", "Alpine Abuild": "Shell", "Gentoo Ebuild": "Shell", "Gentoo Eclass": "Shell", "OpenRC runscript": "Shell", "Easybuild": "Python",
}  # fmt: skip
"""Languages of Linguist that most lists, and most corpora, call by the name of another."""


def named(names: pa.Array) -> pa.Array:
    """Linguist's spelling of language names ("python", "csharp"), dialects by the name of their language.

    What Linguist does not know stays as it is.
    """
    coded = names.dictionary_encode()
    each = [spelled(name) if name else None for name in coded.dictionary.to_pylist()]
    return pa.array(each, pa.string()).take(coded.indices)


def spelled(name: str) -> str:
    """`named` of one.

    >>> spelled("golang"), spelled("tsx"), spelled("T-SQL")
    ('Go', 'TypeScript', 'T-SQL')
    """
    known = _spellings().get(name.lower(), name)
    return DIALECTS.get(known, known)


@cache
def _spellings() -> dict[str, str]:
    aliases = {a.lower(): name for name, row in _table().items() for a in row.get("aliases", [])}
    return (
        aliases
        | {name.lower().replace(" ", "-"): name for name in _table()}
        | {name.lower(): name for name in _table()}
    )


class Keys(NamedTuple):
    """Names or extensions; for each its language and the signs to try (-1: none), as positions; whether it
    is sure."""

    values: pa.Array
    languages: np.ndarray
    rules: np.ndarray
    sure: np.ndarray


@cache
def _languages() -> tuple[pa.Array, dict[str, int]]:
    return pa.array(list(_table()), pa.string()), {name: code for code, name in enumerate(_table())}


@cache
def _keys(key: str) -> tuple[Keys, list[Signs]]:
    """The table of "extensions" or "filenames", and the lists of signs that its `rules` point into."""
    ruled = SIGNS if key == "extensions" else NAMES
    values, languages, rules, sure = [], [], [], []
    signs: list[Signs] = []
    for value, owners in _owners(key).items():
        found, default = ruled.get(
            value, ([], owners[0] if len(owners) == 1 else min(owners, key=kind_first))
        )
        values.append(value)
        languages.append(_languages()[1][default] if default else -1)
        sure.append(len(owners) == 1 and (key == "filenames" or kind(owners[0]) == "programming"))
        if found and found not in signs:
            signs.append(found)
        rules.append(signs.index(found) if found else -1)
    return Keys(pa.array(values, pa.string()), np.array(languages), np.array(rules), np.array(sure)), signs


def kind_first(language: str) -> tuple[bool, str]:
    """Sort key: programming languages before others, then by name."""
    return kind(language) != "programming", language


def detect(paths: pa.Array, contents: pa.Array) -> pa.Array:
    """Language of each file: Linguist names as strings, null where nothing tells it.

    `paths` are strings, `contents` strings or binaries of the same length.
    """
    contents = contents.cast(pa.large_binary())
    names = pc.replace_substring_regex(paths, r"(?s)^.*/", "")
    whole = _find(names, "filenames")
    longest = np.where(whole < 0, _extensions(names), -1)
    language, sure = np.full(len(names), -1), np.zeros(len(names), bool)
    for found, key in ((longest, "extensions"), (whole, "filenames")):
        rows = np.flatnonzero(found >= 0)
        language[rows] = _keys(key)[0].languages[found[rows]]
        sure[rows] = _keys(key)[0].sure[found[rows]]
        _by_signs(contents, found, key, language, sure)
    unknown = np.flatnonzero(language < 0)
    texts = contents.take(pa.array(unknown))
    for name, header in HEADERS.items():
        language[unknown[_true(pc.match_substring_regex(texts, header))]] = _languages()[1][name]
    for rows, candidates in (_shebangs(contents), *_modelines(contents)):
        _choose(rows, candidates, longest, language, sure)
    return _languages()[0].take(pa.array(language, mask=language < 0))


def _find(values: pa.Array, key: str) -> np.ndarray:
    """Position of each value among the keys, or -1."""
    return pc.fill_null(pc.index_in(values, value_set=_keys(key)[0].values, skip_nulls=True), -1).to_numpy()


def _true(mask: pa.Array) -> np.ndarray:
    return pc.fill_null(mask, False).to_numpy(zero_copy_only=False)


def _extensions(names: pa.Array) -> np.ndarray:
    """Position of each name's longest extension that the table knows, or -1; none has more than two dots."""
    parts = pc.extract_regex(pc.utf8_lower(names), r"(?P<two>(?:\.[^.]*)?(?P<last>\.[^.]*))$")
    two, last = (_find(part, "extensions") for part in parts.flatten())
    return np.where(two >= 0, two, last)


def _by_signs(
    contents: pa.Array, found: np.ndarray, key: str, language: np.ndarray, sure: np.ndarray
) -> None:
    """Where the key found is shared, the language of the first of its signs that shows; writes
    the last two."""
    keys, signs = _keys(key)
    rules = np.where(found >= 0, keys.rules[found], -1)
    for rule in np.unique(rules[rules >= 0]):
        rows = np.flatnonzero(rules == rule)
        texts = pc.binary_slice(contents.take(pa.array(rows)), 0, HEAD_BYTES)
        for name, sign in signs[rule]:
            shows = _true(pc.match_substring_regex(texts, sign))
            language[rows[shows]], sure[rows[shows]] = _languages()[1][name], True
            rows, texts = rows[~shows], texts.filter(pa.array(~shows))
            if not len(rows):
                break


def _choose(
    rows: np.ndarray, candidates: list[list[str]], longest: np.ndarray, language: np.ndarray, sure: np.ndarray
) -> None:
    """What shebangs or modelines name, where it owns the extension or nothing is sure; a loop over those few
    files."""
    for row, names in zip(rows.tolist(), candidates, strict=True):
        owners = (
            _owners("extensions")[_keys("extensions")[0].values[longest[row]].as_py()]
            if longest[row] >= 0
            else []
        )
        named = [name for name in names if name in owners] or ([] if sure[row] else names)
        if named:
            language[row] = _languages()[1][min(named, key=kind_first)]


def _shebangs(contents: pa.Array) -> tuple[np.ndarray, list[list[str]]]:
    """Files that begin with `#!`, and the languages of the interpreter that each names."""
    rows = pc.indices_nonzero(pc.starts_with(contents, "#!"))
    heads = pc.binary_slice(contents.take(rows), 0, LINES_BYTES).to_pylist()
    return rows.to_numpy(), [_owners("interpreters").get(_interpreter(head) or "", []) for head in heads]


def _interpreter(head: bytes) -> str | None:
    """Interpreter that a script's first lines name, its version dropped where the table lacks it.

    >>> _interpreter(b"#!/usr/bin/env -S LC_ALL=C python3.11 -u\\n"), _interpreter(b"#! /bin/bash")
    ('python', 'bash')
    >>> _interpreter(b'#!/bin/sh\\nexec scala "$0" "$@"\\n!#\\n')
    'scala'
    """
    words = head[2:].split(b"\n", 1)[0].decode("latin-1").split()
    commands = [word.rpartition("/")[2] for word in words]
    if commands and commands[0] == "env":
        rest = [word.removeprefix("-S").removeprefix("--split-string=") for word in words[1:]]
        commands = [w.rpartition("/")[2] for w in rest if w and not w.startswith("-") and "=" not in w]
    if not commands or (commands[0] == "osascript" and "-l" in words):
        return None
    if commands[0] in ("sh", "bash", "ksh", "zsh", "dash"):
        for line in head.decode("latin-1").split("\n")[1:LINES]:
            if match := EXEC.search(line):
                commands = [match[1]]
                break
    return commands[0] if commands[0] in _owners("interpreters") else re.sub(r"[-.\d]+$", "", commands[0])


def _modelines(contents: pa.Array) -> Iterator[tuple[np.ndarray, list[list[str]]]]:
    """Files with a Vim or Emacs modeline in their last or first lines, and the language that each names, if
    any."""
    head, tail = pc.binary_slice(contents, 0, LINES_BYTES), pc.binary_slice(contents, -LINES_BYTES)
    vim = [
        (texts, lines, hint, VIM)
        for texts, lines in ((tail, LAST_LINES), (head, FIRST_LINES))
        for hint in VIM_HINTS
    ]
    for texts, lines, hint, pattern in (*vim, (head, FIRST_LINES, EMACS, EMACS)):
        rows = pc.indices_nonzero(pc.match_substring_regex(texts, hint))
        if len(rows):
            few = pc.struct_field(pc.extract_regex(texts.take(rows), lines), "lines")
            modes = pc.struct_field(pc.extract_regex(few, pattern), "mode").to_pylist()
            names = [_spellings().get(mode.decode("latin-1").lower()) if mode else None for mode in modes]
            yield rows.to_numpy(), [[name] if name else [] for name in names]
