"""A tiny real view (code of the standard library, its own tokenizer) and settings of a phase that trains in a second.

Makes `processes` and `held`, beside this file, importable.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from neve import documents as tables
from neve.recipe.tokenizer import Tokenizer
from neve.settings import from_json
from neve.tokens import bpe, build_view, shards
from neve.training import loop
from neve.training.model import Config
from neve.training.settings import Settings

sys.path.append(str(Path(__file__).parent))

SOURCES = sorted(Path(json.__file__).parent.glob("*.py"))
VOCABULARY = 400


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch):
    """Models this small lose by a second thread, and wait long for it on a busy machine."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_stages(place: Callable[[str], Path]) -> dict[str, Path]:
    """Folders of the stages tokenizer, and of a view in which each document is seen twice."""
    folders = {name: place(name) for name in ("documents", "tokenizer", "tokens", "selection", "view")}
    for folder in folders.values():
        folder.mkdir()
    rows = []
    for path in SOURCES:
        text = path.read_text()
        row = {"doc_id": tables.doc_id(text.encode()), "content": text, "size": len(text.encode())}
        rows.append(
            row | {"source": "std", "repo": "json", "path": path.name, "language": "Python", "split": "train"}
        )
    documents = pa.Table.from_pylist(rows, schema=tables.DOCUMENTS)
    tables.write(documents, folders["documents"] / "documents", tables.DOCUMENTS)
    section = Tokenizer(vocab_size=VOCABULARY, sample_bytes=1 << 20)
    bpe.build(bpe.Settings(section, seed=1), folders, folders["tokenizer"])
    shards.build(None, folders, folders["tokens"])
    chosen = [{"doc_id": row["doc_id"], "repeats": 2} for row in rows]
    pq.write_table(
        pa.Table.from_pylist(chosen, schema=tables.SELECTION), folders["selection"] / "selection.parquet"
    )
    view = build_view.Settings("q", "selection", fim_rate=0.5, seed=1)
    build_view.build(view, folders, folders["view"])
    return {name: folders[name] for name in ("view", "tokenizer")}


def make_settings() -> dict[str, Any]:
    """A phase of 12 steps of 8 windows of 32 tokens, as run.json says it."""
    return {
        "phase": {
            "name": "quality",
            "tokens": 12 * 8 * 32 - 5,
            "epochs": None,
            "lr": {"peak": 3e-3, "floor": 3e-4, "warmup": 3, "decay": 0, "shape": "cosine"},
            "moments": "reset",
            "keeps_moments": False,
        },
        "model": {
            "hidden": 32,
            "intermediate": 88,
            "layers": 2,
            "heads": 4,
            "kv_heads": 2,
            "rope_base": 5000.0,
            "norm_eps": 1e-5,
            "tied": True,
        },
        "training": {
            "sequence": 32,
            "batch": 8,
            "optimizer": "adamw",
            "adamw_lr_factor": 1.0,
            "betas": [0.9, 0.95],
            "weight_decay": 0.1,
            "clip": 1.0,
            "document_mask": False,
            "validate_steps": 0,
            "micro_batch": 4,
            "checkpoint_seconds": 60.0,
            "attention": "auto",
            "compile": "auto",
            "activation_checkpointing": "auto",
            "keep_checkpoints": 2,
            "skip_limit": 10,
            "tensorboard": False,
            "wandb": "",
        },
        "seed": 7,
        "precision": "fp32",
    }


def build(settings: dict[str, Any], inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    return loop.build(from_json(Settings, settings), inputs, out)


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("stages")
    return make_stages(lambda name: root / name)


@pytest.fixture
def settings() -> dict[str, Any]:
    return make_settings()


@pytest.fixture(scope="module")
def plain_settings() -> dict[str, Any]:
    """The same, for what a module makes once."""
    return make_settings()


@pytest.fixture
def config() -> Config:
    return Config(32, 88, 2, 4, 2, 5000.0, 1e-5, True, vocab_size=97, max_positions=64)
