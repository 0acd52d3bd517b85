"""Sources that Daft reaches: tables at an address, data sets of the hub, and the texts of The Stack v2.

An address is Daft's own matter: credentials, regions and retries come from the environment as Daft reads
them. Rows stream through in order, a partition at a time. The Stack v2 as published names its texts and does
not hold them; each is fetched from Software Heritage's bucket by its `blob_id`, unpacked and decoded.

The trade-off: what cannot be reached is a Fault that ends the run rather than a verdict, since the network
may be back tomorrow, while a verdict would be believed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from neve import engine
from neve.corpus.sources import columns
from neve.corpus.sources.batches import Batch, Limits, printable
from neve.corpus.sources.instructions import Template
from neve.errors import Fault
from neve.recipe.sources import SUFFIXES, Source

if TYPE_CHECKING:
    from daft import DataFrame

ROWS = 1024
BLOBS = "s3://softwareheritage/content/"
"""Where the texts of The Stack v2 lie, gzipped, by `blob_id`."""


def table(address: str, limits: Limits, template: Template | None) -> Iterator[Batch]:
    """Batches of the Parquet or JSON lines at `address`, of rows that `template` makes files if it is given;
    raises Fault where they cannot be read."""
    import daft

    reader = daft.read_json if address.partition("?")[0].endswith(SUFFIXES[1:]) else daft.read_parquet
    return _read(address, partial(reader, hive_partitioning=True), limits, template)


def schema(address: str) -> pa.Schema:
    """The schema of the Parquet at `address`; raises Fault where it cannot be read."""
    import daft

    engine.current()
    try:
        return _schema(daft.read_parquet(address, hive_partitioning=True))
    except Exception as error:  # as in `_read`
        raise _unread(printable(address), error) from None


def knows(place: str) -> bool:
    """Whether Daft knows the types of the Parquet file at `place`."""
    try:
        schema(place)
    except Fault:
        return False
    return True


def hub(source: Source, limits: Limits) -> Iterator[Batch]:
    """Batches of the data set `owner/dataset` on the Hugging Face hub; raises Fault where it
    cannot be read."""
    import daft

    template = Template(source) if source.template else None
    return _read(str(source.path), daft.read_huggingface, limits, template)


def _read(
    address: str, reader: Callable[[str], DataFrame], limits: Limits, template: Template | None
) -> Iterator[Batch]:
    engine.current()
    name = printable(address)
    try:
        frame: DataFrame = reader(address)
        schema = _schema(frame)
        if template is not None:
            template.check(schema.names, name, ", ".join(schema.names))
        elif not columns.has_text(schema):
            raise Fault(
                f"source table: {name}: has no column {columns.TEXTS}; it has {', '.join(schema.names)}"
            )
        wanted = template.wanted if template is not None else columns.KNOWN
        frame = frame.select(*[field for field in schema.names if field in wanted])
        for part in frame.to_arrow_iter(results_buffer_size=1):
            whole = pa.Table.from_batches([part])
            for start in range(0, whole.num_rows, ROWS):
                rows = whole.slice(start, ROWS)
                yield batch(template.files(rows.to_pylist()) if template else rows, name, limits)
    except Fault:
        raise
    except Exception as error:  # Daft's errors have no common class below this one
        raise _unread(name, error) from None


def _schema(frame: DataFrame) -> pa.Schema:
    return pa.schema([(field.name, field.dtype.to_arrow_dtype()) for field in frame.schema()])


def _unread(name: str, error: Exception) -> Fault:
    why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return Fault(
        f"source table: {name}: cannot be read ({why}); check the address, the network and the credentials in the "
        "environment; copy a table of types that are not supported to this disk, where they are read"
    )


def batch(table: pa.Table, name: str, limits: Limits) -> Batch:
    """FILES rows and verdicts of a table in anybody's columns, its texts fetched where it only
    names them."""
    flat = columns.flatten(table)
    blobs, encodings = (columns.text(flat, key) for key in ("blob", "encoding"))
    absent = pc.and_(pc.is_valid(blobs), pc.is_valid(encodings))
    if pc.any(absent).as_py():
        given = columns.merged(flat, "content")
        absent = pc.and_(absent, pc.is_null(given))
        fetched = _fetched(blobs.filter(absent), encodings.filter(absent), name, limits)
        flat = flat.drop_columns([n for n in columns.ALIASES["content"] if n in flat.column_names])
        flat = flat.append_column("content", pc.replace_with_mask(given, absent, fetched))
    return columns.batch(flat, name, limits)


def _fetched(blobs: pa.Array, encodings: pa.Array, name: str, limits: Limits) -> pa.Array:
    """Text of each blob as UTF-8; null where there is none or it is not in the encoding that its
    row states."""
    import daft
    from daft.functions import download
    from daft.io import IOConfig, S3Config

    if not len(blobs):
        return pa.array([], pa.large_binary())
    engine.current()
    config = IOConfig(s3=S3Config(anonymous=True, region_name="us-east-1"))
    frame = daft.from_arrow(pa.table({"url": pc.binary_join_element_wise(BLOBS, blobs, "")}))
    frame = frame.with_column("data", download(daft.col("url"), on_error="null", io_config=config))
    packed = frame.to_arrow()["data"].to_pylist()
    if not any(packed):
        raise Fault(
            f"source table: {name}: holds no text, and none of its blobs can be had from {BLOBS}; check the network"
        )
    pairs = zip(packed, encodings.to_pylist(), strict=True)
    return pa.array([_decoded(data, encoding, limits) for data, encoding in pairs], pa.large_binary())


def _decoded(data: bytes | None, encoding: str | None, limits: Limits) -> bytes | None:
    """A blob unpacked, to one byte more than a file may have, and decoded."""
    unpack = zlib.decompressobj(31)
    try:
        text = unpack.decompress(data or b"", limits.max_file_bytes + 1)
        if len(text) > limits.max_file_bytes:
            return text
        return text.decode(encoding or "utf-8").encode() if unpack.eof else None
    except (zlib.error, UnicodeError, LookupError):
        return None
