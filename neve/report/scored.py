"""The page of `neve score`: how scores are distributed, and the documents that show what they mean.

Nothing was selected, so the cut at which documents are shown is the best tenth of each language.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neve.report import charts, ranked
from neve.report.render import page
from neve.store import atomic_write


def write_page(out: Path, documents: Path, annotator: str, counts: dict[str, Any]) -> Path:
    """Write `out`/index.html from `out`/scores and the `documents` that were scored."""
    table = ranked.scored(out / "scores", documents)
    found = ranked.histogram(table)
    drawn = charts.histogram("scores", "Scores", found["edges"], found["histogram"], "score", "documents")
    made = page(
        "scored.html",
        [drawn],
        title=f"scores by {annotator}",
        counts=counts,
        groups=ranked.columns(ranked.beside(table, documents), annotator),
    )
    atomic_write(out / "index.html", made)
    return out / "index.html"
