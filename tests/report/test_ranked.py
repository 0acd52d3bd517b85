"""Documents side by side. Oracle: ranks and cuts laid down by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from neve import documents
from neve.report import ranked


@pytest.fixture
def stages(tmp_path: Path) -> tuple[Path, Path]:
    """Scores and documents: thirty of C, four of Go, the last of each short."""
    rows, scores = [], []
    for language, count in (("C", 30), ("Go", 4)):
        for rank in range(1, count + 1):
            doc_id = documents.doc_id(f"{language}{rank}".encode())
            about = {
                "doc_id": doc_id,
                "source": "s",
                "repo": "r",
                "path": f"{language}{rank}",
                "split": "train",
            }
            size = 10 if rank == count else 1000
            rows.append(about | {"language": language, "size": size, "content": f"{language}{rank} " * 200})
            score = {"annotator": "a", "score": 1 / rank, "section_scores": [1 / rank], "rank": rank}
            scores.append({"doc_id": doc_id, **score})
    documents.write(pa.Table.from_pylist(rows, documents.DOCUMENTS), tmp_path / "documents")
    documents.write(pa.Table.from_pylist(scores, documents.SCORES), tmp_path / "scores")
    return tmp_path / "scores", tmp_path / "documents"


def names(rows: list[dict]) -> list[str]:
    return [row["path"] for row in rows]


def test_the_best_the_marginal_and_the_worst_of_each_language(stages) -> None:
    table = ranked.scored(*stages)
    chosen = pa.array([documents.doc_id(f"C{rank}".encode()) for rank in range(1, 9)], pa.string())
    (c,) = ranked.beside(table, stages[1], chosen)
    assert (c["language"], c["documents"], c["above"]) == ("C", 30, 8), "of Go nothing was chosen"
    assert names(c["best"]) == ["C1", "C2", "C3", "C4", "C5"]
    assert names(c["marginal"]) == ["C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13"]
    assert [row["side"] for row in c["marginal"]] == ["above the cut"] * 5 + ["below"] * 5
    assert names(c["worst"]) == ["C29", "C28", "C27", "C26", "C25"], "C30 is too short to be shown"
    assert all(row["text"] == (f"{row['path']} " * 200)[: ranked.SNIPPET] for row in c["best"])


def test_without_a_selection_the_cut_is_the_best_tenth(stages) -> None:
    found = ranked.beside(ranked.scored(*stages), stages[1])
    assert [(one["language"], one["above"]) for one in found] == [("C", 3), ("Go", 1)]
    assert names(found[0]["marginal"])[:4] == ["C1", "C2", "C3", "C4"]
    (c, go) = ranked.columns(found, "mine")
    assert c["title"] == "C by mine: 3 of 30 above the cut" and go["title"].startswith("Go by mine")
    assert [column["title"] for column in c["columns"]] == ["Best", "At the cut", "Worst"]
    assert c["columns"][0]["documents"][0]["name"] == "r/C1"
    assert c["columns"][1]["documents"][3]["about"] == "score 0.250, rank 4, below"


def test_tables_of_anybodys_have_a_text_and_a_language_alone(stages, tmp_path) -> None:
    bare = documents.read(stages[1], ["doc_id", "language", "content"])
    documents.write(bare, tmp_path / "bare")
    found = ranked.beside(ranked.scored(stages[0], tmp_path / "bare"), tmp_path / "bare")
    assert found[0]["best"][0]["path"] == documents.doc_id(b"C1") and found[0]["best"][0]["text"]
    assert ranked.columns(found, "mine")[0]["columns"][0]["documents"][0]["name"] == documents.doc_id(b"C1")


def test_the_histogram_counts_every_document(stages) -> None:
    found = ranked.histogram(ranked.scored(*stages))
    assert found["documents"] == 34 and {n: sum(c) for n, c in found["histogram"].items()} == {
        "C": 30,
        "Go": 4,
    }
    assert found["edges"][0] == pytest.approx(1 / 30) and found["edges"][-1] == 1
