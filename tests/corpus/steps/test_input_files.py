"""The files that enter curation. Oracle: tables of a row or two, their columns renamed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve.corpus.steps.input_files import in_place, open_files
from neve.documents import FILES
from neve.errors import Fault


def put(folder: Path, name: str, **columns: list) -> str:
    pq.write_table(pa.table(columns), folder / name)
    return str(folder / name)


def test_columns_are_known_by_the_names_that_corpora_use(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "a.parquet",
        text=["x = 1\n", None],
        max_stars_repo_name=["r/one", ""],
        max_stars_repo_path=["a.py", None],
        lang=["Python", ""],
        max_stars_repo_licenses=[["MIT", "Apache-2.0"], None],
        hexsha=["c0ffee", None],
        stars=[3, 4],
    )
    frame, rows = in_place([path])
    assert rows == 2 and frame.column_names == FILES.names
    first, second = frame.to_arrow().to_pylist()
    assert first == {
        "source": "table", "repo": "r/one", "path": "a.py", "language": "Python", "license": first["license"],
        "license_path": None, "others_license": None, "source_id": "c0ffee", "size": None, "content": b"x = 1\n",
    }  # fmt: skip
    assert set(first["license"].split(" ")) >= {"MIT", "Apache-2.0"}
    assert {name for name, value in second.items() if value is not None} == {"source"}, (
        "empty text is no value"
    )


def test_metadata_is_looked_into_and_the_table_itself_comes_first(tmp_path: Path) -> None:
    meta = [{"file_path": "inner.py", "language": "Ruby"}, {"file_path": "b.rb", "language": "Ruby"}]
    path = put(tmp_path, "a.parquet", content=["1", "2"], path=["outer.py", None], metadata=meta)
    found = in_place([path])[0].to_arrow().to_pylist()
    assert [(row["path"], row["language"]) for row in found] == [("outer.py", "Ruby"), ("b.rb", "Ruby")]
    same = [{"path": "a.go", "repo": "r/inner"}, {"path": "b.go", "repo": "r/inner"}]
    path = put(
        tmp_path, "b.parquet", content=["1", "2"], path=[None, "o.go"], repo=["", "r/o"], metadata=same
    )
    found = in_place([path])[0].to_arrow().to_pylist()
    assert [(row["path"], row["repo"]) for row in found] == [("a.go", "r/inner"), ("o.go", "r/o")]


def test_copied_files_and_tables_in_place_are_one_frame(small, tmp_path: Path) -> None:
    folder = small.write_files([small.file("r", "a.py", "x = 1\n")], tmp_path / "in")
    assert open_files(folder)[1] == 1
    (folder / "tables.json").write_text(json.dumps([[put(tmp_path, "b.parquet", content=["y", "z"])]]))
    frame, rows = open_files(folder)
    assert rows == 3 and sorted(frame.to_arrow()["content"].to_pylist()) == [b"x = 1\n", b"y", b"z"]


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    names = "content or text or code or contents or source_code or file_content or raw_content or whole_func_string"
    with pytest.raises(Fault, match=f"has no column {names}, only words; in_place needs one"):
        in_place([put(tmp_path, "a.parquet", words=["x"])])
    (tmp_path / "b.parquet").write_bytes(b"no table")
    with pytest.raises(Fault, match=r"^source table: .*b\.parquet: cannot be read: ") as fault:
        in_place([str(tmp_path / "b.parquet")])
    assert "\n" not in str(fault.value)
    (tmp_path / "tables.json").write_text("[]")
    with pytest.raises(Fault, match="holds no files; the sources stage has not run here"):
        open_files(tmp_path)
