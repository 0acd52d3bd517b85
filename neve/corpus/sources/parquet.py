"""A Parquet file read in a process of its own: its batches go to standard output as an Arrow stream.

A Parquet file can lie about its sizes, in places that only decoding shows: a page that unpacks to gigabytes,
a dictionary of one long value for a million rows. Here memory is capped, and a crash takes this process
alone. The batches of a row group are sized by what its footer says; where memory ends all the same, the
group is read again row by row. A row group that cannot be read is an empty batch that bears the error; those
after it are still read. Columns leave here written out, never as dictionaries, and what is longer than a
file may be is cut one byte after that.

The trade-off: the start of a process per file (half a second) and a copy of the bytes through a pipe. This
module is run as a script, so it imports nothing of Neve's.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MEMORY_BYTES = 2 << 30
"""Address space of the process."""
BATCH_BYTES = 16 << 20
ROWS = 1024
NAME_BYTES = 16 << 10
"""Shorter text is never cut: it may be a name."""


def main(path: str, most_bytes: int, known: list[str]) -> None:
    """Write the columns of `path` that are in `known`; an exception where it is no Parquet file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
        fields = [field for field in file.schema_arrow if field.name in known]
        there = {"columns": ", ".join(file.schema_arrow.names)[:1000]}
        schema = pa.schema([pa.field(f.name, _plain(f.type)) for f in fields], metadata=there)
        with pa.ipc.new_stream(sys.stdout.buffer, schema) as stream:
            for group in range(file.num_row_groups):
                try:
                    _group(file, group, most_bytes, schema, stream)
                except (pa.ArrowException, OSError, MemoryError) as error:
                    why = f"row group {group}: {type(error).__name__}: {error}"
                    empty = pa.RecordBatch.from_pylist([], schema=schema)
                    stream.write_batch(empty, custom_metadata={"error": why[:300].encode("utf-8", "replace")})


def _plain(kind: pa.DataType) -> pa.DataType:
    """`kind` without dictionaries, and binary where it is text, since nothing has checked that
    it is UTF-8."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _plain(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view)
    if any(test(kind) for test in lists):
        return pa.large_list(_plain(kind.value_type))
    texts = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.binary_view())
    return pa.large_binary() if kind in texts else kind


def _group(
    file: pq.ParquetFile, group: int, most_bytes: int, schema: pa.Schema, stream: pa.RecordBatchStreamWriter
) -> None:
    said = file.metadata.row_group(group)
    each = max(1, said.total_byte_size) // max(1, said.num_rows)
    done, cut = 0, max(most_bytes, NAME_BYTES) + 1
    for rows in (min(ROWS, max(1, BATCH_BYTES // max(1, each))), 1):
        at = 0
        try:
            for batch in file.iter_batches(rows, row_groups=[group], columns=schema.names, use_threads=False):
                if at >= done:
                    plain = batch.cast(schema)
                    columns = [
                        pc.binary_slice(column, 0, cut) if column.type == pa.large_binary() else column
                        for column in plain.columns
                    ]
                    stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
                    done = at + batch.num_rows
                at += batch.num_rows
            return
        except MemoryError:
            if rows == 1:
                raise


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())[:300]} ({Path(sys.argv[1]).name})")
