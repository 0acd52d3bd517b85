"""Croissant metadata. Oracles: the specification's required properties; mlcroissant, where it is installed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from neve.corpus.opt_out import OptOut
from neve.export import croissant
from neve.export.data import COLUMNS, write

ABOUT = croissant.About(
    "tiny",
    "Code.",
    ["MIT", "MIT AND PSF-2.0"],
    "https://example.org/tiny",
    "somebody",
    "2026-11-27",
    ["code"],
)


@pytest.fixture(scope="module")
def made(stages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("croissant")
    write(stages, OptOut(), out)
    (out / "croissant.json").write_text(croissant.dumps(croissant.describe(out, ABOUT, COLUMNS)))
    return out


def test_what_the_specification_requires(made: Path) -> None:
    """Version 1.1: of the data set, of file objects and sets, of record sets and fields."""
    found = json.loads((made / "croissant.json").read_text())
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.1" and found["@type"] == "sc:Dataset"
    for name in ("@context", "name", "description", "license", "url", "creator", "datePublished"):
        assert found[name], name
    files = [row for row in found["distribution"] if row["@type"] == "cr:FileObject"]
    assert {row["contentUrl"] for row in files} == {f"data/{p.name}" for p in (made / "data").iterdir()}
    for row in files:
        assert row["sha256"] == hashlib.sha256((made / row["contentUrl"]).read_bytes()).hexdigest()
    names = {row["@id"] for row in found["distribution"]}
    for records in found["recordSet"]:
        first = next((made / "data").glob(f"{records['name']}-*.parquet"))
        assert [row["name"] for row in records["field"]] == pq.read_schema(first).names
        assert all(
            row["source"]["fileSet"]["@id"] in names and row["description"] for row in records["field"]
        )


@pytest.mark.slow
def test_mlcroissant_validates_it_and_reads_the_records(made: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    found = mlcroissant.Dataset(str(made / "croissant.json"))
    assert not found.metadata.ctx.issues.errors and not found.metadata.ctx.issues.warnings
    rows = sum(pq.read_metadata(path).num_rows for path in (made / "data").glob("train-*.parquet"))
    assert sum(1 for _ in found.records("train")) == rows
