"""The files that enter curation, as one lazy frame: those that sources copied, and Parquet tables read in
place.

A source `in_place`, on this disk or at an address (s3://, gs://, hf://), is not copied: Daft reads it in
every pass, on as many machines as there are. The trade-off: a distant table is fetched once a pass, and a
damaged file stops the run; a table that is copied first gives a verdict for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from neve import documents, engine
from neve.corpus.sources import TABLES, columns
from neve.documents import FILES
from neve.errors import Fault
from neve.store import read_json

if TYPE_CHECKING:
    from daft import DataFrame


def open_files(source: Path) -> tuple[DataFrame, int]:
    """(frame with the columns of FILES, rows) of what the sources stage left in `source`."""
    frames, rows = [], 0
    if any((source / "files").glob("*.parquet")):
        frames.append(engine.read(source / "files").select(*FILES.names))
        rows += frames[0].count_rows()
    for paths in read_json(source / TABLES):
        frame, count = in_place(paths)
        frames.append(frame)
        rows += count
    if not frames:
        raise Fault(f"{source}: holds no files; the sources stage has not run here")
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.concat(frame)
    return whole, rows


def refused(source: Path) -> str:
    """What the sources stage in `source` refused, as the end of a message."""
    folder = source / "verdicts"
    rows = documents.read(folder, ["repo", "path", "rule", "detail"]) if folder.is_dir() else pa.table({})
    if rows.num_rows == 0:
        return "; name a source that holds some"
    first = rows.slice(0, 1).to_pylist()[0]
    name = "/".join(filter(None, (first["repo"], first["path"])))
    why = first["detail"] or first["rule"]
    return f"; refused: {rows.num_rows}, the first of them {name}: {why}"


def in_place(paths: list[str]) -> tuple[DataFrame, int]:
    """(frame with the columns of FILES, rows) of Parquet tables of one schema, in the columns that code
    corpora use."""
    import daft

    engine.current()
    try:
        frame = daft.read_parquet(paths, hive_partitioning="://" in paths[0])
        return _conformed(frame), frame.count_rows()
    except Fault:
        raise
    except Exception as error:
        raise Fault(
            f"source table: {paths[0]}: cannot be read: {' '.join(str(error).split())[:300]}"
        ) from None


def _conformed(frame: DataFrame) -> DataFrame:
    from daft import DataType, col, lit
    from daft.functions import coalesce, list_join, when

    kinds = {field.name: field.dtype for field in frame.schema()}
    text = DataType.string()
    if not set(kinds) & set(columns.ALIASES["content"]):
        raise Fault(
            f"source table: has no column {columns.TEXTS}, only {', '.join(kinds)}; in_place needs one"
        )

    def known(name: str, kind: Any = text) -> Any:
        """The column by any of its names, in the table itself or in its `metadata`; empty text
        is no value."""
        found: list[Any] = []
        for alias in columns.ALIASES[name]:
            if alias in kinds:
                found.append((col(alias), kinds[alias]))
            if name != "content":
                found += [
                    (col(outer).get(alias), kinds[outer].fields[alias])
                    for outer in columns.NESTED
                    if outer in kinds and kinds[outer].is_struct() and alias in kinds[outer].fields
                ]
        values = [list_join(c, "\n") if k.is_list() else c.cast(kind) for c, k in found]
        if name != "content":
            values = [when(value != "", value) for value in values]
        return coalesce(*values, lit(None).cast(kind)) if values else lit(None).cast(kind)

    def spdx(names: pa.Array) -> dict[str, pa.Array]:
        return {"license": columns.expressions(names)}

    normal = engine.kernel(spdx, {"license": pa.string()})
    return frame.select(
        lit("table").alias("source"),
        known("repo").alias("repo"),
        known("path").alias("path"),
        known("language").alias("language"),
        normal(known("license")),
        lit(None).cast(text).alias("license_path"),
        lit(None).cast(text).alias("others_license"),
        known("source_id").alias("source_id"),
        lit(None).cast(DataType.int64()).alias("size"),
        known("content", DataType.binary()).alias("content"),
    )
