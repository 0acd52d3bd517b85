"""SPDX expressions: the oracles are the list itself and what SPDX says of the identifiers that it gave up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.licenses import spdx


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("mit", "MIT"), ("GPL-2.0", "GPL-2.0-only"), ("gpl-3.0+", "GPL-3.0-or-later"), ("(mit AND isc) or zlib", "(MIT AND ISC) OR Zlib"),
        ("BSD-2-Clause-FreeBSD", "BSD-2-Clause-Views"), ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("Apache-2.0 with llvm-exception", "Apache-2.0 WITH LLVM-exception"), ("MIT OR MIT", "MIT"), ("Net-SNMP", "Net-SNMP"),
        ("LicenseRef-Ours OR MIT", "LicenseRef-Ours OR MIT"), ("MIT WITH MIT", None), ("MIT WITH Foo-exception", None), ("Classpath-exception-2.0", None),
        ("Foo-1.0", None), ("MIT MIT", None), ("MIT AND", None), ("()", None), ("(MIT", None), ("", None), ("(" * 3000 + "MIT", None),
    ],
)  # fmt: skip
def test_expressions(written: str, expression: str | None) -> None:
    """Whatever comes out stays as it is."""
    assert spdx.expression(written) == expression
    assert expression is None or spdx.expression(expression) == expression


def test_every_identifier_of_the_list_is_an_expression() -> None:
    assert len(spdx.listed()) > 700
    for name in spdx.listed():
        assert spdx.expression(name) is not None, name
        assert spdx.expression(name.upper()) == spdx.expression(name), name


@pytest.mark.parametrize(
    ("parts", "operator", "joined"),
    [
        (["MIT", "MIT"], "AND", "MIT"), (["MIT", "MIT OR ISC"], "OR", "MIT OR ISC"), (["MIT", "MIT OR ISC"], "AND", "MIT AND (MIT OR ISC)"),
        (["(MIT AND ISC) OR (Zlib AND X11)", "MIT"], "AND", "((MIT AND ISC) OR (Zlib AND X11)) AND MIT"), (["MIT", "some words"], "AND", "MIT AND some words"),
    ],
)  # fmt: skip
def test_join(parts: list[str], operator: str, joined: str) -> None:
    assert spdx.join(parts, operator) == joined


def test_identifiers_and_exceptions() -> None:
    assert spdx.identifiers("MIT OR (GPL-2.0-only WITH Classpath-exception-2.0 AND ISC)") == {
        "MIT",
        "GPL-2.0-only",
        "ISC",
    }
    assert spdx.identifiers("no expression") == set()
    assert spdx.exception("classpath") == "Classpath-exception-2.0"
    assert spdx.exception("nothing") is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_whatever_people_write_is_no_crash(value: str) -> None:
    expression = spdx.expression(value)
    assert expression is None or spdx.parse(expression) is not None
