"""Real seeds: modules of the standard library as documents, ranked, and a tokenizer trained on them."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from neve import documents
from neve.tokens import bpe

sys.path.append(str(Path(__file__).parents[1] / "llm"))  # chat_server

MODULES = (
    "bisect", "calendar", "cmd", "colorsys", "copy", "csv", "fnmatch", "graphlib", "heapq", "html/parser",
    "json/encoder", "linecache", "netrc", "pprint", "queue", "sched", "shlex", "stat", "textwrap", "wave",
)  # fmt: skip


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Stages curate, selection and tokenizer, as `synthesis` takes them."""
    folder = tmp_path_factory.mktemp("inputs")
    rows = []
    for name in MODULES:
        text = (Path(sysconfig.get_path("stdlib")) / f"{name}.py").read_text(encoding="utf-8")
        row = {
            "source": "stdlib",
            "repo": "cpython",
            "path": f"{name}.py",
            "language": "Python",
            "split": "train",
        }
        rows.append(
            row | {"doc_id": documents.doc_id(text.encode()), "size": len(text.encode()), "content": text}
        )
    made = pa.Table.from_pylist(rows, schema=documents.DOCUMENTS)
    documents.write(made, folder / "curate" / "documents", documents.DOCUMENTS)
    ranked = (
        made["doc_id"].combine_chunks().take(pa.array(sorted(range(len(rows)), key=lambda i: (i * 7) % 20)))
    )
    seeds = pa.table(
        {
            "doc_id": ranked,
            "language": ["Python"] * len(rows),
            "rank": range(1, len(rows) + 1),
            "turn": [0] * len(rows),
        }
    )
    (folder / "selection").mkdir()
    pa.parquet.write_table(seeds, folder / "selection" / "seeds.parquet")
    (folder / "tokenizer").mkdir()
    section: dict[str, Any] = {"vocab_size": 1000, "sample_bytes": 1 << 20, "folder": None}
    bpe.build({"tokenizer": section, "seed": 1}, {"curate": folder / "curate"}, folder / "tokenizer")
    return {name: folder / name for name in ("curate", "selection", "tokenizer")}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """The stage's settings; `endpoint` is to be set."""
    return {
        "synthesis": {"model": "m", "tokens": 1_000_000, "seeds": 20, "max_tokens": 256},
        "near": {"threshold": 0.7, "ngram": 5},
        "decontaminate": {"benchmarks": ["humaneval", "mbpp"], "share": 0.5, "files": []},
        "data": None,
        "seed": 1,
        "ledger": str(tmp_path / "ledger.sqlite"),
        "concurrency": 4,
        "api_key_env": "NEVE_API_KEY",
    }
