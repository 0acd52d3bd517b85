"""The training benchmark on a tiny model: real arms, their first loss against plain PyTorch's, figures from their blocks."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from neve.errors import Fault
from neve.training.model import load

from .conftest import script


@pytest.fixture(scope="module")
def training():
    return script("benchmarks/training.py")


def first_step(training, folder: Path) -> dict:
    worker = training.Worker("neve", None, folder, 1)
    try:
        return worker.take(1)
    finally:
        worker.stop()


def test_a_run(training, tmp_path, capsys):
    """Neve beside transformers; speeds and ratios computed again from the blocks; a peer that is absent is said to be."""
    names = ["neve", "transformers-tuned", "transformers-trainer"]
    out = tmp_path / "training.json"
    arguments = [
        "--dry-run",
        "--steps",
        2,
        "--rounds",
        3,
        "--precision",
        "fp32",
        "--json",
        out,
        "--arms",
        *names,
    ]
    assert training.main([str(argument) for argument in arguments]) == 0
    report = json.loads(out.read_text())
    ours, theirs = (report["arms"][name] for name in names[:2])
    assert report["arms"]["transformers-trainer"] == {"status": "not installed: no --peer-python"}
    assert ours["first_loss"] == pytest.approx(theirs["first_loss"], rel=1e-5)
    assert ours["first_norm"] == pytest.approx(theirs["first_norm"], rel=1e-3)
    for arm in (ours, theirs):
        middle = sorted(arm["block_seconds"])[1]
        assert len(arm["block_seconds"]) == 3
        assert arm["tokens_per_s"] == pytest.approx(2 * report["batch"] * report["length"] / middle, rel=1e-2)
        assert 50e6 < arm["peak_bytes"] < 4e9
    ratios = [b / a for a, b in zip(ours["block_seconds"], theirs["block_seconds"], strict=True)]
    found = theirs["neve_is_times"]["neve"]
    assert found["median"] == pytest.approx(statistics.median(ratios), rel=1e-2)
    assert found["min"] <= found["median"] <= found["max"]
    assert "not installed" in capsys.readouterr().out


def test_the_first_step_and_other_weights(training, tmp_path):
    """Oracle: PyTorch's cross-entropy of the same windows. Other weights on the same windows are noticed, so the check can fail."""
    training.prepare(tmp_path, training.TINY, "fp32", 2, seed=1)
    windows = np.load(tmp_path / "windows.npy")
    found = first_step(training, tmp_path)
    tokens = torch.from_numpy(windows[0])
    model = load(tmp_path / "model")
    logits = model.logits(model(tokens[:, :-1]))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in model.parameters()])
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert found["norm"] == pytest.approx(norm.item(), rel=1e-3)

    training.prepare(tmp_path, training.TINY, "fp32", 2, seed=2)
    np.save(tmp_path / "windows.npy", windows)
    other = first_step(training, tmp_path)
    said = training.disagreement({"neve": found, "other": other}, "fp32")
    assert said and said.startswith("other: first loss")
    assert training.disagreement({"neve": found, "same": found}, "fp32") is None
    assert training.disagreement({"neve": found, "none": {**found, "loss": float("nan")}}, "fp32")


def test_an_arm_that_ends(training, tmp_path):
    """Its last words are the message."""
    training.prepare(tmp_path, training.TINY, "fp32", 2, seed=1)
    (tmp_path / "windows.npy").unlink()
    with pytest.raises(Fault, match=r"^neve: ended with status 1 and said: FileNotFoundError.*windows.npy"):
        first_step(training, tmp_path)


def test_missing(training):
    """An interpreter without a module lacks the arm; so does a path where there is none."""
    peer = training.Arm("", [], ["json", "no_such_module"], peer=True)
    assert training.missing(peer, Path(sys.executable)) == "not installed: no_such_module"
    assert training.missing(peer._replace(needs=["json"]), Path(sys.executable)) is None
    assert training.missing(peer, Path("no/such/python")) == "not installed: no/such/python is no program"
    assert training.missing(peer._replace(peer=False), None) == "not installed: no_such_module"
