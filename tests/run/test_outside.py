"""Identities of what lies outside. Oracle: files written, touched and moved here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from neve import weights
from neve.recipe.file import parse
from neve.recipe.sources import Source
from neve.run import outside
from neve.store import Stage

from .test_phases import SMALL


def test_files_count_by_path_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "a[1]").mkdir()
    file = tmp_path / "a[1]" / "x.py"
    assert outside.local(str(tmp_path / "a[1]")) is None
    file.write_text("1")
    places = (tmp_path / "a[1]", file, tmp_path / "*" / "*.py")
    before = [outside.local(str(place)) for place in places]
    assert None not in before and len(set(before)) == 3
    assert outside.local(f"file://{file}") == before[1]
    assert [outside.local(str(place)) for place in places] == before
    os.utime(file, ns=(1, 1))
    touched = [outside.local(str(place)) for place in places]
    assert all(one != other for one, other in zip(before, touched, strict=True))
    file.write_text("12")
    os.utime(file, ns=(1, 1))
    assert all(one != outside.local(str(place)) for one, place in zip(touched, places, strict=True))
    (tmp_path / "a[1]").rename(tmp_path / "b")
    assert outside.local(str(tmp_path / "b")) != before[0], "its time changed before"
    assert outside.local(str(tmp_path / "none")) is outside.local(str(tmp_path / "*.c")) is None


def test_what_moves_has_a_key_of_its_own_and_is_taken_as_recorded(tmp_path: Path) -> None:
    sources = [
        Source(kind="git", path="https://localhost/r", commit="main"),
        Source(kind="git", path="https://localhost/r", commit="a" * 40),
        Source(kind="hub", path="owner/data"),
        Source(kind="table", path="s3://lake/*.parquet"),
        Source(kind="table", path=str(tmp_path / "*.parquet")),
    ]
    assert [source.moves for source in sources] == [True, False, True, True, False]
    assert [outside.key(source) for source in sources[::2]] == [
        "git https://localhost/r main", "hub owner/data", str(tmp_path / "*.parquet"),
    ]  # fmt: skip
    stage = Stage("files", "sources", outside=tuple(outside.key(s) for s in sources))
    found = outside.identities([stage], {"hub owner/data": "r1"})
    assert found["hub owner/data"] == "r1" and found["table s3://lake/*.parquet"] is None
    data = {**SMALL, "corpus": {"sources": [s.model_dump(exclude_none=True) for s in sources]}}
    assert set(outside.moving(parse(data))) == {
        "git https://localhost/r main", "hub owner/data", "table s3://lake/*.parquet",
        "weights Snowflake/snowflake-arctic-embed-m",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "moves"),
    [("owner/name", True), ("owner/name@v1", False), ("minilm", False), ("smollm2-135m-instruct", False)],
)
def test_weights_of_the_hub_move_unless_a_revision_is_named(name: str, moves: bool) -> None:
    assert weights.moves(name) == moves
