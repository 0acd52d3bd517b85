"""Duplicates alone: which copies go, and that nothing else does. Oracle: texts whose likeness is known by construction."""

from __future__ import annotations

import pytest

from neve import documents
from neve.corpus import dedup
from neve.errors import Fault
from neve.recipe.corpus import Near


def test_copies_go_and_nothing_else_does(small, tmp_path) -> None:
    """A licence that curation would refuse, a language nobody asked for, code that does not parse, an e-mail: all stay."""
    filters = small.text_of(small.real_files(), "jinja2==1", "filters.py")
    lines = filters.splitlines(keepends=True)
    alike = "".join([*lines[:40], "# one line more\n", *lines[40:]])
    rows = [
        small.file("a", "f.py", filters, license=None),
        small.file("b", "longer/f.py", filters),
        small.file("b", "longer/near.py", alike),
        small.file("b", "broken.py", small.PROGRAM + "def broken(:\n" + small.MAIL, license="GPL-3.0-only"),
        small.file("b", "x.rb", small.RUBY),
        small.file("b", "latin.py", b"# caf\xe9\1\2\3\n" * 20),
    ]
    (tmp_path / "out").mkdir()
    settings = dedup.Settings(near=Near(), max_file_bytes=1 << 20, quarantine_limit=0.01, seed=1)
    inputs = {"files": small.write_files(rows, tmp_path / "in")}
    counts = dedup.build(settings, inputs, tmp_path / "out")
    verdicts = documents.read(tmp_path / "out" / "verdicts").to_pylist()
    assert {v["path"]: (v["rule"], v["kept_path"]) for v in verdicts} == {
        "f.py": ("exact-duplicate", "longer/f.py"),  # whose licence is known
        "longer/near.py": ("near-duplicate", "longer/f.py"),
        "latin.py": ("undecodable", None),
    }
    kept = documents.read(tmp_path / "out" / "documents")
    assert sorted(kept["path"].to_pylist()) == ["broken.py", "longer/f.py", "x.rb"]
    assert "someone.real" in "".join(kept["content"].to_pylist()), "nothing is redacted"
    assert set(kept["split"].to_pylist()) == {"train"} and counts["documents"] == 3
    assert counts["near"]["compared"] >= 1 and not (tmp_path / "out" / "scratch").exists()


def test_licences_stay_as_the_input_gives_them(small, tmp_path) -> None:
    """What a curation found by all evidence of a repository is not read again from heads alone."""
    text = "# SPDX-License-" + "Identifier: ISC\n# All rights reserved, do not distribute\n"
    given = {"a.py": "MIT", "b.py": None, "c.py": "GPL-3.0-only"}
    rows = [small.file("r", path, text + small.other(path[0]), license=own) for path, own in given.items()]
    (tmp_path / "out").mkdir()
    settings = dedup.Settings(near=Near(), max_file_bytes=1 << 20, quarantine_limit=0.01, seed=1)
    dedup.build(settings, {"files": small.write_files(rows, tmp_path / "in")}, tmp_path / "out")
    kept = documents.read(tmp_path / "out" / "documents", ["path", "license"]).to_pylist()
    assert {row["path"]: row["license"] for row in kept} == given


def test_nothing_to_do_is_a_fault(small, tmp_path) -> None:
    (tmp_path / "out").mkdir()
    inputs = {"files": small.write_files([], tmp_path / "in")}
    with pytest.raises(Fault, match="no files"):
        dedup.build(dedup.Settings(Near(), 1 << 20, 0.01, 1), inputs, tmp_path / "out")
