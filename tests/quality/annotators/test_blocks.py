"""neve.quality.annotators.blocks. Oracles: the same sums in plain Python; the scores of one process for a cluster's."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import encoder as kind
from neve.quality.annotators import loss_difference, tuned_encoder
from neve.quality.annotators.blocks import in_blocks
from neve.quality.settings import Fit
from neve.recipe.annotators import LossDifference, Tuned

ORDER = np.random.default_rng(1).permutation(1000)


@pytest.mark.parametrize("lanes", [["one"], ["one", "two", "three"]])
def test_every_block_is_judged_once_by_any_device_and_kept(tmp_path: Path, lanes: list[str]) -> None:
    asked: list[int] = []
    lock = threading.Lock()

    def judge(lane: str, rows: np.ndarray) -> np.ndarray:
        with lock:
            asked.extend(rows.tolist())
        return np.sqrt(rows)

    scores = np.zeros(1000)
    in_blocks(judge, lanes, ORDER, 64, scores, tmp_path)
    assert sorted(asked) == list(range(1000)) and (scores == np.sqrt(np.arange(1000))).all()
    again = np.zeros(1000)
    in_blocks(judge, lanes, ORDER, 64, again, tmp_path)
    assert len(asked) == 1000 and (again == scores).all(), "taken from where they lie"


def test_blocks_before_a_failure_stay(tmp_path: Path) -> None:
    def judge(lane: str, rows: np.ndarray) -> np.ndarray:
        if 999 in rows:
            raise RuntimeError("out of memory")
        return np.sqrt(rows)

    with pytest.raises(RuntimeError, match="out of memory"):
        in_blocks(judge, ["one"], np.arange(1000), 100, np.zeros(1000), tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 9


ON_RAY = """
import json, pickle, sys
from pathlib import Path
import numpy as np
from ray.cluster_utils import Cluster
from neve import engine
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
cluster.add_node(num_cpus=1)
engine.use("ray", cluster.address)
from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import encoder, loss_difference, tuned_encoder
from neve.quality.settings import Fit
encoder.BLOCK = encoder.BLOCK_INT8 = loss_difference.LossDifference.block = 64
folders, documents, out, pair, inputs = pickle.loads(bytes.fromhex(sys.argv[1]))
assert engine.slots("CPU") == 2 and engine.slots("GPU") == 0
for name, folder in folders.items():
    (out / name).mkdir()
    scored = annotators.load(folder).score(Documents((documents,)), out / name)
    np.savez(out / f"{name}.npz", doc_ids=scored.doc_ids, counts=scored.counts, sections=scored.sections)
    (out / f"{name}.json").write_text(json.dumps(scored.timings))
(out / "fitted").mkdir()
loss_difference.fit(Fit(pair, 1), inputs, out / "fitted")
import ray
ray.shutdown()
cluster.shutdown()
"""


@pytest.fixture(scope="module")
def fitted(encoder_head, inputs, small, checkpoints, tmp_path_factory):
    """An annotator of each kind that scores by block, and the table of the loss difference."""
    folders = {"encoder": encoder_head}
    folders |= {name: tmp_path_factory.mktemp(name) for name in ("tuned", "loss")}
    table = Tuned(kind="tuned", labels=["code"], encoder=str(small), section_tokens=48, epochs=1)
    tuned_encoder.fit(Fit(table, seed=1), inputs, folders["tuned"])
    models = {name: str(checkpoints / name) for name in ("better", "base")}
    pair = LossDifference(kind="loss-difference", section_tokens=48, sections=["top"], **models)
    loss_difference.fit(Fit(pair, seed=1), inputs, folders["loss"])
    return folders, pair


def test_a_cluster_scores_as_one_process_does(fitted, inputs, tmp_path, monkeypatch):
    """A local Ray cluster of two workers. Encoders give the same bits; a language model's products on one
    thread and on two differ in the last ones. A kind is fitted there too: held-out labels are scored before
    there is an annotator.json."""
    pytest.importorskip("ray")
    folders, pair = fitted
    out, documents = tmp_path / "ray", inputs["documents"] / "documents"
    out.mkdir()
    given = pickle.dumps((folders, documents, out, pair, inputs)).hex()
    calm = {**os.environ, "RAY_worker_niceness": "0"}  # else workers wait for whatever else this machine does
    done = subprocess.run(
        [sys.executable, "-c", ON_RAY, given], capture_output=True, text=True, timeout=300, env=calm
    )
    assert done.returncode == 0, done.stderr[-4000:]
    for module, name in ((kind, "BLOCK"), (kind, "BLOCK_INT8"), (loss_difference.LossDifference, "block")):
        monkeypatch.setattr(module, name, 64)
    for name, folder in folders.items():
        (tmp_path / name).mkdir()
        ours = annotators.load(folder).score(Documents((documents,)), tmp_path / name)
        with np.load(out / f"{name}.npz") as theirs:
            assert np.array_equal(theirs["doc_ids"], ours.doc_ids)
            assert np.array_equal(theirs["counts"], ours.counts)
            assert np.abs(theirs["sections"] - ours.sections).max() <= (1e-5 if name == "loss" else 0), name
        timings = json.loads((out / f"{name}.json").read_text())
        assert 0 <= timings["device_waits"] < 1 and timings["device_seconds"] > 0
    about = [
        json.loads((place / "annotator.json").read_text()) for place in (folders["loss"], out / "fitted")
    ]
    assert about[0] == about[1]
