"""Package metadata: the oracle is what each format's own documentation says of its field."""

from __future__ import annotations

import pytest

from neve.corpus.licenses import metadata
from neve.corpus.licenses.spdx import PROPRIETARY, UNREAD


@pytest.mark.parametrize(
    ("name", "content", "spdx"),
    [
        ("PKG-INFO", b"License-Expression: MIT OR Apache-2.0\nLicense: x\n", "MIT OR Apache-2.0"),
        ("PKG-INFO", b"License: UNKNOWN\nClassifier: License :: OSI Approved :: Apache Software License\n", "Apache-2.0"),
        ("PKG-INFO", b"Classifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: BSD License\n", "BSD-3-Clause"),
        ("PKG-INFO", b"License: Apache 2.0\n", "Apache-2.0"), ("PKG-INFO", b"Name: x\n", None), ("PKG-INFO", b"\xff\0", None),
        ("pyproject.toml", b'[project]\nlicense = "MIT"\n', "MIT"), ("pyproject.toml", b"[project]\nlicense = {text = 'BSD'}\n", "BSD-3-Clause"),
        ("pyproject.toml", b"[project\n", None), ("package.json", b'{"license": "(MIT OR GPL-2.0)"}', "MIT OR GPL-2.0-only"),
        ("package.json", b'{"license": "SEE LICENSE IN x.txt"}', None), ("package.json", b"[1]", None),
        ("package.json", b'{"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]}', "MIT AND Apache-2.0"), ("package.json", b'{"license": [1]}', UNREAD),
        ("composer.json", b'{"license": ["MIT", "GPL-3.0+"]}', "MIT OR GPL-3.0-or-later"), ("composer.json", b'{"license": 5}', UNREAD),
        ("setup.cfg", b"[metadata]\nlicense = ISC\n", "ISC"), ("setup.cfg", b"[metadata]\nclassifiers =\n  License :: OSI Approved :: MIT License\n", "MIT"),
        ("setup.cfg", b"license = MIT\n", None), ("setup.cfg", b"[metadata]\nlicense = see % file\n", UNREAD),
        ("pyproject.toml", b'[tool.poetry]\nlicense = "MIT"\n', "MIT"), ("pyproject.toml", b"[project]\nlicense = {file = 'LICENSE'}\n", None),
        ("pyproject.toml", b"[project]\nclassifiers = ['License :: OSI Approved :: MIT License']\n", "MIT"), ("pyproject.toml", b"project = 1\n", None),
        ("PKG-INFO", b"License: GPLv3+\n", "GPL-3.0-or-later"), ("PKG-INFO", b"License-Expression: LGPL-2.1\n", "LGPL-2.1-only"),
        ("Cargo.toml", b'[package]\nlicense = "MIT/Apache-2.0"\n', "MIT OR Apache-2.0"), ("Cargo.toml", b"package = 1\n", None),
    ],
)  # fmt: skip
def test_what_metadata_state(name: str, content: bytes, spdx: str | None) -> None:
    assert metadata.declared(name, content).license == spdx


@pytest.mark.parametrize(
    ("name", "content", "license"),
    [
        ("x.podspec", b"Pod::Spec.new do |s|\n  s.license = package['license']\n  s.author = 'Acme'\nend\n", None), ("x.gemspec", b"spec.license = json.fetch(:license)\n", None),
        ("x.podspec", b"  s.license = { :type => 'Acme' }\n", UNREAD), ("package.json", b'{"license": "UNLICENSED"}', PROPRIETARY), ("package.json", b'{"license": "Commercial"}', PROPRIETARY),
        ("package.json", b'{"license": {"type": "Commercial", "url": "x"}}', PROPRIETARY), ("package.json", b'{"license": "see the readme"}', UNREAD),
        ("package.json", b'{"licenses": [{"type": "MIT"}, null]}', "MIT"), ("package.json", b'{"license": "MIT",}', "MIT"), ("package.json", b'{"private": true}', None),
        ("package.json", b'{"license": "ISC", "author": "", "description": "", "scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}', None),
        ("package.json", b'{"license": "ISC", "author": "A. Person", "description": "Sums."}', "ISC"),
        ("Cargo.toml", b"[package]\nlicense.workspace = true\n", None), ("Cargo.toml", b'[workspace.package]\nlicense = "GPL-3.0"\n', "GPL-3.0-only"),
        ("setup.py", b"setup(\n    name='x',\n    license='GPLv3',\n)", "GPL-3.0-only"), ("setup.py", b"# license='GPL'\nsetup(classifiers=['License :: OSI Approved :: MIT License'])", "MIT"),
        ("a.gemspec", b's.license = "GPL-2.0"', "GPL-2.0-only"), ("a.gemspec", b"s.licenses = %w[Ruby BSD-2-Clause]", "Ruby AND BSD-2-Clause"),
        ("pom.xml", b"<licenses><license><name>GPL v3</name></license></licenses>", "GPL-3.0-only"),
        ("pom.xml", b"<licenses><license><name>Our terms</name><url>http://www.apache.org/licenses/LICENSE-2.0</url></license></licenses>", "Apache-2.0"),
        ("pom.xml", b"<licenses><license><name>MIT</name></license><license><name>GPL v2</name></license></licenses>", "MIT OR GPL-2.0-only"),
        ("pom.xml", b"<project><!-- <license><name>MIT</name></license> --></project>", None), ("package.xml", b"<license>BSD</license>", "BSD-3-Clause"),
        ("a.csproj", b"<PackageLicenseExpression>GPL-3.0-only</PackageLicenseExpression>", "GPL-3.0-only"), ("a.nuspec", b'<license type="expression">MIT</license>', "MIT"),
        ("a.fsproj", b"<PackageLicenseUrl>https://acme.example/terms</PackageLicenseUrl>", UNREAD), ("pubspec.yaml", b"name: x\nlicense: GPL-3.0\n", "GPL-3.0-only"),
        ("galaxy.yml", b"license:\n- GPL-3.0-or-later\n- MIT\n", "GPL-3.0-or-later AND MIT"), ("DESCRIPTION", b"Package: x\nLicense: GPL (>= 2)\n", "GPL-2.0-or-later"),
        ("a.podspec", b"s.license = { :type => 'MIT', :file => 'LICENSE' }", "MIT"), ("mix.exs", b'      licenses: ["Apache-2.0"],', "Apache-2.0"),
        ("project.clj", b':license {:name "EPL 1.0"\n :url "x"}', "EPL-1.0"), ("Makefile.PL", b"  'LICENSE' => 'perl_5',", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("__manifest__.py", b"    'license': 'AGPL-3',", "AGPL-3.0-only"), ("a.opam", b'license: "ISC"', "ISC"), ("dune-project", b"(license MIT)", "MIT"),
        ("a.cabal", b"license: BSD3\nlicense-file: LICENSE", "BSD-3-Clause"), ("PKGBUILD", b"license=('GPL')", "GPL-3.0-only"), ("a.spec", b"License: GPLv2+ and MIT", "GPL-2.0-or-later AND MIT"),
        ("readme.txt", b"=== X ===\nStable tag: 1\nLicense: GPLv2 or later\n", "GPL-2.0-or-later"), ("readme.txt", b"License: GPL\n", None),
        ("style.css", b"/*\nTheme Name: X\nLicense: GNU General Public License v2 or later\n*/", "GPL-2.0-or-later"),
        ("build.gradle", b"licenses {\n license {\n  name = 'The MIT License'\n }\n}", "MIT"), ("a.rockspec", b'description = {\n  license = "MIT/X11"\n}', "MIT"), ("README.md", b"License: MIT", None),
    ],
)  # fmt: skip
def test_other_formats(name: str, content: bytes, license: str | None) -> None:
    assert metadata.declared(name, content).license == license


@pytest.mark.parametrize(
    ("name", "content", "file"),
    [
        ("package.json", b'{"license": "SEE LICENSE IN LICENSE.md"}', "LICENSE.md"), ("package.json", b'{"license": "see license in ee/LICENSE"}', "ee/LICENSE"),
        ("Cargo.toml", b'[package]\nlicense-file = "../LICENSE"\n', "../LICENSE"), ("pyproject.toml", b"[project]\nlicense = {file = 'COPYING'}\n", "COPYING"),
        ("a.csproj", b"<PackageLicenseFile>LICENSE.txt</PackageLicenseFile>", "LICENSE.txt"), ("setup.py", b"setup(license='LICENSE.txt')", "LICENSE.txt"),
    ],
)  # fmt: skip
def test_metadata_that_point_to_a_file(name: str, content: bytes, file: str) -> None:
    assert metadata.declared(name, content) == (None, file, False)
