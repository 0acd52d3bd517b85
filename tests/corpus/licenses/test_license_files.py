"""Roles of files by name: the oracle is how people name licence files, and what each name says."""

from __future__ import annotations

import pytest

from neve.corpus.licenses.license_files import role


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("text", "LICENSE LICENCE License.txt license.md LICENSE.rst LICENSE.adoc LICENSE.html COPYING COPYING3 COPYING.LESSER COPYING.LIB COPYING3.LIB LICENSE-2.0.txt LICENSE_1_0.txt "
         "COPYRIGHT UNLICENSE UNLICENSE.txt LICENSE-CODE EULA.txt LICENSES.txt META-INF/LICENSE.txt a-1.dist-info/licenses/LICENSE"),
        ("choice", "LICENSE-MIT LICENSE.APACHE LICENSE_APACHE2 LICENSE-APACHE-2.0 MIT-LICENSE.txt GPL-LICENSE.txt COPYING.GPL LICENSE-GPL-3.0-or-later gpl-3.0.txt lgpl.txt LICENSE.MIT.txt"),
        ("part", "LICENSE_EE LICENSE-EE.md LICENSE.enterprise COMMERCIAL-LICENSE LICENSE-TIMESCALE jquery-LICENSE.txt"),
        ("reuse", "LICENSES/MIT.txt a/LICENSES/GPL-2.0 LICENSES/preferred/GPL-2.0 LICENSES/LicenseRef-Ours.txt"),
        ("metadata", "package.json a/Cargo.toml x.gemspec pom.xml x.csproj pubspec.yaml setup.py META-INF/maven/g/a/pom.xml a-1.dist-info/METADATA"),
        ("rules", "REUSE.toml a/REUSE.toml .reuse/dep5 debian/copyright"), ("beside", "a.py.license"),
        (None, "license.py License.java license.ts license-checker.js LICENSE.json LICENSE_FONTS LICENSE-docs LICENSE-3RD-PARTY THIRD-PARTY-LICENSES.txt COPYING.RUNTIME NOTICE license_header.txt "
         "LICENSES/x.py zlib.3 README.md python.txt LICENSE.md.tmpl licensing.md"),
    ],
)  # fmt: skip
def test_roles(kind: str | None, names: str) -> None:
    found = {name: role(name) and role(name).kind for name in names.split()}  # type: ignore[union-attr]
    assert {name: each for name, each in found.items() if each != kind} == {}


@pytest.mark.parametrize(
    ("path", "folder", "word"),
    [
        ("a/b/LICENSE", "a/b", ""), ("a/META-INF/LICENSE", "a", ""), ("META-INF/maven/g/x/pom.xml", "", ""), ("x-1.dist-info/METADATA", "", ""), ("lib/x.egg-info/PKG-INFO", "lib", ""), ("src/x.egg-info/PKG-INFO", "", ""), ("a/src/x.egg-info/PKG-INFO", "a", ""), ("src/x-1.dist-info/METADATA", "src", ""),
        ("a/LICENSES/MIT.txt", "a", ""), (".reuse/dep5", "", ""), ("debian/copyright", "", ""), ("debian/LICENSE", "debian", ""), ("src/a.c.license", "src/a.c", ""), ("LICENSE_EE.md", "", "ee"),
    ],
)  # fmt: skip
def test_what_a_file_speaks_for(path: str, folder: str, word: str) -> None:
    found = role(path)
    assert found is not None
    assert (found.folder, found.word) == (folder, word)
