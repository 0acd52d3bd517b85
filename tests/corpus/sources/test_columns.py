"""Tables in anybody's columns: the oracle is the row that each planted one stands for."""

from __future__ import annotations

import pyarrow as pa
import pytest

from neve.corpus.sources import columns
from neve.corpus.sources.batches import Limits

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)


def rows(table: pa.Table) -> tuple[list[tuple], list[tuple]]:
    batch = columns.batch(columns.flatten(table), "t", LIMITS)
    files = [
        (r["repo"], r["path"], r["language"], r["license"], r["content"]) for r in batch.files.to_pylist()
    ]
    return files, [(r["path"], r["rule"]) for r in batch.verdicts.to_pylist()]


def test_rows_with_files_without_and_with_none_are_all_kept_in_order() -> None:
    """A repository a row beside a file a row: no content is lost, and what has none is a verdict."""
    file = pa.struct([("path", pa.string()), ("content", pa.string())])
    packed = [
        [{"path": "a.py", "content": "a"}, {"path": "b.py", "content": "b"}],
        None,
        [],
        [{"path": "d.py", "content": None}],
    ]
    table = pa.table({"repo_name": ["r", "s", "t", "u"], "content": [None, "c", None, None], "path": [None, "c.py", "e.py", None], "files": pa.array(packed, pa.list_(file))})  # fmt: skip
    files, verdicts = rows(table)
    assert [row[:2] + row[4:] for row in files] == [
        ("r", "a.py", b"a"),
        ("r", "b.py", b"b"),
        ("s", "c.py", b"c"),
    ]
    assert verdicts == [("e.py", "no-content"), ("d.py", "no-content")]
    sliced = table.slice(1, 2)
    assert len(rows(sliced)[0]) == 1
    assert len(rows(sliced)[1]) == 1


@pytest.mark.parametrize(
    ("given", "license"),
    [(["MIT", None], "MIT"), ([None], None), ([], None), (None, None), ([None, "mit", "ISC"], "MIT AND ISC"), (["Acme Terms", None], "Acme Terms")],
)  # fmt: skip
def test_lists_of_licences_keep_what_is_no_null(given: list[str | None] | None, license: str | None) -> None:
    table = pa.table(
        {
            "content": ["x"],
            "path": ["a.py"],
            "repo": ["r"],
            "licenses": pa.array([given], pa.list_(pa.string())),
        }
    )
    assert rows(table)[0][0][3] == license


def test_metadata_names_and_empty_text() -> None:
    inner = pa.array(
        [{"lang": "python", "repo_name": "m/r"}, None],
        pa.struct([("lang", pa.string()), ("repo_name", pa.string())]),
    )
    files, _ = rows(pa.table({"text": ["x", "y"], "path": ["a.py", ""], "metadata": inner}))
    assert files[0][:3] == ("m/r", "a.py", "Python")
    assert files[1][0] == files[1][1] != ""


@pytest.mark.parametrize(
    "row",
    [
        {
            "repository_name": "m/r",
            "func_path_in_repository": "a.py",
            "whole_func_string": "x",
            "language": "python",
        },
        {"sample_repo_name": "m/r", "sample_path": "a.py", "content": "x", "lang": "Python"},
        {"repository": "m/r", "filename": "a.py", "contents": "x", "programming_language": "Python"},
        {"repo_full_name": "m/r", "filepath": "a.py", "source_code": "x", "language": "Python"},
    ],
)
def test_columns_of_other_sets(row: dict[str, str]) -> None:
    """CodeSearchNet's, BigQuery's copy of GitHub, and names that people give."""
    table = pa.Table.from_pylist([row])
    assert columns.has_text(table.schema) and columns.flat(table.schema)
    assert rows(table)[0] == [("m/r", "a.py", "Python", None, b"x")]


def test_pointers_and_hostile_names_are_verdicts() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    table = pa.table(
        {
            "content": [pointer, "x", "x", "@scope"],
            "path": ["a.sql", "../b", "c\n", "@scope/a@1/x y[0].py"],
            "repo": ["r"] * 4,
        }
    )
    files, verdicts = rows(table)
    assert [row[1] for row in files] == ["@scope/a@1/x y[0].py"]
    assert verdicts == [("a.sql", "lfs-pointer"), ("../b", "path-escape"), ("c?", "bad-name")]


def test_what_has_text() -> None:
    packed = pa.list_(pa.struct([("content", pa.string())]))
    assert columns.has_text(pa.schema([("text", pa.string())]))
    assert columns.has_text(pa.schema([("files", packed)]))
    assert columns.has_text(pa.schema([("blob_id", pa.string()), ("src_encoding", pa.string())]))
    assert not columns.has_text(pa.schema([("files", pa.list_(pa.string())), ("blob_id", pa.string())]))
