"""Errors for people. Oracle: what the command line makes of each (docs: exit status 1 and 2)."""

import sys

import pytest

from neve.cli import main as command_line
from neve.errors import Fault, Misuse


@pytest.mark.parametrize(("error", "status"), [(Fault("disk is full"), 1), (Misuse("no such phase"), 2)])
def test_a_fault_is_a_line_and_misuse_has_a_status_of_its_own(
    error, status: int, monkeypatch, capsys
) -> None:
    def broken(**_: object) -> None:
        raise error

    monkeypatch.setattr(sys.modules[command_line.__module__], "app", broken)
    monkeypatch.delenv("NEVE_DEBUG", raising=False)
    with pytest.raises(SystemExit) as stop:
        command_line()
    assert stop.value.code == status and capsys.readouterr().err == f"neve: {error}\n"
