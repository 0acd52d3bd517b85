"""Files made to hold a reader up. Oracle: processor time that grows with a text's length, not with its square; what they
state does not matter here."""

from __future__ import annotations

import pytest

from neve.corpus.licenses import license_files, license_texts, metadata, statements

METADATA_BYTES, TEXT_BYTES = metadata.METADATA_BYTES // 2, license_texts.FILE_BYTES // 2
OPENERS = {
    "pom.xml": ["<license ", "<license>", "<plugin>", "<!--", "<a", "<license><name>", "</license>", "<dependency>x"],
    "a.nuspec": ["<license type=", '<license type="file">', "<licenseUrl>"],
    "meson.build": ["project(", "project('x', license: [", "license: ["],
    "setup.py": ["license=\n", "license =", "LICENSE\n", "license=LICENSE\n", '"License ::'],
    "a.gemspec": [".license", "x.license = [", ".license=\n", "  \n"],
    "a.podspec": ["s.license = {\n  ", "\n  "],
    "a.nimble": ["{,", "license=", "\n \n"],
    "build.gradle": ["licenses { license {", "licenses{license{name\n", "name "],
    "gradle.properties": ["license", "a" * 1000 + "license_", " \n"],
    "conanfile.py": ["  license = (", "\n "],
    "mix.exs": ["licenses:", "licenses: [\n"],
    "src/a.app.src": ["{licenses, [", "{licenses,"],
    "project.clj": [":license {", ":license {:name ", ":license {:name \""],
    "build.sbt": ["licenses := (", "licenses ", "license"],
    "dist.ini": ["license", " license", "(license =>"],
    "__manifest__.py": ["'license': [", "\n\t"],
    "info.rkt": ["(define license ", "(define license '("],
    "a.asd": ["(license ", "license x", "license (("],
    "PKGBUILD": ["license=(\n", "license="],
    "a.opam": ["license: [\n", "license: x\n "],
    "Chart.yaml": ["license:\n- x", "- x\n", "license: -"],
    "DESCRIPTION": ["License:", "License: a (", "License: -\n - -\n"],
    "metadata.txt": ["[general]license=", "[general]\n"],
    "style.css": ["Theme Name:", "* * *"],
    "METADATA": ["License: ", " x\n", "Classifier: License ::\n"],
    "package.json": ['{"license": "', '"license": [', '{"license":', "["],
    "Cargo.toml": ["[package]\n", "a.", "[", 'license = "'],
    "setup.cfg": ["[metadata]\n", "license =", "=\n"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "opener"), [(name, each) for name, all in OPENERS.items() for each in all])
def test_metadata(name: str, opener: str, linear) -> None:
    linear(lambda size: metadata.declared(name, (opener * (size // len(opener))).encode()), METADATA_BYTES)


@pytest.mark.parametrize(
    "unit", ["-", " ", "a/", "licence ", "licence/", "./", "in ", "see ", " AND ", "MIT AND ", "(", "MIT OR (", "\\n"]
)  # fmt: skip
def test_what_a_field_holds(unit: str, linear) -> None:
    def work(size: int) -> None:
        metadata.declared("package.json", f'{{"license": "{unit * (size // len(unit))}"}}'.encode())

    linear(work, METADATA_BYTES - 20)


@pytest.mark.parametrize(
    ("head", "unit", "tail"),
    [
        ("", "except ", ". the `ee/x` folder is MIT"), ("", "except a/{i} ", "."), ("All but ", "a{i}/ee ", ". is MIT"), ("excluding ", "`a/{i}` ", "is MIT."),
        ("apart from ", "{i} ", "x; `a/b` is MIT"), ("", "may not ", ""), ("", "competing use ", ""), ("", "compete product with ", ""), ("", "/a{i} (b) \n", ""),
        ("The folders:\n", "- a/{i}\n", ""), ("", "Copyright (c) 2020 A{i}\n", ""), ("", "license ", ""), ("", "\n\n", ""), ("", "-\n", ""), ("", "A{i} License Agreement\n", ""),
        ("", "Permission is hereby granted ", ""), ("", "permission ", ""), ("", "Redistribution and use ", ""), ("", "GNU General Public License ", ""),
    ],
)  # fmt: skip
def test_licence_texts(head: str, unit: str, tail: str, linear) -> None:
    body = "".join(unit.replace("{i}", str(i)) for i in range(TEXT_BYTES // len(unit)))
    linear(lambda size: license_texts.read((head + body[:size] + tail).encode()), TEXT_BYTES - 100)


@pytest.mark.parametrize(
    "unit",
    ["# license \n", "// not be used \n", "/* ", "* all rights reserved\n", "# Copyright (c) 2020\n", "# \n", "-- before using ", "# cc by ", "# property of ", "/*\n", '"""', "<!-- ", "SPDX-License-Identifier: ( "],
)  # fmt: skip
def test_heads(unit: str, linear) -> None:
    def work(size: int) -> None:
        content = (unit * (size // len(unit))).encode()
        statements.read(statements.Head(content, b"SPDX" in content, (1 << len(statements.PARAGRAPH)) - 1))

    linear(work, statements.NOTICE_BYTES)


@pytest.mark.parametrize(
    "unit", ["a-", "license-", "a.", "a ", ".pdf", "META-INF/", "license/", "LICENSES/", "v1."]
)
@pytest.mark.parametrize("tail", ["", "license", "license.pdf", "!"])
def test_names_of_files(unit: str, tail: str, linear) -> None:
    linear(lambda size: license_files.role(unit * (size // len(unit)) + tail), 4096)
