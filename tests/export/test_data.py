"""A run's documents as a data set. Oracle: curation's own tables; for reading it, the libraries that people use."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from neve import documents
from neve.corpus.opt_out import OptOut
from neve.errors import Fault
from neve.export.data import COLUMNS, write

KEYS = ["repo", "path"]


def test_every_document_is_in_its_split_with_what_is_known_of_its_file(
    stages: dict[str, Path], tmp_path: Path
) -> None:
    tally = write(stages, OptOut(), tmp_path)
    ours = documents.read(stages["curate"] / "documents")
    for split in ("train", "heldout"):
        mine = ours.filter(pc.equal(ours["split"], split))
        found = pq.read_table(sorted((tmp_path / "data").glob(f"{split}-*.parquet")), schema=None)
        assert documents.digest(found.select(ours.column_names), KEYS) == documents.digest(mine, KEYS)
        assert tally.splits[split] == mine.num_rows and tally.sizes[split] == pc.sum(mine["size"]).as_py()
        assert set(found.column_names) <= set(COLUMNS)
    table = pq.read_table(sorted((tmp_path / "data").glob("train-*.parquet")))
    beside = {row["doc_id"]: row for row in documents.read(stages["curate"] / "signals").to_pylist()}
    for row in table.select(["doc_id", "swhid", "license_path"]).to_pylist():
        assert row == beside[row["doc_id"]]
    grown = pq.read_table(tmp_path / "data" / "synthetic-00000.parquet").to_pylist()
    assert [row["seed"] for row in grown] == [
        f"{r['repo']}/{r['path']}" for r in ours.slice(0, 2).to_pylist()
    ]


def test_what_is_listed_since_is_left_out_and_what_grew_from_it(
    stages: dict[str, Path], tmp_path: Path
) -> None:
    first = documents.read(stages["curate"] / "documents").slice(0, 1).to_pylist()[0]
    swhid = next(
        r["swhid"]
        for r in documents.read(stages["curate"] / "signals").to_pylist()
        if r["doc_id"] == first["doc_id"]
    )
    tally = write(stages, OptOut(contents=frozenset({swhid}), repositories=frozenset({"rich"})), tmp_path)
    rows = [
        row for path in (tmp_path / "data").glob("[th]*.parquet") for row in pq.read_table(path).to_pylist()
    ]
    everything = documents.read(stages["curate"] / "documents").to_pylist()
    named = {r["doc_id"] for r in everything if r["repo"] == "rich"} | {first["doc_id"]}
    assert tally.opted_out == len(named) > 1
    assert {row["doc_id"] for row in rows} == {row["doc_id"] for row in everything} - named
    assert tally.splits["synthetic"] == sum(r["doc_id"] not in named for r in everything[:2]) == 1


def test_nothing_left_is_an_error(stages: dict[str, Path], tmp_path: Path) -> None:
    everything = frozenset(
        row["repo"] for row in documents.read(stages["curate"] / "documents", ["repo"]).to_pylist()
    )
    with pytest.raises(Fault, match="names every document"):
        write(stages, OptOut(repositories=everything), tmp_path)


def test_signals_of_an_earlier_version_are_named(stages: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "curate" / "documents").mkdir(parents=True)
    with pytest.raises(Fault, match="builds curation again"):
        write({"curate": tmp_path / "curate"}, OptOut(), tmp_path / "out")


@pytest.mark.slow
def test_the_usual_libraries_read_it_as_it_lies(stages: dict[str, Path], tmp_path: Path, monkeypatch) -> None:
    """datasets, pandas, Polars and DuckDB, each where it is installed; the same rows in each."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    tally = write(stages, OptOut(), tmp_path / "set")
    pattern, read = str(tmp_path / "set" / "data" / "train-*.parquet"), []
    for name in ("pandas", "polars", "duckdb", "datasets"):
        try:
            library = __import__(name)
        except ImportError:
            continue
        read.append(name)
        if name == "pandas":
            rows = sum(
                len(library.read_parquet(path))
                for path in (tmp_path / "set" / "data").glob("train-*.parquet")
            )
        elif name == "polars":
            rows = library.scan_parquet(pattern).collect().height
        elif name == "duckdb":
            rows = library.sql(f"select count(*) from '{pattern}'").fetchall()[0][0]
        else:
            files = {"train": pattern}
            rows = library.load_dataset("parquet", data_files=files, split="train").num_rows
        assert rows == tally.splits["train"], name
    if not read:
        pytest.skip("none of pandas, polars, duckdb, datasets is installed")
