"""What leaves a run is whole or absent. Oracle for a model: transformers beside Neve's own module."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from neve.errors import Misuse
from neve.run.export import export, export_data, whole
from neve.store import MANIFEST, arm_stages, read_json


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


def test_exported_files_have_the_permissions_of_a_plain_write(small_run: Path, tmp_path: Path) -> None:
    """Oracle: the umask of the one who exports, not of the one who trained."""
    before = os.umask(0o027)
    try:
        export(small_run, "general", tmp_path / "model")
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "model").rglob("*")
        if path.is_file()
    }
    assert set(modes.values()) == {0o640} and "encoder.json" not in modes, modes


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


def test_a_data_set_is_whole(small_run: Path, tmp_path: Path) -> None:
    """Oracle: the counts of the run's own manifest; what every part of the folder is."""
    export_data(small_run, tmp_path / "set", publisher="somebody", url="https://example.org/set")
    names = {
        path.relative_to(tmp_path / "set").as_posix()
        for path in (tmp_path / "set").rglob("*")
        if path.is_file()
    }
    assert {"README.md", "croissant.json", "training-content-summary.md", "data/train-00000.parquet"} <= names
    counts = read_json(arm_stages(small_run, "main")["curate"] / MANIFEST)["counts"]
    rows = sum(pq.read_metadata(path).num_rows for path in (tmp_path / "set" / "data").glob("[th]*.parquet"))
    assert rows == counts["documents"]
    found = json.loads((tmp_path / "set" / "croissant.json").read_text())
    assert found["url"] == "https://example.org/set" and found["creator"]["name"] == "somebody"
    with pytest.raises(Misuse, match="is there already"):
        export_data(small_run, tmp_path / "set")
