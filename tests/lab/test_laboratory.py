"""Oracle: a laboratory of real, tiny models whose answer is known: one arm is the baseline, one has a rate that trains nothing."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.lab import design, laboratory
from neve.lab.file import load
from neve.lab.schedule import Workers
from neve.lab.statistics import WORSE

ROOT = Path(__file__).parents[2]


def test_a_text_that_cannot_be_had_is_said_before_anything_is_built(place: Path, tmp_path: Path):
    """Oracle: the error names the file, and there is no stage."""
    text = (place / "lab.toml").read_text().replace('["heldout"]', '["mbpp-train"]')
    data = f'[set]\n"evaluate.data" = "{tmp_path}"\n'
    (place / "other.toml").write_text(text + data)
    with pytest.raises(Misuse, match=r"mbpp\.jsonl: benchmark mbpp cannot be read"):
        laboratory.run(place / "other.toml", tmp_path / "out", Workers(1), print)
    assert not list(tmp_path.glob("out/stages/*"))


@pytest.mark.slow
def test_a_laboratory_killed_twice_gives_the_verdict(place: Path, monkeypatch):
    """kill -9 while shared stages are built and while cells train; then it is gone on with, and again all is there."""
    out = place / "out"
    command = [
        sys.executable,
        "-c",
        "from neve.cli.main import main; main()",
        "ablate",
        str(place / "lab.toml"),
    ]
    command += ["--out", str(out), "--workers", "2"]
    before = laboratory.plan(place / "lab.toml", out, Workers(2))
    assert before["trainings_left"] == 9 and before["smallest_difference"] is None and before["seconds"] > 0
    for stop in ("train-general-*", "measure-more-tune-*"):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not list((out / "stages").glob(stop)):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(1.0)
    assert not (out / "lab.json").exists()
    monkeypatch.chdir(ROOT)
    said: list[str] = []
    found = laboratory.run(place / "lab.toml", out, Workers(2), said.append)
    (only,) = found["texts"]["heldout"]["comparisons"]
    assert (
        (only["arm"], only["baseline"]) == ("tiny-rate", "usual")
        and only["verdict"] == WORSE
        and only["interval"][0] > 0
    )
    assert set(found["texts"]["heldout"]["low_rate"]) == {"tiny-rate"}
    beside = found["texts"]["heldout"]["references"]
    assert list(beside) == ["general (the start)", "zlib -9", "trigram"]
    assert all(0.5 < r["value"] < 5 or name.startswith("general") for name, r in beside.items())
    start = beside["general (the start)"]
    arms = found["texts"]["heldout"]["arms"]
    assert start["what"] == "the model after phase general, from which usual starts"
    assert start["value"] == pytest.approx(arms["tiny-rate"][0], abs=0.01), (
        "a rate of next to nothing moves nothing"
    )
    assert "general" in beside["trigram"]["what"]
    assert any(line.startswith("smallest difference") for line in said)
    history = json.loads((out / "history.json").read_text())
    assert [entry["what"] for entry in history] == ["stated"]
    stated = time.mktime(time.strptime(history[0]["at"][:19], "%Y-%m-%dT%H:%M:%S"))
    cells = design.cells(*load(place / "lab.toml"), out)
    arm = next(c for c in cells if c.arm == "tiny-rate")
    assert (arm.store.path(arm.train) / "metrics.jsonl").stat().st_mtime >= stated - 1, (
        "stated before it was trained"
    )

    once = (out / "table.txt").read_text()
    again = laboratory.run(place / "lab.toml", out, Workers(1), said.append)
    assert (
        again == found and (out / "table.txt").read_text() == once and "tiny-rate is worse than usual" in once
    )
    page = (out / "index.html").read_text()
    assert "tiny-rate is worse than usual" in page and "zlib -9" in page and "trigram" in page
    assert "general (the start)" in page
    assert "beside them: trigram" in once and "beside them: general (the start)" in once
    twin: list[str] = []
    assert (
        laboratory.run(place / "lab.toml", place / "twin", Workers(2), twin.append)["texts"] == found["texts"]
    )
    assert f"train-general: as {out} has it" in twin and not any(
        line.startswith("train-general: 0") for line in twin
    )
    after = laboratory.plan(place / "lab.toml", out, Workers(2))
    assert after["trainings_left"] == 0 and after["seconds"] == 0 and after["smallest_difference"] > 0
