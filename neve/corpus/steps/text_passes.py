"""The passes of curation over text: each reads the files once and returns small columns.

`identify` sees every file; the others see the rows that a `RowFilter` names, each with one integer (the
number of its languages, a rank, a part). A pass is a kernel over Arrow batches, the same on any engine; what
it needs to know travels with it as plain settings. Only `redact` returns text, for the documents as they are
written.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve import engine
from neve.corpus import notebooks, opt_out
from neve.corpus.duplicates import near_duplicates, shingles
from neve.corpus.duplicates.body import bodies
from neve.corpus.languages import detection
from neve.corpus.licenses import own_statements
from neve.corpus.ordering import dependencies, split
from neve.corpus.secrets import redaction
from neve.corpus.signals import measurement, rules
from neve.corpus.signals import table as signal_table
from neve.corpus.steps.row_filter import (
    KEY,
    Columns,
    Texts,
    guarded,
    numbers,
    places,
    read,
    row_key,
    run,
)
from neve.corpus.text import binary, doc_ids, only

if TYPE_CHECKING:
    from daft import DataFrame

    from neve.corpus.opt_out import OptOut
    from neve.corpus.settings import Settings
    from neve.recipe.corpus import Near

_text, _number = pa.string(), pa.float64()
STOPPED = {"rule": _text, "value": _number, "limit": _number}
BANDS = pa.large_list(pa.uint64())
COUNTS = pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int32())]))


Languages = list[tuple[str, str]]
"""For each code that goes with a row: (the document's language, that of its code); they differ in notebooks.
"""


def _languages(names: Languages, codes: pa.Array) -> tuple[pa.Array, pa.Array]:
    documents, written = zip(*names, strict=True) if names else ((), ())
    return pa.array(documents, _text).take(codes), pa.array(written, _text).take(codes)


class RawFiles(NamedTuple):
    """A batch of files, as sources give them."""

    source: pa.Array
    repo: pa.Array
    path: pa.Array
    language: pa.Array
    license: pa.Array
    license_path: pa.Array
    others_license: pa.Array
    content: pa.Array


def identify(
    files: DataFrame,
    excluded: frozenset[str],
    max_bytes: int,
    wanted_out: OptOut,
    languages: list[str],
    near_: Near | None = None,
) -> DataFrame:
    """All rows without their text: key, doc_id, size in bytes of UTF-8, language, the rule that stops a row.

    A given language is trusted; a given licence too, unless the file states another itself, which is read of
    what no rule stops and is in one of `languages` (none: any). `excluded` are families of exemplars. A row
    of a table without a path has its doc_id for one, and so for its repository. `opted_out` is what of the
    list `wanted_out` names a row. With `near_` nothing but copies is looked for: there are MinHash buckets
    too, in `number` and `bands`; licences stay as given, and SWHIDs are asked for by the list alone.
    """

    def kernel(*columns: pa.Array) -> Columns:
        raw = RawFiles(*columns)
        found, sizes, large = _decoded(raw, max_bytes)
        texts, ids = found.text, doc_ids(found.text)
        hexes = pa.array([None if i is None else i.hex() for i in ids], pa.string())
        language = _language(raw, texts)
        rule = _stopped(raw, found, sizes, large, excluded)
        asked = _true(pc.is_null(rule)) & _among(language, languages)
        license, license_path = _given(raw) if near_ else _licenses(raw, only(texts, asked))
        at = places(raw.source, raw.repo, raw.path)
        keys = pa.array([row_key(a, i) for a, i in zip(at, ids, strict=True)], KEY)
        swhid = _swhids(raw, asked=bool(wanted_out) or near_ is None)
        made = {
            "key": keys,
            "doc_id": hexes,
            "swhid": swhid,
            "opted_out": opt_out.named_by(wanted_out, raw.repo, swhid, raw.content),
            "repo": pc.coalesce(raw.repo.cast(pa.string()), hexes, pa.scalar("unknown")),
            "path": pc.coalesce(raw.path.cast(pa.string()), hexes, pa.scalar("unknown")),
            "license": license,
            "license_path": license_path,
            "others_license": raw.others_license.cast(_text),
            "size": pc.binary_length(texts.cast(pa.large_binary())),
            "encoding": found.encoding,
            "code_language": found.code_language,
            "language": language,
            "told": pc.and_(pc.is_valid(raw.language), pc.equal(raw.source.cast(_text), "table")),
            "rule": rule,
            "value": pc.if_else(large, sizes.cast(_number), pa.scalar(None, _number)),
            "limit": pc.if_else(large, pa.scalar(float(max_bytes)), pa.scalar(None, _number)),
        }
        if near_:
            made["number"] = pa.array(numbers(keys))
            made["bands"] = near_duplicates.buckets(bodies(texts), near_)
        return made

    fields = {
        "key": KEY, "doc_id": _text, "swhid": _text, "opted_out": _text, "repo": _text, "path": _text,
        "license": _text, "license_path": _text, "others_license": _text, "size": pa.int64(), "encoding": _text, "code_language": _text,
        "language": _text, "told": pa.bool_(), **STOPPED, **({"number": pa.uint64(), "bands": BANDS} if near_ else {}),
    }  # fmt: skip
    made = engine.kernel(guarded(kernel, fields), {**fields, "error": _text}, counts=True)
    return files.select("source", "source_id", made(*(files[name] for name in RawFiles._fields)))


def _decoded(raw: RawFiles, max_bytes: int) -> tuple[Texts, pa.Array, pa.Array]:
    """(texts, null where they are too large; sizes in bytes; which are too large)."""
    size = pc.binary_length(raw.content)
    small = _true(pc.less_equal(size, notebooks.most_bytes(raw.path, raw.language, max_bytes)))
    found = read(only(raw.content.cast(pa.large_binary()), small), raw.path, raw.language)
    sizes = pc.coalesce(pc.binary_length(found.text.cast(pa.large_binary())), size)
    large = pc.fill_null(pc.greater(sizes, max_bytes), False)
    return (
        found._replace(text=only(found.text, ~_true(large))),
        sizes,
        large,
    )


def _true(mask: pa.Array) -> np.ndarray:
    return pc.fill_null(mask, False).to_numpy(zero_copy_only=False)


def _among(language: pa.Array, languages: list[str]) -> np.ndarray:
    """Which rows may be of `languages`, none for any: a header of C may turn out to be of C++."""
    may_be = pa.array([*languages, *(["C"] if "C++" in languages else [])], _text)
    return _true(pc.is_in(language, value_set=may_be)) | (not languages)


def _given(raw: RawFiles) -> tuple[pa.Array, pa.Array]:
    return raw.license.cast(_text), raw.license_path.cast(_text)


def _swhids(raw: RawFiles, asked: bool) -> pa.Array:
    return pa.array(opt_out.swhids(raw.content), _text) if asked else pa.nulls(len(raw.content), _text)


def _licenses(raw: RawFiles, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """(licences as given, or as a file without evidence states itself; the files that state them)."""
    alone = only(texts, _true(pc.is_null(raw.license_path)))
    license, own = own_statements.overriding(raw.license.cast(pa.string()), alone)
    return license, pc.if_else(own, raw.path.cast(pa.string()), raw.license_path.cast(pa.string()))


def _language(raw: RawFiles, texts: pa.Array) -> pa.Array:
    """The languages that the input gives, spelled as Linguist does; detected where it gives none."""
    unknown = pc.is_null(raw.language)
    path = pc.fill_null(raw.path.cast(pa.string()), "")
    texts = texts.fill_null("")
    if unknown.true_count < len(unknown):
        path, texts = path.filter(unknown), texts.filter(unknown)
    detected = detection.detect(path, texts)
    return detection.named(pc.replace_with_mask(raw.language.cast(pa.string()), unknown, detected))


def _stopped(
    raw: RawFiles, found: Texts, sizes: pa.Array, large: pa.Array, excluded: frozenset[str]
) -> pa.Array:
    """The rule that stops a row at once, null for none; of several the first."""
    families = pc.fill_null(split.families(raw.repo), "")
    rules_ = {
        "exemplar": pc.is_in(families, value_set=pa.array(sorted(excluded), _text)),
        "no-content": pc.is_null(raw.content),
        "too-large": large,
        "broken-notebook": found.broken,
        "undecodable": pc.is_null(found.text),
        "empty": pc.equal(sizes, 0),
        "binary": binary(found.text),
    }
    return pc.case_when(pc.make_struct(*rules_.values()), *rules_).cast(pa.string())


def measure(picked: DataFrame, names: Languages, settings: Settings) -> DataFrame:
    """Signals, the first filter that stops a row, benchmark text, the share that a parser makes no sense of,
    and MinHash buckets of what nothing stopped.

    `picked` has the code of its language in `names`, and after these once more for what lies in another
    project's folder. Each step sees what those before it left. Columns: key, number, the signals, stage,
    rule, value, limit, detail, share (of a benchmark's text), parse_error_share, bands (null where something
    stopped the row, or near is off), error.
    """
    limits, near_ = settings.filters, settings.near
    benchmarks, bound = _benchmarks(settings), settings.decontaminate.share

    def kernel(key: pa.Array, code: pa.Array, path: pa.Array, content: pa.Array) -> Columns:
        others = pa.array(code.to_numpy() >= len(names))
        language, written = _languages(names * 2, code)
        measured = measurement.measure(content, written, path, others)
        rule, value, limit = rules.apply(measured, language, limits, step="bytes")
        passed = _true(pc.is_null(rule))
        held, task = _index(benchmarks).check(content.filter(pa.array(passed)))
        shares, task = _back(pa.array(held), passed), _back(task, passed)
        share = shares.to_numpy(zero_copy_only=False)
        dirty = share >= bound
        clean = passed & ~dirty
        parsed, syntax = _syntax(only(content, clean), language, written, limits)
        wrong, left = _true(pc.is_valid(syntax["rule"])), clean & _true(pc.is_null(syntax["rule"]))
        buckets = pa.nulls(len(key), BANDS)
        if near_.enabled:
            made = near_duplicates.buckets(bodies(content.filter(pa.array(left))), near_)
            buckets = _back(made, left)
        stage = np.select([dirty, wrong], ["decontaminate", "syntax"], "filters")
        return {
            "number": pa.array(numbers(key)),
            **{name: measured[name].combine_chunks() for name in signal_table.NAMES},
            "stage": pa.array(stage, _text, mask=left),
            "rule": pc.if_else(pa.array(dirty), "contaminated", pc.coalesce(rule, syntax["rule"])),
            "value": pa.array(np.select([dirty, wrong], [share, syntax["value"]], value), from_pandas=True),
            "limit": pa.array(np.select([dirty, wrong], [bound, syntax["limit"]], limit), from_pandas=True),
            "detail": pc.if_else(pa.array(dirty), task, None),
            "share": shares,
            "parse_error_share": pa.array(parsed, from_pandas=True),
            "bands": buckets,
        }

    fields = {
        "number": pa.uint64(), **dict.fromkeys(signal_table.NAMES, _number), "stage": _text, **STOPPED, "detail": _text,
        "share": _number, "parse_error_share": _number, "bands": BANDS,
    }  # fmt: skip
    return run(picked, kernel, fields, "key", "code", "path", "content").exclude("code", "path", "content")


def _syntax(
    texts: pa.Array, language: pa.Array, written: pa.Array, limits: dict[str, float | bool | str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """(the share of each text that its parser can make nothing of, NaN where none was asked; the verdicts of
    the rules about it: rule, value, limit)."""
    from neve.corpus.syntax import parsing

    share = parsing.parse_errors(texts, written)
    rule, value, limit = rules.apply(pa.table({"parse_error_share": share}), language, limits, step="syntax")
    asked = pc.and_(pc.is_valid(texts), pc.is_in(written, value_set=pa.array([*parsing.GRAMMARS], _text)))
    return share, {"rule": pc.if_else(asked, rule, None), "value": value, "limit": limit}


def _back(column: pa.Array, rows: np.ndarray) -> pa.Array:
    """A column that has a value for each of `rows` (booleans), with null in the others."""
    return column.take(pa.array(np.cumsum(rows) - 1, mask=~rows))


def _benchmarks(settings: Settings) -> str:
    chosen = settings.decontaminate
    return json.dumps([chosen.benchmarks, settings.data, [file.model_dump() for file in chosen.files]])


def check_settings(settings: Settings) -> None:
    """Raises Fault for filters or benchmarks that do not exist, before any work is done."""
    rules.table(settings.filters)
    _index(_benchmarks(settings))


@lru_cache(maxsize=2)
def _index(benchmarks: str) -> Any:
    from neve.corpus.contamination.benchmark_index import Index

    names, data, files = json.loads(benchmarks)
    return Index.load(names, Path(data) if data else None, files)


def shingle(picked: DataFrame, ngram: int) -> DataFrame:
    """The n-gram sets of rows' bodies: key, code, shingles (list of uint64), error."""
    made = run(
        picked,
        lambda text: {"shingles": shingles.shingles(bodies(text), ngram)},
        {"shingles": BANDS},
        "content",
    )
    return made.exclude("path", "content")


def imports(picked: DataFrame, names: Languages) -> DataFrame:
    """What files import, as written: key, imports (list of strings), error."""

    def kernel(code: pa.Array, path: pa.Array, content: pa.Array) -> Columns:
        return {"imports": dependencies.imports(content, _languages(names, code)[1], path)}

    made = run(picked, kernel, {"imports": pa.list_(_text)}, "code", "path", "content")
    return made.exclude("code", "path", "content")


def redact(picked: DataFrame, names: Languages) -> DataFrame:
    """Text without secrets and personal data: key, code, content, found (list of kind and count), error.

    `picked` has for a code `(part + 1) * len(names)` and the number of its language in `names`; here it is
    the part.
    """

    def kernel(code: pa.Array, content: pa.Array) -> Columns:
        _, written = _languages(names, pa.array(code.to_numpy() % len(names)))
        texts, counts = redaction.redact(content, written)
        return {"redacted": texts, "found": counts}

    from daft import col, lit

    fields = {"redacted": pa.large_string(), "found": COUNTS}
    made = run(picked, kernel, fields, "code", "content")
    part = (col("code") // lit(len(names)) - lit(1)).alias("code")
    return made.select("key", part, col("redacted").alias("content"), "found", "error")
