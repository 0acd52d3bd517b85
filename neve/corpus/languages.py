"""The language of each file, by Linguist's names: from the file's name, its extension, its shebang.

`linguist.json` (written by scripts/make_languages.py) says which names, extensions and interpreters belong
to which language; where an extension belongs to several, `ambiguous.py` has signs that are searched in the text.
Order: file name, longest extension, shebang. The trade-off: an extension that only one language owns decides
without a look at the text, so that whole columns are looked up at once and text is read for the few others.

Source: GitHub Linguist's languages.yml. Unlike Linguist no classifier is trained and no shebang overrules
an extension that is not ambiguous.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.ambiguous import SIGNS, XML

HEAD_BYTES = 32 << 10
"""Signs are searched in so many bytes from a file's start."""


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("neve.corpus").joinpath("linguist.json").read_text(encoding="utf-8")
    return json.loads(text)["languages"]


@cache
def _owners(key: str) -> dict[str, list[str]]:
    """Languages by extension (lower case), file name, or interpreter, in the order of their names."""
    owners: dict[str, list[str]] = defaultdict(list)
    for language, row in _table().items():
        for value in row.get(key, []):
            owners[value.lower() if key == "extensions" else value].append(language)
    return dict(owners)


@cache
def _first(key: str) -> tuple[pa.Array, pa.Array]:
    """(values, language of each): the owner whose primary extension it is, else the first, programming first."""
    owners = _owners(key)

    def choose(value: str) -> str | None:
        if key == "extensions" and value in SIGNS:
            return SIGNS[value][1]
        primary = [o for o in owners[value] if key == "extensions" and extension(o).lower() == value]
        return min(primary or owners[value], key=lambda o: (kind(o) != "programming", o))

    return pa.array(list(owners), pa.string()), pa.array([choose(value) for value in owners], pa.string())


def kind(language: str | None) -> str | None:
    """Linguist's type of a language: "programming", "data", "markup" or "prose"; None for a name it lacks."""
    return _table()[language]["type"] if language in _table() else None


def extension(language: str) -> str:
    """Primary extension of a language, such as ".py"; "" where it has none.

    >>> extension("Python"), extension("Jupyter Notebook"), extension("C++")
    ('.py', '.ipynb', '.cpp')
    """
    return (_table().get(language, {}).get("extensions") or [""])[0]


def named(names: pa.Array) -> pa.Array:
    """Linguist's spelling of given language names ("python", "csharp"); what it does not know stays as it is."""
    coded = names.dictionary_encode()
    known = _spellings()
    each = [known.get(name.lower(), name) if name else None for name in coded.dictionary.to_pylist()]
    return pa.array(each, pa.string()).take(coded.indices)


@cache
def _spellings() -> dict[str, str]:
    aliases = {a.lower(): name for name, row in _table().items() for a in row.get("aliases", [])}
    return (
        aliases
        | {name.lower().replace(" ", "-"): name for name in _table()}
        | {name.lower(): name for name in _table()}
    )


def detect(paths: pa.Array, contents: pa.Array) -> pa.Array:
    """Language of each file: Linguist names as strings, null where no name, extension or shebang is known.

    `paths` are strings, `contents` strings or binaries of the same length.
    """
    names = pc.replace_substring_regex(paths, r"(?s)^.*/", "")
    by_name = _look_up(names, *_first("filenames"))
    extensions = _extensions(names)
    language = pc.coalesce(by_name, _look_up(extensions, *_first("extensions")))
    shared = pa.array([e for e, owners in _owners("extensions").items() if len(owners) > 1])
    undecided = pc.and_(pc.is_null(by_name), pc.is_in(extensions, value_set=shared))
    open_ = pc.or_(undecided, pc.and_(pc.is_null(by_name), pc.is_null(extensions)))
    rows = pc.indices_nonzero(open_)
    if not len(rows):
        return language
    heads = pc.binary_slice(contents.take(rows).cast(pa.large_binary()), 0, HEAD_BYTES)
    decided = _by_text(extensions.take(rows), heads, language.take(rows))
    return pc.replace_with_mask(language, open_, decided)


def _extensions(names: pa.Array) -> pa.Array:
    """Longest extension of each name that the table knows, or null."""
    lower = pc.utf8_lower(names)
    found = pa.nulls(len(names), pa.string())
    known, _ = _first("extensions")
    for dots in range(max(extension.count(".") for extension in _owners("extensions")), 0, -1):
        tail = pc.struct_field(pc.extract_regex(lower, rf"(?P<tail>(?:\.[^.]+){{{dots}}})$"), "tail")
        found = pc.coalesce(found, _look_up(tail, known, known))
    return found


def _by_text(extensions: pa.Array, heads: pa.Array, language: pa.Array) -> pa.Array:
    """Languages of files whose names leave it open: by shebang, then by the signs of their extension."""
    shebang = _shebang(heads)
    result = pc.if_else(pc.is_null(extensions), shebang, language)
    for extension in pc.unique(extensions.drop_null()).to_pylist():
        owners = _owners("extensions")[extension]
        signs = [("XML", XML)] if "XML" in owners else []
        signs += SIGNS.get(extension, ([], None))[0]
        rows = pc.indices_nonzero(pc.equal(extensions, extension))
        mine = shebang.take(rows)
        found = pc.if_else(pc.is_in(mine, value_set=pa.array(owners)), mine, None)
        texts = heads.take(rows)
        for name, sign in signs:
            matched = pc.match_substring_regex(texts, sign)
            found = pc.coalesce(found, pc.if_else(matched, pa.scalar(name, pa.string()), None))
        mask = pc.equal(extensions, extension).fill_null(False)
        result = pc.replace_with_mask(result, mask, pc.coalesce(found, language.take(rows)))
    return result


def _shebang(heads: pa.Array) -> pa.Array:
    """Languages by the interpreter on a first line `#!…`; each distinct line is parsed once."""
    begins = pc.starts_with(heads, "#!")
    lines = pc.if_else(begins, pc.binary_slice(heads, 0, 256), None).dictionary_encode()
    names = [_interpreter(line) for line in lines.dictionary.to_pylist()]
    each = _look_up(pa.array(names, pa.string()), *_first("interpreters"))
    return each.take(lines.indices)


def _interpreter(line: bytes) -> str | None:
    """Interpreter of a shebang line, its version dropped where the table lacks it.

    >>> _interpreter(b"#!/usr/bin/env -S LC_ALL=C python3.11 -u\\n"), _interpreter(b"#! /bin/bash")
    ('python', 'bash')
    """
    words = line[2:].split(b"\n", 1)[0].decode("latin-1").split()
    commands = [w.rpartition("/")[2] for w in words]
    if commands and commands[0] == "env":
        commands = [
            c for c, w in zip(commands[1:], words[1:], strict=True) if not w.startswith("-") and "=" not in w
        ]
    if not commands:
        return None
    return commands[0] if commands[0] in _owners("interpreters") else re.sub(r"[-.\d]+$", "", commands[0])


def _look_up(values: pa.Array, keys: pa.Array, results: pa.Array) -> pa.Array:
    """`results` at the position of each value among `keys`, or null."""
    return results.take(pc.index_in(values, value_set=keys, skip_nulls=True))
