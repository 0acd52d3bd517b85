"""What leaves a run is whole or absent. Oracle for a model: transformers beside Neve's own module."""

from __future__ import annotations

from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.run.export import export, whole


def test_export_loads_with_equal_logits(small_run: Path, tmp_path: Path) -> None:
    """Oracle: transformers on the exported folder against Neve's own module."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from neve.training.model import load

    export(small_run, "synthetic", tmp_path / "model")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32).eval()
    tokens = torch.tensor(
        [AutoTokenizer.from_pretrained(tmp_path / "model")("def f(x):\n    return x\n")["input_ids"]]
    )
    ours = load(tmp_path / "model").eval()
    with torch.no_grad():
        assert torch.equal(ours.logits(ours(tokens)), theirs(tokens).logits)


def test_what_cannot_be_exported_is_named(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(Misuse, match="is there already"):
        export(small_run, "synthetic", tmp_path / "there")
    with pytest.raises(Misuse, match="this run has general, quality"):
        export(small_run, "nothing", tmp_path / "other")
    with pytest.raises(Misuse, match="phase general is done and its checkpoints are gone"):
        export(small_run, "general", tmp_path / "other", "7")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_folder_is_whole_or_absent(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), whole(tmp_path / "out") as folder:
        folder.mkdir()
        (folder / "half").touch()
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    (tmp_path / ".out.tmp").mkdir()
    (tmp_path / ".out.tmp" / "of a killed attempt").touch()
    with whole(tmp_path / "out") as folder:
        folder.mkdir()
    assert [path.name for path in tmp_path.rglob("*")] == ["out"]
