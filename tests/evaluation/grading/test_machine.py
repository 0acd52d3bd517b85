"""How work flows through the pool. Oracle: the order in which it was begun."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from neve.evaluation.grading import machine


def test_work_flows_as_what_it_needs_is_there(monkeypatch):
    """Whatever comes when: each piece of work is done once, its result stands in its place, no more than two at a time."""
    monkeypatch.setattr(machine, "workers", lambda: 2)
    chance, lock, at_work, most = random.Random(5), threading.Lock(), 0, 0
    costs: list[Future[float]] = [Future() for _ in range(12)]
    prepared = [chance.choice(costs) for _ in range(60)]
    began = []

    def work(number, cost):
        nonlocal at_work, most
        with lock:
            began.append(number)
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.001)
        with lock:
            at_work -= 1
        return number, cost

    def prepare():
        for n in chance.sample(range(12), 12):
            costs[n].set_result(n)
            time.sleep(0.002)

    told = []
    with ThreadPoolExecutor(4) as pool:
        thread = threading.Thread(target=prepare)
        thread.start()
        found = machine.flow(prepared, work, float, pool, told.append)
        thread.join()
        assert found == [(n, future.result()) for n, future in enumerate(prepared)]
        assert sorted(began) == list(range(60)) and most == 2 and sum(told) == 60
        began.clear()
        monkeypatch.setattr(machine, "workers", lambda: 1)
        machine.flow(prepared, work, float, pool, told.append)
        assert [prepared[n].result() for n in began] == sorted((f.result() for f in prepared), reverse=True)
        more, got = Future(), []
        more.set_result(50.0)

        def twice(number, cost):
            got.append((number, cost))
            return cost if number % 2 or cost == 50.0 else more

        assert machine.flow(costs, twice, float, pool, lambda n: None) == [
            cost if n % 2 else 50.0 for n, cost in enumerate(c.result() for c in costs)
        ]
        assert sorted(got) == sorted(
            [(n, c.result()) for n, c in enumerate(costs)] + [(n, 50.0) for n in range(0, 12, 2)]
        )
        costs[0] = Future()
        costs[0].set_exception(KeyError("lost"))
        with pytest.raises(KeyError, match="lost"):
            machine.flow([costs[0]], work, float, pool, told.append)
