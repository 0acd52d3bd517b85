"""Batch files of synthesis alone. Oracle: the questions that a server would have been asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neve.errors import Misuse
from neve.llm.ledger import Ledger
from neve.run import questions, synthesize
from neve.store import write_json

from .test_synthesize import endpoint, reply, request, table  # noqa: F401  the table is a fixture


def test_questions_go_out_and_answers_come_in(table: Path, tmp_path: Path) -> None:  # noqa: F811
    out, batch = tmp_path / "out", tmp_path / "batch"
    out.mkdir()
    with endpoint(reply) as server:
        asked = request(table, server.url)
        write_json(out / synthesize.REQUEST, synthesize.plain(asked))
        count, files = questions.write_requests(out, batch)
        assert count == 12 and len(files) == 1
        rows = [json.loads(line) for line in files[0].read_text().splitlines()]
        lines = []
        for row in rows[:7]:
            body = json.loads(reply(row["body"], 0).partition(b"\r\n\r\n")[2])
            lines.append({"custom_id": row["custom_id"], "response": {"status_code": 200, "body": body}})
        (tmp_path / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert questions.read_results(out, batch, [tmp_path / "results.jsonl"]) == (7, 0, 0)
        assert questions.write_requests(out, tmp_path / "rest")[0] == 5
        counts = synthesize.run(asked, out)  # the rest is asked, and no more
        assert len(server.asked) == 5 and counts["seeds_tried"] == 12
    with Ledger(out / "ledger.sqlite") as ledger:
        assert len(ledger) == 12


def test_a_folder_without_a_ledger_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="must be a run's folder"):
        questions.show(tmp_path, None, None)
