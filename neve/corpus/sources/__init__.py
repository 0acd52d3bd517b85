"""Sources become files: every file that a source names is a row in `files/` or a verdict in `verdicts/`.

What could bloat the table and is no code is stopped here, so that its bytes are never stored: `binary` (NUL
in the first 8 KiB, more than a stray one in UTF-8, unless a byte order mark says UTF-16 or UTF-32) and
`no-language` (neither name nor shebang is that of a language; a row of a table needs no name). Everything
else about a text is decided later.

Tables that are to be read in place are only named, in `tables.json`; curation reads them where they lie.

The trade-off: sources are read one after the other in the recipe's order, in batches that go straight to
disk, so memory stays flat and rows lie in the same order every time; only downloads run ahead, in threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents
from neve.corpus.languages import detection
from neve.corpus.sources import archive, batches, directory, git, remote, sdist, table
from neve.corpus.sources.batches import Batch, Limits, Reader
from neve.corpus.text import binary, decoded
from neve.documents import FILES, VERDICTS
from neve.errors import Misuse
from neve.progress import bar
from neve.recipe.sources import Source
from neve.store import write_json

TABLES = "tables.json"
"""Names the tables that are not copied: lists of globs or addresses, each of tables with one schema."""
DOWNLOADS = 4
"""Sdists fetched at a time."""
HEAD_BYTES = 8 << 10
_READERS: dict[str, Reader] = {
    "directory": directory.read, "git": git.read, "archive": archive.read, "sdist": sdist.read, "table": table.read,
    "hub": remote.hub,
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    sources: tuple[Source, ...]
    max_file_bytes: int
    max_archive_bytes: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Write `files/` and `verdicts/` of all sources; counts of both, by rule and by licence.

    Raises Misuse where a source cannot be found or holds no file at all.
    """
    sources, limits = settings.sources, Limits(settings.max_file_bytes, settings.max_archive_bytes)
    copied, places = _placed(sources)
    rules: Counter[str] = Counter()
    licenses: Counter[str] = Counter()
    size = 0
    (out / "verdicts").mkdir(exist_ok=True)
    with (
        pq.ParquetWriter(out / "verdicts" / "part-00000.parquet", VERDICTS, compression="zstd") as verdicts,
        bar("read sources", unit="files") as advance,
    ):

        def files() -> Iterator[pa.Table]:
            nonlocal size
            for batch in read(copied, limits):
                kept, stopped = sift(batch.files)
                refused = pa.concat_tables([batch.verdicts, stopped])
                if refused.num_rows:
                    verdicts.write_table(refused)
                rules.update(refused["rule"].to_pylist())
                counted = pc.value_counts(kept["license"].combine_chunks()).to_pylist()
                licenses.update({row["values"] or "unknown": row["counts"] for row in counted})
                size += pc.sum(kept["size"]).as_py() or 0
                advance(kept.num_rows + refused.num_rows)
                yield kept

        rows = documents.write(files(), out / "files", FILES)
    write_json(out / TABLES, places)
    return {
        "files": rows,
        "bytes": size,
        "verdicts": sum(rules.values()),
        "by_rule": dict(sorted(rules.items())),
        "by_license": dict(licenses.most_common()),
    }


def _placed(sources: tuple[Source, ...]) -> tuple[list[Source], list[list[str]]]:
    """(sources to copy, tables to read where they lie): of a table in place, what Daft cannot read so is
    copied."""
    copied: list[Source] = []
    places: list[list[str]] = []
    for source in sources:
        path = str(source.path)
        if not source.in_place:
            copied.append(source)
        elif "://" in path or table.files(path):
            groups, others = table.in_place(path)
            places += groups
            copied += [Source(kind="table", path=each) for each in others]
        else:
            raise Misuse(
                f"source table: path = {path!r} names no file; it must be a glob such as data/*.parquet"
            )
    return copied, places


def sift(files: pa.Table) -> tuple[pa.Table, pa.Table]:
    """(files that may be text in some language, with its name; verdicts on the others) of a FILES table."""
    content = files["content"].combine_chunks()
    is_binary = binary(pc.binary_slice(content, 0, HEAD_BYTES))
    given = files["language"].combine_chunks()
    named_by_path = pc.not_equal(files["source"].combine_chunks(), "table")
    unnamed = pc.and_(pc.is_null(given), named_by_path)
    raw = content.filter(unnamed).cast(pa.large_binary())
    texts = pc.coalesce(decoded(raw)[0].cast(pa.large_binary()), raw)
    detected = detection.detect(files["path"].combine_chunks().filter(unnamed), texts)
    language = pc.replace_with_mask(given, unnamed, detected)
    unknown = pc.and_(pc.is_null(language), named_by_path)
    rule = pc.if_else(is_binary, "binary", pc.if_else(unknown, "no-language", pa.scalar(None, pa.string())))
    stopped = pc.is_valid(rule)
    gone = files.filter(stopped)
    columns = {name: gone[name] for name in ("source", "repo", "path")}
    rules = rule.filter(stopped)
    stopped_rows = batches.verdicts(gone.num_rows, **columns, language=language.filter(stopped), rule=rules)
    named = files.set_column(files.column_names.index("language"), "language", language)
    return named.filter(pc.invert(stopped)), stopped_rows


def read(sources: Sequence[Source], limits: Limits) -> Iterator[Batch]:
    """Batches of all sources in their order, sdists fetched ahead."""
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        fetched: dict[str | None, Future[Path]] = {}
        for source in sources:
            if source.kind == "sdist" and source.sha256 not in fetched:
                fetched[source.sha256] = pool.submit(sdist.fetch, source)
        try:
            for source in sources:
                if source.kind == "sdist":
                    fetched[source.sha256].result()
                rows = 0
                for batch in _READERS[source.kind](source, limits):
                    rows += batch.files.num_rows + batch.verdicts.num_rows
                    yield batch
                if not rows:
                    raise Misuse(
                        f"source {source.kind}: {source.path or source.file}: holds no file; name a folder of code, or tables"
                    )
        finally:
            pool.shutdown(cancel_futures=True)
