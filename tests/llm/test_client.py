"""The client on the wire, against a real HTTP server (chat_server.py) that answers well or ill.

Oracles: the server's own record of what it was asked, and the ledger read back.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from chat_server import Endpoint, completion, endpoint, http

from neve.errors import Fault
from neve.llm import endpoint as endpoints
from neve.llm.answers import Answer
from neve.llm.client import Client
from neve.llm.endpoint import base_url
from neve.llm.ledger import Ledger


def question(n: int) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": f"question {n}"}], "seed": n}


def number(payload: dict[str, Any]) -> int:
    return int(payload["messages"][0]["content"].split()[1])


def ask(url: str, ledger: Path, count: int | list[int], **options: Any) -> list[Answer]:
    """Ask questions 0, 1, … (or those given) all at once."""

    async def work() -> list[Answer]:
        with Ledger(ledger) as book:
            async with Client(url, book, **{"pause_s": 0.01} | options) as client:
                numbers = range(count) if isinstance(count, int) else count
                return await asyncio.gather(*(client.ask(question(n)) for n in numbers))

    return asyncio.run(work())


def test_answers_come_back_and_are_asked_once_at_any_address(tmp_path: Path) -> None:
    def reply(payload: dict[str, Any], before: int) -> bytes:
        return completion(f"answer {number(payload)}")

    with endpoint(reply) as first:
        answers = ask(first.url, tmp_path / "l", 20)
        assert answers[7] == Answer("answer 7", "stop", {"completion_tokens": 7})
        assert sorted(map(number, first.asked)) == list(range(20))
        assert set(first.paths) == {"/v1/chat/completions"}
    with endpoint(reply) as second:  # another port: the endpoint's address is no part of a question
        assert ask(second.url + "/v1/", tmp_path / "l", 21) == [
            *answers,
            Answer("answer 20", "stop", {"completion_tokens": 7}),
        ]
        assert list(map(number, second.asked)) == [20]


def test_no_more_than_the_set_number_is_in_flight(tmp_path: Path) -> None:
    async def slow(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.02)
        return completion("x")

    with endpoint(slow) as server:
        ask(server.url, tmp_path / "l", 30, concurrency=5)
        assert server.most_in_flight == 5


def test_a_question_asked_by_two_at_once_is_asked_once(tmp_path: Path) -> None:
    async def slow(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.02)
        return completion("x") if number(payload) else http(400, b"no")

    with endpoint(slow) as server:
        answers = ask(server.url, tmp_path / "l", [0, 1, 0, 1, 1, 2])
        assert [a.error is None for a in answers] == [False, True, False, True, True, True]
        assert sorted(map(number, server.asked)) == [0, 1, 2]


async def _drip() -> bytes:
    await asyncio.sleep(30)
    return b""


HOSTILE: dict[str, tuple[Any, str]] = {
    "malformed": (http(200, b'{"choices": [{"mess'), "no JSON"),
    "no JSON at all": (http(200, b"<html>hello\x1b[31m</html>"), "no JSON"),
    "nested without end": (http(200, b"[" * 200_000), "no JSON"),
    "wrong shape": (http(200, b'{"choices": []}'), "lacks"),
    "a list": (http(200, b"[1]"), "lacks"),
    "no text": (completion(None), "the content is null"),
    "text of another type": (completion({"a": 1}), "lacks"),
    "finish of another type": (completion("x", finish=3), "lacks"),
    "lone surrogate": (http(200, b'{"choices": [{"message": {"content": "\\ud800"}}]}'), "Unicode"),
    "huge": (completion("x" * (endpoints.MAX_ANSWER_BYTES + 1)), "larger than"),
    "a bomb": (http(200, gzip.compress(b"0" * 1_000_000), "Content-Encoding: gzip\r\n"), "compressed"),
    "bad request": (http(400, b'{"error": {"message": "too long"}}'), "status 400: too long"),
    "redirect": (http(307, b"", "Location: http://127.0.0.1:9/\r\n"), "status 307"),
    "always 500": (http(500, b"oops"), "status 500: oops (5 times)"),
    "hangs up": (b"", "connection broken"),
    "half an answer": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "no whole answer"),
    "no HTTP": (b"220 smtp ready\r\n\r\n", "connection broken"),
    "slow": (None, "no whole answer within 1 s"),
}


def test_every_hostile_answer_is_a_recorded_failure_of_its_question_alone(tmp_path: Path) -> None:
    names = list(HOSTILE)

    def reply(payload: dict[str, Any], before: int) -> Any:
        n = number(payload)
        if n >= len(names):
            return completion("good")
        body = HOSTILE[names[n]][0]
        return _drip() if body is None else body

    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", len(names) + 3, timeout_s=1.0, patience=100)
        for name, answer in zip(names, answers, strict=False):
            assert answer.error is not None and HOSTILE[name][1] in answer.error, name
            assert answer.error.isprintable() and len(answer.error) <= 300, name
        assert [a.text for a in answers[len(names) :]] == ["good"] * 3
        asked = len(server.asked)
        assert ask(server.url, tmp_path / "l", len(names) + 3) == answers
        assert len(server.asked) == asked  # failures are final


def test_a_slow_drip_ends_in_time(tmp_path: Path) -> None:
    """One byte each 0.1 s never trips a read time-out; the whole answer's does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.1)
        except ConnectionError:
            writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with Ledger(tmp_path / "l") as ledger:
            with pytest.raises(Fault, match=r"the last one with: no whole answer within 0\.5 s"):
                await Client(url, ledger, timeout_s=0.5).ask(question(1))
            server.close()

    asyncio.run(work())


def test_busy_and_broken_are_tried_again_and_retry_after_is_kept(tmp_path: Path) -> None:
    when: list[float] = []

    def reply(payload: dict[str, Any], before: int) -> bytes:
        if number(payload) == 0:
            when.append(time.monotonic())
            return http(429, b"{}", "Retry-After: 1\r\n") if before == 0 else completion("after all")
        return [http(503, b""), b"", http(500, b"x"), completion("at last")][before]

    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", 2)
        assert [a.text for a in answers] == ["after all", "at last"]
        assert len(server.asked) == 6
        assert when[1] - when[0] >= 1.0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "param": "max_tokens"}}),
        (400, {"error": {"message": "Unrecognized request argument supplied: max_tokens"}}),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]}),
    ],
)  # fmt: skip
def test_an_endpoint_that_wants_max_completion_tokens_gets_it(tmp_path: Path, status: int, body: Any) -> None:
    """As OpenAI's reasoning models say it, and others; the question's identity in the ledger stays."""

    def reply(payload: dict[str, Any], before: int) -> bytes:
        if "max_tokens" in payload:
            return http(status, json.dumps(body).encode())
        assert payload["max_completion_tokens"] == 9
        return completion("x")

    async def work() -> Answer:
        with Ledger(tmp_path / "l") as book:
            async with Client(server.url, book) as client:
                for n in range(3):
                    answer = await client.ask(question(n) | {"max_tokens": 9})
            assert book.get(question(2) | {"max_tokens": 9}) is not None
            return answer

    with endpoint(reply) as server:
        assert asyncio.run(work()).text == "x"
        assert len(server.asked) == 4  # the first question twice, in both words


def test_a_limit_that_is_too_high_is_told_once(tmp_path: Path) -> None:
    """The name is right and the number wrong: the other name is tried, and the endpoint's word is kept."""

    def reply(payload: dict[str, Any], before: int) -> bytes:
        if payload.get("max_tokens", 99) > 8:
            return http(400, b'{"error": {"message": "max_tokens is too large: 9"}}')
        return completion("x")

    async def work() -> list[Answer]:
        with Ledger(tmp_path / "l") as book:
            async with Client(server.url, book) as client:
                asks = [client.ask(question(n) | {"max_tokens": 8 + (n == 0)}) for n in range(3)]
                return list(await asyncio.gather(*asks))

    with endpoint(reply) as server:
        first, *others = asyncio.run(work())
    assert first.error == "status 400: max_tokens is too large: 9" and [a.text for a in others] == ["x", "x"]


def test_an_error_in_an_answer_is_what_it_says(tmp_path: Path) -> None:
    """Gateways that had begun to answer send status 200 and the error within."""
    busy = b'{"error": {"code": 429, "message": "slow down"}}'
    broken = b'{"choices": [{"error": {"code": 502, "message": "upstream"}, "finish_reason": "error", "message": {"content": ""}}]}'
    wrong = b'{"error": "no such parameter"}'

    def reply(payload: dict[str, Any], before: int) -> bytes:
        if number(payload) == 0:
            return [http(200, busy), http(200, broken), completion("after all")][before]
        return http(200, wrong) if number(payload) == 1 else completion("x")

    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", 3, pause_s=0.01)
    assert [a.text for a in answers] == ["after all", "", "x"]
    assert answers[1].error == "status 400: no such parameter"


def test_an_endpoint_that_fails_everything_uses_up_no_question(tmp_path: Path) -> None:
    with endpoint(lambda payload, before: http(500, b"out of memory")) as server:
        with pytest.raises(Fault, match=r"fails every question \(status 500: out of memory\)"):
            ask(server.url, tmp_path / "l", 40, patience=8, pause_s=0.001)
        with pytest.raises(
            Fault, match=r"3 questions in a row failed.*status 500: out of memory \(5 times\)"
        ):
            ask(server.url, tmp_path / "l", 3, pause_s=0.001)
    with endpoint(lambda payload, before: http(400, b"no such parameter")) as server:
        with pytest.raises(Fault, match=r"8 questions in a row failed.*no such parameter"):
            ask(server.url, tmp_path / "l", 40, patience=8)
        assert len(server.asked) <= 16
    with endpoint(lambda payload, before: completion("well again")) as server:
        assert {a.text for a in ask(server.url, tmp_path / "l", 40)} == {"well again"}


def test_an_endpoint_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    for base in (url, "http://no-such-host.invalid/v1"):
        with pytest.raises(Fault) as caught:
            ask(base, tmp_path / "l", 50, pause_s=0.1)
        assert base.removesuffix("/v1") in str(caught.value) and "cannot be reached" in str(caught.value)
        assert "\n" not in str(caught.value) and "start a server" in str(caught.value)


def test_an_endpoint_that_dies_in_the_middle_ends_the_work_and_keeps_what_it_answered(tmp_path: Path) -> None:
    async def work(server: Endpoint, context: Any) -> None:
        with Ledger(tmp_path / "l") as ledger:
            async with Client(server.url, ledger, pause_s=0.01) as client:
                await client.ask(question(0))
                await asyncio.to_thread(context.__exit__, None, None, None)
                await client.ask(question(1))

    context = endpoint(lambda payload, before: completion("x"))
    server = context.__enter__()
    with pytest.raises(Fault, match="the endpoint is gone"):
        asyncio.run(work(server, context))
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.get(question(0)) is not None and ledger.get(question(1)) is None


def test_the_key_is_sent_but_neither_stored_nor_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")

    def reply(payload: dict[str, Any], before: int) -> bytes:
        if number(payload) == 2:
            return http(401, b"{}")
        return (
            completion("x") if number(payload) else http(400, b'{"error": "your key sk-very-secret is odd"}')
        )

    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", 2, api_key_env="SOME_KEY")
        assert answers[0].error == "status 400: your key *** is odd"
        assert all("Authorization: Bearer sk-very-secret" in head for head in server.headers)
        with pytest.raises(Fault, match="SOME_KEY was refused") as caught:
            ask(server.url, tmp_path / "l", [2], api_key_env="SOME_KEY")
        assert "sk-very-secret" not in str(caught.value)
        with pytest.raises(Fault, match="OTHER_KEY is not set"):
            ask(server.url, tmp_path / "l", [2], api_key_env="OTHER_KEY")
    assert b"sk-very-secret" not in (tmp_path / "l").read_bytes()


KILLED = """
import asyncio, sys
from pathlib import Path
from neve.llm.client import Client
from neve.llm.ledger import Ledger
async def main():
    with Ledger(Path(sys.argv[2])) as ledger:
        async with Client(sys.argv[1], ledger, concurrency=4) as client:
            async def one(n):
                await client.ask({"model": "m", "messages": [{"role": "user", "content": f"question {n}"}], "seed": n})
            await asyncio.gather(*map(one, range(60)))
asyncio.run(main())
"""


def test_a_run_killed_again_and_again_asks_nothing_twice_that_was_answered(tmp_path: Path) -> None:
    """Oracle: a question asked twice was never answered whole before: at most the four in flight at each kill."""
    kills = 3

    async def reply(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.03)
        return completion(json.dumps(number(payload)))

    with endpoint(reply) as server:
        for _ in range(kills):
            have = len(server.asked)
            process = subprocess.Popen([sys.executable, "-c", KILLED, server.url, tmp_path / "l"])
            while len(server.asked) < have + 14 and process.poll() is None:
                time.sleep(0.005)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            with Ledger(tmp_path / "l") as ledger:
                answered = {n for n in range(60) if ledger.get(question(n))}
            assert answered
            mark = len(server.asked)
        subprocess.run([sys.executable, "-c", KILLED, server.url, tmp_path / "l"], check=True, timeout=60)
        assert not answered & {number(p) for p in server.asked[mark:]}
        assert len(server.asked) <= 60 + 4 * kills
    with Ledger(tmp_path / "l") as ledger:
        assert [json.loads((ledger.get(question(n)) or {})["text"]) for n in range(60)] == list(range(60))


@pytest.mark.parametrize("base", ["", "localhost:8000", "ftp://x/v1", "http://", "http://me:secret@host/v1"])
def test_what_is_no_endpoint_is_said_so(base: str) -> None:
    with pytest.raises(Fault, match="endpoint = ") as caught:
        base_url(base)
    assert "secret" not in str(caught.value)
