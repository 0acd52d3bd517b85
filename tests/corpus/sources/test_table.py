"""Tables: the oracle is the rows written; JSON lines are checked against json.loads line by line."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neve import documents
from neve.corpus.sources import jsonl, table
from neve.corpus.sources.batches import Limits
from neve.errors import Fault
from neve.recipe.sources import Source

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)
STACK = [
    {"hexsha": "f0", "max_stars_repo_name": "u/r", "max_stars_repo_path": "a.py", "max_stars_repo_licenses": ["MIT"], "lang": "Python", "content": "x = 1\n"},
    {"hexsha": "f1", "max_stars_repo_name": "u/r", "max_stars_repo_path": "b.c", "max_stars_repo_licenses": ["mit", "Apache-2.0"], "lang": "c", "content": "é"},
    {"hexsha": "f2", "max_stars_repo_name": "u/s", "max_stars_repo_path": "c.py", "max_stars_repo_licenses": [], "lang": None, "content": ""},
]  # fmt: skip
EXPECTED = [
    ("u/r", "a.py", "Python", "MIT", "f0", b"x = 1\n"), ("u/r", "b.c", "C", "MIT AND Apache-2.0", "f1", "é".encode()),
    ("u/s", "c.py", None, None, "f2", b""),
]  # fmt: skip


def read(pattern: Path, limits: Limits = LIMITS) -> tuple[list[tuple], list[dict[str, Any]]]:
    files, verdicts = [], []
    for batch in table.read(Source(kind="table", path=str(pattern)), limits):
        assert batch.files.schema == documents.FILES and batch.verdicts.schema == documents.VERDICTS
        names = ("repo", "path", "language", "license", "source_id", "content")
        files += [tuple(row[name] for name in names) for row in batch.files.to_pylist()]
        verdicts += batch.verdicts.to_pylist()
    return files, verdicts


def lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def write(tmp_path: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    elif kind == "jsonl.zst":
        path.write_bytes(pa.Codec("zstd").compress(lines(rows)).to_pybytes())
    else:
        path.write_bytes(lines(rows) if kind == "jsonl" else gzip.compress(lines(rows)))
    return path


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_the_stacks_columns_become_files(tmp_path: Path, kind: str) -> None:
    assert read(write(tmp_path, kind, STACK)) == (EXPECTED, [])


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_other_names_and_missing_keys(tmp_path: Path, kind: str) -> None:
    """Without path or repository both are the doc_id; a licence may be a name or unheard of, an id a number."""
    rows = [
        {"text": "a", "language": "python", "license": "MIT License", "id": 7},
        {"text": "b", "license": "our own", "id": 8},
    ]
    a, b = documents.doc_id(b"a"), documents.doc_id(b"b")
    expected = [(a, a, "Python", "MIT", "7", b"a"), (b, b, None, "our own", "8", b"b")]
    assert read(write(tmp_path, kind, rows)) == (expected, [])


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_rows_without_text_or_with_too_much_are_verdicts(tmp_path: Path, kind: str) -> None:
    rows = [
        {"repo": "r", "path": f"{i}.py", "content": text}
        for i, text in enumerate([None, "x" * 1001, "x" * 1000])
    ]
    files, verdicts = read(write(tmp_path, kind, rows))
    assert [f[1] for f in files] == ["2.py"]
    assert [(v["path"], v["rule"], v["value"], v["limit"]) for v in verdicts] == [
        ("0.py", "no-content", None, None),
        ("1.py", "too-large", 1001.0, 1000.0),
    ]


DATATROVE = [
    {"text": "a", "id": "i1", "metadata": {"path": "a.py", "repo_name": "u/r", "lang": "python", "license": "MIT", "n": 1}},
    {"text": "b", "id": "i2", "metadata": {"path": "b.py", "repo_name": "u/r", "lang": None, "license": None, "n": 2}},
    {"text": "# SPDX-License-Identifier: ISC\n", "id": "i3", "metadata": {"path": "c.py", "repo_name": "u/r", "lang": None, "license": None, "n": 2}},
]  # fmt: skip
DOLMA = [
    {"id": "d1", "text": "a", "source": "stack", "added": "2024", "metadata": {"max_stars_repo_name": "u/r", "file_path": "a.py"}},
    {"id": "d2", "text": "b", "source": "stack", "added": "2024", "metadata": None},
]  # fmt: skip
SMOL = [
    {"repo_name": "u/r", "snapshot_id": "s", "files": [
        {"blob_id": "b1", "path": "/a.py", "content": "x", "language": "Python", "detected_licenses": ["MIT"], "license_type": "permissive"},
        {"blob_id": "b2", "path": "/b.py", "content": "y", "language": "Python", "detected_licenses": [], "license_type": "no_license"},
    ]},
    {"repo_name": "u/s", "snapshot_id": "t", "files": [
        {"blob_id": "b3", "path": "/c.c", "content": None, "language": "C", "detected_licenses": ["MIT", "ISC"], "license_type": "permissive"},
    ]},
]  # fmt: skip


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "line by line"])
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_nested_columns_of_datatrove_dolma_and_the_stack_v2(tmp_path: Path, kind: str, broken: bool) -> None:
    """The same rows whether pyarrow parses a block of JSON or a broken line beside them makes Python do it."""
    b = documents.doc_id(b"b")
    for number, (rows, expected) in enumerate((
        (DATATROVE, [
            ("u/r", "a.py", "Python", "MIT", "i1", b"a"), ("u/r", "b.py", None, None, "i2", b"b"),
            ("u/r", "c.py", None, None, "i3", b"# SPDX-License-Identifier: ISC\n"),
        ]),
        (DOLMA, [("u/r", "a.py", None, None, "d1", b"a"), (b, b, None, None, "d2", b"b")]),
        (SMOL, [("u/r", "/a.py", "Python", "MIT", "b1", b"x"), ("u/r", "/b.py", "Python", None, "b2", b"y")]),
    )):  # fmt: skip
        (tmp_path / str(number)).mkdir()
        path = write(tmp_path / str(number), kind, rows)
        if broken and kind == "jsonl":
            path.write_bytes(path.read_bytes() + b"{\n")
        files, verdicts = read(path)
        assert files == expected
        rules = [v["rule"] for v in verdicts]
        assert rules == ["bad-json"] * (broken and kind == "jsonl") + ["no-content"] * (
            rows is SMOL
        ) or rules == ["no-content"] * (rows is SMOL) + ["bad-json"] * (broken and kind == "jsonl")


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_given_licence_is_kept_and_the_files_own_is_left_to_curation(tmp_path: Path, kind: str) -> None:
    line = "# SPDX-License-Identifier: GPL-2.0\n"
    rows = [
        {"text": line, "path": "a.py", "repo": "r", "license": "MIT"},
        {"text": line, "path": "b.py", "repo": "r", "license": None},
    ]
    path = write(tmp_path, kind, rows)
    found = [
        r
        for batch in table.read(Source(kind="table", path=str(path)), LIMITS)
        for r in batch.files.to_pylist()
    ]
    assert [(r["license"], r["license_path"]) for r in found] == [("MIT", None), (None, None)]


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_hostile_names_in_a_table_are_verdicts(tmp_path: Path, kind: str) -> None:
    names = ["ok.py", "../up.py", "a/../../b", "a\\..\\b", "a\x1b[2J.py", "a\nb", "n" * 5000, "..a/b..py"]
    files, verdicts = read(
        write(tmp_path, kind, [{"text": "x", "path": name, "repo": "r"} for name in names])
    )
    assert [f[1] for f in files] == ["ok.py", "..a/b..py"]
    assert [v["rule"] for v in verdicts] == ["path-escape"] * 3 + ["bad-name"] * 3
    assert all(len(v["path"]) < 4096 and "\x1b" not in v["path"] and "\n" not in v["path"] for v in verdicts)


def test_text_that_is_not_utf8_is_kept_as_it_is_and_names_are_escaped(tmp_path: Path) -> None:
    bad = pa.array([b"\xff\xfe", "é".encode("utf-16"), b"a\0b"], pa.binary())
    names = pa.StringArray.from_buffers(
        2, pa.py_buffer(b"\0\0\0\0\4\0\0\0\5\0\0\0"), pa.py_buffer(b"\xff.py~")
    )
    columns = {"content": bad.slice(0, 2), "path": names, "repo": ["r", "r"]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    files, verdicts = read(tmp_path / "t.parquet")
    assert [(f[1], f[5]) for f in files] == [
        (r"\xff.py", b"\xff\xfe"),
        ("~", "é".encode("utf-16")),
    ] and verdicts == []


def test_a_broken_line_is_a_verdict_that_names_it(tmp_path: Path) -> None:
    good = json.dumps({"text": "a", "path": "a.py", "repo": "r"}).encode()
    broken = [
        b"{",
        b"[1]",
        b"not json",
        b'{"text": 5}',
        b'{"text": "\\ud800"}',
        b'{"text": "\xff"}',
        b"[" * 100_000,
        b"null",
    ]
    data = b"\n".join([good, *broken, b"", good.replace(b"a.py", b"z.py")])
    (tmp_path / "t.jsonl").write_bytes(data)
    files, verdicts = read(tmp_path / "t.jsonl")
    assert [f[:2] for f in files] == [("r", "a.py"), ("r", "z.py")]
    assert [(v["path"], v["rule"]) for v in verdicts] == [(f"t.jsonl:{n}", "bad-json") for n in range(2, 10)]


def test_lines_are_numbered_over_blocks_and_endless_ones_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 5000)
    rows = [lines([{"text": f"{i}" * 50, "path": f"{i}.py", "repo": "r"}]) for i in range(200)]
    rows[70] = b'{"text": "' + b"x" * 200_000 + b'"}\n'
    rows[150] = b"{\n"
    rows[199] = b'{"text": "' + b"y" * 200_000
    (tmp_path / "t.jsonl").write_bytes(b"".join(rows))
    files, verdicts = read(tmp_path / "t.jsonl")
    assert [f[1] for f in files] == [f"{i}.py" for i in range(200) if i not in (70, 150, 199)]
    assert [(v["path"], v["rule"]) for v in verdicts] == [
        ("t.jsonl:71", "too-large"), ("t.jsonl:151", "bad-json"), ("t.jsonl:200", "too-large"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["parquet", "jsonl.gz", "jsonl.zst"])
def test_a_damaged_file_is_a_verdict(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, STACK)
    path.write_bytes(path.read_bytes()[:-9])
    assert [v["rule"] for v in read(path)[1]] == ["unreadable"]


def test_faults(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="names no file"):
        read(tmp_path / "*.parquet")
    (tmp_path / "t.csv").write_text("a")
    with pytest.raises(Fault, match=r"must end in \.parquet"):
        read(tmp_path / "t.*")
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "t.parquet")
    with pytest.raises(Fault, match=r"no column content or text or code or .*whole_func_string; it has body"):
        read(tmp_path / "t.parquet")


_VALUES = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.text(max_size=3), max_size=2))
_ROWS = st.dictionaries(
    st.sampled_from(["text", "path", "repo", "id", "license", "other"]), _VALUES, max_size=6
)


def hostile(row: dict[str, Any]) -> bool:
    names = [str(row.get(key, "")) for key in ("path", "repo")]
    return any(c < " " or c == "\x7f" for name in names for c in name) or ".." in names[0].split("/")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_ROWS, min_size=1, max_size=6))
def test_every_line_is_a_file_or_a_verdict(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Law: the counts add up, and every text that is a string comes out as it went in, unless its name is hostile."""
    (tmp_path / "t.jsonl").write_bytes(lines(rows))
    files, verdicts = read(tmp_path / "t.jsonl")
    assert len(files) + len(verdicts) == len(rows)
    kept = [row for row in rows if isinstance(row.get("text"), str) and not hostile(row)]
    assert [f[5] for f in files] == [row["text"].encode() for row in kept]


GITHUB = {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "node_id": "x"}
TEXTS = {"content": ["x = 1\n", "y = 2\n"], "path": ["a.py", "b.py"], "repo_name": ["u/r", "u/r"]}
FOUND = [("u/r", "a.py", None, "MIT", None, b"x = 1\n"), ("u/r", "b.py", None, "MIT", None, b"y = 2\n")]
SAID = [[("path", path), ("repo_name", "u/r"), ("license", "MIT"), ("n", "1")] for path in TEXTS["path"]]
FILES = [
    {"content": c, "path": p, "licenses": ["MIT"]}
    for c, p in zip(TEXTS["content"], TEXTS["path"], strict=True)
]
FILE = pa.struct([("content", pa.large_string()), ("path", pa.string()), ("licenses", pa.list_(pa.string()))])
ODD = {
    "views": {**{k: pa.array(v, pa.string_view()) for k, v in TEXTS.items()}, "license": ["MIT", "MIT"]},
    "fixed lists": {**TEXTS, "licenses": pa.array([["MIT"], ["MIT"]], pa.list_(pa.string(), 1))},
    "licence objects": {**TEXTS, "license": [GITHUB, {**GITHUB, "spdx_id": None}]},
    "lists of licence objects": {**TEXTS, "licenses": [[{"type": "MIT", "url": "u"}], [{"type": None, "url": "v"}, {"type": "MIT", "url": None}]]},
    "licence objects in metadata": {**TEXTS, "metadata": [{"license": {"id": "MIT"}}, {"license": {"id": "mit"}}]},
    "wide decimals": {**TEXTS, "license": ["MIT", "MIT"], "stars": pa.array([1, 2], pa.decimal256(50, 0))},
    "maps": {"text": TEXTS["content"], "metadata": pa.array(SAID, pa.map_(pa.string(), pa.string()))},
    "metadata as JSON text": {"text": TEXTS["content"], "metadata": [json.dumps(dict(each)) for each in SAID]},
    "metadata as JSON in bytes": {"text": TEXTS["content"], "meta": [json.dumps(dict(each)).encode() for each in SAID]},
    "repositories in large lists": {"repo_name": ["u/r"], "files": pa.array([FILES], pa.large_list(FILE))},
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_columns_of_odd_types_are_read(tmp_path: Path, name: str) -> None:
    """And copied where they could be read in place, since Daft does not know all of them."""
    pq.write_table(pa.table(ODD[name]), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == (FOUND, [])
    assert table.in_place(str(tmp_path / "t.parquet")) == ([], [str(tmp_path / "t.parquet")])


RED = {
    "source": "github", "repo_name": "u/r", "path": "a.py", "license": "mit", "size": "1", "id": "i1",
    "language": [{"name": "C#", "bytes": "1"}],
}  # fmt: skip
WRITTEN = [
    RED, RED | {"license": ["mit", None]}, RED | {"license": {"spdx_id": "MIT"}}, RED | {"path": None, "file_path": "a.py"},
    RED | {"id": "\ud800", "source_id": "i1"},
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_metadata_written_as_json(tmp_path: Path, suffix: str) -> None:
    """As RedPajama's, each row of a shape of its own; what is no object says nothing and loses nothing."""
    no_object = ["", "no JSON", "[1]", '{"path": "a.py"', "[" * 9999, None]
    metas = [*map(json.dumps, WRITTEN), *no_object]
    rows = [{"text": "x", "path": "", "meta": meta} for meta in metas]
    path = tmp_path / f"t{suffix}"
    if suffix == ".jsonl":
        path.write_bytes(lines([*rows, {"text": "x", "meta": RED}, {"text": "x", "meta": None}]))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    found, refused = read(path)
    assert refused == []
    assert [row[:4] for row in found[: len(WRITTEN)]] == [("u/r", "a.py", None, "MIT")] * len(WRITTEN)
    assert [row[4] for row in found[: len(WRITTEN) - 1]] == ["i1"] * (len(WRITTEN) - 1)
    x = documents.doc_id(b"x")
    assert {row[:4] for row in found[len(WRITTEN) : len(metas)]} == {(x, x, None, None)}
    assert [row[:2] for row in found[len(metas) :]] == [("u/r", "a.py"), (x, x)][: len(found) - len(metas)]


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    """Where nobody reads them they do no harm; where somebody does, they are named."""
    path = tmp_path / "t.parquet"
    for name, values in (("stars", [[1], [2]]), ("path", [["a.py"], ["b.py"]])):
        pq.write_table(
            pa.Table.from_arrays([pa.array(["x"]), *map(pa.array, values)], ["content", name, name]), path
        )
        assert table.in_place(str(path)) == ([], [str(path)])
        if name == "stars":
            assert [row[-1] for row in read(path)[0]] == [b"x"]
    with pytest.raises(Fault, match=r"t\.parquet: has two columns path; rename one"):
        read(path)


LICENCES = [
    GITHUB, {"id": "mit"}, {"key": "mit", "spdx_id": None}, {"type": "MIT", "url": "u"}, {"license": "MIT"}, ["MIT"],
    [{"type": "MIT", "url": "u"}], [{"url": "u"}, None, {"name": "MIT License"}], "MIT",
]  # fmt: skip


def test_a_licence_in_json_may_be_an_object_or_a_list(tmp_path: Path) -> None:
    """Alone in its file and beside all others; other objects are no text."""
    rows = [{"content": "x", "path": "a.py", "repo": {"name": "r"}, "license": each} for each in LICENCES]
    for written in (
        *([row] for row in rows),
        rows,
        [{**rows[0], "license": {"url": "u"}, "metadata": {"license": GITHUB}}],
    ):
        (tmp_path / "t.jsonl").write_bytes(lines(written))
        x = documents.doc_id(b"x")
        assert read(tmp_path / "t.jsonl") == ([(x, "a.py", None, "MIT", None, b"x")] * len(written), [])


def test_folders_name_columns(tmp_path: Path) -> None:
    """As Hive writes tables: what the folder says holds where the table says nothing."""
    place = (
        tmp_path
        / "lake"
        / "license=BSD%2D3%2DClause"
        / "lang=Python"
        / "id=1"
        / "repo=__HIVE_DEFAULT_PARTITION__"
    )
    place.mkdir(parents=True)
    pq.write_table(pa.table({**TEXTS, "license": [None, "MIT"]}), place / "t.parquet")
    rows = [dict(zip(TEXTS, values, strict=True)) for values in zip(*TEXTS.values(), strict=True)]
    (place / "t.jsonl").write_bytes(lines([rows[0], rows[1] | {"license": "MIT"}]))
    expected = [
        (*FOUND[0][:2], "Python", "BSD-3-Clause", *FOUND[0][4:]),
        (*FOUND[1][:2], "Python", *FOUND[1][3:]),
    ]
    assert read(place / "t.parquet") == (expected, [])
    assert read(place / "t.jsonl") == (expected, [])
    assert table.in_place(f"{tmp_path}/lake/**/*.parquet") == ([], [str(place / "t.parquet")])


@pytest.mark.parametrize("name", ["t.jsonl.bz2", "t.ndjson", "t.json.gz", "t.ndjson.zst", "crlf.jsonl"])
def test_other_names_and_packings_of_json_lines(tmp_path: Path, name: str) -> None:
    rows = [
        dict(zip(TEXTS, values, strict=True)) | {"license": "MIT"}
        for values in zip(*TEXTS.values(), strict=True)
    ]
    pack = {
        ".bz2": bz2.compress,
        ".gz": gzip.compress,
        ".zst": lambda raw: pa.Codec("zstd").compress(raw).to_pybytes(),
    }
    raw = lines(rows).replace(b"\n", b"\r\n") if "crlf" in name else lines(rows)
    (tmp_path / name).write_bytes(pack.get(Path(name).suffix, bytes)(raw))
    assert read(tmp_path / name) == (FOUND, [])


def test_what_is_unfinished_is_not_read(tmp_path: Path) -> None:
    """Spark's folders: what a job has not yet committed lies under `_temporary`."""
    for name in ("_x/a/t.jsonl", "_x/a/_temporary/0/t.jsonl", "_x/a/.hidden/t.jsonl", "_x/a/_t.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert table.files(f"{tmp_path}/_x/**/*.jsonl") == [tmp_path / "_x/a/t.jsonl"]
    assert table.files(f"{tmp_path}/_x/a/_*.jsonl") == [tmp_path / "_x/a/_t.jsonl"]
