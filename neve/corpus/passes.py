"""The passes of curation over text: each reads the files once, and gives back small columns.

Text is read where it lies, decoded, looked at by a kernel, and let go; it is never shuffled or copied to a
working table. Which rows a pass looks at, and one integer that goes with each (a language, a rank, a part), are a
`Selection`: sorted row keys in a memory-mapped file that every worker searches. The trade-off: a pass decodes and
hashes all files again (about a gigabyte a second and core), and in return nothing but keys travels.

A row's key is a hash of (source, repo, path, doc_id): 16 bytes. An exception in a kernel sends its batch through one
row at a time, so that only the culprit is lost; its error is the column `error`.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import engine
from neve.corpus import filters, languages, near, shingles, signals
from neve.documents import doc_id
from neve.errors import Fault

if TYPE_CHECKING:
    from daft import DataFrame

KEY = pa.binary(16)
Columns = dict[str, pa.Array]


# --- text and keys -----------------------------------------------------------------------------------------------


def decode(data: bytes) -> tuple[bytes | None, str | None]:
    """(text as UTF-8, rule that stops it): UTF-8, or UTF-16 with a byte order mark, the mark taken off.

    >>> decode(b"\\xef\\xbb\\xbfx"), decode("é".encode("utf-16")), decode(b"\\xff"), decode(b"a\\0")
    ((b'x', None), (b'\\xc3\\xa9', None), (None, 'undecodable'), (b'a\\x00', 'binary'))
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16").encode()
        else:
            text = data.removeprefix(codecs.BOM_UTF8)
            text.decode()
    except UnicodeDecodeError:
        return None, "undecodable"
    return text, "empty" if not text else "binary" if b"\0" in text else None


def row_key(source: str, repo: str, path: str, document: str | None) -> bytes:
    """Key of a row: 16 bytes."""
    return hashlib.blake2b(f"{source}\0{repo}\0{path}\0{document}".encode(), digest_size=16).digest()


def numbers(keys: pa.Array) -> np.ndarray:
    """The first 8 bytes of each row key as uint64: what near-duplicate grouping shuffles."""
    keys = keys.cast(KEY)
    return np.frombuffer(keys.buffers()[1], np.uint64)[2 * keys.offset :][: 2 * len(keys) : 2]


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


# --- first pass: what is there -----------------------------------------------------------------------------------


def identify(files: DataFrame, excluded: frozenset[str]) -> DataFrame:
    """All rows without their text: key, doc_id, size in bytes of UTF-8, language, and the rule that stops a row at once.

    A given language is trusted. `excluded` are families of repositories that are set apart as exemplars.
    The loop over a batch's texts is hashlib's: it has no call for many texts, and lets go of the lock for each.
    """
    from neve.corpus.grouping import family

    def kernel(
        source: pa.Array, repo: pa.Array, path: pa.Array, language: pa.Array, content: pa.Array
    ) -> Columns:
        texts, rules, ids, keys = [], [], [], []
        for at, (s, r, p) in enumerate(
            zip(source.to_pylist(), repo.to_pylist(), path.to_pylist(), strict=True)
        ):
            text, rule = decode(content[at].as_py())
            texts.append(text)
            rules.append("exemplar" if family(r) in excluded else rule)
            ids.append(None if text is None else doc_id(text))
            keys.append(row_key(s, r, p, ids[-1]))
        column = pa.array(texts, pa.large_binary())
        detected = languages.detect(path.cast(pa.string()), column.fill_null(b""))
        return {
            "key": pa.array(keys, KEY),
            "doc_id": pa.array(ids, pa.string()),
            "size": pc.binary_length(column),
            "rule": pa.array(rules, pa.string()),
            "language": pc.coalesce(languages.named(language.cast(pa.string())), detected),
        }

    fields = {
        "key": KEY,
        "doc_id": pa.string(),
        "size": pa.int64(),
        "rule": pa.string(),
        "language": pa.string(),
    }
    names = ["source", "repo", "path", "license", "source_id"]
    made = engine.kernel(guarded(kernel, fields), {**fields, "error": pa.string()}, counts=True)
    return files.select(*names, made(*(files[n] for n in ("source", "repo", "path", "language", "content"))))


# --- later passes: chosen rows -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Selection:
    """Rows to be looked at, on disk: `keys.npy` sorted, and `codes.npy`, an integer for each."""

    folder: str

    @staticmethod
    def write(folder: Path, keys: pa.Array, codes: np.ndarray) -> Selection:
        folder.mkdir(parents=True)
        raw = np.frombuffer(keys.cast(KEY).take(pa.array(np.arange(len(keys)))).buffers()[1], "S16")[
            : len(keys)
        ]
        order = np.argsort(raw, kind="stable")
        np.save(folder / "keys.npy", raw[order])
        np.save(folder / "codes.npy", codes[order].astype(np.int64))
        return Selection(str(folder))

    def find(self, keys: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """(whether each key is selected, its code)."""
        known, codes = _mapped(self.folder, Path(self.folder, "codes.npy").stat().st_mtime_ns)
        wanted = np.array(keys, "S16")
        if not len(known):
            return np.zeros(len(wanted), bool), np.zeros(len(wanted), np.int64)
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return known[place] == wanted, codes[place]


@lru_cache(maxsize=4)
def _mapped(folder: str, _written: int) -> tuple[np.ndarray, np.ndarray]:
    return np.load(Path(folder, "keys.npy"), mmap_mode="r"), np.load(Path(folder, "codes.npy"), mmap_mode="r")


def pick(files: DataFrame, selection: Selection) -> DataFrame:
    """The selected rows: key, code, and content decoded (large_string)."""

    def kernel(source: pa.Array, repo: pa.Array, path: pa.Array, content: pa.Array) -> Columns:
        texts, keys = [], []
        for at, (s, r, p) in enumerate(
            zip(source.to_pylist(), repo.to_pylist(), path.to_pylist(), strict=True)
        ):
            text, _ = decode(content[at].as_py())
            texts.append(text)
            keys.append(row_key(s, r, p, None if text is None else doc_id(text)))
        found, codes = selection.find(keys)
        chosen = [text if ok else None for text, ok in zip(texts, found, strict=True)]
        return {
            "key": pa.array(keys, KEY),
            "code": pa.array(codes, mask=~found),
            "content": pa.array(chosen, pa.large_binary()).cast(pa.large_string()),
        }

    fields = {"key": KEY, "code": pa.int64(), "content": pa.large_string()}
    made = engine.kernel(kernel, fields, counts=True)
    picked = files.select(made(*(files[n] for n in ("source", "repo", "path", "content"))))
    return picked.where(picked["code"].not_null())


def measure(picked: DataFrame, names: list[str], settings: dict[str, Any]) -> DataFrame:
    """Signals, the first filter that stops a row, benchmark text, and MinHash buckets of what nothing stopped.

    `picked` has the code of its language in `names`. Columns: key, number, the signals, stage, rule, value, limit,
    detail, share (of a benchmark's text), bands (null where something stopped the row, or near is off), error.
    """
    from daft import col

    limits, decontaminate, near_ = settings["filters"], settings["decontaminate"], settings["near"]
    benchmarks = _benchmarks(settings)

    def kernel(key: pa.Array, code: pa.Array, content: pa.Array) -> Columns:
        measured = signals.measure(content)
        language = pa.array(names, pa.string()).take(code)
        rule, value, limit = filters.apply(measured, language, limits, step="bytes")
        passed = pc.is_null(rule)
        texts = pc.if_else(passed, content, None)
        share, task = _index(benchmarks).check(texts)
        dirty = pa.array(share >= decontaminate["share"])
        bound = decontaminate["share"]
        return {
            "number": pa.array(numbers(key)),
            **{name: measured[name].combine_chunks() for name in signals.NAMES},
            "stage": pc.if_else(passed, pc.if_else(dirty, "decontaminate", None), "filters"),
            "rule": pc.if_else(dirty, "contaminated", rule),
            "value": pa.array(np.where(dirty, share, value), from_pandas=True),
            "limit": pa.array(np.where(dirty, bound, limit), from_pandas=True),
            "detail": pc.if_else(dirty, task, None),
            "share": pa.array(share, mask=~passed.to_numpy(zero_copy_only=False)),
        }

    number = pa.float64()
    fields = {
        "number": pa.uint64(), **dict.fromkeys(signals.NAMES, number), "stage": pa.string(), "rule": pa.string(),
        "value": number, "limit": number, "detail": pa.string(), "share": number,
    }  # fmt: skip
    measured = run(picked, kernel, fields, "key", "code", "content")
    kept = [name for name in measured.column_names if name not in ("content", "code")]
    if not near_["enabled"]:
        return measured.select(*kept)
    from daft.functions import when

    text = when(col("rule").is_null() & col("error").is_null(), col("content"))
    buckets = engine.kernel(
        lambda signature: {"bands": near.bands(signature, near_)}, {"bands": pa.large_list(pa.uint64())}
    )
    hashed = measured.select(*kept, near.minhash(shingles.words(text), near_).alias("signature"))
    return hashed.select(*kept, buckets(col("signature")))


def _benchmarks(settings: dict[str, Any]) -> str:
    return json.dumps([settings["decontaminate"]["benchmarks"], settings.get("data")])


def check_settings(settings: dict[str, Any]) -> None:
    """Raises Fault for filters or benchmarks that do not exist, before any work is done."""
    filters.table(settings["filters"])
    _index(_benchmarks(settings))


@lru_cache(maxsize=2)
def _index(benchmarks: str) -> Any:
    from neve.corpus.decontaminate import Index

    names, data = json.loads(benchmarks)
    return Index.load(names, Path(data) if data else None)


def shingle(picked: DataFrame, ngram: int) -> DataFrame:
    """The n-gram sets of rows: key, code, shingles (list of uint64), error."""
    from daft import col

    texts = picked.select("key", "code", shingles.words(col("content")).alias("words"))
    fields = {"shingles": pa.large_list(pa.uint64())}
    made = run(texts, lambda words: {"shingles": shingles.shingles(words, ngram)}, fields, "words")
    return made.select("key", "code", "shingles", "error")


def parse(picked: DataFrame, names: list[str], settings: dict[str, Any]) -> DataFrame:
    """Share of what a parser cannot make sense of: key, parse_error_share, rule, value, limit, error."""

    def kernel(code: pa.Array, content: pa.Array) -> Columns:
        from neve.corpus import syntax

        language = pa.array(names, pa.string()).take(code)
        share = syntax.parse_errors(content, language)
        table = pa.table({"parse_error_share": share})
        rule, value, limit = filters.apply(table, language, settings["filters"], step="syntax")
        return {
            "parse_error_share": table["parse_error_share"].combine_chunks(),
            "rule": rule,
            "value": pa.array(value, from_pandas=True),
            "limit": pa.array(limit, from_pandas=True),
        }

    fields = {
        "parse_error_share": pa.float64(),
        "rule": pa.string(),
        "value": pa.float64(),
        "limit": pa.float64(),
    }
    made = run(picked, kernel, fields, "code", "content")
    return made.select("key", *fields, "error")
