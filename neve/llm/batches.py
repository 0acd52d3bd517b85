"""OpenAI batch files: questions for a hosted batch endpoint, or for `vllm run-batch`, and the answers that
come back.

A question's `custom_id` is its key in the ledger, so files may be split, sent in any order and come back in
parts: what is answered goes into the ledger, what is not is written out again the next time. A result of
which nobody knows the question is refused, since the file belongs to other requests.

Source: OpenAI's Batch API: JSON lines of custom_id, method, url and body; at most 50,000 requests and 200 MB
a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from neve.errors import Fault
from neve.llm import answers
from neve.llm.answers import Answer
from neve.llm.endpoint import message, one_line
from neve.llm.ledger import Ledger, key
from neve.store import atomic_write

MOST_REQUESTS = 50_000
MOST_BYTES = 100 << 20
BLOCK = 1000
"""Answers recorded in one commit."""


class Counts(NamedTuple):
    answered: int
    failed: int
    """Recorded with their reason."""
    known: int
    """In the ledger already."""


def write(payloads: Iterable[dict[str, Any]], ledger: Ledger, folder: Path) -> tuple[int, list[Path]]:
    """Write the questions that the ledger has no answer to, each once, as requests-00000.jsonl … in
    `folder`.

    Returns how many, and the files. Each file is whole or absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    lines: list[str] = []
    size = count = 0
    seen: set[bytes] = set()

    def flush() -> None:
        files.append(folder / f"requests-{len(files):05}.jsonl")
        atomic_write(files[-1], "".join(lines))
        lines.clear()

    for payload in payloads:
        identity = key(payload)
        if bytes.fromhex(identity) in seen or ledger.get(payload) is not None:
            continue
        seen.add(bytes.fromhex(identity))
        url = "/v1/chat/completions" if "messages" in payload else "/v1/completions"
        line = json.dumps({"custom_id": identity, "method": "POST", "url": url, "body": payload}) + "\n"
        if lines and (len(lines) == MOST_REQUESTS or size + len(line) > MOST_BYTES):
            flush()
            size = 0
        lines.append(line)
        size += len(line)
        count += 1
    if lines:
        flush()
    return count, files


def read(requests: Iterable[Path], results: Iterable[Path], ledger: Ledger) -> Counts:
    """Record the answers in the files `results` to the questions in the files `requests`.

    Raises Fault for a file that is no batch file, or a result whose question is in none of the files.
    """
    requests = list(requests)
    answered = failed = known = 0
    for path in results:
        asked = _asked(requests, {str(line["custom_id"]) for line in _lines(path, ("custom_id",))}, path)
        block: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for line in _lines(path, ("custom_id",)):
            payload = asked[str(line["custom_id"])]
            if ledger.get(payload) is not None:
                known += 1
                continue
            answer = _answer(line)
            answered, failed = answered + (answer.error is None), failed + (answer.error is not None)
            block.append((payload, vars(answer)))
            if len(block) == BLOCK:
                ledger.put_all(block)
                block = []
        ledger.put_all(block)
    return Counts(answered, failed, known)


def _asked(requests: list[Path], wanted: set[str], results: Path) -> dict[str, dict[str, Any]]:
    """The questions of some custom_ids; no more than one file's are held at a time."""
    asked: dict[str, dict[str, Any]] = {}
    for path in requests:
        for line in _lines(path, ("custom_id", "body")):
            if line["custom_id"] in wanted:
                asked[line["custom_id"]] = line["body"]
        if len(asked) == len(wanted):
            return asked
    missing = one_line(min(wanted - set(asked)), limit=80)
    raise Fault(
        f"{results}: no request has the custom_id {missing}; give the files of requests that these results answer"
    )


def _answer(line: dict[str, Any]) -> Answer:
    """The answer in a line of results, or why there is none."""
    response = line.get("response")
    if not isinstance(response, dict) or line.get("error"):
        return Answer("", error=one_line(f"batch: {line.get('error') or 'no response'}"))
    body = response.get("body")
    if response.get("status_code", 200) != 200:
        detail = message(json.dumps(body).encode())
        return Answer("", error=one_line(f"status {response['status_code']}: {detail}"))
    try:
        return answers.read(body)
    except answers.Unreadable as error:
        return Answer("", error=one_line(str(error)))


def _lines(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if not text.strip():
                    continue
                line = json.loads(text)
                if not isinstance(line, dict) or not set(needed) <= set(line):
                    raise ValueError(f"line {number} lacks {' or '.join(needed)}")
                yield line
    except (OSError, ValueError, RecursionError) as error:
        raise Fault(f"{path}: no OpenAI batch file ({error})") from None
