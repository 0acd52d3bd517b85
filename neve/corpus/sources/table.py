"""Tables as sources: Parquet or JSON lines (plain, .gz, .zst), on this machine or wherever Daft reads.

A local path is a glob, read here: Parquet in a process of its own (`parquet`), JSON lines in bounded blocks
(`jsonl`), so that a damaged or hostile file is a verdict and its neighbours are kept. An address (`s3://`,
`gs://`, `az://`, `hf://`, `https://`) goes through unchanged to Daft (`remote`). What the columns mean is
`columns`' matter, whichever way they came.

The trade-off: two ways to read, since Daft reads whatever it can reach, but stops at the first bad line.
"""

from __future__ import annotations

import glob
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from neve.corpus.sources import columns, jsonl, parquet, remote
from neve.corpus.sources.batches import Batch, Limits, Member, printable, refused
from neve.documents import FILES
from neve.errors import Fault
from neve.recipe.sources import Source

SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of all files that the glob or address `source.path` names, in the order of their names.

    Raises Fault where it names none, or one that is neither Parquet nor JSON lines, or has no text column.
    """
    pattern = str(source.path)
    if "://" in pattern:
        return remote.table(pattern, limits)
    pattern = str(Path(pattern).expanduser())
    paths = [Path(p) for p in sorted(glob.glob(pattern, recursive=True)) if Path(p).is_file()]  # noqa: PTH207
    if not paths:
        raise Fault(f"source table: {pattern}: names no file; it must be a glob such as data/*.parquet")
    for path in paths:
        if not path.name.endswith(SUFFIXES):
            raise Fault(f"source table: {path}: must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    return (batch for path in paths for batch in _read_one(path, limits))


def _read_one(path: Path, limits: Limits) -> Iterator[Batch]:
    blocks = _parquet(path, limits) if path.name.endswith(".parquet") else jsonl.tables(path, limits)
    name, rows = printable(path.name), 0
    try:
        for table, broken in blocks:
            batch = remote.batch(table, name, limits)
            rows += batch.files.num_rows
            yield Batch(batch.files, pa.concat_tables([batch.verdicts, refused("table", name, broken)]))
    except (OSError, EOFError, pa.ArrowException) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        lost = Member(name, rule="unreadable", detail=printable(f"{why}; {rows} files before it are kept"))
        yield Batch(FILES.empty_table(), refused("table", name, [lost]))


def _parquet(path: Path, limits: Limits) -> Iterator[tuple[pa.Table, list[Member]]]:
    """Tables of a Parquet file as `parquet` reads it; OSError where that process ends before its time."""
    command = [
        sys.executable,
        "-I",
        parquet.__file__,
        str(path),
        str(limits.max_file_bytes),
        *sorted(columns.KNOWN),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        try:
            try:
                stream = pa.ipc.open_stream(process.stdout)
                if not columns.has_text(stream.schema):
                    there = printable((stream.schema.metadata or {}).get(b"columns", b"").decode())
                    wanted = " or ".join(columns.ALIASES["content"])
                    raise Fault(f"source table: {path}: has no column {wanted}; it has {there}")
                for batch, metadata in stream.iter_batches_with_custom_metadata():
                    error = metadata[b"error"].decode() if metadata is not None else None
                    broken = [Member(printable(path.name), rule="unreadable", detail=error)] if error else []
                    yield pa.Table.from_batches([batch]), broken
            except (pa.ArrowException, OSError) as error:
                process.kill()
                said = process.stderr.read().decode("utf-8", "replace").strip().split("\n")[-1]
                raise OSError(said or f"the process that read it ended: {error}") from None
        finally:
            process.kill()
