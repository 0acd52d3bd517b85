"""Ask any number of OpenAI-compatible endpoints, many questions at a time, and never twice.

Each endpoint finds its own pace (neve.llm.pace) and keeps its own circuit breaker (neve.llm.endpoint);
questions wait here in one queue and go to the endpoint that is least busy for its weight. A question that
has to wait (busy endpoint, broken connection) gives its slot away while it waits, with exponential, jittered
pauses or as `Retry-After` says.

An answer is in the ledger, on disk, before anybody sees it; its slot is held until then, so a killed process
repeats at most what it had in flight. A failure is final, and goes into the ledger, only once its endpoint
has answered another question well that was asked after it: before that nobody can tell a bad question from
a bad endpoint, and a server that fails everything for a minute must not use up the seeds. So failures wait
for the next good answer. An endpoint that fails too many questions in a row is set aside and the others get
them; with none left the work ends with one line, and the next run asks those questions again. The same
holds for refused keys and for addresses where nobody is.

Memory is that of the questions handed in: hand them in as they are needed (`in_order`).
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from neve.errors import Fault
from neve.llm.answers import Answer
from neve.llm.budget import Budget
from neve.llm.endpoint import Address, Endpoint, Outcome
from neve.llm.ledger import Ledger, key

ATTEMPTS = 5
"""At a question that breaks the connection or the server."""
BUSY_ATTEMPTS = 20
"""At a question that meets a busy endpoint."""
PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 600.0
"""Of a question, also where `Retry-After` asks for more."""
LOOK_SECONDS = 0.1
AHEAD = 2
"""Questions handed in, beside those that may be in flight, so that there is always one to send."""
AHEAD_AT_LEAST = 8


@dataclass(eq=False)
class _Doubt:
    """A failure that may be the endpoint's fault."""

    answer: Answer
    since: float
    verdict: asyncio.Future[bool]
    """True: final. False: ask again elsewhere."""


class Client:
    """An async context manager; `ask` may be called from any number of tasks of one event loop.

    `endpoints` is a base URL, with or without `/v1`, or several addresses. `concurrency` bounds the
    questions in flight at each; by default each finds its own. `timeout_s` bounds an attempt, `deadline_s` a
    question with its repetitions, `total_s` all of the work. `patience` is the failures in a row after which
    an endpoint counts as broken, `pause_s` the first pause before a question is tried again, then doubled.
    """

    def __init__(
        self,
        endpoints: str | Sequence[Address],
        ledger: Ledger,
        *,
        api_key_env: str = "NEVE_API_KEY",
        concurrency: int | None = None,
        timeout_s: float = 600.0,
        deadline_s: float = 7200.0,
        total_s: float | None = None,
        budget: Budget | None = None,
        patience: int = 16,
        pause_s: float = PAUSE_SECONDS,
    ) -> None:
        if isinstance(endpoints, str):
            endpoints = [Address(endpoints, api_key_env=api_key_env)]
        now = asyncio.get_running_loop().time()
        self._endpoints = [Endpoint(a, now, timeout_s, concurrency, pause_s) for a in endpoints]
        self._ledger = ledger
        self._deadline_s, self._pause_s, self._patience = deadline_s, pause_s, patience
        self._end = None if total_s is None else now + total_s
        self._total_s = total_s
        self._budget = budget or Budget()
        self._queue: deque[tuple[dict[str, Any], Endpoint | None, asyncio.Future[Endpoint]]] = deque()
        self._asking: dict[str, asyncio.Future[None]] = {}  # questions that are neither answered nor given up
        self._doubts: dict[Endpoint, list[_Doubt]] = {endpoint: [] for endpoint in self._endpoints}
        self._unsaved: list[tuple[dict[str, Any], Answer, asyncio.Future[None]]] = []
        self._saving: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._fault: Fault | None = None
        self._known_good = False  # whether the ledger has a good answer to one of the questions

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        if self._saving is not None:
            await self._saving  # answers that came before their questions were given up
        for endpoint in self._endpoints:
            await endpoint.close()

    @property
    def ahead(self) -> int:
        """Questions to hand in at a time, so that none of the slots stays empty."""
        return AHEAD * sum(endpoint.pace.allowed for endpoint in self._endpoints) + AHEAD_AT_LEAST

    @property
    def trial(self) -> int:
        """Questions to have open at least: until one is answered well, as many as it takes to tell bad ones
        from a bad endpoint."""
        return 1 if self._known_good or any(e.well for e in self._endpoints) else self._patience

    async def ask(self, payload: dict[str, Any]) -> Answer:
        """The answer to `payload` (model, messages, sampling, seed): from the ledger, else from an endpoint.

        A payload with `prompt` in place of `messages` is a text that the model goes on with, outside of any
        chat template. Raises Fault when no endpoint is left that answers, or a budget is used up.
        """
        identity = key(payload)
        while (same := self._asking.get(identity)) is not None:  # asked by somebody else already
            await asyncio.wait([same])
        ended = self._asking[identity] = asyncio.get_running_loop().create_future()
        try:
            known = await asyncio.to_thread(self._ledger.get, payload)  # it may wait for a commit
            if known is not None:
                self._known_good |= known["error"] is None
                return Answer(**known)
            self._ticking = self._ticking or asyncio.create_task(self._tick())
            return await self._answer(payload)
        finally:
            del self._asking[identity]
            ended.set_result(None)

    async def _answer(self, payload: dict[str, Any]) -> Answer:
        loop = asyncio.get_running_loop()
        attempts = {"busy": 0, "broken": 0}
        last: Endpoint | None = None
        deadline = None
        while True:
            endpoint = await self._slot(payload, last)
            deadline = deadline or loop.time() + self._deadline_s
            outcome = await self._attempt(endpoint, payload)
            if outcome.what == "answer":
                return outcome.answer
            last = endpoint
            final = outcome.reason
            if outcome.what in ("busy", "broken"):
                attempts[outcome.what] += 1
                pause = self._pause(attempts[outcome.what] - 1, outcome.after)
                if loop.time() + pause > deadline:
                    final = f"{final}; not answered within {self._deadline_s:g} s"
                elif attempts[outcome.what] < (BUSY_ATTEMPTS if outcome.what == "busy" else ATTEMPTS):
                    await asyncio.sleep(pause)
                    continue
                else:
                    final = f"{final} ({attempts[outcome.what]} times)"
            elif outcome.what in ("away", "barred"):
                continue
            if await self._final(endpoint, payload, Answer("", error=final)):
                return Answer("", error=final)

    # --- a question's way

    async def _slot(self, payload: dict[str, Any], last: Endpoint | None) -> Endpoint:
        """Wait for an endpoint that may be asked; not the last one tried, if another may."""
        if self._fault is not None:
            raise self._fault
        slot: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
        self._queue.append((payload, last, slot))
        self._dispatch()
        try:
            return await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled() and slot.exception() is None:
                self._give(slot.result(), payload, Outcome("cancelled"), asyncio.get_running_loop().time())
            raise

    async def _attempt(self, endpoint: Endpoint, payload: dict[str, Any]) -> Outcome:
        """One attempt, in a slot that is held until a good answer is in the ledger."""
        sent, outcome = asyncio.get_running_loop().time(), Outcome("cancelled")
        try:
            outcome = await endpoint.ask(payload)
            if outcome.what == "answer":
                await self._save(payload, outcome.answer)
        finally:
            self._give(endpoint, payload, outcome, sent)
        return outcome

    def _give(self, endpoint: Endpoint, payload: dict[str, Any], outcome: Outcome, sent: float) -> None:
        """A slot is free again."""
        now = asyncio.get_running_loop().time()
        worked = outcome.what not in ("away", "busy", "barred") and now > sent
        self._budget.settle(payload, worked, outcome.answer)
        endpoint.give(payload, outcome, sent, now, bool(self._queue))
        if outcome.what == "answer":
            self._judge(endpoint, final=True, sent=sent)
        self._dispatch()

    def _pause(self, attempt: int, after: float | None) -> float:
        pause = self._pause_s * 2.0**attempt * (1 + random.random() / 4)
        return min(max(pause, after or 0.0), MAX_PAUSE_SECONDS)

    async def _final(self, endpoint: Endpoint, payload: dict[str, Any], answer: Answer) -> bool:
        """Whether a failure stands; known once the endpoint has answered another question, or has lost its
        credit."""
        loop = asyncio.get_running_loop()
        doubt = _Doubt(answer, loop.time(), loop.create_future())
        self._doubts[endpoint].append(doubt)
        if len(self._doubts[endpoint]) >= self._patience and endpoint.barred is None:
            self._bar(endpoint)
            if any(other.barred is None for other in self._endpoints):
                self._judge(endpoint, final=False)
        self._dispatch()
        if not await doubt.verdict:
            return False
        await self._save(payload, answer)
        return True

    # --- all questions

    def _dispatch(self) -> None:
        """Send what may be sent, and see whether anything can still happen."""
        now = asyncio.get_running_loop().time()
        if self._end is not None and now >= self._end:
            self._stop(f"the {self._total_s:g} s allowed for all questions are over; run again to go on")
        if all(endpoint.barred is not None for endpoint in self._endpoints):
            self._stop("; ".join(str(endpoint.barred) for endpoint in self._endpoints))
        while self._queue:
            payload, last, slot = self._queue[0]
            if slot.done():
                self._queue.popleft()
            elif (endpoint := self._pick(last, now)) is None or not self._budget.reserve(payload):
                break
            else:
                self._queue.popleft()
                endpoint.take()
                slot.set_result(endpoint)
        if not any(endpoint.pace.in_flight for endpoint in self._endpoints):
            self._idle(now)

    def _pick(self, last: Endpoint | None, now: float) -> Endpoint | None:
        free = [endpoint for endpoint in self._endpoints if endpoint.free(now)]
        free = [endpoint for endpoint in free if endpoint is not last] or free
        return min(free, key=lambda e: (e.pace.in_flight + 1) / e.weight, default=None)

    def _idle(self, now: float) -> None:
        """Nothing is in flight: if nothing can be, decide on the failures in doubt, or end the work."""
        if self._queue:
            if all(endpoint.lost(self._patience) for endpoint in self._endpoints):
                self._stop("; ".join(endpoint.barred or endpoint.trouble() for endpoint in self._endpoints))
            elif self._pick(None, now) is not None:  # what keeps the first question back is the budget
                self._stop(self._budget.spent())
            return
        if len(self._asking) > sum(map(len, self._doubts.values())):
            return
        for endpoint, doubts in self._doubts.items():
            if endpoint.well or self._known_good:
                self._judge(endpoint, final=True)
            elif doubts and any(other.well for other in self._endpoints):
                self._bar(endpoint)
                self._judge(endpoint, final=False)
            elif doubts:
                self._bar(endpoint)
                self._stop(str(endpoint.barred))

    def _bar(self, endpoint: Endpoint) -> None:
        doubts = self._doubts[endpoint]
        endpoint.barred = (
            f"{endpoint.url}: {len(doubts)} questions in a row failed, the last one with: {doubts[-1].answer.error}; "
            "mend the endpoint and run again, what was answered is kept"
        )

    def _judge(self, endpoint: Endpoint, final: bool, sent: float = math.inf) -> None:
        """Decide on the failures in doubt of an endpoint: they stand, or are asked again elsewhere. Only
        those from before `sent`: an answer to an older question says nothing of how the endpoint is now."""
        for doubt in self._doubts[endpoint]:
            if doubt.since <= sent and not doubt.verdict.done():
                doubt.verdict.set_result(final)
        self._doubts[endpoint] = [doubt for doubt in self._doubts[endpoint] if doubt.since > sent]

    def _stop(self, why: str) -> None:
        """End all questions that wait for something."""
        self._fault = self._fault or Fault(why)
        waiting: list[asyncio.Future[Any]] = [slot for _, _, slot in self._queue]
        waiting += [doubt.verdict for doubts in self._doubts.values() for doubt in doubts]
        for future in waiting:
            if not future.done():
                future.set_exception(self._fault)
                future.exception()  # who was cancelled does not look at it
        self._queue.clear()
        for doubts in self._doubts.values():
            doubts.clear()

    async def _tick(self) -> None:
        """Time passes: breakers let questions through, and who got no answer has become slow."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for endpoint in self._endpoints:
                endpoint.pace.look(loop.time())
            self._dispatch()

    # --- the ledger

    async def _save(self, payload: dict[str, Any], answer: Answer) -> None:
        """Returns when the answer is on disk; answers that come together are written together."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unsaved.append((payload, answer, saved))
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_all())
        await saved

    async def _save_all(self) -> None:
        while self._unsaved:
            batch, self._unsaved = self._unsaved, []
            try:
                await asyncio.to_thread(self._ledger.put_all, [(p, vars(answer)) for p, answer, _ in batch])
            except Fault as fault:
                for _, _, saved in batch:
                    if not saved.done():
                        saved.set_exception(fault)
                        saved.exception()
            for _, _, saved in batch:
                if not saved.done():
                    saved.set_result(None)
        self._saving = None


T = TypeVar("T")


async def in_order(
    client: Client,
    asks: Iterator[tuple[T, Callable[[], Coroutine[Any, Any, Answer]]]],
    judge: Callable[[list[tuple[T, Answer]]], bool],
    wanted: Callable[[list[T]], float] = lambda opened: math.inf,
    judges: Executor | None = None,
) -> None:
    """Ask as many questions beyond the first open one as the client has use for; `judge` gets answers in
    their order.

    `wanted` says how many questions are worth asking beside those that are open; a few are asked whatever it
    says (`Client.trial`). Ends when `judge` says that it has enough, or nothing is left to ask. It is called
    with one or more answers at a time, in a thread of `judges`, so that asking goes on. What waits is
    bounded by the client's `ahead`.
    """
    asked: deque[tuple[T, asyncio.Task[Answer]]] = deque()
    enough = False
    try:
        while not enough:
            more = min(client.ahead, max(client.trial, len(asked) + wanted([item for item, _ in asked])))
            for item, ask in islice(asks, max(0, math.ceil(more) - len(asked))):
                asked.append((item, asyncio.create_task(ask())))
            if not asked:
                break
            if not asked[0][1].done():
                waiting = [task for _, task in asked if not task.done()]
                finished, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    task.result()  # a Fault ends the work
            ready = []
            while asked and asked[0][1].done():
                item, task = asked.popleft()
                ready.append((item, task.result()))
            if ready:
                enough = await asyncio.get_running_loop().run_in_executor(judges, judge, ready)
    finally:
        for _, task in asked:
            task.cancel()
        await asyncio.gather(*(task for _, task in asked), return_exceptions=True)
