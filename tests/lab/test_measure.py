"""A model's bits on a laboratory's texts. Oracle: evaluation's own measure of the same units; a benchmark of
one's own without training tasks."""

import json
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.lab.measure import Settings, _units, build
from neve.store import arm_stages


def test_bits_of_held_out_code_by_document(small_run: Path, tmp_path: Path) -> None:
    stages = arm_stages(small_run, "main")
    inputs = {
        "documents": stages["curate"],
        "tokenizer": stages["tokenizer"],
        "model": stages["train-general"],
    }
    counts = build(Settings(("heldout",), 20_000, None), inputs, tmp_path)
    units = json.loads((tmp_path / "units.json").read_text())["heldout"]
    assert len(units["keys"]) == len(set(units["keys"])) == len(units["bits"])
    assert counts["heldout"] == pytest.approx(sum(units["bits"]) / sum(units["bytes"]))
    results = json.loads((stages["evaluate"] / "results.json").read_text())
    figure = results["models"]["general"]["bits_per_byte"]["heldout"]["all"]["value"]
    assert counts["heldout"] == pytest.approx(figure, rel=1e-4)


def test_a_benchmark_without_training_tasks_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"id": "own/0", "prompt": "def f():", "answer": "    return 1"}\n')
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nfile = "own.jsonl"\n[fields]\nprompt = "prompt"\nsolution = "answer"\n')
    with pytest.raises(Misuse, match="has no tasks of that kind"):
        _units(f"{own}-train", Settings((), 1, None), {}, None)
