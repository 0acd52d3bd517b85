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
        ("meson.build", b"project('x', 'c',\n  version: '1',\n  license: ['GPL2+', 'MIT'])\n", "GPL-2.0-or-later AND MIT"), ("meson.build", b"project('x', 'c')\nfoo(license: 'GPL')\n", None),
        ("META6.json", b'{"license": "Artistic-2.0"}', "Artistic-2.0"), ("metadata.json", b'{"author": "x", "license": "GPL-3.0"}', "GPL-3.0-only"), ("extension.json", b'{"license-name": "GPL-2.0-or-later"}', "GPL-2.0-or-later"),
        ("codemeta.json", b'{"license": {"@id": "https://spdx.org/licenses/GPL-3.0-or-later"}}', "GPL-3.0-or-later"), ("deno.jsonc", b'{\n // x\n "license": "GPL-3.0"}', "GPL-3.0-only"),
        ("metadata.rb", b"maintainer 'x'\nlicense 'All rights reserved'\n", PROPRIETARY), ("dub.sdl", b'license "BSL-1.0"\n', "BSL-1.0"), ("xmake.lua", b'set_license("GPL-3.0")\n', "GPL-3.0-only"),
        ("role/meta/main.yml", b"galaxy_info:\n  license: GPL-3.0-or-later\n", "GPL-3.0-or-later"), ("role/meta/main.yml", b"galaxy_info:\n  license: license (GPL-2.0-or-later, MIT, etc)\n", None), ("vars/main.yml", b"license: MIT\n", None),
        ("appinfo/info.xml", b"<info><licence>agpl</licence></info>", "AGPL-3.0-only"), ("docs/info.xml", b"<info><licence>agpl</licence></info>", None), ("addon.xml", b"<addon><license>GPL-2.0-only</license></addon>", "GPL-2.0-only"),
        ("ivy.xml", b'<info><license name="GPL-3.0" url="x"/></info>', "GPL-3.0-only"), ("package.xml", b'<license uri="http://x/y.html">GPL v3</license>', "GPL-3.0-only"), ("a.metainfo.xml", b"<metadata_license>CC0-1.0</metadata_license><project_license>MIT</project_license>", "MIT"),
        ("src/x.app.src", b'{application, x, [{licenses, ["Apache-2.0"]}]}.', "Apache-2.0"), ("info.rkt", b"(define license '(Apache-2.0 OR MIT))", "Apache-2.0 OR MIT"), ("a.ipkg", b'package a\nlicense = "GPL-3.0"', "GPL-3.0-only"),
        ("blender_manifest.toml", b'license = [\n  "SPDX:GPL-3.0-or-later",\n]\n', "GPL-3.0-or-later"), ("theme.toml", b'license = "MIT"\n', "MIT"), ("gradle.properties", b"POM_LICENCE_NAME=GPLv3\nPOM_LICENCE_URL=x\n", "GPL-3.0-only"),
        ("build.sbt", b'ThisBuild / licenses := List(\n  "GPL-3.0" -> url("https://x")\n)\n', "GPL-3.0-only"), ("build.sbt", b"licenses := Seq(License.GPL3_or_later)", "GPL-3.0-or-later"), ("build.sc", b"PomSettings(x, licenses = Seq(License.MIT))", "MIT"),
        ("mix.exs", b'  [licenses: [\n    "GPL-3.0-only"\n  ], links: %{"GitHub" => @url}]', "GPL-3.0-only"), ("a.opam", b'license: [\n  "GPL-3.0-only"\n  "MIT"\n]\n', "GPL-3.0-only AND MIT"), ("PKGBUILD", b"license=(GPL3 MIT)\n", "GPL-3.0-only AND MIT"),
        ("setup.py", b"LICENSE = 'GPL v3'\nsetup(name='x', license=LICENSE,\n)", "GPL-3.0-only"), ("Build.PL", b"Module::Build->new(module_name => 'X', license => 'gpl')", "GPL-3.0-only"), ("Chart.yaml", b"annotations:\n  artifacthub.io/license: GPL-3.0\n", "GPL-3.0-only"),
        ("build.gradle", b"licenses {\n license {\n  url = 'https://x'\n  name = 'GPL-3.0'\n }\n}", "GPL-3.0-only"), ("a.podspec", b"s.license = { :type => 'MIT', :text => <<-L\n  the 'Acme' text\nL\n}", "MIT"), ("paket.template", b"type project\nlicenseExpression GPL-3.0-only\n", "GPL-3.0-only"),
        ("metadata.txt", b"[general]\nqgisMinimumVersion=3\nlicense=GPLv3\n", "GPL-3.0-only"), ("metadata.txt", b"license=GPLv3\n", None),
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
