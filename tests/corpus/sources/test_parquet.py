"""The process that reads a Parquet file: the oracle is the table that was written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve.corpus.sources import parquet


def run(path: Path, most_bytes: int, *known: str) -> tuple[pa.Table | None, list[str], str]:
    """(rows, errors of row groups, what it said on standard error)"""
    command = [sys.executable, "-I", parquet.__file__, str(path), str(most_bytes), *known]
    done = subprocess.run(command, capture_output=True, check=False)
    if not done.stdout:
        return None, [], done.stderr.decode()
    batches, errors = [], []
    with pa.ipc.open_stream(done.stdout) as stream:
        for batch, note in stream.iter_batches_with_custom_metadata():
            batches.append(batch)
            errors += [note[b"error"].decode()] if note is not None else []
        return pa.Table.from_batches(batches, stream.schema), errors, done.stderr.decode()


def test_known_columns_written_out(tmp_path: Path) -> None:
    """Dictionaries, views and nested text leave as plain binary; unknown columns are left out."""
    table = pa.table(
        {
            "content": pa.array(["a", None, "é"]).dictionary_encode(), "other": [1, 2, 3], "lang": pa.array(["x", "y", "z"], pa.large_string()),
            "files": pa.array([[{"content": "q"}], [], None], pa.list_(pa.struct([("content", pa.string())]))),
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    found, errors, _ = run(tmp_path / "t.parquet", 1000, "content", "lang", "files")
    assert found is not None
    assert errors == []
    assert found.schema.names == ["content", "lang", "files"]
    assert found.to_pylist() == [
        {"content": b"a", "lang": b"x", "files": [{"content": b"q"}]}, {"content": None, "lang": b"y", "files": []},
        {"content": "é".encode(), "lang": b"z", "files": None},
    ]  # fmt: skip
    assert found.schema.metadata[b"columns"] == b"content, other, lang, files"


def test_a_long_text_is_cut_one_byte_after_the_limit(tmp_path: Path) -> None:
    pq.write_table(pa.table({"content": ["x" * 50_000, "y" * 5_000]}), tmp_path / "t.parquet")
    found, _, _ = run(tmp_path / "t.parquet", 20_000, "content")
    assert found is not None
    assert [len(text) for text in found["content"].to_pylist()] == [20_001, 5_000]


def test_a_damaged_row_group_is_named_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"content": [f"{i}" * 50 for i in range(300)]}),
        path,
        row_group_size=100,
        compression="none",
        use_dictionary=False,
    )
    column = pq.read_metadata(path).row_group(1).column(0)
    raw = bytearray(path.read_bytes())
    raw[column.data_page_offset : column.data_page_offset + 60] = b"\xff" * 60
    path.write_bytes(raw)
    found, errors, _ = run(path, 1000, "content")
    assert found is not None
    assert found.num_rows == 200
    assert len(errors) == 1 and errors[0].startswith("row group 1:")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no table at all", b"PAR1" + b"\0" * 50 + b"PAR1"])
def test_what_is_no_parquet_ends_with_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    found, _, said = run(tmp_path / "t.parquet", 1000, "content")
    assert found is None
    assert len(said.strip().splitlines()) == 1 and "t.parquet" in said
