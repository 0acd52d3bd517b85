"""One URL of an OpenAI-compatible API: what it is asked, what comes back, and whether it may be asked now.

An endpoint is not trusted: its answer is read up to a size and for a time. What comes back is sorted by what
it means for the question and for the endpoint:

    answer     the question has its answer
    failed     this question was refused, or its answer cannot be read (400, no JSON, too large): final
    late       no whole answer in time: final for the question, and trouble for the endpoint
    busy       429, 503: the endpoint wants to be asked later
    broken     another 5xx, 408, a connection that broke: the question's fault, or the endpoint's
    away       no connection at all: the endpoint's fault, and the question was not asked
    barred     the key, the address or the model is wrong, or the account empty: nothing will be answered
    cancelled  nobody wants to know any more

A circuit breaker keeps questions from an endpoint that is in trouble: after TRIP troubles in a row it is
left alone for a while, doubling each time, and then given one question to prove itself. Redirects are not
followed: they would carry the key along. Only monotonic clocks are looked at; a date in `Retry-After` is
held against the answer's own date.

Source: OpenAI's protocol of chat completions and completions as served by vLLM, SGLang and llama.cpp;
circuit breaker with half-open probes (Nygard, "Release It!").
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import os
import random
import re
import ssl
from typing import Any, Literal, NamedTuple

import httpx

from neve.errors import Fault
from neve.llm import answers
from neve.llm.answers import Answer
from neve.llm.pace import Pace

MAX_ANSWER_BYTES = 4 << 20
CONNECT_SECONDS = 10.0
TRIP = 5
"""Troubles in a row after which an endpoint is left alone for a while."""
MAX_PAUSE_SECONDS = 60.0
VAIN = {"away": 8, "busy": 20, "broken": 6, "late": 6}
"""Probes in a row that found the same trouble, after which an endpoint is lost unless another one works."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
BUSY = (429, 503, 529)
AGAIN = (408, 409, 425)
"""Not the question's fault, though the number says so."""
BARRED = (401, 402, 403, 404, 405)
FORBIDDEN = (403, 404, 405)
"""Of an endpoint that has answered well it is the question that these refuse: moderation answers 403."""
EMPTY = re.compile(r"insufficient.?(quota|balance|credit|funds)|exceeded_current_quota|billing", re.I)
"""What an account without money is called, by code or type; some say it with 429."""
WORDS = {"rate_limit": 429, "too_many_requests": 429, "overloaded": 503, "unavailable": 503, "server_error": 500,
         "internal_error": 500, "api_error": 500, "timeout": 408}  # fmt: skip
"""Codes and types of errors within an answer, by what they hold, as the status that they mean."""
MALFORMED = (400, 422)
LIMITS = ("max_tokens", "max_completion_tokens")
"""Names that endpoints have for the limit of an answer's tokens; some know but one of them."""

What = Literal["answer", "failed", "late", "busy", "broken", "away", "barred", "cancelled"]


class Address(NamedTuple):
    """Where questions go, and how many beside the other addresses while all have room."""

    url: str
    weight: float = 1.0
    api_key_env: str = "NEVE_API_KEY"
    """Environment variable that holds the key."""
    timeout_s: float | None = None
    """Seconds of an attempt at most, where they are others than the client's."""


class Outcome(NamedTuple):
    """What came of one attempt."""

    what: What
    reason: str = ""
    answer: Answer = Answer("")
    after: float | None = None
    """Seconds that a busy endpoint asks to wait."""


class Endpoint:
    """One address. `timeout_s` bounds an attempt where the address says nothing of it, `most` the requests
    in flight, `pause_s` is the breaker's first pause."""

    def __init__(
        self, address: Address, now: float, timeout_s: float, most: int | None, pause_s: float
    ) -> None:
        self.url = base_url(address.url)
        self.weight = address.weight
        self.pace = Pace(now, most)
        self.barred: str | None = None
        """Why it is of no use, in one line."""
        self.reached = False
        self.well = False
        """Whether it ever answered a question."""
        self._last = Outcome("answer")
        self._probes = 0  # in vain, in a row
        self._suspects: set[int] = set()  # questions in trouble since the last good answer
        self._key_env = address.api_key_env
        self._key = os.environ.get(address.api_key_env, "").strip()
        self._timeout_s, self._pause_s = address.timeout_s or timeout_s, pause_s
        self._limit_name = LIMITS[0]
        self._troubles = 0
        self._closed_until = now  # the breaker is open until then
        self._half_open = False
        self._connections: list[httpx.AsyncClient] = []  # idle ones
        self._tls = ssl.create_default_context() if self.url.startswith("https:") else False

    async def close(self) -> None:
        for connection in self._connections:
            await connection.aclose()

    def _connection(self) -> httpx.AsyncClient:
        """A client for one connection: httpx's own pool looks at every connection for every request."""
        if self._connections:
            return self._connections.pop()
        headers = {"Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return httpx.AsyncClient(
            headers=headers,
            verify=self._tls,
            timeout=httpx.Timeout(self._timeout_s, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=1),
            trust_env=httpx.URL(self.url).host not in LOOPBACK,  # a proxy cannot see this machine's loopback
        )

    # --- may it be asked?

    def free(self, now: float) -> bool:
        """Whether one more question may go out."""
        if self.barred is not None or now < self._closed_until:
            return False
        return self.pace.in_flight < (1 if self._half_open else self.pace.allowed)

    def lost(self, patience: int) -> bool:
        """Whether there is no hope left. Broken answers may be a question's fault: it takes `patience` of
        those."""
        if self.barred is not None:
            return True
        if self._last.what == "away" and not self.reached:
            return True
        return self._probes >= VAIN.get(self._last.what, 1) and (
            self._last.what != "broken" or len(self._suspects) >= patience
        )

    def take(self) -> None:
        """A question goes out."""
        self.pace.started()

    def give(self, payload: dict[str, Any], outcome: Outcome, sent: float, now: float, waiting: bool) -> None:
        """A question that went out at `sent` came back; `waiting` whether others would have gone out
        meanwhile."""
        good = outcome.what == "answer"
        self.pace.finished(now, now - sent, _work(outcome.answer) if good else 0.0, waiting)
        if outcome.what == "busy":
            self.pace.refused(now)
        if outcome.what == "barred":
            self.barred = outcome.reason
        elif outcome.what in ("answer", "failed"):
            self.well |= good
            self._troubles = self._probes = 0
            self._half_open = False
            self._suspects.clear()
        elif outcome.what != "cancelled":
            self._suspects.add(id(payload))
            self._trouble(outcome, now)

    def _trouble(self, outcome: Outcome, now: float) -> None:
        self._last = outcome
        self._troubles += 1
        if now < self._closed_until or (self._troubles < TRIP and outcome.what != "away"):
            return  # too few yet, or in flight when the breaker opened and no news
        self._probes += self._half_open
        self._half_open = True
        pause = min(self._pause_s * 2.0**self._probes, MAX_PAUSE_SECONDS) * (1 + random.random() / 4)
        self._closed_until = now + max(pause, min(outcome.after or 0.0, 10 * MAX_PAUSE_SECONDS))

    # --- asking

    async def ask(self, payload: dict[str, Any]) -> Outcome:
        """One attempt at a question."""
        outcome = await self._attempt(payload)
        return Outcome(outcome.what, one_line(outcome.reason, self._key), outcome.answer, outcome.after)

    async def _attempt(self, payload: dict[str, Any]) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout_s):
                name = self._limit_name
                status, headers, body = await self._post(payload, name)
                if status in MALFORMED and any(each.encode() in body for each in LIMITS):
                    other = next(each for each in LIMITS if each != name)
                    again = await self._post(payload, other)
                    if again[0] not in MALFORMED:  # else the number is wrong, and not its name
                        status, headers, body = again
                        self._limit_name = other if status == 200 else name
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Outcome("away", str(error) or type(error).__name__)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome("late", f"no whole answer within {self._timeout_s:g} s")
        except _Spoilt as error:
            return Outcome("failed", str(error))
        except (httpx.TransportError, httpx.DecodingError) as error:
            return Outcome("broken", f"connection broken: {type(error).__name__} {error}")
        return self._sorted(status, headers, body)

    async def _post(self, payload: dict[str, Any], limit: str) -> tuple[int, httpx.Headers, bytes]:
        """Status, headers and body; `limit` is what the endpoint calls the limit of an answer's tokens."""
        url = f"{self.url}/{'chat/completions' if 'messages' in payload else 'completions'}"
        asked = {limit if name == LIMITS[0] else name: payload[name] for name in payload}
        connection = self._connection()
        try:
            async with connection.stream("POST", url, json=asked) as response:
                self.reached = True
                if response.headers.get("content-encoding", "identity").strip().lower() not in (
                    "",
                    "identity",
                ):
                    raise _Spoilt("the answer is compressed although identity was asked for")
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise _Spoilt(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
                return response.status_code, response.headers, bytes(body)
        finally:
            if _used_up(connection):
                self._connections.append(connection)
            else:
                await connection.aclose()

    def _sorted(self, status: int, headers: httpx.Headers, body: bytes) -> Outcome:
        said = f"status {status}: {message(body)}"
        if status == 402 or (status == 429 and EMPTY.search(_kind(body))):
            return Outcome("barred", f"{self.url}: {one_line(said, self._key)}; the account has nothing left: "
                           "fill it and run again, what was answered is kept")  # fmt: skip
        if status in BARRED and not (status in FORBIDDEN and self.well):
            return Outcome("barred", self._barred(status, body))
        if status in BUSY:
            return Outcome("busy", said, after=retry_after(headers))
        if status >= 500 or status in AGAIN:
            return Outcome("broken", said, after=retry_after(headers))
        if status != 200:
            return Outcome("failed", said)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return Outcome("failed", f"the answer is no JSON: {message(body)}")
        if (error := answers.failure(data)) is not None:  # a gateway that had begun to answer
            return self._sorted(_status(error), headers, json.dumps({"error": error}).encode())
        try:
            return Outcome("answer", answer=answers.read(data))
        except answers.Unreadable as error:
            return Outcome("failed", str(error))

    def _barred(self, status: int, body: bytes) -> str:
        if status in (404, 405):
            return (
                f"{self.url}: status {status}: {one_line(message(body), self._key)}; "
                "`endpoint` must be the base URL of an OpenAI-compatible API and `model` a model that it serves"
            )
        have = "was refused" if self._key else "is not set"
        return (
            f"{self.url}: status {status}; the key in the environment variable {self._key_env} {have}, "
            "set it to one that the endpoint admits"
        )

    def trouble(self) -> str:
        """One line for a person: what is wrong with it, and what would do."""
        kept = "what was answered is kept"
        if self._last.what != "away":
            state = "is too busy" if self._last.what == "busy" else "fails every question"
            return f"{self.url}: the endpoint {state} ({self._last.reason}); mend it and run again, {kept}"
        state = "is gone" if self.reached else "cannot be reached"
        return (
            f"{self.url}: the endpoint {state} ({self._last.reason}); start a server there, correct `endpoint`, or set "
            f'it to "local" for a model on this machine; {kept}'
        )


class _Spoilt(Exception):
    """The answer is not read any further; the message says why."""


def _used_up(connection: httpx.AsyncClient) -> bool:
    """Whether nothing lies behind the answer that was read, which would be taken for the next question's:
    neither httpx nor httpcore look. Where their buffers cannot be seen the connection is not used again."""
    try:
        pool: Any = connection._transport
        states = [each._connection._h11_state for each in pool._pool.connections]
        return not any(state.trailing_data[0] for state in states)
    except AttributeError:
        return False


def _work(answer: Answer) -> float:
    """What an answer cost to make: its tokens, as counted by the endpoint, else guessed."""
    return float(answer.usage.get("completion_tokens", 0) or 1 + len(answer.text) // 4)


def base_url(base: str) -> str:
    """An endpoint's base URL with its version, given it with or without, or the address of its (chat)
    completions.

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


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None when it says nothing sane.

    A date counts from the answer's own date: the clocks of two machines differ, and this one may be set
    meanwhile.
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = headers.get("date") or email.utils.formatdate(usegmt=True)
            when, date = (email.utils.parsedate_to_datetime(text) for text in (value, date))
            seconds = (when - date).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(seconds, 0.01) if 0 <= seconds < 1e6 else None


def _kind(body: bytes) -> str:
    """The code and type of the error in a body; "" where it has none."""
    try:
        error = json.loads(body)["error"]
        return f"{error.get('code')} {error.get('type')}"
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return ""


def _status(error: dict[str, Any]) -> int:
    """The status that an error within an answer stands for.

    >>> _status({"code": 502}), _status({"code": "429"}), _status({"type": "overloaded_error"}), _status({})
    (502, 429, 503, 400)
    """
    for name in ("code", "status", "type"):
        told = str(error.get(name, "")).lower()
        if re.fullmatch(r"[45]\d\d", told):
            return int(told)
        if (found := next((status for word, status in WORDS.items() if word in told), None)) is not None:
            return found
    return 429 if EMPTY.search(f"{error.get('code')} {error.get('type')}") else 400


def message(body: bytes) -> str:
    """The message in an error's body, whatever its shape."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, RecursionError, LookupError, TypeError):
        return body[:500].decode("utf-8", "replace")


def one_line(text: str, key: str = "", limit: int = 300) -> str:
    """`text` fit for a terminal and a table: one short line of printable characters, without the key."""
    text = text.replace(key, "***") if key else text
    text = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
