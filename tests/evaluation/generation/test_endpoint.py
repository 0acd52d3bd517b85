"""Models at an address. Oracle: a server that answers as told, and what it was asked; the real SmolLM2 on this machine."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from neve import sandbox
from neve.evaluation import standalone
from neve.evaluation.generation import prompts
from neve.evaluation.generation.completion import Options
from neve.evaluation.generation.generate import cut
from neve.evaluation.standalone import Folders
from neve.llm.client import Client
from neve.tasks import benchmarks
from neve.tasks.traits import FUNCTION_STOPS

from ...llm.chat_server import completion, endpoint, http

PLACE = sandbox.probe()
pytestmark = pytest.mark.skipif(PLACE.tier == "none", reason=PLACE.detail)
NAMES = ["double", "triple", "half"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {"task_id": f"Own/{k}", "prompt": f"def {name}(n):\n    pass\n", "canonical_solution": f"    return '{name}'\n",
         "entry_point": name, "test": f"def check(candidate):\n    assert candidate(1) == '{name}'\n"}
        for k, name in enumerate(NAMES)
    ]  # fmt: skip
    (tmp_path / "HumanEval.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def right(name: str) -> str:
    return f"```python\ndef {name}(n):\n    return '{name}'\n```\n"


def evaluated(reply, data: Path, **options) -> tuple[dict, list[dict]]:
    """Results on the three tasks, by the server's `reply(name, times asked before)`; and what it was asked."""

    def answer(payload, before):
        text = payload.get("prompt") or payload["messages"][0]["content"]
        return reply(next(name for name in NAMES if f"def {name}" in text), before)

    with endpoint(answer) as server:
        chosen = Options(**{"chat": True, **options})
        found = standalone.evaluate("m", "humaneval", data / "out", chosen, Folders(data), server.url)
        return found["benchmarks"]["humaneval"], server.asked


HALF = "```python\ndef triple(n):\n    if n:\n        return [n,\n"
FAILURES = {
    "refused": (lambda: http(400, b'{"error": {"message": "content filter"}}'), "unanswered"),
    "null": (lambda: completion(None), "unanswered"),
    "not JSON": (lambda: http(200, b"<html>"), "unanswered"),
    "filtered": (lambda: completion("", "content_filter"), "unanswered"),
    "cut": (lambda: completion(HALF, "length"), "cut"),
    "cut in thought": (lambda: completion("<think>so many words", "max_tokens"), "cut"),
    "cut before it began": (lambda: completion(None, "length"), "cut"),
    "cut, in plain text": (lambda: completion("def triple(n):\n    return n", "length"), "cut"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_is_no_answer_is_no_wrong_answer(failure, data):
    """It is listed, has a status of its own, and is asked again with --retry alone."""
    made, cause = FAILURES[failure]
    healed = []

    def reply(name, before):
        return made() if name == "triple" and not healed else completion(right(name))

    found, _ = evaluated(reply, data)
    assert [row["status"] for row in found["samples"]] == ["pass", "error", "pass"]
    assert found["samples"][1]["cause"] == cause and found[cause] == ["Own/1"]
    assert found["pass@1"] == (1.0 if cause == "unanswered" else pytest.approx(2 / 3))
    healed.append(True)
    again, asked = evaluated(reply, data)
    assert again == found and asked == []
    retried, asked = evaluated(reply, data, retry=True)
    assert retried["pass@1"] == 1.0 and retried[cause] == [] and len(asked) == 1


def test_an_answer_cut_after_its_function_is_judged(data):
    def reply(name, before):
        wrong = f"```python\ndef {name}(n):\n    return 0\n```\nThis function"
        return completion(wrong if name == "half" else right(name) + "It works as", "length")

    found, _ = evaluated(reply, data)
    assert [row["status"] for row in found["samples"]] == ["pass", "pass", "fail"] and found["cut"] == []


def test_a_base_model_that_ends_in_its_function_was_cut(data):
    texts = {
        "double": "    return 'double'\n\nx = 1",
        "triple": "    return 0\n\nx = 1",
        "half": "    return 'ha",
    }

    def reply(name, before):
        body = {"choices": [{"text": texts[name], "finish_reason": "length"}]}
        return http(200, json.dumps(body).encode())

    found, asked = evaluated(reply, data, chat=False)
    assert [row["status"] for row in found["samples"]] == ["pass", "fail", "error"] and found["cut"] == [
        "Own/2"
    ]
    assert found["prompt"] == {"name": "completion"} and all("stop" in payload for payload in asked)


def test_the_prompt_is_the_field_s_and_named(data):
    found, asked = evaluated(lambda name, before: completion(right(name)), data)
    assert found["prompt"] == {"name": "evalplus", "begun": False}
    questions = [message["content"] for payload in asked for message in payload["messages"]]
    assert len(questions) == 3 and all(q.startswith("Please provide a self-contained") for q in questions)


@pytest.mark.parametrize("chat", [False, True])
def test_a_model_on_this_machine(chat, benchmark_files, tmp_path, monkeypatch):
    """SmolLM2, as a base model and as one for chat, its answer begun; it may take longer than a client waits
    for others. Oracle: what its ledger has."""
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "timeout_s", 0.02)
    only = "HumanEval/23,HumanEval/53"
    options = Options(only=only, chat=chat, max_new_tokens=80)
    found = standalone.evaluate(
        "smollm2-135m-instruct", "humaneval", tmp_path, options, Folders(benchmark_files), "local"
    )
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        said = dict(ledger.execute("select payload, text from answers"))
    lines = (tmp_path / "samples-humaneval.jsonl").read_text().splitlines()[1:]
    rows = [json.loads(line) for line in lines if line]
    assert [row["task_id"] for row in rows] == only.split(",") and len(said) == 2 and all(said.values())
    published = {task.task_id: task.prompt for task in benchmarks.load("humaneval", benchmark_files).tasks}
    opening = prompts.named("evalplus").opening
    for payload, text in said.items():
        question = json.loads(payload)
        asked_for = question["messages"][0]["content"] if chat else question["prompt"]
        task_id = next(i for i in only.split(",") if published[i].strip() in asked_for)
        assert chat or asked_for == prompts.continued(published[task_id])
        assert not chat or question["messages"][1] == {"role": "assistant", "content": opening}
        kept = next(row["text"] for row in rows if row["task_id"] == task_id)
        assert kept == (opening + text.removeprefix(opening) if chat else cut(text, FUNCTION_STOPS))
    assert found["benchmarks"]["humaneval"]["prompt"].get("begun", False) is chat
