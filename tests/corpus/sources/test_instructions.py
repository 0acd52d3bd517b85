"""Rows of instruction sets become code files. The oracle is what the rows say, written out by hand; the shapes
are those of the published sets."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from neve import documents
from neve.corpus.sources import table
from neve.corpus.sources.batches import Limits
from neve.corpus.sources.instructions import Template
from neve.errors import Fault
from neve.recipe.sources import Source, template_parts

LIMITS = Limits(max_file_bytes=1000, max_archive_bytes=1 << 20)

OSS = [  # ise-uiuc/Magicoder-OSS-Instruct-75K
    {
        "lang": "python", "raw_index": 12, "index": 3, "seed": "x = 1", "openai_fingerprint": "fp_e",
        "problem": "Add two numbers.\n\nTwo lines.", "solution": "Here:\n```python\ndef add(a, b):\n    return a + b\n```\nDone.",
    },
    {
        "lang": "cpp", "raw_index": 13, "index": 4, "seed": "int x;", "openai_fingerprint": None,
        "problem": "Twice.", "solution": "```cpp\nint twice(int x) { return 2 * x; }\n```\n\nPrints:\n```\n4\n```",
    },
    {"lang": "rust", "raw_index": 14, "index": 5, "seed": "", "openai_fingerprint": None, "problem": None, "solution": "fn f() {}"},
    {"lang": "python", "raw_index": 15, "index": 6, "seed": "", "openai_fingerprint": None, "problem": "Nothing.", "solution": None},
]  # fmt: skip
OSS_FILES = [
    ("Python", "# Add two numbers.\n#\n# Two lines.\ndef add(a, b):\n    return a + b\n"),
    ("C++", "// Twice.\nint twice(int x) { return 2 * x; }\n"),
    ("Rust", "\nfn f() {}"),
]
SELF = [  # bigcode/self-oss-instruct-sc2-exec-filter-50k: no language, a list among its columns
    {
        "fingerprint": None, "sha1": "ab", "seed": "def f(): ...", "concepts": ["sorting", "lists"], "id": 7,
        "prompt": "Write …", "instruction": "Sort a list.", "response": "```python\nsorted([2, 1])\n```",
    }
]  # fmt: skip
CHAT = [
    {"turns": [{"role": "user", "text": "Say 1."}, {"role": "assistant", "text": "```sh\necho 1\n```"}], "meta": {"lang": "shell"}},
    {"turns": [{"role": "user", "text": "Say 2."}], "meta": None},
    {"turns": None, "meta": {"lang": None}},
]  # fmt: skip


def source(path: object, template: str, **more: Any) -> Source:
    return Source(kind="table", path=str(path), template=template, **more)


def write(tmp_path: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / f"set.{kind}"
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_bytes(gzip.compress(lines) if kind.endswith("gz") else lines)
    return path


def read(given: Source) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    files, verdicts = [], []
    for batch in table.read(given, LIMITS):
        assert batch.files.schema == documents.FILES
        files += [(row["language"], row["content"].decode()) for row in batch.files.to_pylist()]
        verdicts += [(row["rule"], row["detail"]) for row in batch.verdicts.to_pylist()]
    return files, verdicts


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "jsonl.gz"])
def test_the_published_sets_and_nested_columns_become_files(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, OSS)
    files, verdicts = read(source(path, "{problem:comment}\n{solution:code}"))
    assert files == OSS_FILES
    assert [rule for rule, _ in verdicts] == ["no-content"], "an answer without code is no file"

    path = write(tmp_path, kind, SELF)
    files, _ = read(source(path, "{concepts}\n{instruction:comment}\n{response:code}", language="Python"))
    assert files == [("Python", '["sorting", "lists"]\n# Sort a list.\nsorted([2, 1])\n')]

    path = write(tmp_path, kind, CHAT)
    files, verdicts = read(source(path, "{turns[0].text:comment}\n{turns[1].text:code}"))
    assert files == [("Shell", "# Say 1.\necho 1\n")] and len(verdicts) == 2


def test_an_address_is_read_the_same_way(tmp_path: Path) -> None:
    path = write(tmp_path, "parquet", OSS)
    files, verdicts = read(source(f"file://{path}", "{problem:comment}\n{solution:code}"))
    assert files == OSS_FILES and len(verdicts) == 1


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, SELF)
    with pytest.raises(Fault, match=r"has no column answer, which template names; it has .*instruction"):
        read(source(path, "{instruction:comment}\n{answer:code}"))


def test_a_broken_line_and_a_long_answer_are_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    long = {**OSS[0], "solution": "x" * 2000}
    path.write_bytes(json.dumps(OSS[0]).encode() + b"\n{broken\n" + json.dumps(long).encode() + b"\n")
    files, verdicts = read(source(path, "{problem:comment}\n{solution:code}"))
    assert files == OSS_FILES[:1] and sorted(rule for rule, _ in verdicts) == ["bad-json", "too-large"]


def test_the_question_stands_in_comments_of_the_rows_language() -> None:
    made = Template(source(".", "{q:comment}\n{a:code}", language="SQL")).files(
        [{"lang": name, "q": "Why?\n  Now.", "a": "x"} for name in ("java", None, "Klingon")]
    )
    assert made["content"].to_pylist() == ["// Why?\n//   Now.\nx", "-- Why?\n--   Now.\nx", "Why?\nNow.\nx"]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("no column", "names no column"),
        ("{a", "expected '}'"),
        ("{a!r}", "may be followed by :comment or :code only"),
        ("{a:upper}", "may be followed by :comment or :code only"),
        ("{}", "names no column such as"),
        ("{a.b[x]}", "names no column such as"),
    ],
)
def test_a_bad_template_is_said_when_the_recipe_is_read(template: str, said: str) -> None:
    with pytest.raises(ValidationError, match="template = ") as error:
        source(".", template)
    assert said in str(error.value)


def test_a_template_is_for_tables_that_are_copied() -> None:
    with pytest.raises(ValidationError, match="template and language are for kind = 'table' or 'hub'"):
        Source(kind="directory", path=".", template="{a:code}")
    with pytest.raises(ValidationError, match="cannot be read in_place"):
        source(".", "{a:code}", in_place=True)
    with pytest.raises(ValidationError, match="needs a template beside it"):
        Source(kind="table", path=".", language="Python")


def test_parts_of_a_template() -> None:
    assert [tuple(part) for part in template_parts("{{x}} {a.b[2].c:code}")] == [
        ("{", (), ""),
        ("x}", (), ""),
        (" ", ("a", "b", 2, "c"), "code"),
    ]
