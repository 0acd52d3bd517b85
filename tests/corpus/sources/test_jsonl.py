"""JSON lines: the oracle is Python's own json, a line at a time."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from neve.corpus.sources import jsonl, table
from neve.corpus.sources.batches import Limits
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=100_000, max_archive_bytes=1 << 20)
FULL = {
    "content": "x = 1\n",
    "path": "a.py",
    "repo": "r",
    "license": "MIT",
    "id": 5,
    "metadata": {"lang": "Python"},
}
PACKED = {
    "repo_name": "s",
    "files": [{"path": "b.py", "content": "y = 1\n", "detected_licenses": ["MIT", None]}],
}


def read(path: Path) -> tuple[list[tuple], list[tuple]]:
    files, verdicts = [], []
    for batch in table.read(Source(kind="table", path=str(path)), LIMITS):
        files += [
            (r["repo"], r["path"], r["language"], r["license"], r["content"]) for r in batch.files.to_pylist()
        ]
        verdicts += [(r["rule"], r["detail"]) for r in batch.verdicts.to_pylist()]
    return files, verdicts


@pytest.mark.parametrize(
    "first",
    [
        {}, {"content": None}, {"content": "f", "metadata": None}, {"content": "f", "license": ["ISC"]}, {"content": "f", "license": None}, {"content": "f", "id": "five"}, {"content": "f", "files": None},
        {"content": "f", "files": []}, {"content": "f", "metadata": "flat"}, {"content": "f", "files": "three"}, {"content": "f", "metadata": {"lang": ["Python"]}}, {"content": ""}, PACKED,
    ],
)  # fmt: skip
def test_no_row_fixes_the_schema_of_the_others(tmp_path: Path, first: dict[str, Any]) -> None:
    """Whatever stands first, later rows are what they are; 300 rows, so that most are not sampled."""
    rows = [first, *[FULL] * 150, PACKED, *[FULL] * 150]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files, verdicts = read(tmp_path / "t.jsonl")
    assert files.count(("r", "a.py", "Python", "MIT", b"x = 1\n")) == 300
    assert files.count(("s", "b.py", None, "MIT", b"y = 1\n")) == 1 + (first is PACKED)
    assert len(files) + len(verdicts) == 302


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_what_lies_before_the_damage_is_kept(tmp_path: Path, kind: str) -> None:
    data = b"".join(
        json.dumps({**FULL, "path": f"{i}.py", "content": f"x = {i * 7919 % 100_003}\n" * 30}).encode()
        + b"\n"
        for i in range(20_000)
    )
    path = tmp_path / f"t.jsonl.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(data))
    else:
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(data)
    whole, none = read(path)
    assert (len(whole), none) == (20_000, [])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.8)])
    files, verdicts = read(path)
    assert 10_000 < len(files) < 20_000
    assert files == whole[: len(files)]
    assert [rule for rule, _ in verdicts] == ["unreadable"]
    assert f"{len(files)} files before it are kept" in verdicts[0][1]


def test_of_a_small_file_too(tmp_path: Path) -> None:
    rows = [
        {
            **FULL,
            "path": f"{i}.py",
            "content": "".join(f"{i * j} = {j * 7919 % 100_003}\n" for j in range(900)),
        }
        for i in range(4)
    ]
    data = gzip.compress(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    (tmp_path / "t.jsonl.gz").write_bytes(data)
    whole, _ = read(tmp_path / "t.jsonl.gz")
    (tmp_path / "t.jsonl.gz").write_bytes(data[:-9])
    files, verdicts = read(tmp_path / "t.jsonl.gz")
    assert len(files) >= 3
    assert files == whole[: len(files)]
    assert [rule for rule, _ in verdicts] == ["unreadable"]


def test_a_byte_order_mark_and_a_pointer_in_place_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(FULL).encode() + b"\n")
    (tmp_path / "b.jsonl").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert len(read(tmp_path / "a.jsonl")[0]) == 1
    assert read(tmp_path / "b.jsonl") == ([], [("lfs-pointer", "oid sha256:00 size 1")])


def test_the_columns_that_rows_are_typed_by() -> None:
    fields = {
        field.name: field.type
        for field in jsonl._fields([{"license": ["MIT"], "id": 7, "metadata": {"id": "x"}}, {"id": None}])
    }
    assert fields["license"] == pa.list_(pa.string())
    assert fields["id"] == pa.int64()
    assert fields["metadata"].field("id").type == pa.string()
    assert pa.types.is_list(fields["files"])
