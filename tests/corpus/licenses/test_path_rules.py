"""Licences stated for paths: the oracles are REUSE's specification and Debian's copyright format."""

from __future__ import annotations

import pyarrow as pa

from neve.corpus.licenses import path_rules
from neve.corpus.licenses.spdx import UNREAD

REUSE = b"""version = 1
[[annotations]]
path = "**"
SPDX-License-Identifier = "MIT"
[[annotations]]
path = ["src/*.c", "src/deep/**"]
SPDX-License-Identifier = "GPL-2.0-or-later"
[[annotations]]
path = "src/odd\\\\*.c"
precedence = "override"
SPDX-License-Identifier = ["MIT", "ISC"]
"""
DEP5 = b"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sums

Files: *
Copyright: 2024 Someone
License: GPL-2+

Files: lib/* doc/?.py
License: Expat

Files: odd/*
License: Ours

License: Ours
 You may look at it.
"""


def asked(rules: list[path_rules.Rule], *paths: str) -> list[str | None]:
    found = path_rules.match(rules, pa.array(paths, pa.string())).tolist()
    return [rules[number].license if number >= 0 else None for number in found]


def test_reuse_toml() -> None:
    """One asterisk stays in its folder, two do not; of a file's rules the last that matches holds."""
    rules = path_rules.of_reuse("a/REUSE.toml", REUSE)
    paths = (
        "a/x.py",
        "b/x.py",
        "a/src/x.c",
        "a/src/b/x.c",
        "a/src/deep/b/x.c",
        "a/src/odd*.c",
        "a/src/oddly.c",
    )
    assert asked(rules, *paths) == ["MIT", None, "GPL-2.0-or-later", "MIT", "GPL-2.0-or-later", "MIT AND ISC", "GPL-2.0-or-later"]  # fmt: skip
    assert {rule.precedence for rule in rules} == {"closest", "override"}


def test_of_two_files_the_nearer_one_holds_but_for_an_override() -> None:
    near = b'[[annotations]]\npath = "**"\nSPDX-License-Identifier = "ISC"\n'
    over = b'[[annotations]]\npath = "**"\nprecedence = "override"\nSPDX-License-Identifier = "Zlib"\n'
    far = path_rules.of_reuse("REUSE.toml", REUSE)
    assert asked([*far, *path_rules.of_reuse("src/REUSE.toml", near)], "src/b/x.c", "x.c") == ["ISC", "MIT"]
    assert asked([*path_rules.of_reuse("REUSE.toml", over), *path_rules.of_reuse("src/REUSE.toml", near)], "src/x.c") == ["Zlib"]  # fmt: skip


def test_the_nearer_file_holds_though_one_further_up_names_the_path() -> None:
    """REUSE 3.3: the REUSE.toml nearest to a file, however exact another one's glob is."""
    far = b'[[annotations]]\npath = "a/b/c/**"\nSPDX-License-Identifier = "MIT"\n'
    near = b'[[annotations]]\npath = "**"\nSPDX-License-Identifier = "GPL-3.0-only"\n'
    rules = [*path_rules.of_reuse("REUSE.toml", far), *path_rules.of_reuse("a/REUSE.toml", near)]
    assert asked(rules, "a/b/c/x.py") == asked(rules[::-1], "a/b/c/x.py") == ["GPL-3.0-only"]


def test_what_cannot_be_read_blocks_its_folder() -> None:
    for content in (
        b"annotations = 5",
        b"[[annotations]]\npath = 1\nSPDX-License-Identifier = 'MIT'\n",
        b"\xff",
        b"[",
    ):
        assert asked(path_rules.of_reuse("a/REUSE.toml", content), "a/b/x.py", "x.py") == [UNREAD, None]
    said = b'[[annotations]]\npath = "x.py"\nSPDX-License-Identifier = "Acme Terms"\n'
    assert asked(path_rules.of_reuse("REUSE.toml", said), "x.py") == [UNREAD]


def test_dep5() -> None:
    for path in (".reuse/dep5", "debian/copyright"):
        rules = path_rules.of_dep5(path, DEP5)
        paths = ("x.c", "lib/a/b.c", "doc/a.py", "doc/ab.py", "odd/x.c")
        assert asked(rules, *paths) == ["GPL-2.0-or-later", "MIT", "MIT", "GPL-2.0-or-later", UNREAD]
    assert path_rules.of_dep5("debian/copyright", b"This is free text.\n") == []


def test_paths_that_a_licence_file_names_are_farther_than_evidence_in_that_folder() -> None:
    rules = path_rules.of_text("a/LICENSE", (("ee", UNREAD), ("lib/*.c", "Zlib")))
    assert asked(rules, "a/ee/b/x.ts", "a/ee.ts", "a/lib/x.c", "ee/x.ts") == [UNREAD, None, "Zlib", None]
    assert [rule.nearness for rule in rules] == [1.5, 1.5]


def test_hostile_patterns_end() -> None:
    """A glob of many asterisks takes no more than linear time."""
    rules = path_rules.of_dep5(
        "debian/copyright", b"Format: x\n\nFiles: " + b"*a" * 60 + b"b\nLicense: MIT\n"
    )
    assert asked(rules, "a" * 5000) == [None]


def test_patterns_made_to_hold_a_reader_up_block_their_folder() -> None:
    """Long enough, they would be refused by the matcher with an error, or take it hours."""
    toml = '[[annotations]]\npath = ["{}"]\nSPDX-License-Identifier = "MIT"\n'
    for glob in ("*a" * 2000, "*" + "b" * 1_000_000):
        rules = path_rules.of_reuse("a/REUSE.toml", toml.format(glob).encode())
        assert asked(rules, "a/x.c", "b/x.c") == [UNREAD, None]
    nested, dotted = b"x = " + b"[" * 500_000, b"a." * 500_000
    assert asked(path_rules.of_reuse("a/REUSE.toml", nested), "a/x.c", "b/x.c") == [UNREAD, None]
    assert asked(path_rules.of_reuse("a/REUSE.toml", dotted), "a/x.c", "b/x.c") == [UNREAD, None]
