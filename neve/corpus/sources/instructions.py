"""Instruction sets as sources: a template makes a code file of a row's columns.

Sets of questions and answers are what several annotators learn from (Arctic-SnowCoder's ann-ins among them),
and no two name their columns alike; so the recipe says how a row becomes a file, and everything after that
(decontamination, duplicates, parsing) treats it as a file like any other. The question becomes comments in
the row's language, the answer's code blocks are the code.

A column that is null is empty text, but an answer without code makes no file; a verdict says so. The
trade-off: rows become Python objects and a Markdown parser reads each answer, some thousand rows a second,
since such sets have a hundred thousand rows and columns nested in any way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Any

import pyarrow as pa

from neve.corpus.languages import detection
from neve.corpus.sources import columns, jsonl
from neve.corpus.sources.columns import ALIASES, KNOWN
from neve.errors import Fault
from neve.llm.fences import fences
from neve.recipe.sources import Part, Source, template_parts


class Template:
    """How rows of a source become files."""

    def __init__(self, source: Source) -> None:
        self._parts: list[Part] = template_parts(str(source.template))
        self._language = source.language

    @cached_property
    def columns(self) -> set[str]:
        """Columns that the template reads."""
        return {str(part.column[0]) for part in self._parts if part.column}

    @property
    def wanted(self) -> set[str]:
        """Columns that are read of a table: those of the template, and what says where a row is from."""
        return self.columns | (KNOWN - set(ALIASES["content"]))

    def check(self, there: Iterable[str], name: str, has: str) -> None:
        """Raise Fault where a column of the template is not `there` in table `name`, which `has` others."""
        if missing := sorted(self.columns - set(there)):
            raise Fault(
                f"source table: {name}: has no column {missing[0]}, which template names; it has {has}"
            )

    def files(self, rows: list[dict[str, Any]]) -> pa.Table:
        """The rows as a flat table in the columns that `columns.batch` knows, `content` the text made."""
        made = []
        for row in rows:
            row = _text(row)
            values = {ALIASES[key][0]: value for key, value in columns.values({}, row).items()}
            language = values["language"] or self._language
            content = self._content(row, None if language is None else detection.spelled(str(language)))
            said = {name: None if value is None else str(value) for name, value in values.items()}
            made.append({**said, "language": language, "content": content})
        return pa.Table.from_pylist(made, schema=jsonl.FLAT)

    def _content(self, row: Mapping[str, Any], language: str | None) -> str | None:
        """The text of a row; null where a part that is to be code has none."""
        made = []
        for part in self._parts:
            value = _inside(row, part.column) if part.column else ""
            if part.form == "code":
                value = _code(value, language)
                if not value.strip():
                    return None
            elif part.form == "comment":
                value = _comment(value, language)
            made += [part.text, value]
        return "".join(made)


def _text(value: Any) -> Any:
    """A value without bytes: text that nothing has decoded yet."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    return [_text(item) for item in value] if isinstance(value, list) else value


def _inside(row: Any, column: tuple[str | int, ...]) -> str:
    """The text at a place in a row: "" where there is none; what is no text is written as JSON."""
    for step in column:
        try:
            row = row[step]
        except (LookupError, TypeError):
            return ""
    if row is None:
        return ""
    return row if isinstance(row, str) else json.dumps(row, ensure_ascii=False, default=str)


def _code(text: str, language: str | None) -> str:
    """The code blocks of Markdown: those that say the row's language if any do, else all; without any, the
    text."""
    blocks = fences(text)
    mine = [block for block in blocks if block.word and detection.spelled(block.word) == language]
    return "\n".join(block.code for block in mine or blocks) if blocks else text


def _comment(text: str, language: str | None) -> str:
    """Text as comments of a language; as it is where the language is not known to have any."""
    mark = _mark(language)
    return "\n".join(f"{mark} {line}".strip() for line in text.strip().split("\n")) if text.strip() else ""


@cache
def _mark(language: str | None) -> str:
    """What opens a comment that a line's end closes."""
    from neve.corpus.signals import lexing, lexing_kernel

    marks = lexing.DIALECTS.get(language or "", ())
    return next((mark.open for mark in marks if mark.kind == lexing_kernel.LINE), "")
