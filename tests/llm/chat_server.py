"""A real HTTP server on the loopback that speaks the chat completions protocol, or misspeaks it as told."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

Reply = Callable[[dict[str, Any], int], bytes | Awaitable[bytes] | AsyncIterator[bytes]]
"""(question, how many times it has been asked before) -> the bytes of the whole HTTP response, or pieces of it;
b"" hangs up, RESET breaks the connection."""
RESET = b"reset"


def http(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def completion(text: Any, finish: Any = "stop", tokens: Any = 7) -> bytes:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    return http(200, json.dumps({"choices": [choice], "usage": {"completion_tokens": tokens}}).encode())


class Endpoint:
    """What was asked, and where."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.paths: list[str] = []
        self.in_flight = self.most_in_flight = 0
        self.url = ""


@contextmanager
def endpoint(reply: Reply, port: int = 0) -> Iterator[Endpoint]:
    """Serve until the context ends, each connection for one or more requests."""
    state, loop, ready = Endpoint(), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                size = next(
                    int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length")
                )
                payload = json.loads(await reader.readexactly(size))
                before = state.asked.count(payload)
                state.asked.append(payload)
                state.headers.append(head)
                state.paths.append(head.split()[1])
                state.in_flight += 1
                state.most_in_flight = max(state.most_in_flight, state.in_flight)
                try:
                    made = reply(payload, before)
                    if isinstance(made, AsyncIterator):
                        async for piece in made:
                            writer.write(piece)
                            await writer.drain()
                        continue
                    answer = made if isinstance(made, bytes) else await made
                finally:
                    state.in_flight -= 1
                if answer == RESET:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    writer.transport.abort()
                if not answer or answer == RESET:
                    break
                for start in range(0, len(answer), 1 << 16):
                    writer.write(answer[start : start + (1 << 16)])
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(connection, "127.0.0.1", port)
        state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stop.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0.01)  # transports close in the loop's next turn

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield state
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
        loop.close()
