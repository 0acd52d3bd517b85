"""A client that is killed at any moment asks again at most what was in flight.

Oracle: the server's own record of what it was asked, and the ledger read back.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from chat_server import completion, endpoint

from neve.llm.ledger import Ledger

GOOD = completion("good")


def number(payload: dict[str, Any]) -> int:
    return int(payload["seed"])


KILLED = """
import asyncio, sys
from pathlib import Path
from neve.llm.client import Client, in_order
from neve.llm.ledger import Ledger
async def main():
    with Ledger(Path(sys.argv[2])) as ledger:
        async with Client(sys.argv[1], ledger, concurrency=16) as client:
            def asked(n):
                return {"model": "m", "messages": [{"role": "user", "content": f"question {n}"}], "seed": n}
            asks = ((n, lambda n=n: client.ask(asked(n))) for n in range(int(sys.argv[3])))
            await in_order(client, asks, lambda ready: False)
asyncio.run(main())
"""


def killed_again_and_again(tmp_path: Path, kills: int, count: int) -> None:
    """Oracle: a payload that the server saw twice was in one of the 16 slots at a kill: answered, but not on disk."""

    async def reply(payload: dict[str, Any], before: int) -> bytes:
        await asyncio.sleep(0.03)
        return GOOD

    draw = random.Random(1)
    with endpoint(reply) as server:
        for kill in range(kills + 1):
            process = subprocess.Popen([sys.executable, "-c", KILLED, server.url, tmp_path / "l", str(count)])
            if kill == kills:
                assert process.wait(timeout=300) == 0
                break
            wanted = len(server.asked) + draw.randint(0, max(1, 2 * count // max(1, kills)))
            while len(server.asked) < wanted and process.poll() is None:
                time.sleep(0.002)
            time.sleep(draw.random() * 0.05)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        seen = [number(payload) for payload in server.asked]
    assert set(seen) == set(range(count))
    assert len(seen) - count <= 16 * kills
    with Ledger(tmp_path / "l") as ledger:
        assert len(ledger) == count


def test_three_random_kills_repeat_at_most_what_was_in_flight(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path, 3, 300)


@pytest.mark.slow
def test_fifty_random_kills_repeat_at_most_what_was_in_flight(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path, 50, 3000)
