"""The `files` stage: the oracle is that every file put into any source is a row or a verdict, twice the same."""

from __future__ import annotations

import glob
import gzip
import hashlib
import importlib.metadata
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve import documents
from neve.corpus import sources
from neve.corpus.sources import sdist
from neve.corpus.steps.input_files import open_files
from neve.errors import Fault

MIT = next(
    f.locate().read_bytes()
    for f in importlib.metadata.distribution("pytest").files or []
    if f.name == "LICENSE"
)


def tgz(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue())


def build(out: Path, given: list[dict[str, Any]]) -> tuple[dict[str, Any], pa.Table, pa.Table]:
    out.mkdir()
    named = tuple(sources.Source(**source) for source in given)
    counts = sources.build(sources.Settings(named, 100_000, 1 << 24), {}, out)
    return counts, documents.read(out / "files"), documents.read(out / "verdicts")


@pytest.fixture
def given(tmp_path: Path) -> list[dict[str, Any]]:
    repo = tmp_path / "code" / "r"
    repo.mkdir(parents=True)
    put = {
        "LICENSE": MIT,
        "a.py": b"x = 1\n",
        "logo.py": b"\x89PNG\0\0",
        "wide.py": "x = 1".encode("utf-16"),
        "data.unheard": b"1",
    }
    for name, content in put.items():
        (repo / name).write_bytes(content)
    members = [
        ("p/a.py", b"1"),
        ("p/run", b"#!/bin/sh\n"),
        ("p/x.png", b"\0"),
        ("../up.py", b"2"),
        ("p/big.py", b"3" * 100_001),
    ]
    (tmp_path / "p.tgz").write_bytes(tgz(*members))
    rows = [
        {"text": "a", "lang": "Elvish Rune", "path": "t", "repo": "u/t"},
        {"text": "b", "path": "u", "repo": "u/t"},
        5,
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [
        {"kind": "directory", "path": str(tmp_path / "code")},
        {"kind": "archive", "path": str(tmp_path / "p.tgz")},
        {"kind": "table", "path": str(tmp_path / "*.jsonl")},
    ]


def test_every_file_is_a_row_or_a_verdict(tmp_path: Path, given: list[dict[str, Any]]) -> None:
    counts, files, verdicts = build(tmp_path / "out", given)
    assert files.schema.equals(documents.FILES) and verdicts.schema.equals(documents.VERDICTS)
    kept = [(r["source"], r["repo"], r["path"], r["license"]) for r in files.to_pylist()]
    assert kept == [
        ("directory", "r", "LICENSE", "MIT"), ("directory", "r", "a.py", "MIT"), ("directory", "r", "wide.py", "MIT"),
        ("archive", "p", "p/a.py", None), ("archive", "p", "p/run", None), ("table", "u/t", "t", None),
        ("table", "u/t", "u", None),
    ]  # fmt: skip
    refused = {(r["source"], r["path"]): (r["stage"], r["rule"]) for r in verdicts.to_pylist()}
    assert refused == {
        ("directory", "logo.py"): ("sources", "binary"), ("directory", "data.unheard"): ("sources", "no-language"),
        ("archive", "p/x.png"): ("sources", "binary"), ("archive", "../up.py"): ("sources", "path-escape"),
        ("archive", "p/big.py"): ("sources", "too-large"),
        ("table", "t.jsonl:3"): ("sources", "bad-json"),
    }  # fmt: skip
    assert (
        counts["files"] == 7 and counts["verdicts"] == 6 and counts["bytes"] == sum(files["size"].to_pylist())
    )
    assert counts["by_rule"]["binary"] == 2 and counts["by_license"] == {"MIT": 3, "unknown": 4}
    assert files["size"].to_pylist() == [len(content) for content in files["content"].to_pylist()]
    languages = ["Text", "Python", "Python", "Python", "Shell", "Elvish Rune", None]
    assert files["language"].to_pylist() == languages


def test_twice_the_same(tmp_path: Path, given: list[dict[str, Any]]) -> None:
    _, first, stopped = build(tmp_path / "one", given)
    _, second, stopped_again = build(tmp_path / "two", given)
    assert first.equals(second) and stopped.equals(stopped_again)


def test_a_source_that_is_missing_or_empty_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for number, (path, says) in enumerate((("empty", "holds no file"), ("none", "no such folder"))):
        with pytest.raises(Fault, match=says):
            build(tmp_path / f"out{number}", [{"kind": "directory", "path": str(tmp_path / path)}])


def test_an_sdist_loses_its_top_folder_and_its_metadata_names_a_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the cache, by its digest, is what `fetch` would have fetched."""
    metadata = b"Name: lib\nClassifier: License :: OSI Approved :: BSD License\n"
    data = tgz(
        ("lib-1.0/PKG-INFO", metadata),
        ("lib-1.0/lib/a.py", b"1"),
        ("lib-1.0/lib/x/LICENSE", MIT),
        ("lib-1.0/lib/x/b.py", b"2"),
    )
    digest = hashlib.sha256(data).hexdigest()
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "cache" / "packages" / digest[:16]
    place.mkdir(parents=True)
    (place / "lib-1.0.tar.gz").write_bytes(data)
    given = [{"kind": "sdist", "name": "Lib", "version": "1.0", "file": "lib-1.0.tar.gz", "sha256": digest}]
    _, files, verdicts = build(tmp_path / "out", given)
    assert [(r["source"], r["repo"], r["path"], r["license"]) for r in files.to_pylist()] == [
        ("sdist", "Lib==1.0", "lib/a.py", "BSD-3-Clause"), ("sdist", "Lib==1.0", "lib/x/LICENSE", "MIT"), ("sdist", "Lib==1.0", "lib/x/b.py", "MIT"),
    ]  # fmt: skip
    assert verdicts.select(["path", "rule"]).to_pylist() == [{"path": "PKG-INFO", "rule": "no-language"}]
    assert sdist.fetch(sources.Source(**given[0])) == place / "lib-1.0.tar.gz"


def test_a_table_in_place_is_named_and_not_copied(tmp_path: Path) -> None:
    """Tables of one schema are one group; nested ones, which Daft cannot read as they lie, are copied."""
    top = tmp_path / "set [1]"
    top.mkdir()
    for name, table in {
        "a": pa.table({"content": ["x = 1\n"], "lang": ["Python"]}), "b": pa.table({"text": ["y = 1\n"], "language": ["Python"]}),
        "c": pa.table({"content": ["z = 1\n"], "lang": ["Python"]}),
        "d": pa.Table.from_pylist([{"repo_name": "r", "files": [{"path": "w.py", "content": "w = 1\n"}]}]),
    }.items():  # fmt: skip
        pq.write_table(table, top / f"{name}.parquet")
    named = f"{glob.escape(str(top))}/*.parquet"
    counts, files, _ = build(tmp_path / "out", [{"kind": "table", "path": named, "in_place": True}])
    assert counts["files"] == 1
    assert files["path"].to_pylist() == ["w.py"]
    groups = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert [[Path(path).name for path in group] for group in groups] == [
        ["a.parquet", "c.parquet"],
        ["b.parquet"],
    ]
    frame, rows = open_files(tmp_path / "out")
    assert rows == 4
    assert sorted(frame.to_arrow()["content"].to_pylist()) == [b"w = 1\n", b"x = 1\n", b"y = 1\n", b"z = 1\n"]
    with pytest.raises(Fault, match="names no file"):
        build(tmp_path / "none", [{"kind": "table", "path": str(tmp_path / "*.parquet"), "in_place": True}])
