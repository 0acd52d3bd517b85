"""Everything an endpoint can do wrong, among many good answers, and several endpoints at once.

Oracles: the servers' own records of what they were asked, the ledger read back, and that each question ends once.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import RESET, completion, endpoint, http

from neve.errors import Fault
from neve.llm.answers import Answer
from neve.llm.budget import Budget
from neve.llm.client import Client, in_order
from neve.llm.endpoint import MAX_ANSWER_BYTES, Address
from neve.llm.ledger import Ledger


def question(n: int, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": f"question {n}"}], "seed": n, **more}


def number(payload: dict[str, Any]) -> int:
    return int(payload["seed"])


def ask(urls: str | list[Address], ledger: Path, count: int, **options: Any) -> list[Answer]:
    """Ask questions 0, 1, … in order, handing in as many as the client wants."""
    answers: list[Answer] = []

    async def work() -> None:
        with Ledger(ledger) as book:
            async with Client(urls, book, **{"pause_s": 0.01} | options) as client:
                asks = ((n, lambda n=n: client.ask(question(n))) for n in range(count))

                def judge(ready: list[tuple[int, Answer]]) -> bool:
                    assert [n for n, _ in ready] == list(range(len(answers), len(answers) + len(ready)))
                    answers.extend(answer for _, answer in ready)
                    return False

                await in_order(client, asks, judge)

    asyncio.run(work())
    return answers


async def huge() -> AsyncIterator[bytes]:
    """An answer of 1 GiB; whoever reads on only gets it while it does."""
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
    for _ in range(1 << 14):
        yield b" " * (1 << 16)


async def trickle() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    while True:
        yield b" "
        await asyncio.sleep(0.1)


async def stall() -> AsyncIterator[bytes]:
    await asyncio.sleep(60)
    yield b""


async def headers_without_end() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for _ in range(1 << 14):
        yield b"X-More: of them\r\n" * 4096


async def dripping_headers() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-More: of them\r\n"
        await asyncio.sleep(0.1)


def chunk(text: bytes, size: int) -> bytes:
    """A chunk that says to be `size` bytes long."""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size, text)


def date(seconds: float) -> str:
    """Of a server whose clock is two years ahead."""
    return email.utils.formatdate(time.time() + 6.3e7 + seconds, usegmt=True)


GOOD = completion("good")
PARTS = [
    {"type": "thinking", "thinking": "…"},
    {"type": "text", "text": "go"},
    {"type": "text", "text": "od"},
]
FAULTS: dict[str, tuple[Any, str, int]] = {
    # name: (what comes back, what the answer's error says ("" for a good one), times asked)
    "429": ([http(429, b"{}"), GOOD], "", 2),
    "429, seconds": ([http(429, b"{}", "Retry-After: 1\r\n"), GOOD], "", 2),
    "429, a date": ([http(429, b"{}", f"Date: {date(0)}\r\nRetry-After: {date(1)}\r\n"), GOOD], "", 2),
    "429, nonsense": ([http(429, b"{}", "Retry-After: soon\r\n"), GOOD], "", 2),
    "400": ([http(400, b'{"error": {"message": "too long"}}')], "status 400: too long", 1),
    "500": ([http(500, b"x"), GOOD], "", 2),
    "503": ([http(503, b"x"), http(503, b"x"), GOOD], "", 3),
    "reset": ([RESET, GOOD], "", 2),
    "hung up": ([b"", GOOD], "", 2),
    "stall": ([stall], "no whole answer within 1 s", 1),
    "trickle": ([trickle], "no whole answer within 1 s", 1),
    "half a JSON": ([http(200, b'{"choices": [{"mess')], "no JSON", 1),
    "wrong JSON": ([http(200, b'{"result": "good"}')], "lacks", 1),
    "parts": ([completion(PARTS)], "", 1),
    "null": ([completion(None)], "the content is null", 1),
    "refusal": ([completion("", "content_filter")], "refused", 1),
    "invalid UTF-8": ([http(200, b'{"choices": [{"message": {"content": "\xff\xfe"}}]}')], "no JSON", 1),
    "1 GiB": ([huge], f"larger than {MAX_ANSWER_BYTES}", 1),
    "408": ([http(408, b"{}"), GOOD], "", 2),
    "409": ([http(409, b"{}"), GOOD], "", 2),
    "425": ([http(425, b"{}", "Retry-After: 1\r\n"), GOOD], "", 2),
    "403 of one": ([http(403, b'{"error": {"message": "flagged"}}')], "status 403: flagged", 1),
    "busy, in words": (
        [http(200, b'{"error": {"code": "rate_limit_exceeded", "message": "x"}}'), GOOD],
        "",
        2,
    ),
    "busy, a number as text": ([http(200, b'{"error": {"code": "429", "message": "x"}}'), GOOD], "", 2),
    "overloaded": ([http(200, b'{"error": {"type": "overloaded_error", "message": "x"}}'), GOOD], "", 2),
    "chunks of another length": ([chunk(b"{}", 1), GOOD], "", 2),
    "another answer behind it": ([GOOD + completion("nobody's")], "", 1),
    "hints before it": ([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 3 + GOOD], "", 1),
    "headers without end": ([headers_without_end, GOOD], "", 2),
    "headers that drip": ([dripping_headers], "no whole answer within 1 s", 1),
    "events, unasked": ([http(200, b"data: {}\n\ndata: [DONE]\n\n")], "no JSON", 1),
    "always 500": ([http(500, b"oops")] * 5, "status 500: oops (5 times)", 5),
}
EACH = 12
"""Questions for each fault's one."""


def test_each_fault_ends_as_what_it_is_and_nothing_is_lost_or_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = list(FAULTS)

    def reply(payload: dict[str, Any], before: int) -> Any:
        n = number(payload)
        if n % EACH:
            return GOOD
        made = FAULTS[names[n // EACH]][0][before]
        return made() if callable(made) else made

    clock, jumps = time.time, iter(range(10**9))
    monkeypatch.setattr(
        time, "time", lambda: clock() + (next(jumps) % 7 - 3) * 1e6
    )  # set by a month and more
    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", EACH * len(names), timeout_s=1.0)
        times = Counter(number(payload) for payload in server.asked)
        for n, answer in enumerate(answers):
            _, error, asked = FAULTS[names[n // EACH]] if n % EACH == 0 else (None, "", 1)
            name = names[n // EACH] if n % EACH == 0 else "good"
            assert times[n] == asked, name
            assert (answer.text == "good") == (error == "") == (answer.error is None), (name, answer)
            assert error in (answer.error or ""), (name, answer)
        before = len(server.asked)
        assert ask(server.url, tmp_path / "l", EACH * len(names)) == answers
        assert len(server.asked) == before


def test_who_waits_gives_the_slot_away(tmp_path: Path) -> None:
    def reply(payload: dict[str, Any], before: int) -> bytes:
        return http(429, b"{}", "Retry-After: 3\r\n") if number(payload) == 0 and before == 0 else GOOD

    with endpoint(reply) as server:
        started = time.monotonic()
        ask(server.url, tmp_path / "l", 20, concurrency=1)
        assert time.monotonic() - started >= 3
        order = [number(payload) for payload in server.asked]
        assert order[:2] == [0, 1] and order.index(0, 1) > 2


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_dead_one_among_three_costs_nothing_and_weights_are_kept_where_there_is_room(
    tmp_path: Path,
) -> None:
    async def slow(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.02)
        return GOOD

    async def work(addresses: list[Address]) -> list[Answer]:
        some = asyncio.Semaphore(8)
        with Ledger(tmp_path / "l") as book:
            async with Client(addresses, book, pause_s=0.01) as client:

                async def one(n: int) -> Answer:
                    async with some:
                        return await client.ask(question(n))

                return await asyncio.gather(*map(one, range(400)))

    with endpoint(slow) as one, endpoint(slow) as three:
        dead = f"http://127.0.0.1:{free_port()}"
        answers = asyncio.run(work([Address(dead, 5.0), Address(one.url, 1.0), Address(three.url, 3.0)]))
        assert all(answer.text == "good" for answer in answers)
        assert len(one.asked) + len(three.asked) == 400
        assert 60 < len(one.asked) < 140


def test_a_bad_one_among_three_is_set_aside_and_its_questions_are_asked_elsewhere(tmp_path: Path) -> None:
    """Garbage, a refused key, a wrong model: what was spoilt there is answered by the one that works."""
    bad = [http(200, b"<html>"), http(401, b"{}"), http(404, b"{}")]
    with (
        endpoint(lambda p, b: bad[0]) as garbage,
        endpoint(lambda p, b: bad[1]) as key,
        endpoint(lambda p, b: bad[2]) as model,
        endpoint(lambda p, b: GOOD) as good,
    ):
        addresses = [Address(server.url) for server in (garbage, key, model, good)]
        answers = ask(addresses, tmp_path / "l", 300, patience=4)
        assert all(answer.text == "good" for answer in answers)
        assert len(garbage.asked) < 40 and len(key.asked) < 20 and len(model.asked) < 20
        with pytest.raises(Fault, match=r"status 401.*; .*status 404"):
            ask(addresses[1:3], tmp_path / "none", 9)


def test_a_key_that_expires_is_one_line_and_nothing_is_lost(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("NEVE_API_KEY", "sk-secret")

    def reply(payload: dict[str, Any], before: int) -> bytes:
        return GOOD if len(server.asked) <= 50 else http(401, b'{"error": "sk-secret has expired"}')

    with endpoint(reply) as server, pytest.raises(Fault, match="NEVE_API_KEY was refused") as caught:
        ask(server.url, tmp_path / "l", 200)
    assert "secret" not in str(caught.value)
    with endpoint(lambda p, b: GOOD) as again:
        assert len(ask(again.url, tmp_path / "l", 200)) == 200 and len(again.asked) == 150


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"code": "insufficient_quota", "message": "You exceeded your current quota"}),
        (429, {"type": "exceeded_current_quota_error", "message": "check your plan"}),
        (402, {"message": "Insufficient Balance"}),
    ],
)
def test_an_account_that_is_empty_is_one_line_at_once(
    tmp_path: Path, status: int, error: dict[str, Any]
) -> None:
    """It will not be filled by waiting, though some call it 429."""

    def reply(payload: dict[str, Any], before: int) -> bytes:
        return GOOD if len(server.asked) <= 30 else http(status, json.dumps({"error": error}).encode())

    with endpoint(reply) as server:
        with pytest.raises(Fault, match=rf"status {status}: {error['message']}; .*account") as caught:
            ask(server.url, tmp_path / "l", 200)
        assert "\n" not in str(caught.value) and len(server.asked) < 60
    with endpoint(lambda p, b: GOOD) as again:
        assert len(ask(again.url, tmp_path / "l", 200)) == 200 and len(again.asked) == 170


def test_slow_good_answers_do_not_make_failures_final_that_came_after_they_were_asked(tmp_path: Path) -> None:
    """A key expires, told as 400: what was asked before goes on and is answered well, what is asked after fails."""

    async def reply(payload: dict[str, Any], before: int) -> bytes:
        if len(server.asked) <= 8:
            await asyncio.sleep(0.1 * len(server.asked))
            return GOOD
        return http(400, b'{"error": {"message": "API key expired"}}')

    with endpoint(reply) as server, pytest.raises(Fault, match=r"4 questions in a row .*API key expired"):
        ask(server.url, tmp_path / "l", 60, concurrency=8, patience=4)
    with Ledger(tmp_path / "l") as ledger:
        known = [ledger.get(question(n)) for n in range(60)]
    assert known[0] is not None and all(answer is None or answer["error"] is None for answer in known)


@pytest.mark.parametrize("counted", [0, -1_000_000])
def test_who_counts_nothing_or_less_spends_the_budget_all_the_same(tmp_path: Path, counted: int) -> None:
    def reply(payload: dict[str, Any], before: int) -> bytes:
        choice = {"finish_reason": "stop", "message": {"content": "good"}}
        usage = {"prompt_tokens": counted, "completion_tokens": counted}
        return http(200, json.dumps({"choices": [choice], "usage": usage}).encode())

    async def work(url: str) -> None:
        with Ledger(tmp_path / "l") as book:
            async with Client(url, book, budget=Budget(tokens=1000), concurrency=3) as client:
                await asyncio.gather(*(client.ask(question(n, max_tokens=50)) for n in range(100)))

    with endpoint(reply) as server, pytest.raises(Fault, match=r"the budget of 1,000 tokens has no room"):
        asyncio.run(work(server.url))
    assert 10 <= len(server.asked) <= 20


def test_an_endpoint_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """503 for a while, as a server that loads its model: no question is lost, and few are asked meanwhile."""
    down: list[float] = []

    def reply(payload: dict[str, Any], before: int) -> bytes:
        if len(server.asked) > 100 and not down:
            down.append(time.monotonic() + 1)
        return http(503, b"loading") if down and time.monotonic() < down[0] else GOOD

    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", 300, pause_s=0.01)
        assert all(answer.text == "good" for answer in answers) and 300 < len(server.asked) < 450


def test_a_server_that_is_away_for_a_while_is_waited_for(tmp_path: Path) -> None:
    async def work() -> list[Answer]:
        first = endpoint(lambda p, b: GOOD)
        server = first.__enter__()
        port = int(server.url.rpartition(":")[2])
        with Ledger(tmp_path / "l") as book:
            async with Client(server.url, book, pause_s=0.1) as client:
                good = [await client.ask(question(n)) for n in range(5)]
                await asyncio.to_thread(first.__exit__, None, None, None)
                late = asyncio.gather(*(client.ask(question(n)) for n in range(5, 40)))
                await asyncio.sleep(0.5)
                with endpoint(lambda p, b: GOOD, port=port):
                    return good + await late

    assert [answer.text for answer in asyncio.run(work())] == ["good"] * 40


def test_deadlines_of_a_question_and_of_all(tmp_path: Path) -> None:
    def reply(payload: dict[str, Any], before: int) -> bytes:
        return http(429, b"{}", "Retry-After: 30\r\n") if number(payload) == 3 else GOOD

    async def slow(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.1)
        return GOOD

    with endpoint(reply) as server:
        answers = ask(server.url, tmp_path / "l", 20, deadline_s=5.0)
        assert answers[3].error is not None and "not answered within 5 s" in answers[3].error
    with endpoint(slow) as server, pytest.raises(Fault, match="the 1 s allowed for all questions are over"):
        ask(server.url, tmp_path / "m", 500, total_s=1.0, concurrency=2)


@pytest.mark.parametrize("limits", [{"tokens": 1000}, {"money": 0.0090}])
def test_a_budget_is_a_hard_stop(tmp_path: Path, limits: dict[str, Any]) -> None:
    """Each costs 20 tokens of question at 5 a million and 50 of answer at 10: 6e-4 in money; 14 or 15 fit."""

    def reply(payload: dict[str, Any], before: int) -> bytes:
        choice = {"finish_reason": "stop", "message": {"content": "good"}}
        usage = {"prompt_tokens": 20, "completion_tokens": 50}
        return http(200, json.dumps({"choices": [choice], "usage": usage}).encode())

    async def work(url: str) -> None:
        with Ledger(tmp_path / "l") as book:
            async with Client(url, book, budget=budget, concurrency=3) as client:
                await asyncio.gather(*(client.ask(question(n, max_tokens=50)) for n in range(100)))

    budget = Budget(**limits, input_price=5.0, output_price=10.0)
    with endpoint(reply) as server, pytest.raises(Fault, match=r"the budget of .* has no room .* raise it"):
        asyncio.run(work(server.url))
    assert 13 <= len(server.asked) <= 15
    assert (budget.spent_input, budget.spent_output) == (20 * len(server.asked), 50 * len(server.asked))


def test_no_more_is_asked_than_is_wanted_once_an_answer_is_good(tmp_path: Path) -> None:
    """Oracle: of 200 questions 30 are wanted; 64 slots alone would have 136 on their way at once, and a client
    that knows nothing yet asks its 16. The first question fails, alone in the trial, and is a verdict."""

    async def reply(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.02)
        return http(400, b"no") if number(payload) == 0 else GOOD

    async def work(url: str) -> list[Answer]:
        answers: list[Answer] = []
        with Ledger(tmp_path / "ledger.sqlite") as book:
            async with Client(url, book, concurrency=64) as client:
                asks = ((n, lambda n=n: client.ask(question(n))) for n in range(200))

                def judge(ready: list[tuple[int, Answer]]) -> bool:
                    answers.extend(answer for _, answer in ready)
                    return len(answers) >= 30

                await in_order(client, asks, judge, lambda opened: 30 - len(answers) - len(opened))
        return answers

    with endpoint(reply) as server:
        answers = asyncio.run(work(server.url))
        assert len(answers) == len(server.asked) == 30
    assert [answer.error is not None for answer in answers] == [True] + 29 * [False]
