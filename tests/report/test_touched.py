"""Where documents went. Oracle: the same counted for each document alone, and the tables by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neve import documents
from neve.corpus.opt_out import parse, swhids
from neve.report import touched
from neve.store import MANIFEST, write_json
from neve.tokens import build_view


@pytest.fixture(scope="module")
def stages(curate: Path, tokens: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | None]:
    """A corpus phase that is trained, one on a selection that is not, and one that has no view yet."""
    folder = tmp_path_factory.mktemp("touched")
    chosen = documents.read(tokens / "index.parquet").slice(0, 5)["doc_id"]
    (folder / "selection").mkdir()
    rows = pa.table(
        [chosen, pa.array([2] * 5, pa.int32()), pa.nulls(5, pa.int64())], schema=documents.SELECTION
    )
    pq.write_table(rows, folder / "selection" / "selection.parquet")
    for name, data, inputs in (
        ("general", "corpus", {}),
        ("quality", "selection", {"selection": folder / "selection"}),
    ):
        (folder / name).mkdir()
        build_view.build(build_view.Settings(name, data, 0.0, 1), {"tokens": tokens, **inputs}, folder / name)
    (folder / "train").mkdir()
    about = {"settings": {"training": {"sequence": 64}, "seed": 3}, "counts": {"tokens": 64 * 700}}
    write_json(folder / "train" / MANIFEST, about)
    return {
        "curate": curate, "tokens": tokens, "view-general": folder / "general", "view-quality": folder / "quality",
        "view-later": None, "train-general": folder / "train", "train-quality": None, "train-later": None,
    }  # fmt: skip


def test_figures_of_many_are_the_sums_of_each(stages: dict[str, Path | None]) -> None:
    tokens = stages["tokens"]
    assert tokens is not None
    ids = documents.read(tokens / "index.parquet", ["doc_id"])["doc_id"].slice(0, 12).combine_chunks()
    general, quality, later = touched.phases(stages, ids)
    each = [touched.phases(stages, pa.array([one])) for one in ids.to_pylist()]
    for key in ("documents", "tokens", "tokens_trained"):
        assert general[key] == sum(rows[0][key] for rows in each)
    assert general["documents"] == 12 and general["tokens_trained"] > 0
    assert quality["documents"] == 5 and quality["tokens_trained"] is None, "not trained, so not decided"
    assert later["documents"] is None
    said = "\n".join(touched.lines({"documents": 12, "repositories": 1, "phases": [general, quality, later]}))
    assert "5 documents in its view, not trained yet" in said and "later: not decided yet" in said


def test_what_a_list_names(curate: Path, tmp_path: Path) -> None:
    table = documents.read(curate / "documents")
    ids = pa.array(swhids(table["content"].combine_chunks().cast(pa.large_binary())))
    (tmp_path / "documents").symlink_to(curate / "documents")
    documents.write(pa.table({"doc_id": table["doc_id"], "swhid": ids}), tmp_path / "signals")
    rows = table.to_pylist()
    found = touched.named(tmp_path, parse([("", "rich"), ("", ids[0].as_py())]))
    assert set(found["doc_id"].to_pylist()) == {r["doc_id"] for r in rows if r["repo"] == "rich"} | {
        rows[0]["doc_id"]
    }
    assert touched.named(tmp_path, parse([("", "author: nobody at all")])).num_rows == 0
