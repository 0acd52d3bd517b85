"""Tables as sources: Parquet or JSON lines (plain, .gz, .zst, .bz2), on this machine or wherever Daft reads.

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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from neve.corpus.sources import columns, jsonl, parquet, remote
from neve.corpus.sources.batches import POINTER_BYTES, Batch, Limits, Member, pointer, printable, refused
from neve.corpus.sources.instructions import Template
from neve.documents import FILES
from neve.errors import Fault, Misuse
from neve.recipe.sources import SUFFIXES, Source

_SAID = {name for column in ("repo", "language", "license") for name in columns.ALIASES[column]}
"""Columns that a folder such as `license=MIT` may give to all tables below it."""


def read(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of all files that the glob or address `source.path` names, in the order of their names.

    Raises Misuse where it names none, Fault where it names one that is neither Parquet nor JSON lines, or
    has no text column.
    """
    pattern = str(source.path)
    template = Template(source) if source.template else None
    if "://" in pattern:
        return remote.table(pattern, limits, template)
    paths = files(pattern)
    if not paths:
        raise Misuse(
            f"source table: path = {pattern!r} names no file; it must be a glob such as data/*.parquet"
        )
    for path in paths:
        if not path.name.endswith(SUFFIXES):
            raise Fault(f"source table: {path}: must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    return (batch for path in paths for batch in _read_one(path, limits, template))


def files(pattern: str) -> list[Path]:
    """The files that a path or a glob names, in the order of their names; a path that is there
    is no glob. `**` finds nothing whose name begins with "_" or ".": what is unfinished, or beside a table.
    """
    pattern = str(Path(pattern).expanduser())
    if Path(pattern).is_file():
        return [Path(pattern)]
    above, whole, _ = pattern.partition("**")
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    kept = (each for each in found if not whole or "/_" not in f"/{each.split('/', above.count('/'))[-1]}")
    return [Path(each) for each in kept if Path(each).is_file()]


def in_place(pattern: str) -> tuple[list[list[str]], list[str]]:
    """(groups of Parquet files that Daft can read as they lie, each of one schema; files or the address that
    have to be copied).

    Copied are tables whose known columns are nested or twice there, tables of types that Daft does not know,
    tables in folders that give them columns, and files whose footer cannot be read, so that nothing of them
    is lost without a verdict. Raises Fault where an address cannot be read.
    """
    if "://" in pattern:
        return ([[pattern]], []) if columns.flat(remote.schema(pattern)) else ([], [pattern])
    import pyarrow.parquet as pq

    groups: dict[str, list[str]] = {}
    others, read_by_daft = [], {}
    for path in files(pattern):
        try:
            schema = pq.read_schema(path)
        except (OSError, pa.ArrowException):
            others.append(str(path))
            continue
        place, kind = glob.escape(str(path)), str([(field.name, field.type) for field in schema])
        if kind not in read_by_daft:
            read_by_daft[kind] = columns.flat(schema) and remote.knows(place)
        if not read_by_daft[kind] or _said(path):
            others.append(str(path))
        else:
            known = [(field.name, field.type) for field in schema if field.name in columns.KNOWN]
            groups.setdefault(str(known), []).append(place)
    return list(groups.values()), others


def _said(path: Path) -> dict[str, str]:
    """What the folders of a table say of all its rows, as Hive writes it.

    >>> _said(Path("lake/lang=Python/day=3/license=BSD%2D3%2DClause/part-0.parquet"))
    {'lang': 'Python', 'license': 'BSD-3-Clause'}
    """
    pairs = [part.split("=", 1) for part in path.parts[:-1] if "=" in part]
    said = {name: unquote(value) for name, value in pairs if name in _SAID}
    return {name: value for name, value in said.items() if value not in ("", "__HIVE_DEFAULT_PARTITION__")}


def _read_one(path: Path, limits: Limits, template: Template | None) -> Iterator[Batch]:
    blocks = _rendered(path, limits, template) if template else _tables(path, limits)
    name, rows = printable(path.name), 0
    with path.open("rb") as file:
        if (said := pointer(file.read(POINTER_BYTES))) is not None:
            lost = Member(name, rule="lfs-pointer", detail=said)
            yield Batch(FILES.empty_table(), refused("table", name, [lost]))
            return
    try:
        for table, broken in blocks:
            for column, value in _said(path).items():
                given = pa.repeat(pa.scalar(printable(value)), table.num_rows)
                table = table.append_column(f"{columns.FOLDER}.{column}", given)
            batch = remote.batch(table, name, limits)
            rows += batch.files.num_rows
            yield Batch(batch.files, pa.concat_tables([batch.verdicts, refused("table", name, broken)]))
    except (OSError, EOFError, pa.ArrowException) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        lost = Member(name, rule="unreadable", detail=printable(f"{why}; {rows} files before it are kept"))
        yield Batch(FILES.empty_table(), refused("table", name, [lost]))


def _tables(path: Path, limits: Limits) -> Iterator[tuple[pa.Table, list[Member]]]:
    """Tables of a file, and what of it was refused."""

    def check(schema: pa.Schema, there: str) -> None:
        if not columns.has_text(schema):
            raise Fault(f"source table: {path}: has no column {columns.TEXTS}; it has {there}")

    if path.name.endswith(".parquet"):
        return _parquet(path, limits, columns.KNOWN, check)
    return jsonl.tables(path, limits)


def _rendered(path: Path, limits: Limits, template: Template) -> Iterator[tuple[pa.Table, list[Member]]]:
    """As `_tables`, each row made a file by `template`."""
    name = printable(str(path))
    if path.name.endswith(".parquet"):
        found = _parquet(
            path, limits, template.wanted, lambda schema, there: template.check(schema.names, name, there)
        )
        yield from ((template.files(table.to_pylist()), broken) for table, broken in found)
        return
    for number, (rows, broken) in enumerate(jsonl.objects(path, limits)):
        if number == 0 and rows:
            names = sorted({key for row in rows for key in row})
            template.check(names, name, printable(", ".join(names))[:1000])
        yield template.files(rows), broken


def _parquet(
    path: Path, limits: Limits, wanted: Iterable[str], check: Callable[[pa.Schema, str], None]
) -> Iterator[tuple[pa.Table, list[Member]]]:
    """Tables of a Parquet file as `parquet` reads it, once its schema and the names of all its columns pass
    `check`; OSError where that process ends before its time."""
    script, most = parquet.__file__, str(limits.max_file_bytes)
    command = [sys.executable, "-I", script, str(path), most, *sorted(wanted)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        try:
            try:
                stream = pa.ipc.open_stream(process.stdout)
                if twice := [name for name, times in Counter(stream.schema.names).items() if times > 1]:
                    raise Fault(f"source table: {path}: has two columns {', '.join(twice)}; rename one")
                check(stream.schema, printable((stream.schema.metadata or {}).get(b"columns", b"").decode()))
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
