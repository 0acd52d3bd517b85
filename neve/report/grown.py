"""What was grown from which seeds, for the report: yields, costs, samples of what was accepted and refused.

Yields are given by kind, by language and by tenth of the selection, best tenth first. The trade-off:
samples are the first in seed order, which anybody can find again, rather than good ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from neve.documents import read
from neve.report import corpus
from neve.store import read_json

SHOWN = 5
"""Accepted documents shown beside their seeds."""
SNIPPET = 700
"""Characters of a sample."""
BY = ("kind", "language", "tenth")


def synthesis(inputs: dict[str, Path], counts: dict[str, Any], prices: dict[str, float]) -> dict[str, Any]:
    """The part `synthesis` of the summary; `prices` is the recipe's budget, per million tokens."""
    place = inputs["synthesis"]
    documents, verdicts = read(place / "documents"), read(place / "verdicts")
    refused = verdicts.group_by(["rule"]).aggregate([([], "count_all")]).to_pylist()
    samples = documents.slice(0, SHOWN).to_pylist()
    held = [row for rows in read_json(place / "refusals.json").values() for row in rows[:1]]
    wanted = [row["seed_doc_id"] for row in [*samples, *held]]
    found = read(inputs["curate"] / "documents", None, ds.field("doc_id").isin(wanted)).to_pylist()
    seeds = {row["doc_id"]: row for row in found}
    names = {key: f"{row['repo']}/{row['path']}" for key, row in seeds.items()}
    money = (
        counts["question_tokens"] * prices["input_price"] + counts["answer_tokens"] * prices["output_price"]
    ) / 1e6
    return {
        **{key: value for key, value in counts.items() if isinstance(value, int | float | str)},
        "accepted": documents.num_rows,
        "money": money,
        "checked": counts["checked"],
        "quotas": counts["languages"],
        "languages": corpus.tally(documents, "language"),
        "yields": {name: yields(place / "yields.parquet", name) for name in BY},
        "refused": {
            row["rule"]: row["count_all"]
            for row in sorted(refused, key=lambda r: (-r["count_all"], r["rule"]))
        },
        "samples": [
            {
                "path": row["path"],
                "language": row["language"],
                "seed_doc_id": row["seed_doc_id"],
                "seed_name": names[row["seed_doc_id"]],
                "seed_text": seeds[row["seed_doc_id"]]["content"][:SNIPPET],
                "text": row["content"][:SNIPPET],
            }
            for row in samples
        ],
        "refusals": [
            {"seed_name": names[row["seed_doc_id"]], "text": row["text"][:SNIPPET]}
            | {key: row[key] for key in ("seed_doc_id", "rule", "value", "limit", "detail")}
            for row in held
        ],
    }


def yields(path: Path, by: str) -> list[dict[str, Any]]:
    """Answers, those accepted, their tokens, and tokens answered for each accepted token, for each value
    of a column."""
    table = read(path)
    accepted = pc.equal(table["outcome"], "accepted")
    rows = []
    for value in sorted(set(table[by].to_pylist()), key=lambda value: (value is None, value)):
        mine = pc.is_null(table[by]) if value is None else pc.equal(table[by], value)
        part, kept = table.filter(mine), table.filter(pc.and_(mine, accepted))
        tokens, answered = (pc.sum(part[name]).as_py() or 0 for name in ("tokens", "answer_tokens"))
        rows.append(
            {
                by: value,
                "answers": pc.sum(part["answers"]).as_py() or 0,
                "accepted": pc.sum(kept["answers"]).as_py() or 0,
                "tokens": tokens,
                "answered_for_each": answered / tokens if tokens else None,
            }
        )
    return rows
