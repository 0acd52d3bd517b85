"""Tables in anybody's columns become files: names known by aliases, nested rows opened, hostile rows
refused.

ALIASES names the columns known, those of The Stack v1 and v2, datatrove, dolma, CodeSearchNet and
BigQuery's copy of GitHub among them; others are left out. What lies in a struct, a map or JSON text NESTED
(`metadata` of datatrove and dolma, RedPajama's `meta`) is found there by the same names, and a list of
structs `files` (The Stack v2's rows are repositories) becomes one row for each file. A language that the
table gives is kept, and so is a licence unless the file itself states another (curation reads that). A row
without a path has its `doc_id` for one, and without a repository for that too: rows of unknown origin do
not belong together.

The trade-off: a column's name alone says what it means, in every table.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus import notebooks
from neve.corpus.languages import detection
from neve.corpus.licenses import names
from neve.corpus.sources.batches import (
    NAME_CHARACTERS,
    POINTER_BYTES,
    POINTERS,
    Batch,
    Limits,
    printable,
    verdicts,
)
from neve.documents import FILES, doc_id

ALIASES = {
    "content": ("content", "text", "code", "contents", "source_code", "file_content", "raw_content", "whole_func_string"),
    "language": ("language", "lang", "programming_language"),
    "repo": ("repo", "repo_name", "max_stars_repo_name", "repository_name", "repository", "repo_full_name", "sample_repo_name"),
    "path": (
        "path", "file_path", "max_stars_repo_path", "filepath", "filename", "file_name", "sample_path", "func_path_in_repository",
    ),
    "license": ("license", "licenses", "max_stars_repo_licenses", "detected_licenses"),
    "source_id": ("source_id", "id", "hexsha", "blob_id"),
    "blob": ("blob_id",),
    "encoding": ("src_encoding",),
}  # fmt: skip
"""Column of FILES -> names by which it is known, the first that is not null wins; the last two lead to a
content that the table does not hold."""
TEXTS = " or ".join(ALIASES["content"])
"""What a table must have one of, as a message names them."""
SPDX = ("spdx_id", "id", "key", "name", "type", "license")
"""Where a licence that is an object, as GitHub's API or npm gives it, has its name; the first that is not
null wins."""
NESTED = ("metadata", "meta")
FOLDER = "folder"
"""A column `folder.x` is what the folders of a table say of all its rows; all else comes before it."""
PACKED = "files"
_TEXTS = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
KNOWN = {name for names in ALIASES.values() for name in names} | {*NESTED, PACKED}


def has_text(schema: pa.Schema) -> bool:
    """Whether rows of `schema` hold texts, or say where they lie."""
    fields = set(schema.names)
    if PACKED in fields and _packs(kind := schema.field(PACKED).type):
        fields |= {kind.value_type.field(i).name for i in range(kind.value_type.num_fields)}
    return bool(fields & set(ALIASES["content"])) or fields >= {"blob_id", "src_encoding"}


def flat(schema: pa.Schema) -> bool:
    """Whether a table can be read in place: it holds texts, and each known column is a plain value, a
    licence also a list of them, metadata a struct of these."""

    def plain(field: pa.Field) -> bool:
        if field.name in NESTED:
            inner = list(field.type) if pa.types.is_struct(field.type) else [field]
            return all(each.name not in NESTED and plain(each) for each in inner if each.name in KNOWN)
        if field.name in ALIASES["license"] and (
            pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
        ):
            return not pa.types.is_nested(field.type.value_type)
        return not pa.types.is_nested(field.type)

    names = set(schema.names)
    known = all(plain(field) for field in schema if field.name in KNOWN)
    return known and len(names) == len(schema) and not names.isdisjoint(ALIASES["content"])


def flatten(table: pa.Table) -> pa.Table:
    """A row a file, every field a column: those of `files` as `files.x`, those of metadata as
    `metadata.x`."""
    if PACKED in table.column_names and _packs(table[PACKED].type):
        packed = table[PACKED].combine_chunks()
        files, rows = pc.list_flatten(packed), pc.list_parent_indices(packed).to_numpy(zero_copy_only=False)
        flat = np.flatnonzero(
            pc.fill_null(pc.list_value_length(packed), 0).to_numpy(zero_copy_only=False) == 0
        )
        places = np.concatenate([rows, flat]).astype(
            np.int64
        )  # a row without files stays, as a file or without content
        order = np.argsort(places, kind="stable")
        files = pa.concat_arrays([files, pa.nulls(len(flat), files.type)]).take(pa.array(order))
        table = _opened(table.drop_columns([PACKED]).take(pa.array(places[order])), PACKED, files)
    for name in NESTED:
        if name in table.column_names and pa.types.is_struct(table[name].type):
            table = _opened(table, name, table[name].combine_chunks())
        elif name in table.column_names and pa.types.is_map(table[name].type):
            kind = table[name].type.key_type
            for key in sorted(KNOWN) if kind in _TEXTS else []:
                found = pc.map_lookup(table[name], pa.scalar(key, kind), "first")
                table = table.append_column(f"{name}.{key}", found)
        elif name in table.column_names and table[name].type in _TEXTS:
            table = _written(table, name)
    return table


def _written(table: pa.Table, name: str) -> pa.Table:
    """`table` with the columns that the JSON in its text column `name` gives. A Python loop: each row is
    JSON of a shape of its own."""
    rows = [values({}, {name: text}) for text in table[name].to_pylist()]
    for column, aliases in ALIASES.items():
        told = [None if row[column] is None else printable(str(row[column])) for row in rows]
        if f"{name}.{aliases[0]}" not in table.column_names and any(told):
            table = table.append_column(f"{name}.{aliases[0]}", pa.array(told, pa.string()))
    return table


def _opened(table: pa.Table, name: str, struct: pa.StructArray) -> pa.Table:
    """`table` with a column `name.field` for each known field of `struct`."""
    for field in struct.type:
        if field.name in KNOWN and f"{name}.{field.name}" not in table.column_names:
            table = table.append_column(f"{name}.{field.name}", pc.struct_field(struct, [field.name]))
    return table


def _packs(kind: pa.DataType) -> bool:
    return _is_list(kind) and pa.types.is_struct(kind.value_type)


def _columns(table: pa.Table, key: str) -> list[pa.ChunkedArray]:
    """The columns known by any alias of `key`: of the file, else of its row, else of the row's metadata,
    else of the table's folders."""
    outer = () if key == "content" else (*NESTED, FOLDER)
    nested = [f"{name}.{alias}" for name in outer for alias in ALIASES[key]]
    names = [*(f"{PACKED}.{alias}" for alias in ALIASES[key]), *ALIASES[key], *nested]
    return [table[n] for n in names if n in table.column_names and not pa.types.is_null(table[n].type)]


def batch(table: pa.Table, name: str, limits: Limits) -> Batch:
    """FILES rows of a flat table; rows without text, with too much of it or with hostile names
    are verdicts."""
    size = table.num_rows
    content = merged(table, "content")
    given = {key: text(table, key) for key in ("language", "repo", "path", "source_id")}
    lengths = pc.fill_null(pc.binary_length(content), 0).cast(pa.int64())
    missing = pc.or_(pc.is_null(given["path"]), pc.is_null(given["repo"]))
    key = pa.nulls(size, pa.string())
    if pc.any(missing).as_py():
        # SHA-256 is no Arrow kernel; hashlib runs outside the interpreter's lock
        texts = content.filter(missing).to_pylist()
        key = pc.replace_with_mask(
            key, missing, pa.array([doc_id(text or b"") for text in texts], pa.string())
        )
    path = pc.coalesce(given["path"], key)
    repo = pc.coalesce(given["repo"], key)
    files = pa.table(
        {
            "source": pa.repeat(pa.scalar("table"), size),
            "repo": repo,
            "path": path,
            "language": detection.named(given["language"]),
            "license": _licenses(table),
            "license_path": pa.nulls(size, pa.string()),
            "others_license": pa.nulls(size, pa.string()),
            "source_id": given["source_id"],
            "size": lengths,
            "content": content,
        },
        schema=FILES,
    )
    most = notebooks.most_bytes(path, files["language"].combine_chunks(), limits.max_file_bytes)
    rule = pc.if_else(pc.greater(lengths, most), "too-large", pa.scalar(None, pa.string()))
    begins = [pc.fill_null(pc.starts_with(content, each), False) for each in POINTERS]
    points = pc.and_(functools.reduce(pc.or_, begins), pc.less(lengths, POINTER_BYTES))
    rule = pc.if_else(points, "lfs-pointer", rule)
    rule = pc.if_else(pc.is_null(content), "no-content", rule)
    rule = pc.if_else(pc.match_substring_regex(path, r"(^|[/\\])\.\.($|[/\\])"), "path-escape", rule)
    bad = [pc.match_substring_regex(each, r"[\x00-\x1f\x7f]") for each in (path, repo)]
    long = [pc.greater_equal(pc.utf8_length(each), NAME_CHARACTERS) for each in (path, repo)]
    rule = pc.if_else(pc.or_(pc.or_(*bad), pc.or_(*long)), "bad-name", rule)
    stopped = pc.is_valid(rule)
    gone = files.filter(stopped)
    rule = rule.filter(stopped)
    large = pc.equal(rule, "too-large")
    refused_rows = verdicts(
        gone.num_rows,
        source="table",
        repo=_shown(gone["repo"]),
        path=_shown(gone["path"]),
        language=gone["language"],
        rule=rule,
        value=pc.if_else(large, gone["size"].combine_chunks(), None),
        limit=pc.if_else(large, most.filter(stopped).cast(pa.float64()), None),
        detail=f"a row of {name}",
    )
    return Batch(files.filter(pc.invert(stopped)), refused_rows)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _shown(names: pa.ChunkedArray) -> pa.Array:
    """Names of refused rows, control characters replaced and cut."""
    clean = pc.replace_substring_regex(names.combine_chunks(), r"[\x00-\x1f\x7f]", "?")
    return pc.utf8_slice_codeunits(clean, 0, NAME_CHARACTERS - 1)


def merged(table: pa.Table, key: str) -> pa.Array:
    """The flat table's column `key` of ALIASES in bytes, numbers written out; nulls where there is none."""
    plain = [_bytes(column) for column in _columns(table, key) if not pa.types.is_nested(column.type)]
    if key != "content":  # empty text is no value
        plain = [pc.if_else(pc.greater(pc.binary_length(each), 0), each, None) for each in plain]
    empty = pa.chunked_array([pa.nulls(table.num_rows, pa.large_binary())])
    return (pc.coalesce(*plain) if plain else empty).combine_chunks()


def _bytes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return (column if column.type in _TEXTS else column.cast(pa.string())).cast(pa.large_binary())


def text(table: pa.Table, key: str) -> pa.Array:
    """As `merged`, in UTF-8: bytes that are not are escaped, empty text is null."""
    raw = merged(table, key)
    try:
        column = raw.cast(pa.string())
    except pa.ArrowInvalid:
        column = pa.array(
            [
                None if each is None else printable(each.decode("utf-8", "surrogateescape"))
                for each in raw.to_pylist()
            ],
            pa.string(),
        )
    return pc.if_else(pc.equal(column, ""), None, column)


def _licenses(table: pa.Table) -> pa.Array:
    """SPDX expressions of the licence column; of a list all hold."""
    values = pa.chunked_array([pa.nulls(table.num_rows, pa.large_binary())])
    for column in reversed(_columns(table, "license")):
        array = column.combine_chunks()
        array = pc.binary_join(_without_nulls(array), b"\n") if _is_list(column.type) else _named(array)
        values = pc.coalesce(pa.chunked_array([array.cast(pa.large_binary())]), values)
    return expressions(values.combine_chunks())


def _named(values: pa.Array) -> pa.Array:
    """Licences in bytes, of objects what SPDX names; null for what is nested otherwise."""
    unknown = pa.nulls(len(values), pa.large_binary())
    if pa.types.is_struct(values.type):
        given = [pc.struct_field(values, [n]) for n in SPDX if values.type.get_field_index(n) >= 0]
        return pc.coalesce(*(_named(each) for each in given), unknown)
    return unknown if pa.types.is_nested(values.type) else _bytes(values)


def _without_nulls(lists: pa.Array) -> pa.ListArray:
    """Licences of each list, without nulls, so that one unknown leaves the others; null where nothing is
    left."""
    values, rows = _named(pc.list_flatten(lists)).cast(pa.binary()), pc.list_parent_indices(lists)
    counts = np.bincount(
        rows.filter(pc.is_valid(values)).to_numpy(zero_copy_only=False), minlength=len(lists)
    )
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    kept = pa.ListArray.from_arrays(pa.array(offsets), values.filter(pc.is_valid(values)))
    return pc.if_else(pa.array(counts > 0), kept, pa.scalar(None, kept.type))


def expressions(values: pa.Array) -> pa.Array:
    """SPDX expressions of licences as tables give them, several one a line; each distinct value is read
    once.

    What is no SPDX and no name that is known stays as it is.
    """
    coded = values.cast(pa.large_binary()).dictionary_encode()
    each = [_license(value.decode("utf-8", "replace")) for value in coded.dictionary.to_pylist()]
    return pa.array(each, pa.string()).take(coded.indices)


def _license(value: str) -> str | None:
    parts = [part for part in value.split("\n") if part.strip()]
    return names.normalise(parts) or " AND ".join(parts) or None


def values(file: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What each column of FILES is, asked of the file, of its row and of the row's metadata in
    this order."""
    said = [_object(row.get(name)) for name in NESTED]
    made = {}
    for column, aliases in ALIASES.items():
        nested, none = (said, (None, "")) if column != "content" else ([], (None,))
        found = [each[n] for each in (file, row, *nested) for n in aliases if each.get(n) not in none]
        if column == "license":
            found = [name for value in found if (name := _license_name(value))]
        elif column != "content":
            found = [value for value in found if not isinstance(value, dict | list)]
        made[column] = found[0] if found else None
    return made


def _license_name(value: Any) -> str | None:
    """A licence given as a name, an object that has one, or a list of these, which becomes lines."""
    if isinstance(value, list):
        return "\n".join(name for part in value if (name := _license_name(part))) or None
    if isinstance(value, dict):
        return next((value[name] for name in SPDX if isinstance(value.get(name), str)), None)
    return None if value is None else str(value)


def _object(value: Any) -> dict[str, Any]:
    """Metadata as an object, which may be written as JSON; empty where they are none."""
    if isinstance(value, str | bytes):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
