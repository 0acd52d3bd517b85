"""SPDX expressions: the oracles are the algebra of AND and OR, and what SPDX says of the identifiers that it gave up."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.licenses import spdx


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("GPL-2.0", "GPL-2.0-only"), ("gpl-3.0+", "GPL-3.0-or-later"), ("LGPLv2.1+", "LGPL-2.1-or-later"), ("AGPL-3.0-or-later", "AGPL-3.0-or-later"),
        ("MIT AND LGPL-3.0", "MIT AND LGPL-3.0-only"), ("BSD-2-Clause-FreeBSD", "BSD-2-Clause-Views"), ("GPLv3", "GPL-3.0-only"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"), (["GPL-2.0", "MIT"], "GPL-2.0-only AND MIT"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"), ("see LICENSE", None), ("", None), (5, None), ("MIT OR", None), ("(MIT", None),
    ],
)  # fmt: skip
def test_what_people_write(written: object, expression: str | None) -> None:
    """Whatever comes out is an expression that stays as it is."""
    assert spdx.normalise(written) == expression
    assert expression is None or spdx.normalise(expression) == expression


@pytest.mark.parametrize(
    ("expression", "policy", "admitted"),
    [
        ("MIT", "permissive", True), ("GPL-3.0-only", "permissive", False), (None, "permissive", False), (None, "any", True),
        ("MIT OR GPL-3.0-only", "permissive", True), ("MIT AND GPL-3.0-only", "permissive", False),
        ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", "permissive", True), ("MIT OR GPL-2.0-only AND GPL-3.0-only", "permissive", True),
        ("Apache-2.0 WITH LLVM-exception", "permissive", True), ("GPL-2.0-only WITH Classpath-exception-2.0", "permissive", False),
        ("MIT", ["MIT"], True), ("mit", ["MIT"], True), ("ISC", ["MIT"], False), ("MIT AND", "permissive", False),
        ("(MIT", "permissive", False), ("", "permissive", False), ("(" * 3000 + "MIT", "permissive", False), ("CC-BY-NC-4.0", "any", True),
        ("GPL-3.0-or-later", ["GPL-3.0-only"], True), ("GPL-3.0-only", ["GPL-3.0-or-later"], False), ("GPL-3.0-only", ["GPL-3.0"], True),
        ("LicenseRef-Ours", "permissive", False), ("LicenseRef-Ours", ["LicenseRef-Ours"], True),
    ],
)  # fmt: skip
def test_policy(expression: str | None, policy: str | list[str], admitted: bool) -> None:
    assert spdx.permitted(expression, policy) is admitted
    assert spdx.permitted_mask(pa.array([expression, None], pa.string()), policy).to_pylist()[0] is admitted


_EXPRESSIONS = st.recursive(
    st.sampled_from(["MIT", "GPL-3.0-only", "Apache-2.0", "MPL-2.0"]).map(
        lambda name: (name, name in spdx.PERMISSIVE)
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
    assert spdx.permitted(expression, "permissive") is admitted
    assert spdx.permitted(spdx.normalise(expression), "permissive") is admitted


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_whatever_people_write_is_no_crash(value: str) -> None:
    expression = spdx.normalise(value)
    assert expression is None or spdx._parse(expression) is not None
