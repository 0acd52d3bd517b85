"""The client beside what a server can do at best: rate, slowing, memory, and kills.

    python benchmarks/client.py --out DIR [--jobs rate slow kills] [--requests 100000] [--kills 50]

A server of our own, a process of its own on this machine, has SLOTS slots and answers each request after
SECONDS; what comes while all slots are taken waits in its queue, and nothing is refused. Its ideal rate is
SLOTS / SECONDS. The client is told no concurrency.

* `rate`: requests a second over the whole run and in its second half, beside the ideal; the client's peak of
  memory.
* `slow`: in the middle the server takes ten times as long for each answer, for 30 s; how long until 0.6 of
  what was in flight is left, and until 90 % of the ideal rate is back.
* `kills`: the client is killed (SIGKILL) at random moments and started again until all is answered; how
  often the server saw questions again, beside what was in flight at the kills.

The trade-off: client and server share the machine's cores, so what the server costs is missing there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import resource
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

SLOTS, SECONDS = 64, 0.2
SLOWER, SLOW_FOR = 10.0, 30.0
BODY = json.dumps(
    {
        "choices": [{"message": {"content": "def f():\n    return 1\n" * 8}, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 64},
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


def question(n: int) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": f"question {n} " + "x" * 600}], "seed": n}


# --- the server
# --------------------------------------------------------------------------------------------------


def serve(port: int, out: Path) -> None:
    """Answer until told to end; POST /factor/F makes it F times as slow, POST /count writes what it saw."""
    asyncio.run(_serve(port, out))


async def _serve(port: int, out: Path) -> None:
    slots, factor = asyncio.Semaphore(SLOTS), [1.0]
    seen: Counter[int] = Counter()
    load = [0]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                size = next(
                    (
                        int(line[15:])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                body = await reader.readexactly(size)
                if path.startswith("/factor/"):
                    factor[0] = float(path[8:])
                elif path == "/count":
                    out.write_text(json.dumps({"seen": seen, "load": load[0]}))
                else:
                    seen[json.loads(body)["seed"]] += 1
                    load[0] += 1
                    async with slots:
                        await asyncio.sleep(SECONDS * factor[0])
                    load[0] -= 1
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


class Server:
    """The server, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url, self._file = f"http://127.0.0.1:{self.port}", folder / "server.json"
        self._process: BaseProcess = multiprocessing.get_context("spawn").Process(
            target=serve, args=(self.port, self._file), daemon=True
        )
        self._process.start()
        for _ in range(100):
            try:
                self.tell("/count")
                break
            except OSError:
                time.sleep(0.1)

    def tell(self, path: str) -> None:
        request = urllib.request.Request(self.url + path, data=b"", method="POST")
        urllib.request.urlopen(request, timeout=10).read()

    def count(self) -> dict[str, Any]:
        """How often each question was seen, and how many requests are in the server now."""
        self.tell("/count")
        found: dict[str, Any] = json.loads(self._file.read_text())
        return found

    def end(self) -> None:
        self._process.kill()
        self._process.join()


# --- the client
# --------------------------------------------------------------------------------------------------


def ask(url: str, ledger: Path, requests: int, trace: Path) -> None:
    """Ask all questions, as synthesis does; every tenth of a second the time, what was answered and what is
    in flight go to `trace`."""
    from neve.llm.client import Client, in_order
    from neve.llm.ledger import Ledger

    answered = [0]

    async def work() -> None:
        with Ledger(ledger) as book:
            async with Client(url, book) as client:

                async def watch() -> None:
                    with trace.open("w") as file:
                        while True:
                            flight = client._endpoints[0].pace.in_flight
                            file.write(f"{time.monotonic()} {answered[0]} {flight}\n")
                            file.flush()
                            await asyncio.sleep(0.1)

                def asks() -> Iterator[Any]:
                    for n in range(requests):
                        yield n, lambda n=n: client.ask(question(n))

                def judge(ready: list[Any]) -> bool:
                    answered[0] += len(ready)
                    assert all(answer.error is None for _, answer in ready)
                    return False

                watching = asyncio.create_task(watch())
                await in_order(client, asks(), judge)
                watching.cancel()

    asyncio.run(work())
    print(json.dumps({"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def start(server: Server, folder: Path, requests: int) -> subprocess.Popen[str]:
    arguments = ["--ask", server.url, str(folder / "ledger.sqlite"), str(requests), str(folder / "trace")]
    return subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)


def traced(folder: Path) -> list[tuple[float, int, int]]:
    """(time, answered, in flight) rows."""
    rows = (line.split() for line in (folder / "trace").read_text().splitlines())
    return [(float(row[0]), int(row[1]), int(row[2])) for row in rows if len(row) == 3]


def rate(folder: Path, requests: int) -> dict[str, float]:
    server = Server(folder)
    child = start(server, folder, requests)
    printed, _ = child.communicate()
    server.end()
    rows = [row for row in traced(folder) if row[1] > 0 or row[2] > 0]
    half = next(row for row in rows if row[1] >= requests / 2)
    ideal = SLOTS / SECONDS
    return {
        "requests": requests,
        "of_the_ideal_rate": rows[-1][1] / (rows[-1][0] - rows[0][0]) / ideal,
        "of_the_ideal_rate_second_half": (rows[-1][1] - half[1]) / (rows[-1][0] - half[0]) / ideal,
        "in_flight_median": statistics.median(row[2] for row in rows),
        **json.loads(printed),
    }


def slow(folder: Path, requests: int) -> dict[str, float | None]:
    server = Server(folder)
    child = start(server, folder, requests)
    time.sleep(25)
    begun = time.monotonic()
    server.tell(f"/factor/{SLOWER}")
    time.sleep(SLOW_FOR)
    ended = time.monotonic()
    server.tell("/factor/1")
    time.sleep(25)
    child.kill()
    child.communicate()
    server.end()
    rows = traced(folder)
    before = statistics.median(row[2] for row in rows if begun - 5 < row[0] < begun)
    shrunk = next((t - begun for t, _, flight in rows if begun < t < ended and flight <= 0.6 * before), None)
    back = None
    for t, answered, _ in rows:
        later = next((row for row in rows if row[0] >= t + 2), None)
        if t > ended and later and (later[1] - answered) / (later[0] - t) >= 0.9 * SLOTS / SECONDS:
            back = t - ended
            break
    return {"in_flight_before": before, "s_to_shrink_to_0.6": shrunk, "s_to_90_percent_again": back}


def kills(folder: Path, requests: int, number: int) -> dict[str, float]:
    server, chance = Server(folder), random.Random(1)
    in_flight, done = 0, 0
    for _ in range(number):
        child = start(server, folder, requests)
        time.sleep(chance.uniform(1.5, 5.0))
        child.kill()
        child.communicate()
        rows = traced(folder) if (folder / "trace").exists() else []
        in_flight += rows[-1][2] + int(SLOTS / SECONDS / 10) if rows else 0
        done += 1
    child = start(server, folder, requests)
    child.communicate()
    time.sleep(2 * SECONDS)
    seen = server.count()["seen"]
    server.end()
    with sqlite3.connect(folder / "ledger.sqlite") as book:
        kept = book.execute("select count(*) from answers where error is null").fetchone()[0]
    return {
        "kills": done,
        "questions": requests,
        "answers_kept": kept,
        "never_asked": requests - len(seen),
        "asked_again": sum(seen.values()) - len(seen),
        "in_flight_at_the_kills_at_most": in_flight,
    }


def main() -> int:
    if sys.argv[1:2] == ["--ask"]:
        url, ledger, requests, trace = sys.argv[2:]
        ask(url, Path(ledger), int(requests), Path(trace))
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--jobs", nargs="*", choices=["rate", "slow", "kills"], default=["rate", "slow", "kills"]
    )
    parser.add_argument("--requests", type=int, default=100_000, help="of `rate`")
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    ideal = int(SLOTS / SECONDS)
    work: dict[str, Any] = {
        "rate": lambda folder: rate(folder, options.requests),
        "slow": lambda folder: slow(folder, ideal * 200),
        "kills": lambda folder: kills(folder, options.kills * ideal, options.kills),
    }
    found = {}
    for job in options.jobs:
        folder = options.out / f"{job}-{int(time.time())}"
        folder.mkdir(parents=True)
        found[job] = work[job](folder)
        print(job, json.dumps(found[job], indent=1), flush=True)
        (options.out / "client.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
