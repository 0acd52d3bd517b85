"""A model's bits on a laboratory's texts. Oracle: a benchmark of one's own without training tasks; whole
laboratories, which measure real models, are in test_laboratory.py."""

from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.lab.measure import Settings, _units


def test_a_benchmark_without_training_tasks_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"id": "own/0", "prompt": "def f():", "answer": "    return 1"}\n')
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nfile = "own.jsonl"\n[fields]\nprompt = "prompt"\nsolution = "answer"\n')
    with pytest.raises(Misuse, match="has no tasks of that kind"):
        _units(f"{own}-train", Settings((), 1, None), {}, None)
