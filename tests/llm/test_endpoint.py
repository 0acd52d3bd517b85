"""One endpoint: addresses, what an answer means, and the breaker. Oracle: the rules as stated, HTTP's own for
Retry-After; a real server on the loopback."""

import asyncio
from typing import Any

import httpx
import pytest

from neve.errors import Fault
from neve.llm.endpoint import TRIP, Address, Endpoint, Outcome, base_url, message, one_line, retry_after

from .chat_server import completion, endpoint, http

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}


@pytest.mark.parametrize(
    "base", ["https://host/v1", "https://host", " https://host/v1/ ", "https://host/v1/chat/completions",
             "https://host/v1/completions"],
)  # fmt: skip
def test_an_address_is_taken_in_every_form(base: str) -> None:
    assert base_url(base) == "https://host/v1"


@pytest.mark.parametrize("base", ["", "host:8000", "ftp://host", "https://me:secret@host/v1"])
def test_what_is_no_address_is_a_line_without_the_password(base: str) -> None:
    with pytest.raises(Fault, match='must be "local" or a URL') as caught:
        base_url(base)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.01),
        ({"retry-after": "Fri, 27 Nov 2026 12:00:30 GMT", "date": "Fri, 27 Nov 2026 12:00:00 GMT"}, 30.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers)) == seconds


def test_messages_of_any_shape_are_one_printable_line_without_the_key() -> None:
    assert message(b'{"error": {"message": "no"}}') == message(b'{"error": "no"}') == message(b"no")
    assert one_line("key abc\x1b[2J\nis wrong", key="abc") == "key *** [2J is wrong"
    assert len(one_line("x" * 10_000)) == 300


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (completion("yes"), "answer"),
        (http(400, b'{"error": "bad"}'), "failed"),
        (http(200, b"no json"), "failed"),
        (http(429, b"{}", "Retry-After: 3\r\n"), "busy"),
        (http(503, b"{}"), "busy"),
        (http(500, b"{}"), "broken"),
        (http(401, b"{}"), "barred"),
        (http(404, b"{}"), "barred"),
        (b"", "broken"),
    ],
)  # fmt: skip
def test_an_answer_is_sorted_by_what_it_means(answer: bytes, what: str) -> None:
    async def once(url: str) -> Outcome:
        asked = Endpoint(Address(url), 0.0, 5.0, 2, 0.1)
        try:
            return await asked.ask(ASKED)
        finally:
            await asked.close()

    with endpoint(lambda payload, before: answer) as server:
        found = asyncio.run(once(server.url))
    assert found.what == what and (found.after == 3.0) == (b"Retry-After" in answer)


def test_the_breaker_opens_after_troubles_and_lets_one_question_try() -> None:
    """Times are given, so nothing waits: pauses are 1 s, then 2 s, a quarter more at most."""
    asked = Endpoint(Address("http://localhost:1"), 0.0, 5.0, 4, 1.0)

    def trouble(now: float, what: str = "broken") -> None:
        asked.take()
        asked.give(dict(ASKED), Outcome(what), now, now, False)  # type: ignore[arg-type]

    for _ in range(TRIP - 1):
        trouble(0.0)
    assert asked.free(0.0), "too few yet"
    trouble(0.0)
    assert not asked.free(0.9) and asked.free(1.3), "open for a second, then half open"
    asked.take()
    assert not asked.free(1.3), "one question at a time"
    asked.give(ASKED, Outcome("broken"), 1.3, 1.3, False)
    assert not asked.free(3.2) and asked.free(3.9), "twice as long"
    asked.take()
    asked.give(ASKED, Outcome("answer"), 3.9, 4.0, False)
    asked.take()
    assert asked.free(4.0), "closed again"
    assert not asked.lost(patience=1) and asked.well
