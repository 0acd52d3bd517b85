"""A server process of `slots` slots, each of which takes `seconds` for an answer; it refuses nothing, it queues.

    python paced_server.py PORTFILE SLOTS SECONDS

Beside chat completions: POST /control {"slots": …, "seconds": …} changes it, GET /stats tells {"asked": …, "distinct":
…, "most": …, "now": …} (requests, payloads that differ, most and present in the house).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path


class House:
    def __init__(self, slots: int, seconds: float) -> None:
        self.slots, self.seconds = slots, seconds
        self.free = asyncio.Semaphore(slots)
        self.asked = self.now = self.most = 0
        self.seen: set[bytes] = set()

    async def answer(self, body: bytes) -> bytes:
        self.asked += 1
        self.seen.add(hashlib.blake2b(body, digest_size=12).digest())
        self.now += 1
        self.most = max(self.most, self.now)
        async with self.free:
            await asyncio.sleep(self.seconds)
        self.now -= 1
        message = {"role": "assistant", "content": "x"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return json.dumps({"choices": [choice], "usage": {"completion_tokens": 1}}).encode()

    async def control(self, body: bytes) -> bytes:
        asked = json.loads(body)
        self.seconds = asked.get("seconds", self.seconds)
        for _ in range(max(0, asked.get("slots", self.slots) - self.slots)):
            self.free.release()
        for _ in range(max(0, self.slots - asked.get("slots", self.slots))):
            await self.free.acquire()
        self.slots = asked.get("slots", self.slots)
        return b"{}"

    def stats(self) -> bytes:
        return json.dumps(
            {"asked": self.asked, "distinct": len(self.seen), "most": self.most, "now": self.now}
        ).encode()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
                body = await reader.readexactly(size)
                if b" /stats" in head:
                    answer = self.stats()
                elif b" /control" in head:
                    answer = await self.control(body)
                else:
                    answer = await self.answer(body)
                start = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}"
                writer.write(start.encode() + b"\r\n\r\n" + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    house = House(int(sys.argv[2]), float(sys.argv[3]))
    server = await asyncio.start_server(house.connection, "127.0.0.1", 0, backlog=1024)
    Path(sys.argv[1]).write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
