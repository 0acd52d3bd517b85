"""Licences: the oracles are the texts and metadata of installed packages, and the algebra of AND and OR."""

from __future__ import annotations

import importlib.metadata
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus import licenses


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
    assert licenses.identify(text_of(package, name)) == spdx


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
            if licenses._role(f.name) == "text" and "dist-info/licenses" in str(f.parent)
        ]
        if expression and " " not in expression and len(texts) == 1:
            pairs[package.metadata["Name"]] = (expression, texts[0].locate().read_bytes())
    assert len(pairs) >= 20
    start = time.perf_counter()
    found = {name: licenses.identify(text) for name, (_, text) in pairs.items()}
    seconds = time.perf_counter() - start
    agree = sum(found[name] == expression for name, (expression, _) in pairs.items())
    assert agree >= 0.9 * len(pairs), {n: (found[n], e) for n, (e, _) in pairs.items() if found[n] != e}
    assert seconds < 0.25 * len(pairs)
    start = time.perf_counter()
    assert found == {name: licenses.identify(text) for name, (_, text) in pairs.items()}
    assert time.perf_counter() - start < 0.005 * len(pairs)


def test_the_nearest_licence_file_holds_and_metadata_is_the_fallback() -> None:
    mit, bsd, apache = (
        text_of("pytest", "LICENSE"),
        text_of("click", "LICENSE.txt"),
        text_of("packaging", "LICENSE.APACHE"),
    )
    lookup = licenses.Lookup(
        [
            ("a/COPYING", mit), ("a/vendor/x/LICENSE.txt", bsd), ("PKG-INFO", b"Name: a\nLicense: ISC\n"),
            ("a/vendor/y/package.json", b'{"license": "GPL-3.0-only"}'), ("rust/LICENSE-MIT", mit), ("rust/LICENSE-APACHE", apache),
            ("two/LICENSE", mit + b"\n" * 3 + bsd), ("odd/LICENSE", b"All rights reserved."), ("odd/LICENSE_FONTS", bsd),
        ]
    )  # fmt: skip
    expected = {
        "setup.py": "ISC", "a/b/c.py": "MIT", "a/vendor/x/d.py": "BSD-3-Clause", "a/vendor/y/e.js": "MIT", "ab/f.py": "ISC",
        "rust/src/g.rs": "Apache-2.0 OR MIT", "two/h.c": "MIT AND BSD-3-Clause", "odd/i.c": "ISC",
    }  # fmt: skip
    assert lookup.column(pa.array(list(expected))).to_pylist() == list(expected.values())
    assert licenses.Lookup([]).column(pa.array(["a.py"])).to_pylist() == [None]
    assert licenses.Lookup([]).column(pa.array([], pa.string())).to_pylist() == []


@pytest.mark.parametrize(
    ("name", "content", "spdx"),
    [
        ("PKG-INFO", b"License-Expression: MIT OR Apache-2.0\nLicense: x\n", "MIT OR Apache-2.0"),
        ("PKG-INFO", b"License: UNKNOWN\nClassifier: License :: OSI Approved :: Apache Software License\n", "Apache-2.0"),
        ("PKG-INFO", b"Classifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: BSD License\n", "BSD-3-Clause"),
        ("PKG-INFO", b"License: Apache 2.0\n", "Apache-2.0"), ("PKG-INFO", b"Name: x\n", None), ("PKG-INFO", b"\xff\0", None),
        ("pyproject.toml", b'[project]\nlicense = "MIT"\n', "MIT"), ("pyproject.toml", b"[project]\nlicense = {text = 'BSD'}\n", "BSD-3-Clause"),
        ("pyproject.toml", b"[project\n", None), ("package.json", b'{"license": "(MIT OR GPL-2.0)"}', "(MIT OR GPL-2.0)"),
        ("package.json", b'{"license": "SEE LICENSE IN x.txt"}', None), ("package.json", b"[1]", None),
        ("Cargo.toml", b'[package]\nlicense = "MIT/Apache-2.0"\n', "MIT OR Apache-2.0"), ("Cargo.toml", b"package = 1\n", None),
    ],
)  # fmt: skip
def test_metadata(name: str, content: bytes, spdx: str | None) -> None:
    assert licenses.declared(name, content) == spdx


@pytest.mark.parametrize(
    ("expression", "policy", "admitted"),
    [
        ("MIT", "permissive", True), ("GPL-3.0-only", "permissive", False), (None, "permissive", False), (None, "any", True),
        ("MIT OR GPL-3.0-only", "permissive", True), ("MIT AND GPL-3.0-only", "permissive", False),
        ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", "permissive", True), ("MIT OR GPL-2.0-only AND GPL-3.0-only", "permissive", True),
        ("Apache-2.0 WITH LLVM-exception", "permissive", True), ("GPL-2.0-only WITH Classpath-exception-2.0", "permissive", False),
        ("MIT", ["MIT"], True), ("mit", ["MIT"], True), ("ISC", ["MIT"], False), ("MIT AND", "permissive", False),
        ("(MIT", "permissive", False), ("", "permissive", False), ("(" * 3000 + "MIT", "permissive", False), ("CC-BY-NC-4.0", "any", True),
    ],
)  # fmt: skip
def test_policy(expression: str | None, policy: str | list[str], admitted: bool) -> None:
    assert licenses.permitted(expression, policy) is admitted
    assert (
        licenses.permitted_mask(pa.array([expression, None], pa.string()), policy).to_pylist()[0] is admitted
    )


_EXPRESSIONS = st.recursive(
    st.sampled_from(["MIT", "GPL-3.0-only", "Apache-2.0", "MPL-2.0"]).map(
        lambda name: (name, name in licenses.PERMISSIVE)
    ),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
        lambda t: (
            f"({t[0][0]} {t[1]} {t[2][0]})",
            (t[0][1] and t[2][1]) if t[1] == "AND" else (t[0][1] or t[2][1]),
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(_EXPRESSIONS)
def test_expressions_hold_as_their_algebra_says(case: tuple[str, bool]) -> None:
    """Oracle: Python's own `and` and `or`; normalising an expression must not change what it admits."""
    expression, admitted = case
    assert licenses.permitted(expression, "permissive") is admitted
    assert licenses.permitted(licenses.normalise(expression), "permissive") is admitted


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_whatever_people_write_is_no_crash(value: str) -> None:
    spdx = licenses.normalise(value)
    assert spdx is None or licenses._parse(spdx) is not None
