"""What was asked and what it cost, out of the ledger: a table for people, and Parquet for everything else.

Refusals and failures are counted by their reason, apart from answers: an answer may be wrong, a failure is
none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neve.llm.answers import Answer
from neve.llm.ledger import Ledger

REASONS = 20
"""Reasons of failures told apart in a report, the most frequent ones."""


def report(ledger: Ledger, input_price: float = 0.0, output_price: float = 0.0) -> dict[str, Any]:
    """Counts by model: questions, how they ended, reasons of failures, tokens, money.

    Prices are money per million tokens. `uncounted`: answers whose endpoint told no usage, so that tokens
    are short.
    """
    models: dict[str, dict[str, Any]] = {}
    for row in _rows(ledger):
        model = models.setdefault(
            row["model"],
            {
                "questions": 0, "ended": 0, "cut": 0, "refused": 0, "unknown": 0, "failed": 0, "uncounted": 0,
                "input_tokens": 0, "output_tokens": 0, "reasons": Counter(),
            },
        )  # fmt: skip
        model["questions"] += 1
        model[row["ending"]] += 1
        if row["error"] is not None:
            model["reasons"][reason(row["error"])] += 1
        elif row["output_tokens"] is None:
            model["uncounted"] += 1
        model["input_tokens"] += row["input_tokens"] or 0
        model["output_tokens"] += row["output_tokens"] or 0
    for model in models.values():
        model["money"] = (model["input_tokens"] * input_price + model["output_tokens"] * output_price) / 1e6
        model["reasons"] = dict(model["reasons"].most_common(REASONS))
    return models


def reason(error: str) -> str:
    """A failure's kind: its message without what differs from question to question.

    >>> reason("status 400: 5,121 tokens are more than 4096")
    'status 400: # tokens are more than #'
    """
    status = re.match(r"status \d+", error)
    head = status[0] if status else ""
    return head + re.sub(r"\d[\d,.]*", "#", error[len(head) :])[:80]


def export(ledger: Ledger, path: Path) -> int:
    """Write the ledger as one Parquet file, by key; returns its rows. The file is whole or absent."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, count = pa.string(), pa.int64()
    schema = pa.schema(
        {
            "key": text, "model": text, "payload": pa.large_string(), "text": pa.large_string(), "finish": text,
            "ending": text, "input_tokens": count, "output_tokens": count, "error": text,
        }
    )  # fmt: skip
    temporary = path.with_name(f".{path.name}.tmp")
    written = 0
    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for block in ledger.rows():
                table = pa.Table.from_pylist([_row(*row) for row in block], schema=schema)
                writer.write_table(table)
                written += table.num_rows
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return written


def _rows(ledger: Ledger) -> Iterator[dict[str, Any]]:
    for block in ledger.rows():
        for row in block:
            yield _row(*row)


def _row(
    key: str, payload: str, text: str, finish: str | None, usage: str, error: str | None
) -> dict[str, Any]:
    counted = json.loads(usage)
    return {
        "key": key, "model": json.loads(payload).get("model", ""), "payload": payload, "text": text, "finish": finish,
        "ending": "failed" if error is not None else Answer(text, finish).ending,
        "input_tokens": counted.get("prompt_tokens"), "output_tokens": counted.get("completion_tokens"), "error": error,
    }  # fmt: skip
