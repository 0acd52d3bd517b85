"""Licences: the oracles are the texts and metadata of installed packages, and what each planted file says."""

from __future__ import annotations

import importlib.metadata
import time

import pyarrow as pa
import pytest

from neve.corpus.licenses import license_evidence


def text_of(package: str, name: str) -> bytes:
    """A licence file as an installed package carries it."""
    files = importlib.metadata.distribution(package).files or []
    return next(f for f in files if f.name == name and ".dist-info" in str(f)).locate().read_bytes()


@pytest.mark.parametrize(
    ("package", "name", "spdx"),
    [
        ("pytest", "LICENSE", "MIT"), ("click", "LICENSE.txt", "BSD-3-Clause"), ("pygments", "LICENSE", "BSD-2-Clause"),
        ("packaging", "LICENSE.APACHE", "Apache-2.0"), ("packaging", "LICENSE", None), ("hypothesis", "LICENSE.txt", "MPL-2.0"),
        ("transformers", "LICENSE", "Apache-2.0"),
    ],
)  # fmt: skip
def test_real_texts_are_identified(package: str, name: str, spdx: str | None) -> None:
    assert license_evidence.identify(text_of(package, name)) == spdx


def test_installed_packages_agree_with_what_they_declare() -> None:
    """Oracle: the License-Expression of packages that state one licence and carry one text.

    Few may differ: packages whose one text is another's. Every text must come fast, the second time from memory.
    """
    pairs = {}
    for package in importlib.metadata.distributions():
        expression = package.metadata.get("License-Expression")
        texts = [
            f
            for f in package.files or []
            if license_evidence._role(f.name) == "text" and "dist-info/licenses" in str(f.parent)
        ]
        if expression and " " not in expression and len(texts) == 1:
            pairs[package.metadata["Name"]] = (expression, texts[0].locate().read_bytes())
    assert len(pairs) >= 20
    start = time.perf_counter()
    found = {name: license_evidence.identify(text) for name, (_, text) in pairs.items()}
    seconds = time.perf_counter() - start
    agree = sum(found[name] == expression for name, (expression, _) in pairs.items())
    assert agree >= 0.9 * len(pairs), {n: (found[n], e) for n, (e, _) in pairs.items() if found[n] != e}
    assert seconds < 0.25 * len(pairs)
    start = time.perf_counter()
    assert found == {name: license_evidence.identify(text) for name, (_, text) in pairs.items()}
    assert time.perf_counter() - start < 0.005 * len(pairs)


def test_the_nearest_licence_file_holds_and_metadata_is_the_fallback() -> None:
    mit, bsd, apache = (
        text_of("pytest", "LICENSE"),
        text_of("click", "LICENSE.txt"),
        text_of("packaging", "LICENSE.APACHE"),
    )
    lookup = license_evidence.Lookup(
        [
            ("a/COPYING", mit), ("a/vendor/x/LICENSE.txt", bsd), ("PKG-INFO", b"Name: a\nLicense: ISC\n"),
            ("a/vendor/y/package.json", b'{"license": "GPL-3.0-only"}'), ("rust/LICENSE-MIT", mit), ("rust/LICENSE-APACHE", apache),
            ("two/LICENSE", mit + b"\n" * 3 + bsd), ("odd/LICENSE", b"All rights reserved."), ("odd/LICENSE_FONTS", bsd),
        ]
    )  # fmt: skip
    expected = {
        "setup.py": ("ISC", "PKG-INFO"), "a/b/c.py": ("MIT", "a/COPYING"), "a/vendor/x/d.py": ("BSD-3-Clause", "a/vendor/x/LICENSE.txt"),
        "a/vendor/y/e.js": ("MIT", "a/COPYING"), "ab/f.py": ("ISC", "PKG-INFO"),
        "rust/src/g.rs": ("Apache-2.0 OR MIT", "rust/LICENSE-APACHE, rust/LICENSE-MIT"),
        "two/h.c": ("MIT AND BSD-3-Clause", "two/LICENSE"), "odd/i.c": ("ISC", "PKG-INFO"),
    }  # fmt: skip
    assert asked(lookup, *expected) == list(expected.values())
    assert asked(license_evidence.Lookup([]), "a.py") == [(None, None)]
    assert asked(license_evidence.Lookup([])) == []


def asked(lookup: license_evidence.Lookup, *paths: str, top: str = "") -> list[tuple[str | None, str | None]]:
    """(licence, what decided) of files that say nothing themselves."""
    found, by = lookup.columns(
        pa.array(paths, pa.string()), pa.array([b"x"] * len(paths), pa.large_binary()), top
    )
    return list(zip(found.to_pylist(), by.to_pylist(), strict=True))


def test_paths_lose_the_top_folder() -> None:
    lookup = license_evidence.Lookup(
        [("p-1/LICENSE", text_of("pytest", "LICENSE")), ("p-1/b/PKG-INFO", b"License: ISC\n")]
    )
    assert asked(lookup, "p-1/a.py", "p-1/b/c.py", top="p-1/") == [("MIT", "LICENSE")] * 2


def test_metadata_beside_a_gnu_text_says_whether_later_versions_hold() -> None:
    """The text of the GPL, as torch carries it for a part of its own, is the same for both."""
    files = importlib.metadata.distribution("torch").files or []
    evidence = [
        f.locate().read_bytes() for f in files if license_evidence._role(str(f)) in ("text", "choice")
    ]
    gpl = next(text for text in evidence if license_evidence.identify(text) == "GPL-3.0-only")
    both = license_evidence.Lookup(
        [("COPYING", gpl), ("PKG-INFO", b"License: GPL-3.0-or-later\n"), ("sub/LICENSE", gpl)]
    )
    assert asked(both, "a.py", "sub/a.py") == [
        ("GPL-3.0-or-later", "COPYING, PKG-INFO"),
        ("GPL-3.0-only", "sub/LICENSE"),
    ]
    other = license_evidence.Lookup([("COPYING", gpl), ("PKG-INFO", b"License: MIT\n")])
    assert asked(other, "a.py") == [("GPL-3.0-only", "COPYING")]


def test_regions_of_a_gnu_text() -> None:
    assert license_evidence._stated(["GPL-3.0", "GPL-3.0-or-later"]) == ["GPL-3.0-only"]
    assert license_evidence._stated(["GPL-3.0-or-later", "GPL-3.0", "MIT"]) == ["GPL-3.0-or-later", "MIT"]
    assert license_evidence._stated(["LGPL-2.1", "GPL-2.0+"]) == ["LGPL-2.1-only", "GPL-2.0-or-later"]
    found = [("a/COPYING", "GPL-3.0-only"), ("a/COPYING.LESSER", "LGPL-3.0-only")]
    assert license_evidence._together(found, "AND") == ("LGPL-3.0-only", ["a/COPYING", "a/COPYING.LESSER"])


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


MARK = b"SPDX-License-Identifier:"  # in two parts below, since this very file is no such file


@pytest.mark.parametrize(
    ("before", "after", "spdx"),
    [
        (b"# ", b" MIT\n", "MIT"), (b"#!/bin/sh\n\n# ", b" MIT OR Apache-2.0\r\n", "MIT OR Apache-2.0"), (b"/* ", b" GPL-2.0 */", "GPL-2.0-only"),
        (b"// ", b"GPL-2.0+\n", "GPL-2.0-or-later"), (b"<!-- ", b" CC-BY-4.0 -->", "CC-BY-4.0"), (b"-- ", b" (MIT AND ISC)\n", "(MIT AND ISC)"),
        (b" * ", b" GPL-2.0 WITH Linux-syscall-note\n", "GPL-2.0-only WITH Linux-syscall-note"), (b"dnl ", b" FSFAP\n", "FSFAP"),
        (b'" ', b" Vim\n", "Vim"), (b"\xff\xfe\n;;; ", b" ISC\n", "ISC"), (b"# ", b" Proprietary\n", "LicenseRef-Proprietary"),
        (b"# ", b" see the file LICENSE\n", None), (b"# ", b" <identifier>\n", None), (b'x = "', b' MIT"\n', None), (b"print('", b" MIT')\n", None),
        (b"the line ", b" MIT\n", None), (b"#" * 5000 + b"\n# ", b" MIT\n", None), (b"\n" * (4096 - 28), b" Apache-2.0\n", None), (b"", b"", None),
    ],
)  # fmt: skip
def test_a_files_own_line(before: bytes, after: bytes, spdx: str | None) -> None:
    assert license_evidence.headers(
        pa.array([before + MARK + after, None], pa.large_binary())
    ).to_pylist() == [
        spdx,
        None,
    ]
    text = (before + MARK + after).replace(b"\xff\xfe", b"").decode()
    assert license_evidence.headers(pa.array([text], pa.large_string())).to_pylist() == [spdx]


def test_a_files_own_line_comes_before_the_folders_licence_and_several_lines_all_hold() -> None:
    lookup = license_evidence.Lookup([("p/LICENSE", text_of("pytest", "LICENSE"))])
    own = b"# " + MARK + b" MIT\n# " + MARK + b" GPL-3.0-only\n# " + MARK + b" MIT\n"
    contents = pa.array([b"x", own, b"# " + MARK + b" to be decided by all of us\n"], pa.large_binary())
    found, by = lookup.columns(pa.array(["p/a.py", "p/b.py", "p/c.py"]), contents, "p/")
    assert found.to_pylist() == ["MIT", "MIT AND GPL-3.0-only", "MIT"]
    assert by.to_pylist() == ["LICENSE", "b.py", "LICENSE"]


@pytest.mark.parametrize(
    ("name", "content", "spdx"),
    [
        ("PKG-INFO", b"License-Expression: MIT OR Apache-2.0\nLicense: x\n", "MIT OR Apache-2.0"),
        ("PKG-INFO", b"License: UNKNOWN\nClassifier: License :: OSI Approved :: Apache Software License\n", "Apache-2.0"),
        ("PKG-INFO", b"Classifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: BSD License\n", "BSD-3-Clause"),
        ("PKG-INFO", b"License: Apache 2.0\n", "Apache-2.0"), ("PKG-INFO", b"Name: x\n", None), ("PKG-INFO", b"\xff\0", None),
        ("pyproject.toml", b'[project]\nlicense = "MIT"\n', "MIT"), ("pyproject.toml", b"[project]\nlicense = {text = 'BSD'}\n", "BSD-3-Clause"),
        ("pyproject.toml", b"[project\n", None), ("package.json", b'{"license": "(MIT OR GPL-2.0)"}', "(MIT OR GPL-2.0-only)"),
        ("package.json", b'{"license": "SEE LICENSE IN x.txt"}', None), ("package.json", b"[1]", None),
        ("package.json", b'{"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]}', "MIT AND Apache-2.0"), ("package.json", b'{"license": [1]}', None),
        ("composer.json", b'{"license": ["MIT", "GPL-3.0+"]}', "MIT OR GPL-3.0-or-later"), ("composer.json", b'{"license": 5}', None),
        ("setup.cfg", b"[metadata]\nlicense = ISC\n", "ISC"), ("setup.cfg", b"[metadata]\nclassifiers =\n  License :: OSI Approved :: MIT License\n", "MIT"),
        ("setup.cfg", b"license = MIT\n", None), ("setup.cfg", b"[metadata]\nlicense = see % file\n", None),
        ("pyproject.toml", b'[tool.poetry]\nlicense = "MIT"\n', "MIT"), ("pyproject.toml", b"[project]\nlicense = {file = 'LICENSE'}\n", None),
        ("pyproject.toml", b"[project]\nclassifiers = ['License :: OSI Approved :: MIT License']\n", "MIT"), ("pyproject.toml", b"project = 1\n", None),
        ("PKG-INFO", b"License: GPLv3+\n", "GPL-3.0-or-later"), ("PKG-INFO", b"License-Expression: LGPL-2.1\n", "LGPL-2.1-only"),
        ("Cargo.toml", b'[package]\nlicense = "MIT/Apache-2.0"\n', "MIT OR Apache-2.0"), ("Cargo.toml", b"package = 1\n", None),
    ],
)  # fmt: skip
def test_metadata(name: str, content: bytes, spdx: str | None) -> None:
    assert license_evidence.declared(name, content) == spdx
