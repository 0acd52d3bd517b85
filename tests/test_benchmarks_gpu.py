"""The GPU benchmarks on a CPU: their dry runs, resuming, and what an arm reads. Oracles: arithmetic over small documents."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[1]


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / "gpu" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def evidence():
    sys.path.append(str(ROOT / "benchmarks" / "gpu"))
    yield script("evidence")
    sys.path.remove(str(ROOT / "benchmarks" / "gpu"))


def test_a_dry_run_trains_all_arms_and_a_second_one_trains_none(evidence, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(evidence, "TINY", evidence.TINY._replace(general=1000, arm=1000))
    monkeypatch.setattr(sys, "argv", ["evidence.py", "--dry-run", "--out", str(tmp_path), "--seeds", "2"])
    assert evidence.main() == 0
    found = json.loads((tmp_path / "evidence.json").read_text())
    assert list(found["arms"]) == [arm.name for arm in evidence.ARMS]
    assert all(list(seeds) == ["1", "2"] for seeds in found["arms"].values())
    assert "| ngrams x4, re-warmed | 2 |" in capsys.readouterr().out
    monkeypatch.setattr(evidence.Trainer, "train", lambda *_: pytest.fail("nothing is left to train"))
    assert evidence.main() == 0
    assert json.loads((tmp_path / "evidence.json").read_text()) == found


def test_an_arm_reads_the_best_documents_of_each_language_to_the_token(evidence):
    corpus = evidence.invented(torch.device("cpu"))
    lengths = np.diff(corpus.starts)
    # Every token says which document it is of, so that a stream can be read back.
    own = torch.from_numpy(np.repeat(np.arange(len(lengths)), lengths).astype(np.int16))
    corpus = evidence.Corpus(own, corpus.starts, corpus.languages, corpus.scores, {}, 256)
    for repeats, budget in ((1, 2001), (4, 2000)):
        stream = evidence.chosen(corpus, evidence.Arm("ngrams", repeats, ""), budget, 3)
        seen = np.bincount(stream.numpy(), minlength=len(lengths))
        assert seen.sum() == -(-budget // repeats) * repeats
        assert (seen % repeats == 0).all() and (seen <= lengths * repeats).all()
        for language in (0, 1):
            rows = np.flatnonzero(corpus.languages == language)
            rows = rows[np.argsort(-corpus.scores["ngrams"][rows])]
            full = seen[rows] == lengths[rows] * repeats
            last = int((seen[rows] > 0).sum()) - 1
            assert full[:last].all() and not seen[rows][last + 1 :].any(), (
                "the best, and only the last is cut"
            )
    draws = [evidence.chosen(corpus, evidence.Arm("random", 4, ""), 2000, seed) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


def test_scoring_dry_run(tmp_path, monkeypatch):
    """Sections of 40 documents, half of them labelled: 16 are scored, the good ones above the others."""
    from neve import weights
    from neve.quality.annotators.encoder import Encoder

    scoring, encoder = script("scoring"), Encoder("minilm", 64)
    good, bad = "def add(a, b):\n    return a + b\n", "x = {\n" + "  1: 2,\n" * 300 + "}\n"
    cut = encoder.sections([f"# {k}\n" + (good if k % 2 else bad) for k in range(40)])
    arrays = {f"{name}/{part}": getattr(cut, part) for name in ("pool", "labels")
              for part in ("tokens", "starts", "lengths", "documents")}  # fmt: skip
    target = np.arange(40)[:, None] % 2.0
    np.savez(tmp_path / "sections.npz", **arrays, good=target, bad=1 - target, which=np.zeros(40, int))
    (tmp_path / "encoder").symlink_to(weights.resolve("minilm"))
    monkeypatch.setattr(
        sys, "argv", ["scoring.py", "--dry-run", "--pack", str(tmp_path), "--out", str(tmp_path / "out")]
    )
    assert scoring.main() == 0
    found = json.loads((tmp_path / "out" / "scoring.json").read_text())
    assert all(row["sections_per_s"] > 0 for row in found["rows"].values())
    scores = np.load(tmp_path / "out" / "encoder.npy")
    assert len(scores) == 16 and scores[1::2].min() > scores[::2].max(), "what was labelled good ranks above"
