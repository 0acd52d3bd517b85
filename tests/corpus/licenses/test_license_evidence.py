"""Licences by the nearest evidence: the oracles are the texts and metadata of installed packages, and the planted files."""

from __future__ import annotations

import importlib.metadata

import pyarrow as pa
import pytest

from neve.corpus.licenses import license_evidence, license_files, license_texts


def text_of(package: str, name: str) -> bytes:
    """A licence file as an installed package carries it."""
    files = importlib.metadata.distribution(package).files or []
    return next(f for f in files if f.name == name and ".dist-info" in str(f)).locate().read_bytes()


MIT, BSD, APACHE = (
    text_of("pytest", "LICENSE"),
    text_of("click", "LICENSE.txt"),
    text_of("packaging", "LICENSE.APACHE"),
)
OURS = (
    b"The Acme License\n\nCopyright (c) 2024 Acme. You may not copy, sell or use it without a subscription.\n"
)
GPL = b"// This is free software under the terms of the GNU General Public License,\n// version 2 or (at your option) any later version.\n"


def asked(
    lookup: license_evidence.Lookup, *paths: str, top: str = "", content: bytes = b"x"
) -> list[tuple[str | None, str | None]]:
    """(licence, what decided) of files with the given content."""
    found, by = lookup.columns(
        pa.array(paths, pa.string()), pa.array([content] * len(paths), pa.large_binary()), top
    )
    return list(zip(found.to_pylist(), by.to_pylist(), strict=True))


def test_the_nearest_evidence_holds_whatever_its_kind() -> None:
    lookup = license_evidence.Lookup(
        [
            ("a/COPYING", MIT), ("a/vendor/x/LICENSE.txt", BSD), ("PKG-INFO", b"Name: a\nLicense: ISC\n"), ("rust/LICENSE-MIT", MIT), ("rust/LICENSE-APACHE", APACHE),
            ("a/vendor/y/package.json", b'{"license": "GPL-3.0-only"}'), ("a/vendor/z/pom.xml", b"<license><name>LGPL v3</name></license>"),
            ("a/vendor/w/package.json", b'{"private": true}'), ("two/LICENSE", MIT + b"\n" * 3 + BSD), ("odd/LICENSE_FONTS", BSD),
        ]
    )  # fmt: skip
    expected = {
        "setup.py": ("ISC", "PKG-INFO"), "a/b/c.py": ("MIT", "a/COPYING"), "a/vendor/x/d.py": ("BSD-3-Clause", "a/vendor/x/LICENSE.txt"),
        "a/vendor/y/e.js": ("GPL-3.0-only", "a/vendor/y/package.json"), "a/vendor/z/e/f.java": ("LGPL-3.0-only", "a/vendor/z/pom.xml"), "a/vendor/w/e.js": ("MIT", "a/COPYING"),
        "ab/f.py": ("ISC", "PKG-INFO"), "rust/src/g.rs": ("Apache-2.0 OR MIT", "rust/LICENSE-APACHE, rust/LICENSE-MIT"),
        "two/h.c": ("MIT AND BSD-3-Clause", "two/LICENSE"), "odd/i.c": ("ISC", "PKG-INFO"),
    }  # fmt: skip
    assert asked(lookup, *expected) == list(expected.values())
    assert asked(license_evidence.Lookup([]), "a.py") == [(None, None)]
    assert asked(license_evidence.Lookup([])) == []


@pytest.mark.parametrize("name", ["LICENSE.pdf", "EULA.docx", "COPYING.odt"])
def test_a_text_that_is_not_read_blocks_unless_another_speaks_beside_it(name: str) -> None:
    nested = [("LICENSE", MIT), (f"ee/{name}", b"%PDF-1.4 \x00\x01")]
    assert asked(license_evidence.Lookup(nested), "ee/a.ts", "a.ts") == [
        (None, f"ee/{name}"),
        ("MIT", "LICENSE"),
    ]
    beside = license_evidence.Lookup([*nested, ("ee/LICENSE.txt", BSD)])
    assert asked(beside, "ee/a.ts") == [("BSD-3-Clause", "ee/LICENSE.txt")]
    assert license_evidence.is_evidence(name) and not license_evidence.is_evidence("manual.pdf")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("LICENSE", OURS), ("LICENSE.md", b"All rights reserved."), ("EULA.txt", OURS), ("package.json", b'{"license": "SEE LICENSE IN TERMS.txt"}'),
        ("package.json", b'{"license": "Acme Terms"}'), ("Cargo.toml", b'[package]\nlicense-file = "TERMS"\n'), ("pyproject.toml", b'[project]\nlicense = {text = "ours alone"}\n'),
        ("REUSE.toml", b"annotations = 1"), ("COPYING", b"Do not copy. Copyright Acme."), ("LICENSE_ACME", OURS),
    ],
)  # fmt: skip
def test_what_is_nearest_and_not_understood_blocks(name: str, content: bytes) -> None:
    """The verdict's file is the one that was not understood; what lies beside the folder is untouched."""
    lookup = license_evidence.Lookup([("LICENSE", MIT), (f"ee/{name}", content)])
    found = asked(lookup, "ee/a.ts", "ee/b/c.ts", "a.ts")
    assert found[2] == ("MIT", "LICENSE")
    assert [license in (None, "LicenseRef-Proprietary") for license, _ in found[:2]] == [True, True]
    assert [by for _, by in found[:2]] == [f"ee/{name}"] * 2 if name != "LICENSE_ACME" else True


def test_metadata_that_point_to_a_file_state_what_it_states() -> None:
    lookup = license_evidence.Lookup(
        [
            ("LICENSE", MIT), ("a/package.json", b'{"license": "SEE LICENSE IN LICENSE.md"}'), ("a/LICENSE.md", BSD), ("b/Cargo.toml", b'[package]\nlicense-file = "../LICENSE"\n'),
            ("ee/LICENSE", OURS), ("c/package.json", b'{"license": "SEE LICENSE IN ../ee/LICENSE"}'), ("d/LICENSE", b"See ../a/LICENSE.md for the licence."),
        ]
    )  # fmt: skip
    assert asked(lookup, "a/x.js", "b/x.rs", "c/x.js", "d/x.js") == [("BSD-3-Clause", "a/LICENSE.md"), ("MIT", "LICENSE"), (None, "ee/LICENSE"), ("BSD-3-Clause", "a/LICENSE.md")]  # fmt: skip


def test_one_folder_of_many_kinds() -> None:
    """The text is believed, metadata make it precise, and where they contradict it both hold."""
    gpl = license_texts_gpl()
    cases = [
        ([("COPYING", gpl), ("PKG-INFO", b"License: GPL-3.0-or-later\n")], "GPL-3.0-or-later"), ([("COPYING", gpl)], "GPL-3.0-only"),
        ([("COPYING", gpl), ("PKG-INFO", b"License: MIT\n")], "GPL-3.0-only AND MIT"), ([("LICENSE", MIT), ("composer.json", b'{"license": "proprietary"}')], "MIT AND LicenseRef-Proprietary"),
        ([("LICENSE", MIT), ("Cargo.toml", b'[package]\nlicense = "MIT OR Apache-2.0"\n')], "MIT OR Apache-2.0"), ([("LICENSE", MIT), ("package.json", b'{"license": "see the wiki"}')], "MIT"),
        ([("LICENSE", BSD), ("setup.cfg", b"[metadata]\nlicense = BSD\n")], "BSD-3-Clause"), ([("package.json", b'{"license": "MIT"}'), ("composer.json", b'{"license": "GPL-2.0"}')], "GPL-2.0-only AND MIT"),
        ([("LICENSE-MIT", MIT), ("LICENSE-GPL", gpl)], "GPL-3.0-only AND MIT"), ([("LICENSE-MIT", MIT), ("LICENSE-APACHE", APACHE)], "Apache-2.0 OR MIT"),
        ([("LICENSE", b"Under either of the licenses in LICENSE.APACHE or LICENSE.MIT."), ("LICENSE.APACHE", APACHE), ("LICENSE.MIT", MIT)], "Apache-2.0 OR MIT"),
    ]  # fmt: skip
    assert [asked(license_evidence.Lookup(evidence), "a.py")[0][0] for evidence, _ in cases] == [
        license for _, license in cases
    ]


def license_texts_gpl() -> bytes:
    """The text of the GPL 3, as torch carries it for a part of its own."""
    files = importlib.metadata.distribution("torch").files or []
    texts = (
        f.locate().read_bytes()
        for f in files
        if (role := license_files.role(str(f))) and role.kind in ("text", "choice")
    )
    return next(text for text in texts if license_texts.identify(text) == "GPL-3.0-only")


def test_the_files_own_statement_comes_first() -> None:
    lookup = license_evidence.Lookup([("LICENSE", b"MIT License\n\nCopyright (c) 2024 Acme Ltd\n" + MIT.partition(b"Permission")[1] + MIT.partition(b"Permission")[2]), ("ee/LICENSE", OURS), ("LICENSE-ACME", OURS)])  # fmt: skip
    own = {
        GPL: ("GPL-2.0-or-later", "a.c"), b"// Licensed under the Apache License 2.0\n": ("Apache-2.0", "a.c"), b"// Use is governed by a license found in the LICENSE file.\n": ("MIT", "LICENSE"),
        b"// Licensed under the Acme License, see LICENSE-ACME.\n": (None, "a.c, LICENSE-ACME"), b"// See LICENSE-OTHER for its licence\n": (None, "a.c"),
        b"// Copyright 2024 Acme Ltd. All rights reserved.\n": ("MIT", "LICENSE"), b"// Copyright 2019 Somebody Else Inc. All rights reserved.\n": (None, "a.c"),
        b"// Proprietary and confidential. This file is ours.\n": ("LicenseRef-Proprietary", "a.c"), b"int a;\n": ("MIT", "LICENSE"),
    }  # fmt: skip
    assert [asked(lookup, "a.c", content=content)[0] for content in own] == list(own.values())
    spdx = b"// SPDX-License-" + b"Identifier: %s\n"
    assert asked(lookup, "ee/a.c", content=spdx % b"MIT") == [("MIT", "ee/a.c")]
    pointing = {b"SEE LICENSE IN LICENSE": ("MIT", "a.c, LICENSE"), b"SEE LICENSE IN ee/LICENSE": (None, "a.c, ee/LICENSE"), b"see license in EULA_EE.md": (None, "a.c")}  # fmt: skip
    assert [asked(lookup, "a.c", content=spdx % name)[0] for name in pointing] == list(pointing.values())


def test_reuse_in_its_order_of_precedence() -> None:
    """A file beside replaces the file's own statement; a rule gives way to it, joins it, or overrides it."""
    rules = b"".join(
        b'[[annotations]]\npath = "%s/**"\nprecedence = "%s"\nSPDX-License-Identifier = "Zlib"\n' % (each, each) for each in (b"closest", b"aggregate", b"override")
    )  # fmt: skip
    lookup = license_evidence.Lookup([("LICENSE", MIT), ("REUSE.toml", rules), ("x.c.license", b"SPDX-License-" + b"Identifier: ISC\n"), ("closest/sub/LICENSE", BSD)])  # fmt: skip
    paths = ("x.c", "closest/a.c", "aggregate/a.c", "override/a.c", "a.c")
    assert [license for license, _ in asked(lookup, *paths, content=GPL)] == ["ISC", "GPL-2.0-or-later", "GPL-2.0-or-later AND Zlib", "Zlib", "GPL-2.0-or-later"]  # fmt: skip
    assert asked(lookup, *paths, "closest/sub/a.c") == [("ISC", "x.c.license"), *[("Zlib", "REUSE.toml")] * 3, ("MIT", "LICENSE"), ("BSD-3-Clause", "closest/sub/LICENSE")]  # fmt: skip


def test_a_licence_for_a_part() -> None:
    """LICENSE_EE is for what is called ee; a licence of one library in a folder adds to what holds there."""
    lookup = license_evidence.Lookup(
        [("LICENSE", MIT), ("LICENSE_EE.md", OURS), ("js/LICENSE-tablelib", BSD)]
    )
    found = asked(lookup, "src/ee/a.ts", "src/a.ee.ts", "src/tree.ts", "js/a.js")
    assert [license for license, _ in found] == [None, None, "MIT", "BSD-3-Clause AND MIT"]  # fmt: skip


def test_paths_that_the_licence_file_names() -> None:
    root = (
        b'- All content under "ee/" is under the licence in "ee/LICENSE".\n- Content elsewhere is under the MIT licence below.\n\n'
        + MIT
    )
    lookup = license_evidence.Lookup([("LICENSE", root), ("api/package.json", b'{"license": "mixed"}'), ("web/LICENSE", b"Content in web/core/ee is ours.\n\n" + MIT)])  # fmt: skip
    assert asked(lookup, "ee/a.ts", "a.ts", "api/a.ts") == [
        (None, "LICENSE"),
        ("MIT", "LICENSE"),
        (None, "api/package.json"),
    ]
    spoken = license_evidence.Lookup(
        [("LICENSE", root.replace(b"ee/", b"api/ee/")), ("api/package.json", b'{"license": "mixed"}')]
    )
    assert asked(spoken, "api/ee/a.ts", "api/a.ts") == [(None, "LICENSE"), ("MIT", "LICENSE")]


def test_a_folder_that_the_licence_excepts_or_a_package_has_moved() -> None:
    """What is said of everything but a folder is not said of the folder; an edition's folder keeps its name."""
    excepting = b"Everything here except the `cloud` directory and parts/pro is MIT licensed:\n\n" + MIT
    lookup = license_evidence.Lookup([("LICENSE", excepting)])
    assert asked(lookup, "cloud/a.py", "parts/pro/a.py", "a.py") == [
        (None, "LICENSE"),
        (None, "LICENSE"),
        ("MIT", "LICENSE"),
    ]
    moved = (
        b"All content under packages/server/src/enterprise is under the Acme Commercial License.\n\n" + MIT
    )
    lookup = license_evidence.Lookup([("LICENSE", moved), ("web/package.json", b'{"license": "MIT"}')])
    assert [license for license, _ in asked(lookup, "dist/enterprise/a.js", "dist/a.js")] == [None, "MIT"]


def test_a_licence_file_of_one_edition_that_is_not_there_blocks() -> None:
    lookup = license_evidence.Lookup([("LICENSE.txt", MIT)])
    notice = b"// Copyright Acme. All rights reserved.\n// See %s for license information.\nint x;\n"
    found = [
        asked(lookup, "a.c", content=notice % name)[0][0]
        for name in (b"LICENSE.enterprise", b"LICENSE.txt", b"LICENSE")
    ]
    assert found == [None, "MIT", "MIT"]


def test_metadata_that_speak_for_the_folder_above() -> None:
    lookup = license_evidence.Lookup(
        [
            ("LICENSE", MIT),
            ("app/appinfo/info.xml", b"<info><licence>agpl</licence></info>"),
            ("role/meta/main.yml", b"galaxy_info:\n  license: GPL-3.0-only\n"),
            ("tree/src/tree.app.src", b'{licenses, ["GPL-3.0"]}'),
        ]
    )
    found = asked(lookup, "app/lib/a.php", "role/tasks/a.py", "tree/test/a.erl", "b/a.py")
    assert [license for license, _ in found] == ["AGPL-3.0-only", "GPL-3.0-only", "GPL-3.0-only", "MIT"]


def test_wheels_and_folders_of_installed_packages() -> None:
    wheel = license_evidence.Lookup(
        [("a-1.dist-info/METADATA", b"License-Expression: MIT\n"), ("a-1.dist-info/licenses/LICENSE", MIT)]
    )
    assert asked(wheel, "a/b.py") == [("MIT", "a-1.dist-info/licenses/LICENSE")]
    many = license_evidence.Lookup(
        [("a-1.dist-info/METADATA", b"License: MIT\n"), ("b-1.dist-info/METADATA", b"License: GPL\n")]
    )
    assert asked(many, "a/b.py") == [(None, None)]


def test_holders_of_many_files_are_the_projects_own() -> None:
    """Oracle: a studio that its founder's licence does not name, beside one file of somebody else."""
    lookup = license_evidence.Lookup(
        [("LICENSE", b"MIT License\n\nCopyright (c) 2024 Jane Doe\n" + MIT[MIT.index(b"Permission") :])]
    )
    texts = [b"// Copyright 2024 Sums Studio LLC. All rights reserved.\n"] * 4 + [
        b"// Copyright 2019 Somebody Else Inc. All rights reserved.\n"
    ]
    found, _ = lookup.columns(pa.array([f"{i}.swift" for i in range(5)]), pa.array(texts, pa.large_binary()))
    assert found.to_pylist() == ["MIT"] * 4 + [None]


def test_a_file_of_holders_alone_says_nothing() -> None:
    held = license_evidence.Lookup([("LICENSE", MIT), ("a/COPYRIGHT", b"Copyright (c) 2024 Acme. All rights reserved.\n"), ("b/LICENSE", b"Copyright (c) 2024 Acme. All rights reserved.\n")])  # fmt: skip
    assert asked(held, "a/x.py", "b/x.py") == [("MIT", "LICENSE"), (None, "b/LICENSE")]


def test_paths_lose_the_top_folder() -> None:
    lookup = license_evidence.Lookup([("p-1/LICENSE", MIT), ("p-1/b/PKG-INFO", b"License: ISC\n")])
    assert asked(lookup, "p-1/a.py", "p-1/b/c.py", top="p-1/") == [("MIT", "LICENSE"), ("ISC", "b/PKG-INFO")]


def test_the_folder_of_reuse() -> None:
    """Files without a line of their own have all of LICENSES/, unless a licence file lies beside it."""
    mit = text_of("pytest", "LICENSE")
    evidence = [
        ("LICENSES/MIT.txt", b"whatever"), ("LICENSES/LicenseRef-Ours.txt", b"ours"), ("LICENSES/LLVM-exception.txt", b"x"),
        ("b/LICENSES/odd name.txt", mit), ("c/LICENSES/ISC.txt", b"x"), ("c/LICENSE", mit), ("d/LICENSES/notes.txt", b"x"),
    ]  # fmt: skip
    assert asked(license_evidence.Lookup(evidence), "a.py", "b/a.py", "c/a.py", "d/a.py") == [
        ("LicenseRef-Ours AND MIT", "LICENSES/LicenseRef-Ours.txt, LICENSES/MIT.txt"), ("MIT", "b/LICENSES/odd name.txt"),
        ("MIT", "c/LICENSE"), ("LicenseRef-Ours AND MIT", "LICENSES/LicenseRef-Ours.txt, LICENSES/MIT.txt"),
    ]  # fmt: skip


HPND = (
    b"Permission to use, copy, modify, and distribute this software and its documentation for any purpose and without fee"
    b" is hereby granted, provided that the above copyright notice appears in all copies.\n"
)


@pytest.mark.parametrize(
    ("evidence", "license"),
    [
        ({"LICENSE": BSD, "COPYRIGHTS.txt": b"Parts come from others.\n\n" + MIT + b"\n\n" + HPND}, "BSD-3-Clause AND MIT AND HPND"),
        ({"LICENSE.txt": BSD, "COPYRIGHT.txt": b"Acme Foundation and Contributors\n"}, "BSD-3-Clause"),
        ({"LICENSE.txt": BSD, "COPYRIGHT.txt": b"Use it only as Acme Foundation agrees\n"}, None),
        ({"LICENSE.txt": b"This project is dual licensed under the Eclipse Public License 2.0 and the\nEclipse Distribution License 1.0.\n", "edl-v10": BSD}, "EPL-2.0 OR BSD-3-Clause"),
        ({"LICENSE.txt": b"Licensed under the Eclipse Public License 2.0.\n", "edl-v10": BSD}, "EPL-2.0 AND BSD-3-Clause"),
        ({"LICENSE": b"Acme License Agreement\n----------------------\n\n" + HPND, "PKG-INFO": b"Name: a\nLicense-Expression: LicenseRef-Acme-License-Agreement\n"}, "HPND"),
        ({"LICENSE": HPND, "package.json": b'{"license": "LicenseRef-acme-bsd-derived"}'}, "HPND"), ({"LICENSE": OURS, "package.json": b'{"license": "LicenseRef-acme-bsd-derived"}'}, None),
        ({"LICENSE.txt": BSD, "COPYRIGHT.txt": b"Copyright (c) 2008 Acme Consulting.\n(http://www.acme.example), All Rights Reserved\n\nPortions (c) Others\n"}, "BSD-3-Clause"),
        ({"LICENSE": MIT + b"\n\n" + APACHE, "package.json": b'{"license": "(MIT OR Apache-2.0)"}'}, "MIT OR Apache-2.0"), ({"LICENSE": MIT + b"\n\n" + APACHE, "package.json": b'{"license": "MIT"}'}, "MIT AND Apache-2.0"),
        ({"LICENSE": MIT + b"\n\nPermission is hereby granted to use the fonts.\n", "package.json": b'{"license": "MIT"}'}, "MIT"),
        ({"LICENSE": MIT + b"\n\nIt may not be used by companies.\n", "package.json": b'{"license": "MIT"}'}, None),
        ({"LICENSE": MIT + b"\n\nPermission is hereby granted to use the fonts.\n", "package.json": b'{"license": "0BSD"}'}, None),
        ({"LICENSE": HPND, "PKG-INFO": b"Name: a\nLicense-Expression: LicenseRef-Acme-EULA\n"}, "HPND AND LicenseRef-Acme-EULA"),
    ],
)  # fmt: skip
def test_companions_of_a_licence_file(evidence: dict[str, bytes], license: str | None) -> None:
    assert asked(license_evidence.Lookup(evidence.items()), "src/a.py")[0][0] == license


@pytest.mark.parametrize("name", ["LICENSE.rst", "COPYING.md"])
def test_a_notice_finds_the_file_that_it_means(name: str) -> None:
    """By its name without the ending; oracle: the text of that file, for a licence that is no name."""
    notice = f'# Governed by the "Acme License Agreement". Please see the {name[:-4] if name.endswith("rst") else "COPYING"} file.\n'
    lookup = license_evidence.Lookup([(f"a/{name}", HPND), ("LICENSE", MIT)])
    assert asked(lookup, "a/b.py", content=notice.encode()) == [("HPND", f"a/b.py, a/{name}")]


def test_evidence_in_any_encoding_and_language() -> None:
    """UTF-16, as Windows' shell writes it; names of licence files in German and Spanish; Conan's recipe."""
    texts = {
        "a/LICENSE": OURS.decode().encode("utf-16"), "b/LICENSE": BSD.decode().encode("utf-16"), "c/LIZENZ.txt": OURS, "d/LICENCIA": BSD,
        "f/conanfile.py": b'class A(ConanFile):\n    license = "GPL-3.0-only"\n',
    }  # fmt: skip
    lookup = license_evidence.Lookup([("LICENSE", MIT), *texts.items()])
    found = [license for license, _ in asked(lookup, *(f"{folder}/src/x.c" for folder in "abcdf"))]
    assert found == [None, "BSD-3-Clause", None, "BSD-3-Clause", "GPL-3.0-only"]
