"""Numbers of the report. Oracles: tables and logs written here by hand."""

from __future__ import annotations

import json
from pathlib import Path

from neve.report import summary


def steps(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_curve_is_thinned_to_means_and_keeps_its_end(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(summary, "CURVE_POINTS", 2)
    rows = [
        {"step": k, "loss": float(k), "lr": k / 10, "tokens": 8 * k, "grad_norm": 1.0} for k in range(1, 5)
    ]
    found = summary.curve(steps(tmp_path / "m.jsonl", rows))
    assert found["tokens"] == [16, 32] and found["loss"] == [1.5, 3.5] and found["lr"] == [0.2, 0.4]
    assert found["grad_norm"] == [1.0, 1.0] and found["validation"] == [None, None]


def test_what_was_not_finite_or_not_measured_is_left_out_of_a_curve(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(summary, "CURVE_POINTS", 1)
    rows = [
        {"step": 1, "loss": None, "lr": 0.1, "tokens": 8, "grad_norm": None},
        {
            "step": 2,
            "loss": 3.0,
            "lr": 0.1,
            "tokens": 16,
            "grad_norm": 2.0,
            "heldout": {"C": 2.0, "all": 2.5},
        },
    ]
    found = summary.curve(steps(tmp_path / "m.jsonl", rows))
    assert found == {"tokens": [16], "loss": [3.0], "lr": [0.1], "grad_norm": [2.0], "validation": [2.5]}


def test_speed_is_tokens_over_seconds_of_the_steps_that_were_timed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(summary, "CURVE_POINTS", 2)
    steps(tmp_path / "metrics.jsonl", [{"step": k, "tokens": 8 * k} for k in range(1, 5)])
    assert summary.speed(tmp_path) == [None, None]
    steps(
        tmp_path / "timings.jsonl",
        [{"step": 1, "seconds": 2.0}, {"step": 2, "seconds": 2.0}, {"step": 4, "seconds": 0.5}],
    )
    assert summary.speed(tmp_path) == [4.0, 16.0]


def test_tasks_of_which_most_models_wrote_something_are_shown(tmp_path) -> None:
    def samples(model: str, texts: list[str]) -> None:
        """A model's folder as the evaluator leaves it; a benchmark's name may have hyphens."""
        (tmp_path / model).mkdir()
        rows = [{"task_id": f"T/{k}", "sample": 0, "text": text} for k, text in enumerate(texts)]
        lines = [json.dumps({"header": 1}), "", *map(json.dumps, rows), ""]
        (tmp_path / model / "samples-bigcodebench-instruct.jsonl").write_text("\n".join(lines) + "\n")
        verdicts = [{"task_id": row["task_id"], "sample": 0, "status": "fail"} for row in rows]
        entry = {"benchmarks": {"bigcodebench-instruct": {"samples": verdicts}}}
        (tmp_path / model / "results.json").write_text(json.dumps(entry))

    samples("general", ["  ", "a", "", "", "b"])
    samples("quality-random", ["  ", "a", "c", "", " "])
    found = summary.written(tmp_path)
    assert [task["task_id"] for task in found] == ["T/1", "T/2", "T/4"]
    assert [m["model"] for m in found[0]["models"]] == ["general", "quality-random"]
    assert found[0]["models"][0] == {"model": "general", "status": "fail", "text": "a"}


def test_how_long_devices_waited_is_told_of_those_that_scored(tmp_path) -> None:
    told = {"scores-frozen": {"device_seconds": 8.0, "device_waits": 0.25}, "scores-words": {}}
    for stage, timings in told.items():
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "timings.json").write_text(json.dumps(timings))
    inputs = {stage: tmp_path / stage for stage in (*told, "curate")}
    assert summary.scoring(inputs) == {"frozen": told["scores-frozen"]}
