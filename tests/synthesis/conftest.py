"""Real seeds: modules of the standard library as documents, ranked, and a tokenizer trained on them."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from neve import documents
from neve.recipe.corpus import Decontaminate, Near
from neve.recipe.synthesis import Gates, Synthesis
from neve.recipe.tokenizer import Tokenizer
from neve.synthesis import generate
from neve.tokens import bpe

sys.path.append(str(Path(__file__).parents[1] / "llm"))  # chat_server

MODULES = (
    "bisect", "calendar", "cmd", "colorsys", "copy", "csv", "fnmatch", "graphlib", "heapq", "html/parser",
    "json/encoder", "linecache", "netrc", "pprint", "queue", "sched", "shlex", "stat", "textwrap", "wave",
)  # fmt: skip


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Documents, seeds and a tokenizer, as `synthesis` takes them."""
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
    documents.write(made, folder / "documents" / "documents", documents.DOCUMENTS)
    ranked = (
        made["doc_id"].combine_chunks().take(pa.array(sorted(range(len(rows)), key=lambda i: (i * 7) % 20)))
    )
    seeds = pa.table(
        {
            "doc_id": ranked,
            "language": ["Python"] * len(rows),
            "rank": range(1, len(rows) + 1),
            "turn": [0] * len(rows),
            "quantile": [(i + 0.5) / len(rows) for i in range(len(rows))],
        }
    )
    (folder / "seeds").mkdir()
    pa.parquet.write_table(seeds, folder / "seeds" / "seeds.parquet")
    (folder / "tokenizer").mkdir()
    section = Tokenizer(vocab_size=1000, sample_bytes=1 << 20)
    bpe.build(bpe.Settings(section, seed=1), {"documents": folder / "documents"}, folder / "tokenizer")
    return {name: folder / name for name in ("documents", "seeds", "tokenizer")}


@pytest.fixture
def settings(tmp_path: Path) -> generate.Settings:
    """The stage's settings; `endpoint` is to be set."""
    return generate.Settings(
        Synthesis(
            model="m", tokens=1_000_000, seeds=20, max_tokens=256, concurrency=4, gates=Gates(seconds=5)
        ),
        {},
        Near(),
        Decontaminate(benchmarks=["humaneval", "mbpp"]),
        data=None,
        seed=1,
        sandbox="bubblewrap",
        ledger=str(tmp_path / "ledger.sqlite"),
    )
