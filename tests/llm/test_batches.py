"""Batch files there and back. Oracle: the published shape of a line, and the ledger read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neve.errors import Fault
from neve.llm import batches
from neve.llm.ledger import Ledger, key


def question(n: int) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": f"question {n}"}], "seed": n}


def served(path: Path, out: Path, skip: set[int] = frozenset(), fail: set[int] = frozenset()) -> Path:  # type: ignore[assignment]
    """What a batch endpoint makes of a file of requests, in any order."""
    lines = []
    for line in reversed(path.read_text().splitlines()):
        asked = json.loads(line)
        assert set(asked) == {"custom_id", "method", "url", "body"} and asked["method"] == "POST"
        n = asked["body"]["seed"]
        if n in skip:
            continue
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": f"answer {n}"}}
        body = {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
        response = {"status_code": 200, "request_id": "r", "body": body}
        if n in fail:
            response = {"status_code": 400, "request_id": "r", "body": {"error": {"message": "too long"}}}
        made = {"id": f"b{n}", "custom_id": asked["custom_id"], "response": response, "error": None}
        if n == 7:
            made |= {"response": None, "error": {"code": "batch_expired", "message": "expired"}}
        lines.append(json.dumps(made))
    out.write_text("\n".join(lines) + "\n")
    return out


def test_there_and_back_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_REQUESTS", 4)
    questions = [question(n) for n in range(10)]
    with Ledger(tmp_path / "l") as ledger:
        ledger.put(question(2), {"text": "known", "finish": "stop", "usage": {}, "error": None})
        count, files = batches.write([*questions, question(3)], ledger, tmp_path / "b")
        assert count == 9 and [len(f.read_text().splitlines()) for f in files] == [4, 4, 1]
        results = [served(f, f.with_suffix(".out"), skip={4}, fail={5}) for f in files]
        assert batches.read(files, results, ledger) == (6, 2, 0)
        assert (ledger.get(question(0)) or {})["text"] == "answer 0"
        assert (ledger.get(question(2)) or {})["text"] == "known"
        assert (ledger.get(question(5)) or {})["error"] == "status 400: too long"
        assert "expired" in (ledger.get(question(7)) or {})["error"]
        assert batches.read(files, results, ledger) == (0, 0, 8)
        again, files = batches.write(questions, ledger, tmp_path / "again")
        assert again == 1 and json.loads(files[0].read_text())["custom_id"] == key(question(4))
        assert batches.write(questions[:3], ledger, tmp_path / "none") == (0, [])


def test_what_belongs_to_other_requests_or_is_no_batch_file_is_one_line(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        _, mine = batches.write([question(1)], ledger, tmp_path / "a")
        _, other = batches.write([question(2)], ledger, tmp_path / "b")
        results = served(other[0], tmp_path / "results.jsonl")
        with pytest.raises(Fault, match=r"results\.jsonl: no request has the custom_id"):
            batches.read(mine, [results], ledger)
        for text in ("no JSON\n", "[1]\n", '{"id": 1}\n', '{"custom_id'):
            results.write_text(text)
            with pytest.raises(Fault, match=r"results\.jsonl: no OpenAI batch file \("):
                batches.read(mine, [results], ledger)
        assert len(ledger) == 0
