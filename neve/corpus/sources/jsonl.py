"""JSON lines (plain, .gz, .zst) as tables, in blocks of whole lines.

The trade-off: JSON is parsed by pyarrow a block at a time, typed by the block's first line; only a block that it
refuses is parsed again line by line, so that a broken line is a verdict and costs nothing where none is broken. A line
longer than any file may be is skipped as it streams, so memory stays bounded; what unpacks to RATIO times
its own size is a bomb and read no further.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from neve.corpus.sources.batches import RATIO, RATIO_BYTES, Limits, Member, printable
from neve.corpus.sources.columns import ALIASES, NESTED, PACKED

BLOCK_BYTES = 16 << 20
_Long = list[tuple[int, int]]
_FLAT = pa.schema([
    (names[0], pa.large_string() if column == "content" else pa.string()) for column, names in ALIASES.items()
])  # fmt: skip


def tables(path: Path, limits: Limits) -> Iterator[tuple[pa.Table, list[Member]]]:
    """(rows, refused lines) of the file at `path`, a block of lines at a time.

    Raises what pyarrow raises where the file cannot be read or unpacked further.
    """
    name = printable(path.name)
    options = None
    longest = 6 * limits.max_file_bytes + (64 << 10)  # each byte may be written \\u00xx
    for first, block, long_lines, bomb in _blocks(path, longest):
        broken = [
            Member(f"{name}:{line}", rule="too-large", value=float(size), limit=float(limits.max_file_bytes))
            for line, size in long_lines
        ]
        if bomb:
            broken.append(
                Member(name, rule="bomb", value=bomb, limit=RATIO, detail=f"all behind line {first}")
            )
        options = options or pa.json.ParseOptions(
            explicit_schema=pa.schema(_fields(_parse(block.split(b"\n", 1)[0])[0])),
            unexpected_field_behavior="ignore",
        )
        try:
            block.decode()
            table = pa.json.read_json(
                io.BytesIO(block), pa.json.ReadOptions(block_size=len(block) + 1), options
            )
        except (pa.ArrowException, UnicodeDecodeError):
            table, bad = _line_by_line(block, name, first)
            broken += bad
        yield table, broken


def _fields(row: dict[str, Any], nested: bool = False) -> list[pa.Field]:
    """Columns and their types by a row: ids may be numbers there, licences lists, metadata objects."""
    others = {("source_id", int): pa.int64(), ("license", list): pa.list_(pa.string())}
    kinds = {
        name: others.get((column, type(row.get(name))), pa.string())
        for column, names in ALIASES.items()
        for name in names
    }
    fields = [pa.field(name, kind) for name, kind in kinds.items()]
    if nested:
        return fields
    for name in NESTED:
        if isinstance(row.get(name, {}), dict):
            fields.append(pa.field(name, pa.struct(_fields(row.get(name, {}), nested=True))))
    if files := _packed(row):
        fields.append(pa.field(PACKED, pa.list_(pa.struct(_fields(files[0], nested=True)))))
    return fields


def _packed(row: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The row's files where it is a repository."""
    files = row.get(PACKED)
    return files if isinstance(files, list) and files and all(isinstance(f, dict) for f in files) else None


def _parse(line: bytes) -> tuple[dict[str, Any], str | None]:
    """The object on a line, and what is wrong with it."""
    try:
        row = json.loads(line.decode())
        json.dumps(row, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return {}, " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return (row, None) if isinstance(row, dict) else ({}, "no object")


def _line_by_line(block: bytes, name: str, first: int) -> tuple[pa.Table, list[Member]]:
    """The rows of a block that pyarrow refused, flat, and its broken lines."""
    rows, broken = [], []
    for number, line in enumerate(block.split(b"\n"), first):
        if not line.strip():
            continue
        row, wrong = _parse(line)
        files = [_values(file, row) for file in _packed(row) or [{}]]
        if wrong is None and any(not isinstance(file["content"], str | None) for file in files):
            wrong = "the text is no string"
        if wrong is not None:
            broken.append(Member(f"{name}:{number}", rule="bad-json", detail=printable(wrong)))
            continue
        rows += [
            {ALIASES[column][0]: None if v is None else str(v) for column, v in file.items()}
            for file in files
        ]
    return pa.Table.from_pylist(rows, schema=_FLAT), broken


def _values(file: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What each column of FILES is, asked of the file, of its row and of the row's metadata in this order."""
    values = {}
    for column, names in ALIASES.items():
        nested = [row[n] for n in NESTED if column != "content" and isinstance(row.get(n), dict)]
        found = [each[n] for each in (file, row, *nested) for n in names if each.get(n) is not None]
        value = found[0] if found else None
        if column == "license" and isinstance(value, list):
            value = "\n".join(str(part) for part in value)
        values[column] = value
    return values


def _blocks(path: Path, longest: int) -> Iterator[tuple[int, bytes, _Long, float]]:
    """(number of its first line, whole lines, [(number, bytes) of lines beyond `longest`], ratio of a bomb) to the end."""
    suffix = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    packed = path.stat().st_size
    with pa.input_stream(str(path), compression=suffix) as stream:
        line, rest, skipped, out = 1, b"", 0, 0
        while chunk := stream.read(BLOCK_BYTES):
            out += len(chunk)
            if out > RATIO_BYTES and out > RATIO * packed:
                yield line, b"", [], out / packed
                return
            long_lines = []
            if skipped:
                head, newline, chunk = chunk.partition(b"\n")
                skipped += len(head)
                if not newline:
                    continue
                long_lines.append((line, skipped))
                line, skipped = line + 1, 0
            whole, newline, tail = (rest + chunk).rpartition(b"\n")
            if newline or long_lines:
                yield line, whole + newline, long_lines, 0.0
            line += whole.count(b"\n") + len(newline)
            rest = tail
            if len(rest) > longest:
                rest, skipped = b"", len(rest)
        if skipped:
            yield line, b"", [(line, skipped)], 0.0
        elif rest:
            yield line, rest, [], 0.0
