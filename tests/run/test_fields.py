"""What a field decides. Oracle: the table of docs/how-it-works.md, which the tests of stages hold true."""

from __future__ import annotations

import fnmatch
import re

import pytest

from neve.recipe import explain
from neve.run import fields

from .test_stages import table

CHANGES = {
    match[1]: cell
    for change, cell in table().items()
    if (match := re.fullmatch(r"`([\w.]+) = .*`", change))
    and explain.find(match[1])
    and match[1] != "training.validate_steps"  # adds a stage, and changes none
}


@pytest.mark.parametrize("path", CHANGES)
def test_what_a_field_decides_is_what_the_page_says(path: str) -> None:
    decided = {
        stage for row in explain.find(path) if not row.table or len(explain.find(path)) == 1
        for stage in fields.decides(row)
    }  # fmt: skip
    named = re.findall(r"`([^`]+)`", CHANGES[path]) if CHANGES[path] != "nothing" else []
    assert bool(decided) == bool(named), (decided, named)
    for pattern in named:
        kind = pattern.partition("-")[0] + "*"
        assert fnmatch.filter(decided, kind), (pattern, decided)


def test_every_field_decides_something_or_is_a_matter_of_execution() -> None:
    silent = [
        row.key
        for row in explain.rows()
        if not (row.table or row.execution or row.key == "run.name" or fields.decides(row))
    ]
    assert not silent
