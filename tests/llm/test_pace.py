"""The pace against a simulated server, in simulated time: slots, a queue, answers of given lengths.

Oracle: the server's own rate, which nothing can pass: slots / seconds of an answer, or the best of fixed limits.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

import pytest

from neve.llm.pace import Pace


class Simulation:
    """A server under a pace, with always more to ask."""

    def __init__(
        self,
        seconds: Callable[[float, float, int], float],
        slots: Callable[[float], int],
        work: Callable[[random.Random], float] = lambda draw: 1.0,
        most: int | None = None,
        seed: int = 1,
    ) -> None:
        self.seconds, self.slots, self.work = seconds, slots, work
        self.draw, self.pace = random.Random(seed), Pace(0.0, most)
        self.now, self.busy = 0.0, 0
        self.queue: list[tuple[float, float]] = []
        self.done: list[tuple[float, float]] = []
        self.in_flight: list[tuple[float, int]] = []
        self._events: list[tuple[float, int, tuple[float, float] | None]] = [(0.0, 0, None)]
        self._serial = count(1)

    def run(self, until: float) -> None:
        self._fill()
        while self._events[0][0] <= until:
            self.now, _, ended = heapq.heappop(self._events)
            if ended is None:
                self.pace.look(self.now)
                self.in_flight.append((self.now, self.pace.in_flight))
                heapq.heappush(self._events, (self.now + 0.1, next(self._serial), None))
            else:
                sent, work = ended
                self.busy -= 1
                self.done.append((self.now, work))
                self.pace.finished(self.now, self.now - sent, work, True)
            self._fill()

    def _fill(self) -> None:
        while self.pace.in_flight < self.pace.allowed:
            self.pace.started()
            self.queue.append((self.now, self.work(self.draw)))
        while self.queue and self.busy < self.slots(self.now):
            sent, work = self.queue.pop(0)
            self.busy += 1
            end = self.now + self.seconds(self.now, work, self.busy) * self.draw.uniform(0.95, 1.05)
            heapq.heappush(self._events, (end, next(self._serial), (sent, work)))

    def rate(self, start: float, stop: float) -> float:
        return sum(work for at, work in self.done if start <= at < stop) / (stop - start)

    def most(self, start: float, stop: float) -> int:
        return max(n for at, n in self.in_flight if start <= at < stop)

    def mean(self, start: float, stop: float) -> float:
        seen = [n for at, n in self.in_flight if start <= at < stop]
        return sum(seen) / len(seen)


@pytest.mark.parametrize("slots", [1, 3, 8, 64, 300])
@pytest.mark.parametrize("seconds", [0.2, 20.0])
def test_a_server_of_any_size_is_used_and_its_queue_stays_short(slots: int, seconds: float) -> None:
    made = Simulation(lambda now, work, busy: seconds, lambda now: slots)
    made.run(200 * seconds)
    ideal = slots / seconds
    assert made.rate(0, 200 * seconds) >= 0.9 * ideal
    assert made.rate(50 * seconds, 200 * seconds) >= 0.95 * ideal
    assert made.mean(50 * seconds, 200 * seconds) <= 1.5 * slots + 4


def test_ten_seconds_suffice_for_nine_tenths_of_the_rate() -> None:
    made = Simulation(lambda now, work, busy: 0.2, lambda now: 64)
    made.run(10)
    assert made.rate(0, 10) >= 0.9 * 320


@pytest.mark.parametrize("slower", ["answers", "slots"])
def test_a_server_that_slows_to_a_tenth_gets_fewer_within_ten_seconds_and_more_afterwards(
    slower: str,
) -> None:
    def slow(now: float) -> bool:
        return 20 <= now < 60

    made = Simulation(
        lambda now, work, busy: 2.0 if slow(now) and slower == "answers" else 0.2,
        lambda now: 6 if slow(now) and slower == "slots" else 64,
    )
    made.run(120)
    before = made.mean(10, 20)
    assert made.most(29, 31) <= 0.6 * before
    if slower == "slots":  # what it has is used all the same
        assert made.rate(40, 60) >= 0.9 * 30 and made.mean(40, 60) < 15
    else:
        assert made.rate(40, 60) >= 0.7 * 32
    assert made.rate(75, 120) >= 0.95 * 320


def test_a_model_server_whose_answers_slow_each_other_is_driven_near_the_best_fixed_limit() -> None:
    """Tokens take 10 ms and 0.2 ms more for each answer beside; lengths differ thirtyfold; 256 slots."""

    def length(draw: random.Random) -> float:
        return min(2048.0, max(20.0, draw.lognormvariate(5.5, 0.8)))

    def seconds(now: float, work: float, busy: int) -> float:
        return work * (0.01 + 0.0002 * busy) + 0.3

    rates = {}
    for most in (32, 128, 256):
        fixed = Simulation(seconds, lambda now: 256, length, most)
        fixed.pace.allowed = most
        fixed.pace.look = lambda now: None  # type: ignore[method-assign]
        fixed.run(300)
        rates[most] = fixed.rate(100, 300)
    assert rates[32] < 0.6 * rates[256]
    for seed in (1, 2, 3):
        made = Simulation(seconds, lambda now: 256, length, seed=seed)
        made.run(600)
        assert made.rate(200, 600) >= 0.8 * max(rates.values())


def test_a_server_that_tells_no_tokens_and_answers_at_random_lengths() -> None:
    draw = random.Random(5)
    made = Simulation(lambda now, work, busy: draw.expovariate(1 / 0.2), lambda now: 64)
    made.run(200)
    assert made.rate(20, 200) >= 0.85 * 320


def test_no_more_than_the_most_and_never_less_than_one() -> None:
    made = Simulation(lambda now, work, busy: 0.2, lambda now: 64, most=5)
    made.run(30)
    assert made.most(0, 30) == 5
    pace = Pace(0.0)
    for second in range(100):
        pace.refused(float(second))
    assert pace.allowed == 1


def test_refusals_that_come_together_count_once() -> None:
    pace = Pace(0.0)
    for _ in range(8):
        pace.started()
    for _ in range(8):
        pace.refused(1.0)
    assert pace.allowed == round(0.7 * 8)


def test_without_demand_nothing_is_learnt() -> None:
    pace, now = Pace(0.0), 0.0
    for _ in range(500):
        pace.started()
        now += 0.2
        pace.finished(now, 0.2, 1.0, False)
    assert pace.allowed == 8
