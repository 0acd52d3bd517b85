"""The tables that stages hand to each other: columns, identity, reading and writing.

A document is known by its text (`doc_id`), never by a position, so that any order, partitioning or engine
gives the same rows. Tables are Parquet folders, zstd, in row groups of at most 64 MiB of text: small enough
to stream on a laptop, large enough for a cluster to read at full speed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

GROUP_BYTES = 64 << 20

_text = pa.string()


def _schema(*fields: tuple[str, pa.DataType, bool]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=nullable) for name, kind, nullable in fields])


FILES = _schema(
    ("source", _text, False), ("repo", _text, False), ("path", _text, False), ("language", _text, True),
    ("license", _text, True), ("license_path", _text, True), ("others_license", _text, True),
    ("source_id", _text, True), ("size", pa.int64(), False), ("content", pa.large_binary(), False),
)  # fmt: skip
"""Raw files; `size` in bytes. `language` is the input's own word, else what name and text tell, null where
neither does; `license` only where the input or its repository gives one.

`license_path` is the file, or files, of the repository that decided the licence; null where none is known or
a table gave it. `others_license` is the licence file of a folder above it that is another project's, told by
its holder; null where there is none.
"""

DOCUMENTS = _schema(
    ("doc_id", _text, False), ("source", _text, False), ("repo", _text, False), ("path", _text, False),
    ("language", _text, False), ("license", _text, True), ("split", _text, False), ("size", pa.int64(), False),
    ("content", pa.large_string(), False), ("source_id", _text, True),
)  # fmt: skip
"""Files that survived curation; `size` in bytes of UTF-8, `split` is train or heldout."""

VERDICTS = _schema(
    ("doc_id", _text, True), ("source", _text, False), ("repo", _text, False), ("path", _text, False),
    ("language", _text, True), ("stage", _text, False), ("rule", _text, False), ("value", pa.float64(), True),
    ("limit", pa.float64(), True), ("kept_doc_id", _text, True), ("kept_repo", _text, True),
    ("kept_path", _text, True), ("detail", _text, True),
)  # fmt: skip
"""Why each file that is no document stopped."""
STAGES = (
    "sources", "curate", "opt-out", "languages", "exact", "licenses", "filters", "decontaminate", "syntax", "near", "secrets",
)  # fmt: skip
"""Values of a verdict's `stage`, in the order in which files meet them."""

LABELS = _schema(
    ("doc_id", _text, False),
    ("label", pa.float64(), False),
    ("split", _text, False),
    ("origin", _text, False),
)
SCORES = _schema(
    ("doc_id", _text, False), ("annotator", _text, False), ("score", pa.float64(), False),
    ("section_scores", pa.list_(pa.float64()), False), ("rank", pa.int64(), False),
)  # fmt: skip
"""`rank` is 1 for the best document of its language, ties by doc_id."""
SELECTION = _schema(
    ("doc_id", _text, False), ("repeats", pa.int32(), False), ("tokens", pa.int64(), True)
)  # fmt: skip
"""`tokens` are those that are read of a document, from its start; null: all of them."""
INDEX = _schema(
    ("doc_id", _text, False), ("language", _text, False), ("repo", _text, False), ("shard", pa.int32(), False),
    ("offset", pa.int64(), False), ("length", pa.int64(), False), ("size", pa.int64(), False), ("split", _text, False),
    ("seed_doc_id", _text, True),
)  # fmt: skip
"""Where each document's tokens lie: `offset` and `length` in tokens, `size` in bytes of text."""


def doc_id(text: bytes) -> str:
    """Identity of a document: the first 16 bytes of the SHA-256 of its decoded text as UTF-8, in hex.

    >>> doc_id(b"print(1)")
    'd287bb7f9d15abdc5b6e985362638157'
    """
    return hashlib.sha256(text).hexdigest()[:32]


def write(
    table: pa.Table | Iterable[pa.Table],
    folder: Path,
    schema: pa.Schema | None = None,
    name: str = "part-00000.parquet",
) -> int:
    """Write rows, in the order given, to the file `name` in `folder`; returns how many.

    A column that `schema` names and the table lacks is null; columns that it does not name follow it.
    An empty table still leaves a file, so that a reader finds the columns.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = [table] if isinstance(table, pa.Table) else table
    rows, writer = 0, None
    try:
        for part in tables:
            part = _conform(part, schema) if schema is not None else part
            if writer is None:
                writer = pq.ParquetWriter(folder / name, part.schema, compression="zstd")
            for group in _groups(part):
                writer.write_table(group, row_group_size=max(1, group.num_rows))
            rows += part.num_rows
        if writer is None and schema is not None:
            pq.write_table(schema.empty_table(), folder / name, compression="zstd")
    finally:
        if writer is not None:
            writer.close()
    return rows


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns, fields = [], []
    for field in schema:
        if field.name in table.column_names:
            columns.append(table[field.name].cast(field.type))
        else:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
        fields.append(field)
    for field in table.schema:
        if field.name not in schema.names:
            columns.append(table[field.name])
            fields.append(field)
    return pa.table(columns, schema=pa.schema(fields))


def _groups(table: pa.Table) -> Iterator[pa.Table]:
    """Slices of `table` of at most GROUP_BYTES each, or of one row."""
    if table.num_rows == 0:
        return
    step = max(1, int(table.num_rows * min(1.0, GROUP_BYTES / max(1, table.nbytes))))
    for start in range(0, table.num_rows, step):
        part = table.slice(start, step)
        if part.nbytes > 2 * GROUP_BYTES and part.num_rows > 1:
            half = part.num_rows // 2
            yield from _groups(pa.concat_tables([part.slice(0, half)]).combine_chunks())
            yield from _groups(pa.concat_tables([part.slice(half)]).combine_chunks())
        else:
            yield part


def read(folder: Path, columns: list[str] | None = None, filters: Any = None) -> pa.Table:
    """Read a Parquet folder (files in name order) or one file; `filters` is a pyarrow dataset expression."""
    paths = sorted(str(p) for p in folder.glob("*.parquet")) if folder.is_dir() else [str(folder)]
    return ds.dataset(paths, format="parquet").to_table(columns=columns, filter=filters)


def digest(table: pa.Table, keys: list[str]) -> str:
    """Digest over rows sorted by `keys`: equal for equal rows, however they lie in files or in memory."""
    columns = sorted(table.column_names)
    table = table.select(columns)
    if table.num_rows:
        table = table.take(pc.sort_indices(table, sort_keys=[(key, "ascending") for key in keys]))
    state = hashlib.sha256()
    for name in columns:
        state.update(name.encode())
        for value in table[name].to_pylist():
            state.update(repr(value).encode() + b"\0")
    return state.hexdigest()
