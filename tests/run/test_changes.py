"""What a plan says would be built again. Oracle: settings that differ by hand; whole runs are in
test_record.py."""

import pytest

from neve.run.changes import _differences, _short, not_validated
from neve.run.record import KEYS
from neve.store import MANIFEST, RUN, write_json


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


def test_languages_without_held_out_labels_are_told_of_scores_that_are_done(tmp_path) -> None:
    """A run of three annotators, one of which is still scoring."""
    stages = {f"scores-{name}": f"scores-{name}-0" for name in ("a", "b", "c")}
    write_json(tmp_path / RUN, {key: {} for key in KEYS} | {"arms": {"main": stages}})
    for name, languages in (("a", ["C", "Rust"]), ("b", [])):
        place = tmp_path / "stages" / f"scores-{name}-0"
        place.mkdir(parents=True)
        write_json(place / MANIFEST, {"fingerprint": "0" * 64, "counts": {"not_validated": languages}})
    assert not_validated(tmp_path) == {"a": ["C", "Rust"]}
    assert not_validated(tmp_path, "other") == not_validated(tmp_path / "none") == {}
