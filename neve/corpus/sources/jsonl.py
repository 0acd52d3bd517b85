"""JSON lines (plain, .gz, .zst, .bz2) as tables, in blocks of whole lines.

The trade-off: JSON is parsed by pyarrow a block at a time, typed by lines from all over the block; a block
that it refuses, because a line is broken or typed otherwise, is parsed again line by line, so that such
lines cost nothing where there are none. A line longer than any file may be is skipped as it streams, so
memory stays bounded; what unpacks to RATIO times its own size is a bomb and read no further.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from neve.corpus.sources.batches import RATIO, RATIO_BYTES, Limits, Member, printable
from neve.corpus.sources.columns import ALIASES, NESTED, PACKED, SPDX, values

BLOCK_BYTES, CHUNK_BYTES = 16 << 20, 8 << 10
"""Bytes of a block, and those read at once: that many at most before a damage are lost, besides what
the packing itself holds back."""
SAMPLE = 64
"""Rows of a block by which it is typed."""
_Long = list[tuple[int, int]]
FLAT = pa.schema([
    (names[0], pa.large_string() if column == "content" else pa.string()) for column, names in ALIASES.items()
])  # fmt: skip


def tables(path: Path, limits: Limits) -> Iterator[tuple[pa.Table, list[Member]]]:
    """(rows, refused lines) of the file at `path`, a block of lines at a time.

    Raises what pyarrow raises where the file cannot be read or unpacked further.
    """
    name = printable(path.name)
    for first, block, broken in _whole(path, limits):
        options = pa.json.ParseOptions(
            explicit_schema=pa.schema(_fields(_sample(block))), unexpected_field_behavior="ignore"
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


def objects(path: Path, limits: Limits) -> Iterator[tuple[list[dict[str, Any]], list[Member]]]:
    """As `tables`, with the rows as they are written, whatever their fields."""
    name = printable(path.name)
    for first, block, broken in _whole(path, limits):
        rows = []
        for number, line in enumerate(block.split(b"\n"), first):
            row, wrong = _parse(line) if line.strip() else ({}, None)
            if wrong is not None:
                broken.append(Member(f"{name}:{number}", rule="bad-json", detail=printable(wrong)))
            elif line.strip():
                rows.append(row)
        yield rows, broken


def _whole(path: Path, limits: Limits) -> Iterator[tuple[int, bytes, list[Member]]]:
    """(number of its first line, whole lines, what was refused among them), a block at a time."""
    name = printable(path.name)
    longest = 6 * limits.max_file_bytes + (64 << 10)  # each byte may be written \\u00xx
    for first, block, long_lines, bomb in _blocks(path, longest):
        broken = [
            Member(f"{name}:{line}", rule="too-large", value=float(size), limit=float(limits.max_file_bytes))
            for line, size in long_lines
        ]
        if bomb:
            broken.append(
                Member(name, rule="bomb", value=bomb, limit=RATIO, detail=f"all after line {first}")
            )
        yield first, block, broken


def _sample(block: bytes) -> list[dict[str, Any]]:
    """Rows from all over a block, by which it is typed."""
    lines = [line for line in block.split(b"\n") if line.strip()]
    return [_parse(line)[0] for line in lines[:: max(1, len(lines) // SAMPLE)]]


def _fields(rows: list[dict[str, Any]], nested: bool = False) -> list[pa.Field]:
    """Columns and their types by what stands in `rows`: ids may be numbers there, licences lists, metadata
    objects.

    A column that no row has is typed by its name, so that it is found where a later row has it.
    """
    named = pa.struct([(name, pa.string()) for name in SPDX])
    others = {
        ("source_id", int): pa.int64(),
        ("license", list): pa.list_(pa.string()),
        ("license", dict): named,
    }
    kinds: dict[str, pa.DataType] = {}  # a name may stand for two columns
    for column, names in ALIASES.items():
        for name in names:
            types = {type(row[name]) for row in rows if row.get(name) is not None}
            kind = others.get((column, next(iter(types))), pa.string()) if len(types) == 1 else pa.string()
            kinds.setdefault(name, kind)
    fields = [pa.field(name, kind) for name, kind in kinds.items()]
    if nested:
        return fields
    for name in NESTED:
        inner = [row[name] for row in rows if isinstance(row.get(name), dict)]
        written = any(isinstance(row.get(name), str) for row in rows)
        fields.append(pa.field(name, pa.string() if written else pa.struct(_fields(inner, nested=True))))
    files = [file for row in rows for file in _packed(row) or []]
    return [*fields, pa.field(PACKED, pa.list_(pa.struct(_fields(files, nested=True))))]


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
        files = [values(file, row) for file in _packed(row) or [{}]]
        if wrong is None and any(not isinstance(file["content"], str | None) for file in files):
            wrong = "the text is no string"
        if wrong is not None:
            broken.append(Member(f"{name}:{number}", rule="bad-json", detail=printable(wrong)))
            continue
        rows += [
            {ALIASES[column][0]: None if v is None else str(v) for column, v in file.items()}
            for file in files
        ]
    return pa.Table.from_pylist(rows, schema=FLAT), broken


def _blocks(path: Path, longest: int) -> Iterator[tuple[int, bytes, _Long, float]]:
    """(number of its first line, whole lines, [(number, bytes) of lines beyond `longest`], ratio of a bomb)
    to the end."""
    suffix = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}.get(path.suffix)
    packed = path.stat().st_size
    with pa.input_stream(str(path), compression=suffix) as stream:
        line, rest, skipped, out = 1, b"", 0, 0
        damage: list[Exception] = []
        while chunk := _read(stream, damage):
            chunk = chunk if out else chunk.removeprefix(codecs.BOM_UTF8)
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
        elif rest and not damage:
            yield line, rest, [], 0.0
        if damage:
            raise damage[0]


def _read(stream: Any, damage: list[Exception]) -> bytes:
    """The next block; where the stream is damaged, what came before that, and then nothing."""
    parts: list[bytes] = []
    size = 0
    try:
        while (
            not damage and size < BLOCK_BYTES and (part := stream.read(min(CHUNK_BYTES, BLOCK_BYTES - size)))
        ):
            parts.append(part)
            size += len(part)
    except (OSError, EOFError, pa.ArrowException) as error:
        damage.append(error)
    return b"".join(parts)
