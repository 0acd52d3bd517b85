"""A run as it is looked at. Oracles: what the stages wrote, and logs written by hand as training writes them."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

from neve import progress
from neve.llm.ledger import Ledger
from neve.recipe.file import parse
from neve.run import live, runner, serve
from neve.run.live import Watcher
from neve.store import arm_stages, partial, write_json

from ..conftest import SITE

RECIPE = {
    "run": {"name": "small"},
    "corpus": {"sources": [{"kind": "directory", "path": str(SITE / "httpx"), "repo": "httpx"},
                           {"kind": "directory", "path": str(SITE / "click"), "repo": "click"}], "languages": ["Python"]},
    "tokenizer": {"vocab_size": 512, "sample_bytes": 100_000},
    "training": {"sequence": 128, "batch_tokens": 512},
    "phase": [{"name": "general", "data": "corpus", "tokens": 51_200, "lr": {"peak": 0.1}}],
}  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose data is there and whose training is not."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    runner.run(parse(RECIPE), folder, until="view-general")
    return folder


def step(number: int, loss: float = 2.0) -> str:
    row = {
        "step": number,
        "loss": loss,
        "lr": 0.1,
        "tokens": 512 * number,
        "grad_norm": 1.0,
        "skipped": False,
    }
    return json.dumps(row) + "\n"


def test_stages_and_samples_are_what_the_folders_hold(begun: Path) -> None:
    found = Watcher(begun).look()
    rows = {row["stage"]: row for row in found["stages"]["rows"]}
    assert rows["curate"]["state"] == "done" and "documents" in rows["curate"]["counts"]
    assert rows["train-general"]["state"] == "pending" and found["stages"]["now"] is None
    assert found["curves"] == {} and not found["samples"]["generated"]
    assert all(sample["title"].count("/") and sample["text"] for sample in found["samples"]["dropped"])


def test_training_is_read_on_and_a_log_cut_back_is_read_again(begun: Path) -> None:
    place = partial(arm_stages(begun, "main")["train-general"])
    place.mkdir(exist_ok=True)
    metrics, watcher = place / "metrics.jsonl", Watcher(begun)
    metrics.write_text("".join(map(step, range(1, 11))) + '{"step": 11, "lo')
    (place / "timings.jsonl").write_text(json.dumps({"step": 10, "seconds": 0.5, "data_seconds": 0}) + "\n")
    with progress.stage(begun, "train-general", "train"):
        found = watcher.look()
        now = found["stages"]["now"]
        assert now["done"] == 10 and now["total"] == 100 and now["loss"] == 2.0
        assert now["tokens_a_second"] == 1024 and now["left"] == 45
        assert found["curves"]["general"]["tokens"] == tuple(range(512, 5121, 512))
        metrics.write_text("".join(map(step, range(1, 4))))
        assert watcher.look()["stages"]["now"]["done"] == 3
        metrics.write_text("".join(map(step, range(1, 2001))))
        assert len(watcher.look()["curves"]["general"]["loss"]) <= 2 * live.POINTS
    assert watcher.look()["stages"]["now"] is None


def test_a_bar_tells_how_far_a_stage_is(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FILE_SECONDS", 0.0)
    with progress.stage(begun, "curate", "curate"), progress.bar("read", total=8, unit="files") as advance:
        time.sleep(0.01)
        advance(2)
        now = Watcher(begun).look()["stages"]["now"]
    assert (now["label"], now["done"], now["total"], now["unit"]) == ("read", 2, 8, "files")
    assert now["left"] == pytest.approx(3 * 2 / now["rate"] * 1, rel=0.01)


def test_a_process_that_is_gone_works_on_nothing(begun: Path) -> None:
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    (begun / progress.FILE).write_text(
        json.dumps({"stage": "curate", "since": 0, "pid": gone, "at": 0, "bar": None})
    )
    assert Watcher(begun).look()["stages"]["now"] is None
    (begun / progress.FILE).write_text("{")
    assert Watcher(begun).look()["stages"]["now"] is None
    (begun / progress.FILE).unlink()


def test_answers_are_shown_as_they_come(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for number in range(12):
            answer = {"text": f"answer {number}", "finish": "stop", "usage": {}, "error": None}
            ledger.put({"seed": number}, answer)
        shown = live.answers(tmp_path / "ledger.sqlite")
    assert [sample["text"] for sample in shown] == [f"answer {11 - i}" for i in range(live.SAMPLES)]
    (tmp_path / "none.sqlite").write_text("no ledger")
    with pytest.raises(sqlite3.Error):
        live.answers(tmp_path / "none.sqlite")


def test_an_arms_report_is_its_own(tmp_path: Path) -> None:
    write_json(
        tmp_path / "run.json", {"arms": {"main": {"curate": "curate-0"}, "other": {"curate": "curate-1"}}}
    )
    (tmp_path / "report" / "other").mkdir(parents=True)
    (tmp_path / "report" / "other" / "index.html").write_text("the other arm's")
    assert [Watcher(tmp_path, arm).look()["stages"]["report"] for arm in ("main", "other")] == [False, True]
    assert b"the other arm's" in serve.Server(Watcher(tmp_path, "other"))._page("/report")
    assert b"the other arm's" not in serve.Server(Watcher(tmp_path))._page("/report")


def test_before_a_run_there_is_nothing_to_see(tmp_path: Path) -> None:
    assert "no run here" in Watcher(tmp_path).look()["stages"]["waiting"]


def test_scores_from_best_to_worst(small_run: Path) -> None:
    found = Watcher(small_run).look()["samples"]
    scores = [float(sample["title"].split()[2].rstrip(",")) for sample in found["scored"]]
    assert scores == sorted(scores, reverse=True) and len(scores) == live.SAMPLES
    assert found["scored"][0]["title"].startswith("encoder: score")
    grown = [sample["about"] for sample in found["generated"]]
    assert grown and all(about.startswith("grown from ") and "/" in about for about in grown), "by name"
    assert all(sample["text"] for kind in found.values() for sample in kind)
