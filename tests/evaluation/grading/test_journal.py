"""Journals. Oracle: the bytes of the file that was not disturbed."""

from __future__ import annotations

import pytest

from neve.errors import Fault
from neve.evaluation.grading import journal


def test_a_journal_drops_what_a_kill_left(tmp_path):
    path = tmp_path / "j.jsonl"
    rows, append = journal.reopen(path, {"a": 1})
    assert rows == []
    append([1, 2])
    append([{"b": "\n\n"}])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"half": 1}\n{"ha')
    rows, append = journal.reopen(path, {"a": 1})
    assert rows == [1, 2, {"b": "\n\n"}] and path.read_bytes() == whole
    with pytest.raises(Fault, match="another folder"):
        journal.reopen(path, {"a": 2})


def test_a_journal_without_rows_belongs_to_nothing(tmp_path):
    """A command that failed before its first row leaves one; the corrected command may go on in that folder."""
    path = tmp_path / "j.jsonl"
    journal.reopen(path, {"a": 1})
    rows, append = journal.reopen(path, {"a": 2})
    append([1])
    assert rows == [] and journal.reopen(path, {"a": 2})[0] == [1]


def test_a_rewritten_journal_has_these_rows_alone_and_goes_on(tmp_path):
    path = tmp_path / "j.jsonl"
    _, append = journal.reopen(path, {"a": 1})
    append([1, 2, 3])
    append = journal.rewrite(path, {"a": 1}, [1, 3])
    append([4])
    assert journal.reopen(path, {"a": 1})[0] == [1, 3, 4]
    journal.rewrite(path, {"a": 1}, [])
    assert journal.reopen(path, {"a": 1})[0] == []
