"""How many requests one endpoint is given at a time, found by trying: as many as still raise its throughput.

A server that is saturated often refuses nothing; it only gets slower. So refusals come too late, and latency
alone says little, since answers differ in length. What tells is throughput: below saturation it grows with
the requests in flight, above it does not, and the rest waits in the server's queue. By Little's law it is
the limit times the work done per second of a request's life, which needs few answers and does not depend on
their lengths.

At first the limit doubles while throughput follows. Then it holds, and now and then a window tries a quarter
more, or a fifth less; the new limit stays where throughput changes by more, or by less, than FOLLOWS in
proportion. A sudden drop halves the limit, since a queue is what a slow server needs least. A refusal (429,
503) takes a third, at most once a round trip.

The trade-off: probing costs about one per cent of the rate in the long run, the search at the start some
round trips. Only windows in which there was always more to ask than was allowed are judged; others say
nothing about the server.

Sources: the knee of the throughput curve (Jain, Ramakrishnan, "Congestion avoidance in computer networks
with a connectionless network layer", 1988); slow start and multiplicative decrease (Jacobson, 1988).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import NamedTuple

FIRST = 8
"""Requests in flight at first."""
STEPS = (1.25, 1.25, 1.5, 2.0)
"""How far a probe goes, up or down, after this many probes in the same direction that were kept."""
FOLLOWS = 0.3
"""Throughput follows the limit where it changes by at least this much in proportion."""
DROPPED, JUMPED = 0.7, 1.5
"""Throughput beside what was expected that means a slower server, or a faster one."""
REFUSED = 0.7
LATE = 2.5
"""Round trips without a quarter of the answers, after which a window is over: the server has become slow."""
LEAST_ANSWERS = 8
"""Answers that a window counts, at least; and as many as may be in flight."""
SHARE_AT_START = 0.7
"""Of those that may be in flight, at the start, where waiting for the last would double a window."""
CERTAIN, CERTAIN_AT_START = 0.05, 0.15
"""Standard error of a window's rate, in proportion, at which it is long enough."""
LONGEST = 8
"""A window ends, uncertain or not, after this many times the answers that it needs at least."""
LEAST_SECONDS = 0.05
QUIET = 6
"""Windows between two probes, once probes in both directions found nothing."""


class Point(NamedTuple):
    limit: int
    rate: float
    """Work a second."""


@dataclass
class _Window:
    """Requests that start once no more are in flight than may be, and the queue is as it will be at this
    limit."""

    start: float | None
    """From when on; None while too many are in flight."""
    saturated: bool = True
    """Whether there was always more to ask than was allowed."""
    count: int = 0
    w: float = 0.0
    """Sum of the work done."""
    t: float = 0.0
    """Sum of the seconds that it took."""
    ww: float = 0.0
    wt: float = 0.0
    tt: float = 0.0

    def add(self, work: float, seconds: float) -> None:
        self.count += 1
        self.w, self.t = self.w + work, self.t + seconds
        self.ww, self.wt, self.tt = self.ww + work**2, self.wt + work * seconds, self.tt + seconds**2

    def error(self) -> float:
        """Standard error of w / t, a ratio of sums, in proportion."""
        rate = self.w / self.t
        return max(0.0, self.ww - 2 * rate * self.wt + rate**2 * self.tt) ** 0.5 / self.w


class Pace:
    """The limit of one endpoint. Times are seconds of a monotonic clock; `most` bounds the limit.

    Call `started` when a request is sent and `finished` when it ended. The limit is `allowed`.
    """

    def __init__(self, now: float, most: int | None = None) -> None:
        self._most = sys.maxsize if most is None else most
        self.allowed = min(FIRST, self._most)
        """Requests that may be in flight."""
        self.in_flight = 0
        self._latency, self._seen = 0.0, 0  # of late, a mean
        self._uncut = now  # from when on a refusal counts again
        self._base: Point | None = None
        self._mode = "start"  # start, hold, up, down
        self._next = "up"
        self._kept = 0  # probes in a row that were kept
        self._quiet, self._held = 1, 0
        self._slowed = False
        self._open(now)

    def started(self) -> None:
        self.in_flight += 1

    def finished(self, now: float, seconds: float, work: float, waiting: bool) -> None:
        """A request ended after `seconds` with `work` done (tokens, or 1; 0: it failed, which says nothing).

        `waiting`: whether there was more to ask than was allowed.
        """
        self.in_flight -= 1
        window = self._window
        window.saturated &= waiting
        if window.start is None and self.in_flight < self.allowed:
            window.start = now + self._latency
        if work > 0:
            self._seen += 1
            self._latency += max(0.1, 1 / self._seen) * (seconds - self._latency)
            if window.start is not None and now - seconds >= window.start:
                window.add(work, seconds)
        self.look(now)

    def refused(self, now: float) -> None:
        """The endpoint said that it is busy."""
        if now >= self._uncut:
            self._uncut = now + max(self._latency, LEAST_SECONDS)
            self._base, self._mode, self._next, self._kept, self._slowed = None, "hold", "up", 0, False
            self._move(REFUSED * min(self.allowed, self.in_flight + 1), now)

    def look(self, now: float) -> None:
        """Judge the window if it is over; to be called from time to time, too, when nothing comes."""
        window = self._window
        if window.start is None or now - window.start < LEAST_SECONDS:
            return
        if self._enough(window):
            if window.saturated:
                self._judge(Point(self.allowed, self.allowed * window.w / window.t), now)
            else:
                self._open(now)
        elif window.saturated and not self._slowed and self._seen >= LEAST_ANSWERS:
            late = now - window.start > LATE * self._latency and window.count < self.allowed / 4
            if late:
                self._slow(now)

    def _open(self, now: float) -> None:
        """Begin a window, a round trip from now; at the start, where the limit only grows, at once."""
        settle = 0.0 if self._mode == "start" else self._latency
        self._window = _Window(now + settle if self.in_flight <= self.allowed else None)

    def _enough(self, window: _Window) -> bool:
        start = self._mode == "start"
        least = max(LEAST_ANSWERS, self.allowed * (SHARE_AT_START if start else 1))
        if window.count < least or window.count >= LONGEST * least:
            return window.count >= least
        return window.error() <= (CERTAIN_AT_START if start else CERTAIN)

    def _move(self, limit: float, now: float) -> None:
        self.allowed = min(max(round(limit), 1), self._most)
        self._open(now)

    def _slow(self, now: float) -> None:
        self._slowed = True
        self._base, self._mode, self._next, self._kept, self._quiet = None, "hold", "down", len(STEPS), 0
        self._move(self.allowed / 2, now)

    def _judge(self, found: Point, now: float) -> None:
        self._slowed = False
        base = self._base
        if base is None:
            self._base, self._held = found, 1
            if self._mode == "start":
                self._move(2 * self.allowed, now)
            else:
                self._rest(now)
            return
        change, ratio = found.limit / base.limit, found.rate / base.rate
        if ratio < DROPPED * min(1.0, change):
            self._slow(now)
        elif ratio > JUMPED * max(1.0, change):
            self._base, self._mode, self._kept = found, "up", 1
            self._probe("up", now)
        elif self._mode == "hold":
            self._base = Point(base.limit, 0.7 * base.rate + 0.3 * found.rate)
            self._rest(now)
        elif self._mode == "start":
            self._start(base, found, now)
        else:
            self._probed(base, found, now)

    def _start(self, base: Point, found: Point, now: float) -> None:
        """Twice the limit was tried."""
        if found.rate >= base.rate * (1 + FOLLOWS) and found.limit < self._most:
            self._base = found
            self._move(2 * self.allowed, now)
        else:
            self._mode, self._base, self._next, self._quiet = "hold", None, "down", 0
            self._move(min(found.limit, base.limit * max(1.0, found.rate / base.rate)), now)

    def _probed(self, base: Point, found: Point, now: float) -> None:
        """A little more or less was tried."""
        follows = (found.rate / base.rate - 1) / (found.limit / base.limit - 1) >= FOLLOWS
        if follows == (self._mode == "up"):
            self._base, self._kept, self._quiet = found, self._kept + 1, 1
            self._probe(self._mode, now)
            return
        self._quiet = min(2 * self._quiet + 1, QUIET) if self._kept == 0 else 0
        knee = round(base.limit * max(1.0, found.rate / base.rate)) if self._mode == "up" else base.limit
        self._base = base if knee == base.limit else None
        self._next = "down" if self._mode == "up" else "up"
        self._mode, self._kept, self._held = "hold", 0, 0
        self._move(knee, now)

    def _rest(self, now: float) -> None:
        self._held += 1
        if self._held > self._quiet:
            self._probe(self._next, now)
        else:
            self._open(now)

    def _probe(self, direction: str, now: float) -> None:
        """Try more, or less, by a step that grows with the probes kept before; where it cannot be, hold."""
        step = STEPS[min(self._kept, len(STEPS) - 1)]
        limit = self.allowed
        wanted = max(limit * step, limit + 1) if direction == "up" else min(limit / step, limit - 1)
        self._mode, self._held = direction, 0
        if limit < self._most if direction == "up" else wanted >= 1:
            self._move(wanted, now)
        else:
            self._mode, self._next, self._kept = "hold", "down" if direction == "up" else "up", 0
            self._open(now)
