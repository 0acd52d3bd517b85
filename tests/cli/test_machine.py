"""neve doctor. Oracle: the rows of neve.run.doctor."""

import json

from typer.testing import CliRunner

from neve.cli.main import app
from neve.run import doctor


def test_doctor_prints_what_was_found(monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(
        doctor, "ray", lambda: doctor.Finding("ray", "limited", "none", "pip install 'neve[ray]'")
    )
    done = CliRunner().invoke(app, ["doctor", "--json"])
    rows = json.loads(done.stdout)
    assert [row["what"] for row in rows] == [row["what"] for row in doctor.examine()]
    assert done.exit_code == any(row["state"] == "missing" for row in rows)
    table = CliRunner().invoke(app, ["doctor"]).stdout
    assert all(row["what"] in table for row in rows)
    assert all(word in table for row in rows for word in row["remedy"].split()), "brackets too"
