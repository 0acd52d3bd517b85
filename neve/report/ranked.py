"""Documents by score, side by side: the best of a language, those on both sides of a cut, and the worst.

Whether a score has a sense shows in documents, and best in those that it tells apart, so each language is
shown by itself: between languages scores are not compared. The trade-off: a few documents of the languages
of which most was chosen, their beginnings alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from neve.corpus.licenses import openings
from neve.documents import read

SHOWN = 5
"""Documents in a column; on either side of a cut as many."""
LANGUAGES = 4
"""Languages that are shown."""
SNIPPET = 700
"""Characters of a document."""
LEAST = 200
"""Bytes of the shortest document that is shown."""
TENTH = 0.1
"""Share of a language's documents above the cut where nothing was selected."""
COLUMNS = ["doc_id", "repo", "path", "language", "size", "split"]
MISSING = {"repo": "", "size": LEAST, "split": "train"}
"""What stands for a column that a table lacks; a path is the doc_id then."""


def scored(scores: Path, folder: Path) -> pa.Table:
    """The scores in a folder of stage `scores`, with what is known of the documents in `folder` (tables of
    anybody's may have a text and a language alone); best rank first."""
    known = pq.read_schema(next(iter(sorted(folder.glob("*.parquet"))))).names
    about = read(folder, [name for name in COLUMNS if name in known])
    for name in (name for name in COLUMNS if name not in known):
        values = about["doc_id"] if name == "path" else pa.array([MISSING[name]] * about.num_rows)
        about = about.append_column(name, values)
    table = read(scores, ["doc_id", "score", "rank"]).join(about, "doc_id", join_type="inner")
    return table.sort_by([("rank", "ascending"), ("doc_id", "ascending")])


def beside(table: pa.Table, folder: Path, chosen: pa.Array | None = None) -> list[dict[str, Any]]:
    """By language: `best`, `marginal` (the last above the cut, the first below) and `worst` documents of a
    table that `scored` made; languages of which most lies above the cut come first.

    `chosen` are the doc_ids above the cut; without them it lies at a TENTH of each language.
    """
    languages, sizes = table["language"].to_numpy(), table["size"].to_numpy()
    names, codes, counts = np.unique(languages.astype(str), return_inverse=True, return_counts=True)
    if chosen is None:
        above = table["rank"].to_numpy() <= np.maximum(1, np.round(TENTH * counts))[codes]
    else:
        above = pc.is_in(table["doc_id"], chosen).to_numpy()
    taken = np.bincount(codes, above, minlength=len(names))
    found = []
    for at in np.lexsort((-counts, -taken))[:LANGUAGES].tolist():
        rows = np.flatnonzero((codes == at) & (sizes >= LEAST))
        inside, outside = rows[above[rows]], rows[~above[rows]]
        if not taken[at] or not len(rows):
            continue
        sides = [(inside[-SHOWN:], "above the cut"), (outside[:SHOWN], "below")]
        found.append(
            {
                "language": str(names[at]),
                "documents": int(counts[at]),
                "above": int(taken[at]),
                "best": _rows(table, rows[:SHOWN]),
                "marginal": [row | {"side": side} for part, side in sides for row in _rows(table, part)],
                "worst": _rows(table, rows[-SHOWN:][::-1]),
            }
        )
    return _with_text(found, folder)


def _rows(table: pa.Table, rows: np.ndarray) -> list[dict[str, Any]]:
    return list(table.take(pa.array(rows)).to_pylist())


def _with_text(found: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The same with the beginning of each document's text."""
    shown = [row for one in found for kind in ("best", "marginal", "worst") for row in one[kind]]
    wanted = pa.array(sorted({row["doc_id"] for row in shown}), pa.string())
    text = read(folder, ["doc_id", "content"], ds.field("doc_id").isin(wanted))
    texts = dict(zip(text["doc_id"].to_pylist(), text["content"].to_pylist(), strict=True))
    for row in shown:
        row["text"] = beginning(texts[row["doc_id"]])
    return found


def beginning(text: str) -> str:
    """The first SNIPPET characters of a text, without the notices of licence that it opens with.

    >>> beginning("#!/bin/sh\\n# Copyright 2020 A\\n\\necho\\n"), beginning("# A sum.\\nx = 1\\n")
    ('…\\necho\\n', '# A sum.\\nx = 1\\n')
    """
    shorter = openings.without(text)
    cut = len(shorter) < len(text) and shorter.strip()
    return ("…\n" + shorter.lstrip() if cut else text)[:SNIPPET]


def histogram(table: pa.Table) -> dict[str, Any]:
    """How scores are distributed: edges, and documents between them by language."""
    values, languages = table["score"].to_numpy(), table["language"].to_numpy()
    edges = np.linspace(values.min(), values.max(), 41) if len(values) else np.linspace(0, 1, 41)
    parts = {
        str(name): np.histogram(values[languages == name], edges)[0].tolist() for name in np.unique(languages)
    }
    return {"documents": table.num_rows, "edges": edges.tolist(), "histogram": parts}


def columns(found: list[dict[str, Any]], named: str) -> list[dict[str, Any]]:
    """What `beside` found as the page lays it out: a title a language, and three columns of documents."""
    titles = {"best": "Best", "marginal": "At the cut", "worst": "Worst"}
    return [
        {
            "title": f"{one['language']} by {named}: {one['above']:,} of {one['documents']:,} above the cut",
            "columns": [
                {"title": title, "documents": [_shown(row) for row in one[kind]]}
                for kind, title in titles.items()
            ],
        }
        for one in found
    ]


def _shown(row: dict[str, Any]) -> dict[str, str]:
    side = f", {row['side']}" if "side" in row else ""
    return {
        "name": "/".join(filter(None, (row["repo"], row["path"]))),
        "about": f"score {row['score']:.3f}, rank {row['rank']:,}{side}",
        "text": row["text"],
    }
