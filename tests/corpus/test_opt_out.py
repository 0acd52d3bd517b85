"""What must not be used. Oracles: git for SWHIDs, lists written by hand for names."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from neve import documents
from neve.corpus.opt_out import OptOut, load, named_by, parse, swhids
from neve.errors import Misuse


def listed(*lines: str) -> OptOut:
    return parse((f"line {number}", line) for number, line in enumerate(lines, 1))


def names(wanted: OptOut, repo: str, content: bytes = b"x = 1\n") -> str | None:
    texts = pa.array([content])
    return named_by(wanted, pa.array([repo]), pa.array(swhids(texts)), texts)[0].as_py()


def test_a_content_has_gits_own_digest(tmp_path: Path) -> None:
    texts = [b"", b"hello\n", b"\xff\x00\r\n" * 1000, "é".encode() * 70_000]
    for number, text in enumerate(texts):
        (tmp_path / str(number)).write_bytes(text)
    paths = [str(tmp_path / str(number)) for number in range(len(texts))]
    theirs = subprocess.run(
        ["git", "hash-object", "--no-filters", *paths], capture_output=True, text=True, check=True
    )
    assert swhids(pa.array([*texts, None])) == [
        *(f"swh:1:cnt:{line}" for line in theirs.stdout.split()),
        None,
    ]
    assert swhids(pa.array([b"skipped", b"hello\n"])[1:]) == [
        "swh:1:cnt:ce013625030ba8dba906f756967f9e9ca394464a"
    ]


@pytest.mark.parametrize(
    ("line", "repo", "said"),
    [
        ("octocat/hello-world", "Octocat/Hello-World", "octocat/hello-world"),
        ("https://github.com/octocat/hello-world.git", "octocat/hello-world@1f3a5c7d9e0b", "octocat/hello-world"),
        ("git@github.com:octocat/hello-world.git", "octocat/hello-world", "octocat/hello-world"),
        ("octocat/hello-world", "other/hello-world", None),
        ("requests", "requests==2.34.2", "requests"),
        ("requests==2.1", "somebody/Requests", "requests"),
        ("requests", "requests-oauthlib==2.0", None),
        ("author: Octocat", "octocat/anything", "author: octocat"),
        ("author: octo", "octocat/anything", None),
        ("octocat/hello-world", "https://github.com/Octocat/Hello-World.git", "octocat/hello-world"),
        ("author: octocat", "git@codeberg.org:octocat/hello.git", "author: octocat"),
        ("github.com/octocat/hello-world", "octocat/hello-world", "octocat/hello-world"),
        ("octocat/hello-world", "github.com/octocat/hello-world@v1.2.0", "octocat/hello-world"),
        ("swh:1:cnt:ba3da8abbe6b8d8b1b5bf8e7a3a2c9a5f8d8a111", "any/thing", None),
    ],
)  # fmt: skip
def test_what_names_a_repository(line: str, repo: str, said: str | None) -> None:
    assert names(listed(line), repo) == said


def test_a_content_is_named_wherever_it_lies() -> None:
    (mine,) = swhids(pa.array([b"x = 1\n"]))
    assert names(listed(f"{mine};origin=https://example.org"), "any/thing") == mine
    assert names(listed(mine), "any/thing", b"x = 2\n") is None


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("# Copyright (c) 2020 Jane Q. Doe and others\n", True),
        ("/*\n * @author  Jane  Q. Doe <jane@example.org>\n */\n", True),
        ("// © 2020 jane q. doe\n", True),
        ("# Maintainer: Jane Q. Doe\n", True),
        ("# Copyright (c) 2020 Jane Q. Doering\n", False),
        ("x = 'Jane Q. Doe'  # a name in the text says nothing\n", False),
        ("x = 1\n" * 3000 + "# Copyright Jane Q. Doe\n", False),
    ],
)
def test_an_author_is_named_by_a_statement_at_the_head(head: str, found: bool) -> None:
    said = names(listed("author: Jane Q. Doe"), "any/thing", head.encode())
    assert (said is not None and said.startswith("author: ")) == found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("swh:1:rev:309cf2674ee7a0749978cf8265ab91a60aea0f7d", "that of a content"),
        ("swh:1:cnt:123", "that of a content"),
        ("two words", "must be a repository, author: NAME, or a SWHID"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "list.txt").write_text(f"# a comment\n\n{line}\n")
    with pytest.raises(Misuse, match=f"list.txt line 3: .*{said}"):
        load(tmp_path / "list.txt")
    with pytest.raises(Misuse, match="cannot be read"):
        load(tmp_path / "absent.txt")


def test_curation_drops_what_is_listed(small, tmp_path: Path) -> None:
    """One file by each way of naming it; each gets a verdict that says which, and nothing else changes."""
    rows = [
        small.file("alice/one", "a.py", small.other("one")),
        small.file("bob/two", "a.py", small.other("two")),
        small.file("three==1.0", "a.py", "# Copyright 2020 Carol Doe\n" + small.other("three")),
        small.file("four==1.0", "a.py", small.other("four")),
        small.file("five==1.0", "a.py", small.other("five")),
    ]
    (content,) = swhids(pa.array([rows[3]["content"]]))
    wanted = tmp_path / "opt-out.txt"
    wanted.write_text(f"author: alice\nbob/two\nauthor: Carol Doe\n{content}\n")
    counts, out = small.build(rows, tmp_path, replace(small.SETTINGS, opt_out=str(wanted)))
    assert documents.read(out / "documents")["repo"].to_pylist() == ["five==1.0"]
    found = {
        row["repo"]: (row["stage"], row["rule"], row["detail"])
        for row in documents.read(out / "verdicts").to_pylist()
    }
    assert found == {
        "alice/one": ("opt-out", "opted-out", "author: alice"),
        "bob/two": ("opt-out", "opted-out", "bob/two"),
        "three==1.0": ("opt-out", "opted-out", "author: Carol Doe"),
        "four==1.0": ("opt-out", "opted-out", content),
    }
    assert counts["by_rule"] == {"opt-out/opted-out": 4}
    assert documents.read(out / "signals")["swhid"].to_pylist() == swhids(pa.array([rows[4]["content"]]))
