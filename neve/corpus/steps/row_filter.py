"""How a pass reads text: decoded, under keys, and only the rows that it asks for.

Text is read where it lies, decoded, looked at by a kernel and forgotten; it is never shuffled or copied to a
working table. Which rows a pass looks at, and one integer that goes with each (languages, a rank, a part),
are a `RowFilter`: sorted row keys in memory-mapped files that every worker searches. The trade-off: each
pass reads all files again, but only keys travel, and a file that is passed over by its name is neither
decoded nor hashed.

A row's key is 8 bytes of a hash of (source, repo, path) and 8 bytes of its doc_id. If a kernel raises, its
batch is run again one row at a time, so that only the culprit is lost; the error is in the column `error`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import engine
from neve.corpus import notebooks
from neve.corpus.text import decoded, doc_ids, only
from neve.errors import Fault
from neve.hashing import name_hash

if TYPE_CHECKING:
    from daft import DataFrame

KEY = pa.binary(16)
Columns = dict[str, pa.Array]


# --- texts


class Texts(NamedTuple):
    """Raw contents as curation sees them."""

    text: pa.Array
    """large_string; null where there is none."""
    encoding: pa.Array
    """What it was decoded from, where that was not UTF-8."""
    code_language: pa.Array
    """The language of a notebook's cells, where it is known."""
    broken: pa.Array
    """Whether it is a notebook that cannot be read."""


def read(contents: pa.Array, paths: pa.Array, languages: pa.Array) -> Texts:
    """Decode, and make scripts of notebooks; `languages` are those that the input gives."""
    texts, encoding = decoded(contents)
    texts, code_language, broken = notebooks.scripts(texts, paths, languages)
    return Texts(texts, encoding, code_language, broken)


# --- keys


def places(source: pa.Array, repo: pa.Array, path: pa.Array) -> list[bytes]:
    """8 bytes a row: a hash of where the file lies."""
    names = zip(source.to_pylist(), repo.to_pylist(), path.to_pylist(), strict=True)
    return [name_hash(*each) for each in names]


def row_key(place: bytes, doc_id: bytes | None) -> bytes:
    """Key of a row: 16 bytes."""
    return place + (doc_id or b"\0" * 16)[:8]


def numbers(keys: pa.Array) -> np.ndarray:
    """A row key as uint64: what near-duplicate grouping shuffles."""
    keys = keys.cast(KEY)
    halves = np.frombuffer(keys.buffers()[1], np.uint64)[2 * keys.offset :][: 2 * len(keys)].reshape(-1, 2)
    return halves[:, 0] ^ halves[:, 1]


# --- kernels


def guarded(function: Callable[..., Columns], fields: dict[str, pa.DataType]) -> Callable[..., Columns]:
    """`function` over batches, with a column `error` of strings: null, or what a row's own call raised."""

    def one(arguments: tuple[pa.Array, ...]) -> Columns:
        try:
            return {**function(*arguments), "error": pa.nulls(len(arguments[0]), pa.string())}
        except Fault:
            raise
        except Exception as error:
            if len(arguments[0]) > 1:
                rows = [one(tuple(a.slice(i, 1) for a in arguments)) for i in range(len(arguments[0]))]
                return {
                    name: pa.concat_arrays([row[name].cast(kind) for row in rows])
                    for name, kind in all_.items()
                }
            message = f"{type(error).__name__}: {error}"[:500]
            return {
                **{name: pa.nulls(1, kind) for name, kind in fields.items()},
                "error": pa.array([message]),
            }

    all_ = {**fields, "error": pa.string()}
    return lambda *arguments: one(arguments)


def run(
    frame: DataFrame, function: Callable[..., Columns], fields: dict[str, pa.DataType], *columns: str
) -> DataFrame:
    """`frame` with the columns that a guarded kernel makes of `columns`."""
    from daft import col

    made = engine.kernel(guarded(function, fields), {**fields, "error": pa.string()})
    return frame.select(*frame.column_names, made(*(col(name) for name in columns)))


# --- chosen rows


@dataclass(frozen=True)
class RowFilter:
    """Rows to be looked at, on disk: `keys.npy` sorted, and for each its place, an integer code, and whether
    it is alone at its place in the whole input, so that its text need not be hashed to know it."""

    folder: str
    written: int
    """When, in nanoseconds: what is mapped into memory is that of one writing."""

    @staticmethod
    def write(folder: Path, keys: pa.Array, codes: np.ndarray, alone: np.ndarray) -> RowFilter:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        raw = np.array(keys.to_pylist(), "S16") if len(keys) else np.empty(0, "S16")
        order = np.argsort(raw, kind="stable")
        columns = (raw[order], place_numbers(keys)[order], codes[order].astype(np.int64), alone[order])
        for name, column in zip(_COLUMNS, columns, strict=True):
            np.save(folder / f"{name}.npy", column)
        return RowFilter(str(folder), time.time_ns())

    def _columns(self) -> tuple[np.ndarray, ...]:
        return _mapped(self.folder, self.written)

    def here(self, at: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """(first chosen row at each place, -1 where none is; whether that is the only row at this
        place)."""
        known, alone = self._columns()[1], self._columns()[3]
        if not len(known) or not at:
            return np.full(len(at), -1, np.int64), np.zeros(len(at), bool)
        wanted = np.frombuffer(b"".join(at), ">u8").astype(np.uint64)
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        found = known[place] == wanted
        return np.where(found, place, -1), found & alone[place]

    def find(self, keys: list[bytes]) -> np.ndarray:
        """The chosen row with each key, -1 where none has it."""
        known = self._columns()[0]
        wanted = np.array(keys, "S16")
        if not len(known) or not len(wanted):
            return np.full(len(wanted), -1, np.int64)
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[place] == wanted, place, -1)

    def rows(self, rows: np.ndarray) -> tuple[pa.Array, pa.Array]:
        """(keys, codes) of chosen rows, null for -1."""
        keys, _, codes, _ = self._columns()
        if not len(keys):
            return pa.nulls(len(rows), KEY), pa.nulls(len(rows), pa.int64())
        raw = pa.FixedSizeBinaryArray.from_buffers(KEY, len(rows), [None, pa.py_buffer(keys[rows].tobytes())])
        missing = pa.array(rows < 0)
        return pc.if_else(missing, pa.scalar(None, KEY), raw), pa.array(codes[rows], mask=rows < 0)


_COLUMNS = ("keys", "places", "codes", "alone")


def place_numbers(keys: pa.Array) -> np.ndarray:
    """The place of each row key as uint64, in the order of the keys' bytes."""
    keys = keys.cast(KEY)
    if not len(keys):
        return np.empty(0, np.uint64)
    return np.frombuffer(keys.buffers()[1], ">u8")[2 * keys.offset :][: 2 * len(keys) : 2].astype(np.uint64)


@lru_cache(maxsize=4)
def _mapped(folder: str, _written: int) -> tuple[np.ndarray, ...]:
    return tuple(np.load(Path(folder, f"{name}.npy"), mmap_mode="r") for name in _COLUMNS)


def pick(files: DataFrame, wanted: RowFilter) -> DataFrame:
    """The wanted rows: key, code, path, and content as text (large_string)."""

    def kernel(
        source: pa.Array, repo: pa.Array, path: pa.Array, language: pa.Array, content: pa.Array
    ) -> Columns:
        at = places(source, repo, path)
        rows, sure = wanted.here(at)
        texts = read(only(content.cast(pa.large_binary()), rows >= 0), path, language).text
        open_ = np.flatnonzero((rows >= 0) & ~sure)
        if len(open_):
            ids = doc_ids(texts.take(pa.array(open_)))
            asked = [row_key(at[i], doc) for i, doc in zip(open_.tolist(), ids, strict=True)]
            rows[open_] = wanted.find(asked)
        keys, codes = wanted.rows(rows)
        return {"key": keys, "code": codes, "path": path.cast(pa.string()), "content": only(texts, rows >= 0)}

    fields: dict[str, Any] = {
        "key": KEY,
        "code": pa.int64(),
        "path": pa.string(),
        "content": pa.large_string(),
    }
    made = engine.kernel(kernel, fields, counts=True)
    picked: DataFrame = files.select(
        made(*(files[n] for n in ("source", "repo", "path", "language", "content")))
    )
    return picked.where(picked["code"].not_null())
