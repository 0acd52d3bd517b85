"""A curated corpus as stages leave it, with signals and a synthesis of two documents, small and real."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from neve import documents
from neve.corpus.opt_out import swhids


@pytest.fixture(scope="session")
def stages(curate: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stages")
    shutil.copytree(curate, folder / "curate")
    table = documents.read(curate / "documents")
    named = pa.array([f"{repo}/LICENSE" for repo in table["repo"].to_pylist()])
    beside = {
        "swhid": pa.array(swhids(table["content"].combine_chunks().cast(pa.large_binary()))),
        "license_path": named,
    }
    signals = pa.table({"doc_id": table["doc_id"], **beside})
    documents.write(signals.take(pa.array(range(len(table) - 1, -1, -1))), folder / "curate" / "signals")
    seeds = table.slice(0, 2)
    grown = seeds.append_column("seed_doc_id", seeds["doc_id"])
    grown = grown.append_column("kind", pa.array(["rewrite"] * 2))
    columns = dict(zip(grown.column_names, grown.columns, strict=True))
    columns |= {
        "repo": pa.array(["synthetic/m"] * 2),
        "split": pa.array(["train"] * 2),
        "license": pa.nulls(2, pa.string()),
    }
    columns["doc_id"] = pa.array([documents.doc_id(b"1"), documents.doc_id(b"2")])
    documents.write(pa.table(columns), folder / "synthesis" / "documents")
    return {"curate": folder / "curate", "synthesis": folder / "synthesis"}
