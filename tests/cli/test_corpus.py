"""neve filters, and what curate and dedup say. Oracle: counts and tables worked out by hand."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neve.cli.corpus import _tell
from neve.cli.main import app
from neve.corpus.signals.rules import table
from neve.errors import Fault, Misuse

COUNTS = {
    "entering": 1200, "documents": 3, "by_rule": {"exact/copy": 7, "licenses/none": 1190},
    "secrets": {"email": {"found": 5, "documents": 2}},
}  # fmt: skip


def test_rules_that_stopped_most_come_first_and_the_policy_is_said(capsys) -> None:
    _tell(COUNTS, Path("clean"), ["MIT", "ISC"], as_json=False)
    lines = capsys.readouterr().out.splitlines()
    stopped = [line.split() for line in lines if "/" in line][:2]
    assert stopped == [["licenses/none", "1,190"], ["exact/copy", "7"]]
    assert "1,200 files entered, 3 documents stay: clean/documents" in lines
    assert "licences admitted: MIT, ISC (--licenses)" in lines and "email: 5 in 2 documents" in lines


def test_dedup_says_nothing_of_licences_and_scripts_get_the_counts(capsys) -> None:
    _tell(COUNTS, Path("clean"), None, as_json=False)
    assert "licences" not in capsys.readouterr().out.replace("licenses/none", "")
    _tell(COUNTS, Path("clean"), None, as_json=True)
    assert json.loads(capsys.readouterr().out) == COUNTS


def test_no_document_left_is_a_fault_that_names_the_remedy() -> None:
    with pytest.raises(Fault, match=r"licenses/none stopped most, 1,190.*admits files without a known"):
        _tell(COUNTS | {"documents": 0}, Path("clean"), "permissive", as_json=False)


def test_filters_lists_every_rule() -> None:
    rows = json.loads(CliRunner().invoke(app, ["filters", "--json"]).stdout)
    assert rows == table() and {"rule", "meaning"} <= rows[0].keys()


def test_an_input_that_is_nothing_is_misuse(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["dedup", str(tmp_path / "absent"), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, Misuse) and "must be a folder" in str(done.exception)
    assert not (tmp_path / "out").exists()
