"""Ask any OpenAI-compatible endpoint, many questions at a time, and never twice.

An endpoint is not trusted: its answer is read up to a size and for a time, and whatever is wrong with it
becomes a failure of that one question. A failure is final, and goes into the ledger, only once the endpoint has
answered another question well after it: before that nobody can tell a bad question from a bad endpoint, and a
server that fails everything for a minute must not use up the seeds. So a run of failures in a row, a refused
key or a connection that stays refused ends the work with one line, and the next run asks those questions again.

Busy (429), 5xx and broken connections are tried again, with exponential pauses or as `Retry-After` says; a
time-out is not, since it has already cost its time. Redirects are not followed: they would carry the key along.

Source: OpenAI's protocol of chat completions and completions as served by vLLM, SGLang and llama.cpp.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import os
import random
import re
import time
from types import TracebackType
from typing import Any, Self

import httpx

from neve.errors import Fault
from neve.llm import answers
from neve.llm.answers import Answer
from neve.llm.ledger import Ledger

MAX_ANSWER_BYTES = 4 << 20
ATTEMPTS = 5
PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 60.0
CONNECT_SECONDS = 10.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
RETRIED = (429, 500, 502, 503, 504)


class _Failed(Exception):
    """This question was not answered; the message says why."""


class Client:
    """An async context manager; `ask` may be called from any number of tasks of one event loop.

    `base` is the endpoint's URL with or without `/v1`; `concurrency` bounds the questions in flight, `timeout_s`
    the seconds from a request's first byte to its answer's last, `patience` the failures in a row after which the
    endpoint itself counts as broken. `pause_s` is the first pause before a question is tried again, then doubled.
    """

    def __init__(
        self,
        base: str,
        ledger: Ledger,
        *,
        api_key_env: str = "NEVE_API_KEY",
        concurrency: int = 8,
        timeout_s: float = 600.0,
        patience: int = 16,
        pause_s: float = PAUSE_SECONDS,
    ) -> None:
        self.url = base_url(base)
        self._ledger = ledger
        self._api_key_env = api_key_env
        self._key = os.environ.get(api_key_env, "").strip()
        self._timeout_s = timeout_s
        self._patience = patience
        self._pause_s = pause_s
        self._free = asyncio.Semaphore(concurrency)
        self._reached = False
        self._alive = False  # whether a question was ever answered well
        self._doubtful: list[tuple[dict[str, Any], Answer]] = []
        self._limit_name = "max_tokens"  # what the endpoint calls the limit of an answer's tokens
        headers = {"Accept-Encoding": "identity"} | (
            {"Authorization": f"Bearer {self._key}"} if self._key else {}
        )
        self._http = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
            trust_env=httpx.URL(self.url).host not in LOOPBACK,  # a proxy cannot see this machine's loopback
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        if kind is None and self._doubtful:
            if not self._alive:
                raise self._broken()
            self._settle()

    async def ask(self, payload: dict[str, Any]) -> Answer:
        """The answer to `payload` (model, messages, sampling, seed): from the ledger, else from the endpoint.

        A payload with `prompt` in place of `messages` is a text that the model goes on with, outside of any chat template.
        Raises Fault when the endpoint cannot be reached, refuses the key, or fails every question.
        """
        if (known := self._ledger.get(payload)) is not None:
            answer = Answer(**known)
            self._alive |= answer.error is None
            return answer
        async with self._free:
            try:
                answer = await self._answer(payload)
            except _Failed as failed:
                answer = Answer("", error=_one_line(str(failed), self._key))
                self._doubtful.append((payload, answer))
                if len(self._doubtful) >= self._patience:
                    raise self._broken() from None
                return answer
            self._alive = True
            self._ledger.put(payload, vars(answer))
            self._settle()
            return answer

    def _broken(self) -> Fault:
        return Fault(
            f"{self.url}: {len(self._doubtful)} questions in a row failed, the last one with: "
            f"{self._doubtful[-1][1].error}; mend the endpoint and run again, what was answered is kept"
        )

    def _settle(self) -> None:
        """Failures so far are final: the endpoint answered another question, or the work has come to its end."""
        for payload, answer in self._doubtful:
            self._ledger.put(payload, vars(answer))
        self._doubtful.clear()

    async def _answer(self, payload: dict[str, Any]) -> Answer:
        problem = ""
        for attempt in range(ATTEMPTS):
            pause = self._pause_s * 2**attempt * (1 + random.random() / 4)
            try:
                async with asyncio.timeout(self._timeout_s):
                    status, headers, body = await self._post(payload)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if not self._reached or attempt == ATTEMPTS - 1:
                    raise Fault(self._unreachable(error)) from None
            except (TimeoutError, httpx.TimeoutException):
                raise _Failed(f"no whole answer within {self._timeout_s:g} s") from None
            except (httpx.TransportError, httpx.DecodingError) as error:
                problem = f"connection broken: {type(error).__name__} {error}"
            else:
                if status == 400 and self._limit_name == "max_tokens" and b"max_completion_tokens" in body:
                    self._limit_name = "max_completion_tokens"
                    continue
                if status not in RETRIED:
                    return self._read(status, body)
                problem = f"status {status}: {_message(body)}"
                pause = _retry_after(headers.get("retry-after")) or pause
            if attempt < ATTEMPTS - 1:
                await asyncio.sleep(min(pause, MAX_PAUSE_SECONDS))
        raise _Failed(f"{problem} ({ATTEMPTS} times)")

    async def _post(self, payload: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        url = f"{self.url}/{'chat/completions' if 'messages' in payload else 'completions'}"
        payload = {self._limit_name if name == "max_tokens" else name: payload[name] for name in payload}
        async with self._http.stream("POST", url, json=payload) as response:
            self._reached = True
            if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise _Failed("the answer is compressed although identity was asked for")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise _Failed(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
            return response.status_code, response.headers, bytes(body)

    def _read(self, status: int, body: bytes) -> Answer:
        if status in (401, 403):
            have = "was refused" if self._key else "is not set"
            raise Fault(
                f"{self.url}: status {status}; the key in the environment variable {self._api_key_env} {have}, "
                "set it to one that the endpoint admits"
            )
        if status == 404:
            raise Fault(
                f"{self.url}: status 404: {_one_line(_message(body), self._key)}; "
                "`endpoint` must be the base URL of an OpenAI-compatible API and `model` a model that it serves"
            )
        if status != 200:
            raise _Failed(f"status {status}: {_message(body)}")
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            raise _Failed(f"the answer is no JSON: {_message(body)}") from None
        try:
            return answers.read(data)
        except answers.Unreadable as error:
            raise _Failed(str(error)) from None

    def _unreachable(self, error: Exception) -> str:
        detail = _one_line(str(error), self._key) or type(error).__name__
        lost = "cannot be reached" if not self._reached else "is gone"
        return (
            f"{self.url}: the endpoint {lost} ({detail}); start a server there, correct `endpoint`, or set it to "
            '"local" for a model on this machine; what was answered is kept'
        )


def base_url(base: str) -> str:
    """An endpoint's base URL with its version, given it with or without, or the address of its (chat) completions.

    >>> base_url("http://localhost:8000/")
    'http://localhost:8000/v1'
    >>> base_url("https://example.org/api/v1/chat/completions")
    'https://example.org/api/v1'
    """
    try:
        url = httpx.URL(base.strip())
        valid = url.scheme in ("http", "https") and bool(url.host) and not url.userinfo
    except (httpx.InvalidURL, UnicodeError):
        valid = False
    if not valid:
        shown = base.rpartition("@")[2]
        raise Fault(
            f'endpoint = "{shown}": must be "local" or a URL such as http://localhost:8000/v1, '
            "with no password in it"
        )
    path = base.strip().rstrip("/").removesuffix("/completions").removesuffix("/chat")
    return path if re.search(r"/v\d+$", path) else f"{path}/v1"


def _retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, given as a number or a date; None when it says nothing sane."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(seconds, 0.01) if seconds == seconds else None


def _message(body: bytes) -> str:
    """The message in an error's body, whatever its shape."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, RecursionError, LookupError, TypeError):
        return body[:500].decode("utf-8", "replace")


def _one_line(text: str, key: str, limit: int = 300) -> str:
    """`text` fit for a terminal and a table: one short line of printable characters, without the key."""
    text = text.replace(key, "***") if key else text
    text = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
