"""What Daft reaches: served over HTTP and named as file:// here; the oracle is the same file read locally."""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve.corpus import sources
from neve.corpus.sources import remote, table
from neve.corpus.sources.batches import Limits
from neve.corpus.steps import input_files
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)
ROWS = [
    {"text": f"x = {i}\n" if i % 7 else "y" * 1001, "id": f"i{i}", "metadata": {"path": f"{i}.py", "repo": "u/r", "license": "MIT"}}
    for i in range(3000)
]  # fmt: skip


def read(path: str) -> list[dict[str, Any]]:
    rows = []
    for batch in table.read(Source(kind="table", path=path), LIMITS):
        rows += batch.files.to_pylist()
        rows += [{**row, "detail": None} for row in batch.verdicts.to_pylist()]
    return sorted(rows, key=lambda row: (row["path"], row.get("rule") or ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "t.parquet", row_group_size=500)
    (tmp_path / "t.jsonl").write_bytes(lines)
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress(lines))
    (tmp_path / "t.jsonl.zst").write_bytes(pa.Codec("zstd").compress(lines).to_pybytes())
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_an_address_gives_what_the_file_gives(folder: Path, kind: str) -> None:
    here = read(str(folder / f"t.{kind}"))
    assert len(here) == len(ROWS) and sum("rule" in row for row in here) == len(range(0, 3000, 7))
    assert read(f"file://{folder}/t.{kind}") == here


def test_over_http(address: str, folder: Path) -> None:
    assert read(f"{address}/t.jsonl") == read(str(folder / "t.jsonl"))


def test_what_cannot_be_read_is_a_fault(folder: Path) -> None:
    pq.write_table(pa.table({"body": ["x"]}), folder / "other.parquet")
    (folder / "bad.parquet").write_bytes(b"PAR1 no")
    for path, says in (
        ("none.parquet", "cannot be read"),
        ("bad.parquet", "cannot be read"),
        ("other.parquet", "it has body"),
    ):
        with pytest.raises(Fault, match=says) as fault:
            read(f"file://{folder}/{path}")
        assert "\n" not in str(fault.value)


def test_what_can_be_read_in_place_at_an_address_and_what_is_copied(tmp_path: Path) -> None:
    """A folder's licence counts both ways; types that Daft does not know are one line."""
    rows = {"content": ["x = 1\n"], "path": ["a.py"], "repo": ["u/r"]}
    (tmp_path / "license=MIT").mkdir()
    address = f"file://{tmp_path}/license=MIT"
    pq.write_table(pa.table(rows), tmp_path / "license=MIT" / "plain.parquet")
    pq.write_table(
        pa.table({**rows, "licenses": [[{"type": "ISC"}]]}), tmp_path / "license=MIT" / "objects.parquet"
    )
    pq.write_table(
        pa.table({**rows, "view": pa.array(["v"], pa.string_view())}),
        tmp_path / "license=MIT" / "view.parquet",
    )
    assert table.in_place(f"{address}/plain.parquet") == ([[f"{address}/plain.parquet"]], [])
    assert input_files.in_place([f"{address}/plain.parquet"])[0].to_pydict()["license"] == ["MIT"]
    assert [row["license"] for row in read(f"{address}/plain.parquet")] == ["MIT"]
    assert table.in_place(f"{address}/objects.parquet") == ([], [f"{address}/objects.parquet"])
    with pytest.raises(Fault, match=r"view\.parquet: cannot be read .*Utf8View.*copy a table of types"):
        table.in_place(f"{address}/view.parquet")


def test_the_hub_is_read_by_dafts_reader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub cannot be reached in a test: its reader is given the same table at another address, or fails as Daft does."""
    import daft

    asked = []

    def reader(repo: str) -> Any:
        asked.append(repo)
        if repo == "nobody/none":
            raise daft.exceptions.DaftCoreException("not\nfound")
        return daft.read_parquet(f"file://{folder}/t.parquet")

    monkeypatch.setattr(daft, "read_huggingface", reader)
    assert sources._READERS["hub"] is remote.hub
    source = Source.model_construct(kind="hub", path="owner/data")
    assert sum(b.files.num_rows + b.verdicts.num_rows for b in remote.hub(source, LIMITS)) == len(ROWS)
    with pytest.raises(Fault, match=r"nobody/none: cannot be read \(DaftCoreException: not found\)"):
        list(remote.hub(Source.model_construct(kind="hub", path="nobody/none"), LIMITS))
    assert asked == ["owner/data", "nobody/none"]


@pytest.mark.parametrize("packed", [False, True], ids=["a row a file", "a row a repository"])
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_the_stack_v2s_texts_are_fetched_by_blob(
    tmp_path: Path, kind: str, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blobs gzipped in a folder, as in the bucket; one absent, one no gzip, one in another encoding, one a bomb."""
    texts = {"b1": "x = 'é'\n".encode(), "b2": "é".encode("latin-1"), "b4": bytes(1 << 22), "b5": b"\xff"}
    (tmp_path / "blobs").mkdir()
    for name, text in texts.items():
        (tmp_path / "blobs" / name).write_bytes(gzip.compress(text))
    (tmp_path / "blobs" / "b6").write_bytes(b"no gzip")
    monkeypatch.setattr(remote, "BLOBS", f"file://{tmp_path}/blobs/")
    encodings = ["UTF-8", "ISO-8859-1", "UTF-8", "UTF-8", "UTF-8", "unheard-of"]
    files = [
        {"blob_id": f"b{i}", "src_encoding": encoding, "path": f"/{i}.py", "language": "Python", "detected_licenses": ["MIT"]}
        for i, encoding in enumerate(encodings, 1)
    ]  # fmt: skip
    rows = (
        [{"repo_name": "u/r", "files": files}] if packed else [{**file, "repo_name": "u/r"} for file in files]
    )
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read(str(path))
    assert [(r["path"], r["content"], r["license"], r["source_id"]) for r in found if "rule" not in r] == [
        ("/1.py", "x = 'é'\n".encode(), "MIT", "b1"), ("/2.py", "é".encode(), "MIT", "b2"),
    ]  # fmt: skip
    assert [(r["path"], r["rule"], r["value"]) for r in found if "rule" in r] == [
        ("/3.py", "no-content", None), ("/4.py", "too-large", 1001.0), ("/5.py", "no-content", None), ("/6.py", "no-content", None),
    ]  # fmt: skip
    monkeypatch.setattr(remote, "BLOBS", f"file://{tmp_path}/elsewhere/")
    with pytest.raises(Fault, match="none of its blobs can be had"):
        read(str(path))
