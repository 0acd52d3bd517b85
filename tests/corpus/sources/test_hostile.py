"""Hostile files as a run reads them, in a process whose peak of memory is taken: the oracle is what was planted.

Each test asks that good neighbours come out, that everything else is a verdict, and that memory stayed bounded.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GIB = 1 << 30
Run = Callable[..., tuple[list[str], dict[str, str]]]
MORE_MIB = 256
"""What hostile input may take beyond what one good line takes in the same process."""
CHILD_MIB = 2048
"""The cap of the process that reads Parquet."""
PROGRAM = """
import json, resource, sys
from pathlib import Path
from neve import documents
from neve.corpus import sources
out = Path(sys.argv[1])
given = tuple(sources.Source(**source) for source in json.loads(sys.argv[2]))
sources.build(sources.Settings(given, 1 << 20, 1 << 32), {}, out)
names = ["path", "rule"]
print(json.dumps({
    "files": documents.read(out / "files").select(["path", "size"]).to_pylist(),
    "verdicts": documents.read(out / "verdicts").select(names).to_pylist(),
    "here": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) >> 10,
    "child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
}))
"""
GOOD = json.dumps({"text": "x = 1\n", "path": "good.py", "repo": "r"}).encode() + b"\n"


def told(out: Path, source: dict[str, Any]) -> dict[str, Any]:
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(out), json.dumps([source])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> int:
    """MiB that a process takes for one good line."""
    folder = tmp_path_factory.mktemp("usual")
    (folder / "t.jsonl").write_bytes(GOOD)
    return told(folder / "out", {"kind": "table", "path": str(folder / "t.jsonl")})["here"]


@pytest.fixture
def run(tmp_path: Path, usual: int) -> Callable[..., tuple[list[str], dict[str, str]]]:
    def run(**source: Any) -> tuple[list[str], dict[str, str]]:
        """(paths of files, rule by path of verdicts)"""
        said = told(tmp_path / "out", source)
        assert said["here"] < usual + MORE_MIB and said["child"] <= CHILD_MIB, said
        assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
        return [f["path"] for f in said["files"]], {v["path"]: v["rule"] for v in said["verdicts"]}

    return run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_a_line_of_a_gibibyte(run: Run, place: Path) -> None:
    """Zeros that the disk does not hold, between two good lines."""
    with (place / "t.jsonl").open("wb") as file:
        file.write(GOOD)
        file.seek(GIB, 1)
        file.write(b"\n" + GOOD.replace(b"good", b"last"))
    assert run(kind="table", path=str(place / "t.jsonl")) == (
        ["good.py", "last.py"],
        {"t.jsonl:2": "too-large"},
    )


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_packed_bomb_of_lines(run: Run, place: Path, suffix: str) -> None:
    """A gibibyte of zeros in a megabyte; lines before it are kept, and so is the file after it."""
    if suffix == "gz":
        zeros, good = gzip.compress(bytes(16 << 20), 1) * 64, gzip.compress(GOOD)
    else:
        zeros = pa.Codec("zstd").compress(bytes(16 << 20)).to_pybytes() * 64
        good = pa.Codec("zstd").compress(GOOD).to_pybytes()
    (place / f"a.jsonl.{suffix}").write_bytes(good + zeros)
    (place / f"b.jsonl.{suffix}").write_bytes(good)
    files, verdicts = run(kind="table", path=str(place / "*.jsonl.*"))
    assert verdicts == {f"a.jsonl.{suffix}": "bomb"} and files in (["good.py"] * 2, ["good.py"])
    assert len(files) == 2


def test_a_plain_file_of_a_gibibyte_and_texts_of_all_kinds(run: Run, place: Path) -> None:
    """A text that cannot be decoded is curation's matter: here it is a file, as are empty ones and UTF-16."""
    texts = {
        "a.py": b"x = 1\n", "empty.py": b"", "utf16.py": "x = 'é'".encode("utf-16"), "invalid.py": b"x = '\xff\xfe\x80'\n",
        "nul.py": b"x = '\0'\n", "late.py": b"x" * 9000 + b"\0", "deep.json": b"[" * 10_000, "line.py": b"x" * (1 << 20),
    }  # fmt: skip
    (place / "r").mkdir()
    for name, text in texts.items():
        (place / "r" / name).write_bytes(text)
    (place / "r" / ("n" * 200 + ".py")).write_bytes(b"1")
    (place / "r" / "new\nline \x1b[2J.py").write_bytes(b"1")
    with (place / "r" / "huge.py").open("wb") as file:
        file.truncate(GIB)
    files, verdicts = run(kind="directory", path=str(place))
    assert verdicts.pop("huge.py") == "too-large" and verdicts.pop("nul.py") == "binary"
    assert set(verdicts.values()) <= {"no-language", "bad-name"}
    kept = {"a.py", "empty.py", "utf16.py", "invalid.py", "late.py", "line.py", "n" * 200 + ".py"}
    assert kept <= set(files) and len(files) + len(verdicts) == len(texts) + 3 - 2


def dictionary_bomb(path: Path) -> None:
    """A text of 64 MiB in a dictionary, 80 times in a row group: 5 GiB if it were written out."""
    texts = pa.array(["x" * (64 << 20), "y = 1\n"])
    indices = pa.array([1] + [0] * 80 + [1], pa.int32())
    table = pa.table(
        {"content": pa.DictionaryArray.from_arrays(indices, texts), "path": [f"{i}.py" for i in range(82)]}
    )
    pq.write_table(table, path, compression="zstd")


def test_parquet_that_unpacks_to_more_than_memory(run: Run, place: Path) -> None:
    dictionary_bomb(place / "a.parquet")
    pq.write_table(pa.table({"content": ["z = 1\n"], "path": ["good.py"]}), place / "b.parquet")
    files, verdicts = run(kind="table", path=str(place / "*.parquet"))
    assert (
        files == ["0.py", "81.py", "good.py"]
        and len(verdicts) == 80
        and set(verdicts.values()) == {"too-large"}
    )


def test_parquet_that_is_cut_or_lies_about_its_sizes(run: Run, place: Path) -> None:
    """A group with a page overwritten costs itself; a cut tail, a footer's length and a lying page header cost the file."""
    rows = {"content": [f"x = {i}\n" for i in range(40)], "path": [f"{i}.py" for i in range(40)]}
    pq.write_table(
        pa.table(rows), place / "a.parquet", row_group_size=10, use_dictionary=False, compression="none"
    )
    whole = (place / "a.parquet").read_bytes()
    at = pq.ParquetFile(place / "a.parquet").metadata.row_group(1).column(0).data_page_offset
    (place / "a.parquet").write_bytes(whole[:at] + b"\xff" * 40 + whole[at + 40 :])
    (place / "b.parquet").write_bytes(whole[:-50])
    (place / "c.parquet").write_bytes(whole[:-8] + b"\xff\xff\xff\x7fPAR1")
    pq.write_table(pa.table({"content": ["z"], "path": ["good.py"]}), place / "d.parquet")
    files, verdicts = run(kind="table", path=str(place / "*.parquet"))
    assert files == [f"{i}.py" for i in [*range(10), *range(20, 40)]] + ["good.py"]
    assert verdicts == dict.fromkeys(("a.parquet", "b.parquet", "c.parquet"), "unreadable")


def test_archives_within_an_archive_are_not_opened(run: Run, place: Path) -> None:
    """Ten levels of a zip in a zip, the innermost a bomb: one file that is no code."""
    import io
    import zipfile

    data = bytes(8 << 20)
    for level in range(10):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("a.py" if level == 9 else "a.zip", b"x = 1\n" if level == 9 else data)
            if level == 9:
                packed.writestr("inner.zip", data)
        data = buffer.getvalue()
    (place / "x.zip").write_bytes(data)
    assert run(kind="archive", path=str(place / "x.zip")) == (["a.py"], {"inner.zip": "binary"})
