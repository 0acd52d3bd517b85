"""Folders of other projects: the oracle is whose each planted folder is."""

from __future__ import annotations

import pyarrow as pa
import pytest

from neve.corpus.licenses import license_files, others_folders

MIT = "MIT License\n\nCopyright (c) 2019 {}\n\nPermission is hereby granted, free of charge, to any person\n"
GNU = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n\nCopyright (C) 2007 Free Software Foundation, Inc. <https://fsf.org/>\n"
OFL = "Copyright (c) 2010, Google Corporation\n\nThis Font Software is licensed under the SIL Open Font License, Version 1.1.\n"


def places(files: dict[str, str]) -> others_folders.Places:
    found = others_folders.Places()
    for path, text in files.items():
        role = license_files.role(path)
        assert role is not None, path
        found.add(role, path, text.encode())
    return found


def whose(files: dict[str, str], *paths: str, top: str = "") -> list[str | None]:
    return places(files).column(pa.array(paths, pa.string()), top).to_pylist()


def test_a_licence_of_another_holder_makes_a_folder_anothers() -> None:
    files = {
        "LICENSE": MIT.format("Ada Lovelace"), "src/lz/LICENSE.txt": MIT.format("Yann Packer"),
        "src/own/COPYING": MIT.format("Lovelace, Ada and others"), "src/lz/deep/LICENSE": MIT.format("Ada Lovelace"),
    }  # fmt: skip
    assert whose(files, "src/lz/a.c", "src/lz/deep/b.c", "src/own/c.c", "src/d.c", "e.c") == [
        "src/lz/LICENSE.txt", "src/lz/LICENSE.txt", None, None, None,
    ]  # fmt: skip


def test_below_the_top_folder_of_an_archive() -> None:
    files = {"p-1.0/LICENSE": MIT.format("Ada Lovelace"), "p-1.0/ext/json/LICENSE": MIT.format("Niels L")}
    assert whose(files, "p-1.0/ext/json/j.c", "p-1.0/p.c", top="p-1.0/") == ["ext/json/LICENSE", None]


@pytest.mark.parametrize(
    "manifest",
    [
        ("package.json", '{"name": "all", "author": "Ada Lovelace", "workspaces": ["packages/*"]}'),
        ("Cargo.toml", '[workspace]\nmembers = [\n  "packages/one",\n]\n[package]\nauthors = ["Ada Lovelace"]\n'),
    ],
)  # fmt: skip
def test_members_of_a_workspace_are_own_whoever_holds_them(manifest: tuple[str, str]) -> None:
    name, text = manifest
    files = {
        name: text,
        "packages/one/LICENSE": MIT.format("Grace Hopper"),
        "lib/two/LICENSE": MIT.format("Linus"),
    }
    assert whose(files, "packages/one/a.js", "lib/two/b.js") == [None, "lib/two/LICENSE"]


def test_a_package_that_names_the_same_repository_is_own() -> None:
    root = '{"name": "all", "repository": "https://github.com/lovelace/all"}'
    nested = '{"name": "one", "repository": {"url": "git+https://github.com/lovelace/all.git"}}'
    other = '{"name": "two", "repository": "https://github.com/hopper/two"}'
    files = {
        "LICENSE": MIT.format("Ada Lovelace"), "package.json": root,
        "a/LICENSE": MIT.format("Grace Hopper"), "a/package.json": nested, "b/LICENSE": MIT.format("Grace Hopper"), "b/package.json": other,
    }  # fmt: skip
    assert whose(files, "a/x.js", "b/x.js") == [None, "b/LICENSE"]


def test_as_many_packages_of_one_holder_are_the_projects_own() -> None:
    files = {"LICENSE": MIT.format("The Sums Authors")}
    few = {f"packages/{n}/LICENSE": MIT.format("Acme") for n in "ab"}
    assert whose(files | few, "packages/a/x.js") == ["packages/a/LICENSE"]
    assert whose(files | few | {"packages/c/LICENSE": MIT.format("Acme")}, "packages/a/x.js") == [None]


@pytest.mark.parametrize(
    ("root", "nested"),
    [
        ("no holder at all, only words", MIT.format("Grace Hopper")), (MIT.format("Ada Lovelace"), GNU),
        (MIT.format("Ada Lovelace"), MIT.format("<your name>")), (MIT.format("Ada Lovelace"), MIT.format("{{ author }}")),
        (MIT.format("Ada Lovelace"), OFL), (MIT.format("Ada Lovelace"), MIT.format("[name of copyright owner]")), (MIT.format("Ada Lovelace"), "See ../LICENSE.\n"),
    ],
)  # fmt: skip
def test_what_names_nobody_decides_nothing(root: str, nested: str) -> None:
    assert whose({"LICENSE": root, "x/LICENSE": nested}, "x/a.c") == [None]


def test_no_evidence_and_no_files() -> None:
    assert whose({}, "a.c") == [None]
    assert whose({"LICENSE": MIT.format("Ada"), "x/LICENSE": MIT.format("Bob")}) == []
