"""What a plan says would be built again. Oracle: settings that differ by hand; whole runs are in
test_record.py."""

import pytest

from neve.run.changes import _differences, _short


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ({"near": {"rows": 8, "bands": 32}}, {"near": {"rows": 4, "bands": 32}}, ["near.rows: 8 → 4"]),
        ({"a": 1}, {"a": 1, "b": 2}, ["b: None → 2"]),
        ({"a": 1, "b": 2}, {"a": 1}, ["b: 2 → None"]),
        ({"a": [1, 2]}, {"a": [1, 2]}, []),
        (None, {"a": 1}, ["settings: None → {'a': 1}"]),
    ],
)
def test_fields_that_differ_by_their_keys(then, now, said: list[str]) -> None:
    assert _differences(then, now, "") == said


def test_long_values_are_cut() -> None:
    assert _short("x" * 61) == "x" * 57 + "…" and _short(12) == "12"
