"""Batches of a repository: the oracle is the list of members that each test walks over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from neve.corpus.sources import batches
from neve.corpus.sources.batches import Member

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 99\n" % (b"ab" * 32)


def walk_over(members: list[Member]) -> batches.Walk:
    def walk(wanted: Callable[[str], bool]) -> Iterator[Member]:
        for member in members:
            yield Member(member.path, member.content if wanted(member.path) else None, member.rule)

    return walk


def rows(members: list[Member], strip: bool = False) -> tuple[dict[str, tuple], dict[str, str]]:
    files, refused = {}, {}
    for batch in batches.repository("test", "r", walk_over(members), strip):
        files |= {row["path"]: (row["license"], row["license_path"]) for row in batch.files.to_pylist()}
        refused |= {row["path"]: row["rule"] for row in batch.verdicts.to_pylist()}
    return files, refused


@pytest.mark.parametrize("ahead", [1 << 20, 0], ids=["read at once", "walked twice"])
def test_a_licence_holds_for_files_before_it(ahead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AHEAD_BYTES", ahead)
    members = [
        Member("p/a.py", b"x"),
        Member("p/b/c.py", b"x"),
        Member("p/b/package.json", b'{"license": "MIT"}'),
        Member("p/no", rule="link"),
    ]
    files, refused = rows(members, strip=True)
    assert files == {
        "a.py": (None, None),
        "b/c.py": ("MIT", "b/package.json"),
        "b/package.json": ("MIT", "b/package.json"),
    }
    assert refused == {"no": "link"}


def test_another_projects_folder_is_told_by_its_licence() -> None:
    mine, theirs = (
        b"MIT License\n\nCopyright (c) 2019 %s\n" % name for name in (b"Ada Lovelace", b"Grace Hopper")
    )
    members = [
        Member("p/LICENSE", mine), Member("p/src/x/LICENSE", theirs), Member("p/src/x/a.c", b"x"), Member("p/b.c", b"x"),
    ]  # fmt: skip
    (batch,) = batches.repository("test", "r", walk_over(members), strip=True)
    found = {row["path"]: row["others_license"] for row in batch.files.to_pylist()}
    assert found == {
        "LICENSE": None,
        "b.c": None,
        "src/x/LICENSE": "src/x/LICENSE",
        "src/x/a.c": "src/x/LICENSE",
    }


def test_pointers_are_no_content() -> None:
    """In all versions of the specification; a program that speaks of pointers, or a long text, is one."""
    members = [
        Member("a.sql", POINTER), Member("b.py", b"'''version https://git-lfs.github.com/spec/v1'''\n"), Member("c.sql", POINTER + b"x" * 1024),
        Member("d.bin", b"version http://git-media.io/v/2\noid sha256:00\nsize 1\n"), Member("e.bin", b"version https://hawser.github.com/spec/v1\noid sha256:00\nsize 1\n"),
        Member("f.py", b"/annex/objects/SHA256E-s9--ab.py\n"), Member("g.py", b"../../.git/annex/objects/8z/3K/MD5-s9--ab/MD5-s9--ab"), Member("h.py", b"x = '/annex/objects/x'\n"),
    ]  # fmt: skip
    files, refused = rows(members)
    assert set(files) == {"b.py", "c.sql", "h.py"}
    assert refused == dict.fromkeys(("a.sql", "d.bin", "e.bin", "f.py", "g.py"), "lfs-pointer")
    assert batches.pointer(POINTER) == f"oid sha256:{'ab' * 32} size 99"


def test_names_from_outside() -> None:
    assert batches.printable("a\udcff.py") == "a\\xff.py"
    assert batches.printable("é@x/y") == "é@x/y"
    assert len(batches.printable("x" * 10_000)) == batches.NAME_CHARACTERS
