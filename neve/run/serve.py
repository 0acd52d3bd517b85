"""A run, live, in a browser: one page and a stream of events, on this machine alone unless told otherwise.

A small HTTP server of our own on asyncio: it answers three addresses, opens no file by a name that somebody
sends, and writes nothing. All readers get the same bytes of one look at the run, and of these only the parts
that changed; it has the lowest priority, and looks the more rarely the more a look costs, so that training
does not feel two hundred readers. Nor does it feel one who asks without end: once a burst is spent, new
connections are taken no faster than the processor time of the whole server allows. The trade-off: HTTP/1.1
with GET and HEAD only, a connection for each question; who reads already is not disturbed by a flood, but a
new reader waits in its queue.

On a loopback address only requests that name one as their host are answered, so that no page of another
origin reads a run through a name of its own. On any other address the path begins with a secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.report.render import page
from neve.run.live import Watcher

HEAD_BYTES, HEAD_SECONDS = 16 << 10, 10.0
"""Longest head of a request, and how long it may take."""
CONNECTIONS = 1000
TICK, LONGEST_TICK = 1.0, 10.0
"""Seconds between two looks at the run, while somebody watches: at least, and at most."""
SHARE, LOOK_SHARE = 0.01, 0.005
"""Of one core that all of this may take, and that looking and sending may; what costs more is done more
rarely."""
BURST = 0.5
"""Seconds of processor time that taking connections may run ahead of SHARE: hundreds of readers at once."""
LONGEST_WAIT = 1.0
"""Seconds between two connections at most, however much was spent."""
SEND_SECONDS = 20.0
"""A reader that takes longer to take what it is sent is left."""
LAST_SECONDS = 5.0
"""Who asked before the end has this long to be answered."""
QUIET_SECONDS = 15.0
"""A sign of life at least this often, in seconds, which finds readers that are gone."""
END = "end"
"""The part that comes last."""
PORT = 8321
NICE = 19

HEADERS = (
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: frame-ancestors 'none'\r\nConnection: close\r\n"
)
STATUS = {
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    421: "Misdirected Request", 431: "Request Header Fields Too Large", 503: "Service Unavailable",
}  # fmt: skip


@dataclass
class Server:
    """One run, served."""

    watcher: Watcher
    token: str = ""
    """Begins every path, where it is not empty."""
    parts: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Part of a look -> how often it changed, and its event's bytes."""
    open: int = 0
    watching: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    one: threading.Lock = field(default_factory=threading.Lock)
    """Of looks at the run, one at a time."""

    async def look(self) -> None:
        """Look at the run while somebody watches; what changed is sent to all."""
        while True:
            before = time.process_time()
            if self.watching:
                await self._once()
                self._tell()
            await asyncio.sleep(TICK)
            more = (time.process_time() - before) / LOOK_SHARE - TICK
            await asyncio.sleep(min(max(0.0, more), LONGEST_TICK - TICK))

    async def welcome(self, listening: socket.socket) -> None:
        """Take connections: BURST seconds of the process's time at once, then SHARE of one core."""
        loop, left = asyncio.get_running_loop(), BURST

        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(asyncio.StreamReader(HEAD_BYTES, loop), self.answer, loop)

        spent, at = time.process_time(), time.monotonic()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
                await loop.connect_accepted_socket(protocol, connection)
            except OSError:  # gone already, or no descriptor is free
                left = -BURST
            before, spent = spent, time.process_time()
            since, at = at, time.monotonic()
            left = max(min(left + SHARE * (at - since), BURST) - (spent - before), -SHARE * LONGEST_WAIT)
            if left < 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(-left / SHARE):
                        await self.ending.wait()

    async def end(self) -> None:
        """A last look for who watches, and word that it was the last; who asked before is answered."""
        if self.watching:
            await self._once()
        self.parts[END] = (1, b"event: end\ndata: {}\n\n")
        self.ending.set()
        self._tell()
        await asyncio.sleep(0.05)
        last = time.monotonic() + LAST_SECONDS
        while self.open and time.monotonic() < last:
            await asyncio.sleep(0.05)

    async def _once(self) -> None:
        try:
            found = await asyncio.to_thread(self._found)
        except (OSError, ValueError, KeyError) as error:  # the run is being written: look again
            print(f"neve serve: {type(error).__name__}: {error}", file=sys.stderr)
            found = {}
        for part, event in events(found):
            version, sent = self.parts.get(part, (0, b""))
            if event != sent:
                self.parts[part] = (version + 1, event)

    def _found(self) -> dict[str, Any]:
        with self.one:
            return self.watcher.look()

    def _tell(self) -> None:
        waiting, self.changed = self.changed, asyncio.Event()
        waiting.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: read a request's head, answer, close."""
        self.open += 1
        try:
            status, method, path = await self._request(reader, writer)
            if self.open > CONNECTIONS:
                status = 503
            if status != 200:
                await _send(writer, _plain(status), method)
            elif path == "/events" and method == "GET":
                await self._events(writer)
            else:
                await _send(writer, self._page(path), method)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the reader is gone, or the server ends
        finally:
            self.open -= 1
            writer.close()

    async def _request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[int, str, str]:
        """(status, method, path without token and query); a status other than 200 is the answer."""
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return 431, "GET", ""
        except TimeoutError:
            return 408, "GET", ""
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
            return 400, "GET", ""
        method, target = words[0], words[1].partition("?")[0]
        if method not in ("GET", "HEAD"):
            return 405, "GET", ""
        hosts = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
        if not self.token and (len(hosts) != 1 or not local(hosts[0])):
            return 421, method, ""
        if self.token:
            given, slash, rest = target[1:].partition("/")
            if not slash or not hmac.compare_digest(given.encode("latin-1"), self.token.encode()):
                return 404, method, ""
            target = f"/{rest}"
        return 200, method, target

    def _page(self, path: str) -> bytes:
        """A whole answer: the page or the report; nothing else is there."""
        if path == "/":
            return _whole("text/html; charset=utf-8", page("live.html", [], live=True, title="live").encode())
        report = self.watcher.report
        inside = report.resolve().is_relative_to(self.watcher.folder.resolve())
        if path == "/report" and inside and report.is_file():
            return _whole("text/html; charset=utf-8", report.read_bytes())
        return _plain(404)

    async def _events(self, writer: asyncio.StreamWriter) -> None:
        """Send what is known, then what changes, until the reader is gone."""
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{HEADERS}\r\nretry: 3000\n\n".encode()
        )
        sent: dict[str, int] = {}
        self.watching += 1
        try:
            while True:
                changed = self.changed
                for name, (version, event) in list(self.parts.items()):
                    if sent.get(name) != version:
                        sent[name] = version
                        writer.write(event)
                async with asyncio.timeout(SEND_SECONDS):
                    await writer.drain()
                if END in self.parts:
                    return
                try:
                    async with asyncio.timeout(QUIET_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    writer.write(b": here\n\n")
        finally:
            self.watching -= 1


def events(found: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """What a look found as server-sent events, each curve and each kind of sample by itself: (name of the
    part, bytes)."""
    for name, value in found.items():
        parts = [value] if name == "stages" else [{key: part} for key, part in value.items()]
        for part in parts:
            data = json.dumps(part, separators=(",", ":"), allow_nan=False)
            key = name if name == "stages" else f"{name} {next(iter(part))}"
            yield key, f"event: {name}\ndata: {data}\n\n".encode()


def _whole(kind: str, body: bytes, status: int = 200) -> bytes:
    head = f"HTTP/1.1 {status} {STATUS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{HEADERS}\r\n"
    return head.encode() + body


def _plain(status: int) -> bytes:
    return _whole("text/plain; charset=utf-8", f"{status} {STATUS[status]}\n".encode(), status)


async def _send(writer: asyncio.StreamWriter, answer: bytes, method: str) -> None:
    head, blank, body = answer.partition(b"\r\n\r\n")
    writer.write(head + blank + (b"" if method == "HEAD" else body))
    async with asyncio.timeout(SEND_SECONDS):
        await writer.drain()


def local(host: str) -> bool:
    """Whether a Host header names this machine itself.

    >>> [local(host) for host in ("127.0.0.1:80", "localhost", "[::1]:8321", "127.0.0.1.evil")]
    [True, True, True, False]
    """
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    return name == "localhost" or _loopback(name)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    folder: Path,
    arm: str,
    host: str,
    port: int,
    say: Callable[[str], None],
    alive: Callable[[], bool] | None = None,
) -> None:
    """Serve the run in `folder` until interrupted, or until `alive` says no; `say` is told the address.

    `port` 0 takes a free one. The process gets the lowest priority. Raises Fault where the address cannot be
    taken.
    """
    os.nice(NICE)
    asyncio.run(
        _serve(
            Server(Watcher(folder, arm), "" if _loopback(host) else secrets.token_urlsafe(16)),
            host,
            port,
            say,
            alive,
        )
    )


async def _serve(
    server: Server, host: str, port: int, say: Callable[[str], None], alive: Callable[[], bool] | None
) -> None:
    with listening(host, port) as made:
        shown = f"[{host}]" if ":" in host else host
        say(f"http://{shown}:{made.getsockname()[1]}/" + (f"{server.token}/" if server.token else ""))
        looking, welcoming = map(asyncio.create_task, (server.look(), server.welcome(made)))
        while alive is None or alive():
            await asyncio.sleep(TICK)
        looking.cancel()
        await server.end()
        welcoming.cancel()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there, and does not block. Raises Fault where the address cannot be taken."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.create_server(address, family=family)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Fault(
            f"--host {host} --port {port}: cannot be taken ({why}); --port 0 takes a free one"
        ) from None
    made.setblocking(False)
    return made


def main() -> None:
    """`python -m neve.run.serve FOLDER ARM`: beside the process that started it, as long as that lives;
    ended by it, it answers first who has asked."""
    folder, arm = sys.argv[1:]
    parent, ended = os.getppid(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    serve(
        Path(folder),
        arm,
        "127.0.0.1",
        0,
        lambda address: print(f"live: {address}", file=sys.stderr, flush=True),
        lambda: os.getppid() == parent and not ended.is_set(),
    )


if __name__ == "__main__":
    main()
