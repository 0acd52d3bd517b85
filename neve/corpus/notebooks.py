"""Notebooks as scripts: the source of the cells of a Jupyter notebook, without outputs, pictures and
metadata.

A notebook is JSON of which the larger part is often what its programs printed and drew. What a person wrote
is a program with remarks, so that is what curation measures and a model reads: code cells as they are, text
cells as comments, with jupytext's percent marks (`# %%`, `# %% [markdown]`) between them, which editors read
back as cells.

What IPython alone understands (`%matplotlib inline`, `!ls`, `obj?`, cells under `%%bash`) becomes a
comment, after a `pass` where a block may have nothing else, so that the script parses. The trade-off:
magics are known by their look, line by line outside triple quotes, without parsing the cell; and a picture
that is embedded in a text cell leaves an empty address.

Sources: the notebook format, versions 1 to 4 (nbformat); the percent format of jupytext.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LANGUAGE = "Jupyter Notebook"
LARGER = 16
"""A notebook may have so many times the bytes of another file, outputs included; its script as many as
others."""

_COMMENTS = {
    "#": "Python R Julia Ruby Shell PowerShell Perl Elixir Tcl Nim Crystal CoffeeScript Raku GAP",
    "//": "C C++ C# F# Go Groovy Java JavaScript Kotlin PHP Rust Scala Swift TypeScript Dart Zig Stata",
    "--": "SQL Haskell Lua Elm Ada PureScript",
    "%": "MATLAB Octave Prolog Erlang TeX",
    ";": "Clojure Scheme Racket Hy",
}
_PREFIX = {name.lower(): (name, prefix) for prefix, names in _COMMENTS.items() for name in names.split()}
"""Kernel language in lower case -> (Linguist's name, what begins a comment)."""
_PREFIX |= {
    other: _PREFIX[known]
    for known, others in {
        "python": "ipython xpython pyspark python3 python2 sagemath sage", "shell": "bash zsh sh", "javascript": "node js deno",
        "typescript": "tslab ts", "c#": "csharp", "f#": "fsharp", "c++": "cpp", "r": "ir",
    }.items()
    for other in others.split()
}  # fmt: skip
_UNPARSED = {"sagemath", "sage", "octave", "stata"}
"""Kernel languages whose programs are not those of the language that their comments are borrowed from."""

_MAGIC = re.compile(
    r"[ \t]*(%{1,2}[A-Za-z]|![^=\s]|! |\?{1,2}[\w.]+[ \t]*$|[\w.]+\?{1,2}[ \t]*$)|[ \t]*[\w., \t\[\]'\"]+=[ \t]*(?:%\w|![^=])"
)
_KERNEL_MARK = re.compile(r"#!([a-z]\w+)[ \t]*(?:\n|$)")
"""The first line of a cell of .NET Interactive."""
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_BODY_IS_PYTHON = {"capture", "prun", "time", "timeit"}
_DATA_ADDRESS = re.compile(r"data:[\w.+-]+/[\w.+-]+(;[\w.+=-]+)*;base64,[A-Za-z0-9+/=\s]*")
_QUOTES = re.compile(r"\"\"\"|'''")


class NotANotebook(ValueError):
    """The text is no notebook that can be read."""


def script(text: str) -> tuple[str, str | None]:
    """(the notebook as a script, Linguist's name of its language or None); "" where no cell holds code.

    Raises NotANotebook.

    >>> script('{"cells": [{"cell_type": "code", "source": ["%time x\\\\n", "y = 1"]}]}')
    ('# %%\\n# %time x\\ny = 1\\n', 'Python')
    """
    try:
        notebook = json.loads(text)
        cells = [cell for sheet in notebook.get("worksheets", [notebook]) for cell in sheet["cells"]]
        told = notebook.get("metadata") or {}
        spoken = (
            (told.get("kernelspec") or {}).get("language")
            or (told.get("language_info") or {}).get("name")
            or next((each["language"] for each in cells if each.get("language")), "python")  # version 3
        )
        found = [(cell["cell_type"], _source(cell), _own_language(cell)) for cell in cells]
        spoken = re.sub(r"(?<=[a-z+#])[\d. -]+$", "", spoken.lower())
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotANotebook(f"{type(error).__name__}: {error}"[:200]) from None
    language, prefix = _PREFIX.get(spoken, (None, "#"))
    parts, code = [], False
    for kind, source, own in found:
        if not source.strip():
            continue
        foreign = own is not None and own != language
        if kind == "code" and not foreign:
            code = True
            lines = _plain(source) if language == "Python" else source.split("\n")
            if _KERNEL_MARK.match(source):
                lines[0] = f"{prefix} {lines[0]}"
            parts.append("\n".join([f"{prefix} %%", *lines]))
        else:
            lines = [f"{prefix} {line}".rstrip() for line in _DATA_ADDRESS.sub("", source).split("\n")]
            mark = own.lower() if foreign and own else "raw" if kind == "raw" else "markdown"
            parts.append("\n".join([f"{prefix} %% [{mark}]", *lines]))
    if not code:
        return "", None
    return "\n\n".join(part.rstrip() for part in parts) + "\n", None if spoken in _UNPARSED else language


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input")) or ""
    if isinstance(source, dict):
        raise TypeError("the source of a cell is no text")
    text = source if isinstance(source, str) else "".join(source)
    return re.sub(r"\r\n?", "\n", text.rstrip()).encode(errors="replace").decode()


def _own_language(cell: dict[str, Any]) -> str | None:
    """The language of one cell, where an editor for several languages says it (VS Code, .NET)."""
    said = cell.get("metadata") or {}
    name = (said.get("vscode") or {}).get("languageId") or (said.get("dotnet_interactive") or {}).get(
        "language"
    )
    if not name and (mark := _KERNEL_MARK.match(_source(cell))):
        name = mark[1]
    return _PREFIX.get(str(name).lower(), (None, ""))[0]


def _plain(source: str) -> list[str]:
    """Lines of a cell of Python, those that IPython alone understands as comments."""
    indent = re.match(r"[ \t]*", source)[0]  # type: ignore[index]
    lines = [line.removeprefix(indent) for line in source.split("\n")]  # as IPython does
    if (magic := _CELL_MAGIC.match(source)) and magic[1] not in _BODY_IS_PYTHON:
        return [f"# {line}".rstrip() for line in lines]
    quote, continued, told = "", False, []
    for line in lines:
        if continued or (not quote and _MAGIC.match(line)):
            indent = line[: len(line) - len(line.lstrip())]
            told.append(f"{indent}pass  # {line.lstrip()}" if indent and not continued else f"# {line}")
            continued = line.endswith("\\")
            continue
        told.append(line)
        for mark in _QUOTES.findall(line):
            quote = mark if not quote else "" if mark == quote else quote
    return told


def most_bytes(paths: pa.Array, languages: pa.Array, max_bytes: int) -> pa.Array:
    """How many bytes each file may have before it is read (int64)."""
    return pc.if_else(_named(paths, languages), max_bytes * LARGER, max_bytes)


def scripts(texts: pa.Array, paths: pa.Array, languages: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """(texts with notebooks as scripts, the language of their code or null, whether a notebook cannot be
    read).

    `texts` are large_string; a notebook that cannot be read becomes null. One is known by its path or given
    language; a text that is no JSON, as some tables hold notebooks, is a script already. A Python loop over
    notebooks alone.
    """
    code: list[str | None] = [None] * len(texts)
    broken = [False] * len(texts)
    mask = pc.and_(_named(paths, languages), pc.is_valid(texts))
    written: list[str | None] = []
    for row, text in zip(pc.indices_nonzero(mask).to_pylist(), texts.filter(mask).to_pylist(), strict=True):
        made: str | None = text
        if text.lstrip().startswith("{"):
            try:
                made, code[row] = script(text)
            except NotANotebook:
                made, broken[row] = None, True
        written.append(made)
    if written:
        texts = pc.replace_with_mask(texts, mask, pa.array(written, pa.large_string()))
    return texts, pa.array(code, pa.string()), pa.array(broken, pa.bool_())


def _named(paths: pa.Array, languages: pa.Array) -> pa.Array:
    by_path = pc.ends_with(pc.utf8_lower(paths.cast(pa.string())), ".ipynb")
    by_language = pc.equal(languages.cast(pa.string()), LANGUAGE)
    return pc.or_(pc.fill_null(by_path, False), pc.fill_null(by_language, False))
