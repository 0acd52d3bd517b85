"""The page of `neve score`: what it shows, and that it escapes it. Oracle: the tables that it is made from."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from neve import documents
from neve.report.scored import write_page


def test_the_page_shows_documents_side_by_side_and_escapes_them(tmp_path: Path) -> None:
    attack = "</script><img src=x onerror=alert(1)>" * 10
    texts = [f"{attack} number {number}" for number in range(12)]
    ids = [documents.doc_id(text.encode()) for text in texts]
    documents.write(
        pa.table({"doc_id": ids, "language": ["Go"] * 12, "content": pa.array(texts, pa.large_string())}),
        tmp_path / "documents",
    )
    scores = pa.table(
        {"doc_id": ids, "annotator": ["a"] * 12, "score": [1 / n for n in range(1, 13)], "rank": range(1, 13)}
    )
    documents.write(scores, tmp_path / "scores")
    counts = {"documents": 12, "sections": 36, "not_validated": ["Go"]}
    page = write_page(tmp_path, tmp_path / "documents", "mine@0123", counts).read_text()
    assert "<img" not in page and "&lt;img" in page
    assert "12 documents were scored, 36 sections" in page and "not validated in Go" in page
    assert page.count("<h4>") == 3 and "Go by mine@0123: 1 of 12 above the cut" in page
    assert page.index(ids[0]) < page.index(ids[11]), "the best stands before the worst"
