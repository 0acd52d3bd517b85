"""Policies: the oracle is the algebra of AND and OR, and what SPDX says of versions."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.licenses import policy as policies
from neve.corpus.licenses import spdx


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
        ("GPL-2.0-or-later", ["GPL-3.0-only"], True), ("LGPL-2.1-or-later", ["GPL-3.0-only"], False), ("GPL-3.0-or-later", ["GPL-2.0-only"], False),
        ("MIT WITH no-such-exception", "permissive", False), ("NOASSERTION", "permissive", False), ("MIT OR NOASSERTION", "permissive", True),
        ("LicenseRef-Public-Domain", "permissive", True), ("LicenseRef-Proprietary", "permissive", False), ("JSON", "permissive", False),
        ("LicenseRef-Ours", "permissive", False), ("LicenseRef-Ours", ["LicenseRef-Ours"], True),
    ],
)  # fmt: skip
def test_policy(expression: str | None, policy: str | list[str], admitted: bool) -> None:
    assert policies.permitted(expression, policy) is admitted
    assert (
        policies.permitted_mask(pa.array([expression, None], pa.string()), policy).to_pylist()[0] is admitted
    )


_EXPRESSIONS = st.recursive(
    st.sampled_from(["MIT", "GPL-3.0-only", "Apache-2.0", "MPL-2.0"]).map(
        lambda name: (name, name in policies.PERMISSIVE)
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
    assert policies.permitted(expression, "permissive") is admitted
    assert policies.permitted(spdx.expression(expression), "permissive") is admitted


def test_every_permissive_identifier_is_one_of_today() -> None:
    assert [name for name in policies.PERMISSIVE if spdx.current(name) != name] == []
    assert len(set(policies.PERMISSIVE)) == len(policies.PERMISSIVE)
