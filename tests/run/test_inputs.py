"""What an argument names: the oracle is what lies there."""

from __future__ import annotations

import glob
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve.errors import Misuse
from neve.run.inputs import sources_of


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("s3://x/*.parquet", "table"), ("hf://datasets/x/y", "table"), ("https://x.example/a.jsonl.gz?y=1", "table"), ("a.jsonl.zst", "table"), ("x/*.parquet", "table"),
        ("a.ndjson", "table"), ("a.json.gz", "table"), ("a.jsonl.bz2", "table"), ("a.json", None), ("a.jsonl.xz", None),
        ("a.tar.gz", "archive"), ("A.ZIP", "archive"), ("a-1.0.crate", "archive"), ("a.tar.zst", "archive"), ("nothing", None), ("https://x.example/a.tar.gz", None), ("a.py", None),
    ],
)  # fmt: skip
def test_by_name(given: str, kind: str | None) -> None:
    if kind is None:
        with pytest.raises(Misuse, match="must be a folder"):
            sources_of(given)
    else:
        assert [source["kind"] for source in sources_of(given)] == [kind]


@pytest.mark.parametrize(
    "beside",
    [
        "_SUCCESS",
        "README.md",
        ".gitattributes",
        "part.parquet.crc",
        "_delta_log/0.json",
        "dataset_infos.json",
        ".git/HEAD",
        "LICENSE",
    ],
)
def test_a_folder_of_tables_and_what_lies_beside_them(tmp_path: Path, beside: str) -> None:
    top = tmp_path / "set [v1]*?"
    (top / "a").mkdir(parents=True)
    pq.write_table(pa.table({"content": ["x"]}), top / "a" / "part.snappy.parquet")
    (top / "b.jsonl").write_text("{}\n")
    (top / beside).parent.mkdir(exist_ok=True, parents=True)
    (top / beside).write_text("x")
    found = sources_of(str(top))
    assert [(source["kind"], source["in_place"]) for source in found] == [("table", True), ("table", False)]
    files = [Path(path).name for source in found for path in glob.glob(source["path"], recursive=True)]  # noqa: PTH207
    assert files == ["part.snappy.parquet", "b.jsonl"]
    (top / "program.py").write_text("x = 1\n")
    assert sources_of(str(top)) == [{"kind": "directory", "path": str(top)}]


def test_a_table_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "rows[1].jsonl"
    path.write_text("{}\n")
    (source,) = sources_of(str(path))
    assert glob.glob(source["path"]) == [str(path)]  # noqa: PTH207


def test_git_repositories(tmp_path: Path) -> None:
    """A clone is a folder with its work tree; a bare repository and a URL are read at the commit of their HEAD."""
    at = tmp_path / "r"
    at.mkdir()
    (at / "a.py").write_text("x = 1\n")
    git = ["git", "-C", str(at), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run(["git", "clone", "-q", "--bare", str(at), str(tmp_path / "bare.git")], check=True)
    assert sources_of(str(at)) == [{"kind": "directory", "path": str(at)}]
    for given in (str(tmp_path / "bare.git"), f"file://{at}", f"git+file://{at}"):
        assert sources_of(given) == [{"kind": "git", "path": given.removeprefix("git+"), "commit": head}]
    with pytest.raises(Misuse):
        sources_of(f"file://{tmp_path}/none.git")
