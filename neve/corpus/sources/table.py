"""Tables as sources: Parquet or JSON lines (plain, .gz, .zst) in the columns that code corpora use.

ALIASES names the columns known, those of The Stack among them; others are left out. A language or licence
that the table gives is kept. Without a path the path is the text's `doc_id`, and without a repository so is
the repository: rows of which nobody knows where they lay do not belong together.

The trade-off: JSON is parsed by pyarrow in blocks of whole lines; only a block that it refuses is parsed
again line by line, so that a broken line is a verdict and costs nothing where none is broken.
"""

from __future__ import annotations

import glob
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from neve.corpus import languages, licenses
from neve.corpus.sources.batches import Batch, Limits, Member, printable, refused, verdicts
from neve.documents import FILES, doc_id
from neve.errors import Fault
from neve.recipe import Source

ALIASES = {
    "content": ("content", "text", "code"),
    "language": ("language", "lang", "programming_language"),
    "repo": ("repo", "repo_name", "max_stars_repo_name", "repository_name"),
    "path": ("path", "file_path", "max_stars_repo_path"),
    "license": ("license", "licenses", "max_stars_repo_licenses", "detected_licenses"),
    "source_id": ("source_id", "id", "hexsha", "blob_id"),
}
"""Column of FILES -> names by which it is known, the first present wins."""
ROWS = 1024
BLOCK_BYTES = 16 << 20


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of all files that the glob `source.path` names, in the order of their names.

    Raises Fault where it names none, or one that is neither Parquet nor JSON lines, or has no text column.
    """
    pattern = str(Path(str(source.path)).expanduser())
    paths = [Path(p) for p in sorted(glob.glob(pattern, recursive=True)) if Path(p).is_file()]  # noqa: PTH207
    if not paths:
        raise Fault(f"source table: {pattern}: names no file; it must be a glob such as data/*.parquet")
    for path in paths:
        if not path.name.endswith((".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")):
            raise Fault(f"source table: {path}: must end in .parquet, .jsonl, .jsonl.gz or .jsonl.zst")
    return (batch for path in paths for batch in _read_one(path, limits))


def _read_one(path: Path, limits: Limits) -> Iterator[Batch]:
    blocks = _parquet(path) if path.name.endswith(".parquet") else _json_lines(path, limits)
    name, rows = printable(path.name), 0
    try:
        for table, broken in blocks:
            rows += table.num_rows
            batch = _batch(table, name, limits)
            yield Batch(batch.files, pa.concat_tables([batch.verdicts, refused("table", name, broken)]))
    except (OSError, EOFError, pa.ArrowException) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        lost = Member(name, rule="unreadable", detail=f"{why}; {rows} rows before it are kept")
        yield Batch(FILES.empty_table(), refused("table", name, [lost]))


def _parquet(path: Path) -> Iterator[tuple[pa.Table, list[Member]]]:
    with pq.ParquetFile(path) as file:
        known = {name for names in ALIASES.values() for name in names}
        columns = [name for name in file.schema_arrow.names if name in known]
        if not set(columns) & set(ALIASES["content"]):
            there = ", ".join(file.schema_arrow.names)
            raise Fault(
                f"source table: {path}: has no column {' or '.join(ALIASES['content'])}; it has {there}"
            )
        for batch in file.iter_batches(batch_size=ROWS, columns=columns):
            yield pa.Table.from_batches([batch]), []


def _batch(table: pa.Table, name: str, limits: Limits) -> Batch:
    """FILES rows of a table in anybody's columns; rows without text or with too much of it are verdicts."""
    size = table.num_rows
    content = _column(table, "content", pa.large_binary())
    given = {name: _column(table, name, pa.string()) for name in ("language", "repo", "path", "source_id")}
    lengths = pc.fill_null(pc.binary_length(content), 0).cast(pa.int64())
    missing = pc.or_(pc.is_null(given["path"]), pc.is_null(given["repo"]))
    key = pa.nulls(size, pa.string())
    if pc.any(missing).as_py():
        # SHA-256 is no Arrow kernel; hashlib runs outside the interpreter's lock
        texts = content.filter(missing).to_pylist()
        key = pc.replace_with_mask(
            key, missing, pa.array([doc_id(text or b"") for text in texts], pa.string())
        )
    files = pa.table(
        {
            "source": pa.repeat(pa.scalar("table"), size),
            "repo": pc.coalesce(given["repo"], key),
            "path": pc.coalesce(given["path"], key),
            "language": languages.named(given["language"]),
            "license": _licenses(table),
            "source_id": given["source_id"],
            "size": lengths,
            "content": content,
        },
        schema=FILES,
    )
    rule = pc.if_else(pc.greater(lengths, limits.max_file_bytes), "too-large", pa.scalar(None, pa.string()))
    rule = pc.if_else(pc.is_null(content), "no-content", rule)
    stopped = pc.is_valid(rule)
    gone = files.filter(stopped)
    large = pc.equal(rule.filter(stopped), "too-large")
    refused_rows = verdicts(
        gone.num_rows,
        source="table",
        repo=gone["repo"],
        path=gone["path"],
        language=gone["language"],
        rule=rule.filter(stopped),
        value=pc.if_else(large, gone["size"].combine_chunks(), None),
        limit=pc.if_else(large, pa.scalar(float(limits.max_file_bytes)), None),
        detail=f"a row of {name}",
    )
    return Batch(files.filter(pc.invert(stopped)), refused_rows)


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    """The column known by any alias of `name`, as `kind`; nulls where there is none or it is empty text."""
    found = [table[alias] for alias in ALIASES[name] if alias in table.column_names]
    merged = [column.cast(kind) for column in found if not pa.types.is_null(column.type)]
    column = pc.coalesce(*merged) if merged else pa.chunked_array([pa.nulls(table.num_rows, kind)])
    array = column.combine_chunks()
    return array if name == "content" else pc.if_else(pc.equal(array, ""), None, array)


def _licenses(table: pa.Table) -> pa.Array:
    """SPDX expressions of the licence column, each distinct value read once; of a list all hold.

    What is no SPDX and no name that is known stays as it is.
    """
    values = pa.nulls(table.num_rows, pa.string())
    for alias in reversed(ALIASES["license"]):
        if alias in table.column_names and not pa.types.is_null(table[alias].type):
            column = table[alias].combine_chunks()
            if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
                column = pc.binary_join(column.cast(pa.list_(pa.string())), "\n")
            values = pc.coalesce(column.cast(pa.string()), values)
    coded = values.dictionary_encode()
    each = [_license(value) for value in coded.dictionary.to_pylist()]
    return pa.array(each, pa.string()).take(coded.indices)


def _license(value: str) -> str | None:
    parts = [part for part in value.split("\n") if part.strip()]
    return licenses.normalise(parts) or " AND ".join(parts) or None


def _json_lines(path: Path, limits: Limits) -> Iterator[tuple[pa.Table, list[Member]]]:
    name = printable(path.name)
    options = None
    for first, block, long_lines in _blocks(path, 6 * limits.max_file_bytes + (64 << 10)):
        broken = [
            Member(f"{name}:{line}", rule="too-large", value=float(size), limit=float(limits.max_file_bytes))
            for line, size in long_lines
        ]
        options = options or pa.json.ParseOptions(
            explicit_schema=_types(block), unexpected_field_behavior="ignore"
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


def _types(block: bytes) -> pa.Schema:
    """Columns and their types by a block's first line: ids may be numbers there, and licences lists."""
    row, _ = _parse(block.split(b"\n", 1)[0])
    others = {("source_id", int): pa.int64(), ("license", list): pa.list_(pa.string())}
    return pa.schema([
        (name, others.get((column, type(row.get(name))), pa.string())) for column, names in ALIASES.items() for name in names
    ])  # fmt: skip


def _parse(line: bytes) -> tuple[dict[str, Any], str | None]:
    """The object on a line, and what is wrong with it."""
    try:
        row = json.loads(line.decode())
        json.dumps(row, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return {}, " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return (row, None) if isinstance(row, dict) else ({}, "no object")


def _line_by_line(block: bytes, name: str, first: int) -> tuple[pa.Table, list[Member]]:
    """The rows of a block that pyarrow refused, and its broken lines."""
    rows, broken = [], []
    for number, line in enumerate(block.split(b"\n"), first):
        if not line.strip():
            continue
        row, wrong = _parse(line)
        values = {
            column: next((row[n] for n in names if row.get(n) is not None), None)
            for column, names in ALIASES.items()
        }
        if wrong is None and not isinstance(values["content"], str | None):
            wrong = "the text is no string"
        if wrong is not None:
            broken.append(Member(f"{name}:{number}", rule="bad-json", detail=printable(wrong)))
            continue
        if isinstance(values["license"], list):
            values["license"] = "\n".join(str(part) for part in values["license"])
        rows.append({column: None if v is None else str(v) for column, v in values.items()})
    schema = pa.schema(
        [(column, pa.large_string() if column == "content" else pa.string()) for column in ALIASES]
    )
    return pa.Table.from_pylist(rows, schema=schema), broken


def _blocks(path: Path, longest: int) -> Iterator[tuple[int, bytes, list[tuple[int, int]]]]:
    """(number of its first line, whole lines, [(number, bytes) of lines beyond `longest`]) up to the end."""
    suffix = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.input_stream(str(path), compression=suffix) as stream:
        line, rest, skipped = 1, b"", 0
        while chunk := stream.read(BLOCK_BYTES):
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
                yield line, whole + newline, long_lines
            line += whole.count(b"\n") + len(newline)
            rest = tail
            if len(rest) > longest:
                rest, skipped = b"", len(rest)
        if skipped:
            yield line, b"", [(line, skipped)]
        elif rest:
            yield line, rest, []
