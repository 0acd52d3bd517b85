"""The data set's metadata as Croissant 1.1: JSON-LD on schema.org's vocabulary that search engines and
loaders read.

Each table is a file object with its SHA-256, the tables of one kind are a file set, and its columns are the
fields of a record set. The trade-off: fields have no semantic types beyond text and numbers.

Source: the Croissant format specification, version 1.1 (https://docs.mlcommons.org/croissant/).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

VERSION = "http://mlcommons.org/croissant/1.1"
PARQUET = "application/x-parquet"
TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format",
    "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
    "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"}, "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, **{term: f"cr:{term}" for term in TERMS},
}  # fmt: skip
KINDS = {"int64": "sc:Integer", "int32": "sc:Integer", "double": "sc:Float"}
"""Arrow types that are no text."""


@dataclass(frozen=True)
class About:
    """What the metadata says of the whole."""

    name: str
    description: str
    licenses: list[str]
    """SPDX expressions found in the column `license`."""
    url: str
    publisher: str
    date: str
    """ISO 8601."""
    keywords: list[str]


def describe(out: Path, about: About, columns: dict[str, str]) -> dict[str, Any]:
    """The metadata of the tables `out`/data/KIND-NNNNN.parquet; `columns` explains each column by name."""
    files: dict[str, list[Path]] = {}
    for path in sorted((out / "data").glob("*.parquet")):
        files.setdefault(path.name.rpartition("-")[0], []).append(path)
    objects = [_file(out, path) for paths in files.values() for path in paths]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": about.name,
        "description": about.description,
        "conformsTo": VERSION,
        "license": [address(name) for name in about.licenses] or ["https://spdx.org/licenses/"],
        "url": about.url,
        "creator": {"@type": "Organization", "name": about.publisher},
        "datePublished": about.date,
        "version": "1.0.0",
        "citeAs": f"{about.publisher}: {about.name}, {about.date[:4]}",
        "keywords": about.keywords,
        "inLanguage": "en",
        "distribution": [*objects, *map(_set, files)],
        "recordSet": [_records(kind, paths[0], columns) for kind, paths in files.items()],
    }


def address(license: str) -> str:
    """The address of a licence that SPDX lists; an expression of several stays an expression.

    >>> address("MIT"), address("MIT AND PSF-2.0")
    ('https://spdx.org/licenses/MIT', 'MIT AND PSF-2.0')
    """
    return (
        license
        if " " in license or license.startswith("LicenseRef")
        else f"https://spdx.org/licenses/{license}"
    )


def _file(out: Path, path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject", "@id": path.name, "name": path.name, "contentUrl": path.relative_to(out).as_posix(),
        "contentSize": f"{path.stat().st_size} B", "encodingFormat": PARQUET, "sha256": digest,
    }  # fmt: skip


def _set(kind: str) -> dict[str, Any]:
    """The tables of a kind, as a pattern below the folder that holds the metadata."""
    return {
        "@type": "cr:FileSet", "@id": f"{kind}-files", "name": f"{kind}-files", "encodingFormat": PARQUET,
        "includes": f"data/{kind}-*.parquet",
    }  # fmt: skip


def _records(kind: str, path: Path, columns: dict[str, str]) -> dict[str, Any]:
    fields = [
        {
            "@type": "cr:Field", "@id": f"{kind}/{field.name}", "name": field.name,
            "description": columns[field.name], "dataType": KINDS.get(str(field.type), "sc:Text"),
            "source": {"fileSet": {"@id": f"{kind}-files"}, "extract": {"column": field.name}},
        }
        for field in pq.read_schema(path)
    ]  # fmt: skip
    return {
        "@type": "cr:RecordSet", "@id": kind, "name": kind, "key": {"@id": f"{kind}/doc_id"},
        "description": f"The documents of {kind}.", "field": fields,
    }  # fmt: skip


def dumps(metadata: dict[str, Any]) -> str:
    return json.dumps(metadata, indent=1, ensure_ascii=False) + "\n"
