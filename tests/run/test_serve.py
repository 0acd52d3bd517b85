"""A run in the browser. Oracles: HTTP as sockets and the standard library's client see it; a folder with a secret beside."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from neve.run import serve
from neve.store import partial, write_json

SECRET = "a secret beside the run"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one stage, whose report is a link out of its folder."""
    top = tmp_path_factory.mktemp("served")
    (top / "secret.html").write_text(SECRET)
    folder = top / "run"
    (folder / "stages" / "curate-00000000").mkdir(parents=True)
    write_json(folder / "run.json", {"arms": {"main": {"curate": "curate-00000000"}}})
    (folder / "report").mkdir()
    (folder / "report" / "index.html").symlink_to(top / "secret.html")
    return folder


def started(run: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "neve.cli", "serve", str(run), "--port", "0", *options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline().split()[0]


@pytest.fixture(scope="module")
def port(run: Path) -> Iterator[int]:
    child, address = started(run)
    yield int(address.rstrip("/").rpartition(":")[2])
    assert child.poll() is None, child.stderr.read()  # type: ignore[union-attr]
    child.terminate()
    child.wait()


def asked(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with contextlib.suppress(OSError):  # refused before all was sent
            connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
        return answer


def get(port: int, path: str, host: str = "127.0.0.1", method: str = "GET") -> bytes:
    return asked(port, f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())


def events(port: int, wanted: int, path: str = "/events") -> dict[str, dict]:
    """The first events of the stream, by name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer, found, name = connection.getresponse(), {}, ""
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    while len(found) < wanted:
        line = answer.readline().decode()
        if line.startswith("event: "):
            name = line[7:].strip()
        elif line.startswith("data: "):
            found[name] = json.loads(line[6:])
    connection.close()
    return found


def test_the_page_asks_nobody_else(port: int) -> None:
    answer = html.unescape(get(port, "/").decode())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', answer)[1]  # type: ignore[index]
    assert (
        "default-src 'none'" in policy and "connect-src 'self'" in policy and "script-src 'sha256-" in policy
    )
    assert (
        answer.startswith("HTTP/1.1 200 OK")
        and "nosniff" in answer
        and not re.search(r'(src|href)="http', answer)
    )
    assert get(port, "/", method="HEAD").endswith(b"\r\n\r\n")


def test_the_stream_tells_the_run(port: int) -> None:
    found = events(port, 1)
    assert (
        found["stages"]["rows"] == [{"stage": "curate", "state": "pending"}]
        and found["stages"]["run"] == "run"
    )


@pytest.mark.parametrize(
    "path",
    ["/../secret.html", "/%2e%2e/secret.html", "/report/../../secret.html", "/report", "//secret.html", "/run.json",
     "/etc/passwd", "/report/index.html", "/\x00", "/events/../../secret.html", "/..\\secret.html", "/%00", "/state"],
)  # fmt: skip
def test_no_path_leads_out_of_the_run(port: int, path: str) -> None:
    answer = get(port, path)
    assert SECRET.encode() not in answer and answer.startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"DELETE /run.json HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"\xff\xfe\x00\r\n\r\n", 400),
    ],
)
def test_what_is_no_plain_question_is_refused(port: int, request_: bytes, status: int) -> None:
    answer = asked(port, request_)
    assert answer.startswith(f"HTTP/1.1 {status}".encode()) or (status == 431 and not answer)
    assert get(port, "/").startswith(b"HTTP/1.1 200")


def test_a_head_that_never_ends_is_left(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from neve.run.live import Watcher

    monkeypatch.setattr(serve, "HEAD_SECONDS", 0.2)

    async def slow() -> bytes:
        server = serve.Server(Watcher(run))
        made = await asyncio.start_server(server.answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", made.sockets[0].getsockname()[1])
        writer.write(b"GET / HT")
        said = await reader.read()
        writer.close()
        made.close()
        return said

    assert asyncio.run(slow()).startswith(b"HTTP/1.1 408")


def test_200_readers_at_once_are_cheap(run: Path) -> None:
    """All get every event; the server takes a small part of a core. Oracle: its processor time, from the system."""
    child, address = started(run)
    port = int(address.rstrip("/").rpartition(":")[2])
    found: list[dict] = []
    readers = [threading.Thread(target=lambda: found.append(events(port, 1))) for _ in range(200)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(found) == 200 and all(one == found[0] for one in found)
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for connection in held:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    time.sleep(2)
    before, began = processor(child.pid), time.monotonic()
    for number in range(3):
        (run / "stages" / f"touched-{number}").mkdir()
        time.sleep(1)
    share = (processor(child.pid) - before) / (time.monotonic() - began)
    for connection in held:
        connection.close()
    child.terminate()
    child.wait()
    assert share < 0.25, share
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 400


def processor(pid: int) -> float:
    """Seconds of processor time of a process, as the system counts them."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def test_a_flood_is_answered_no_faster_than_its_share_allows(run: Path) -> None:
    """Who reads already has what changes, and who comes later is answered too. Oracle: the system's count of the
    server's processor time, where an unbounded server takes what the flood takes."""
    program = (
        "from pathlib import Path; from neve.run import serve; serve.BURST, serve.LONGEST_TICK = 0.05, 2.0\n"
        f"serve.serve(Path({str(run)!r}), 'main', '127.0.0.1', 0, lambda address: print(address, flush=True))"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    port = int(child.stdout.readline().strip().rstrip("/").rpartition(":")[2])  # type: ignore[union-attr]
    reader = socket.create_connection(("127.0.0.1", port), timeout=20)
    reader.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    stream = reader.makefile("rb")
    assert any(line == b"event: stages\n" for line in stream)
    before, began, answered = processor(child.pid), time.monotonic(), [0]

    def flood() -> None:
        while time.monotonic() < began + 4:
            answered[0] += bool(get(port, "/run.json"))

    several = [threading.Thread(target=flood) for _ in range(8)]
    for one in several:
        one.start()
    time.sleep(1)
    begun = partial(run / "stages" / "curate-00000000")
    begun.mkdir()
    assert any(b'"partial"' in line for line in stream)
    for one in several:
        one.join()
    took, lasted = processor(child.pid) - before, time.monotonic() - began
    begun.rmdir()
    assert get(port, "/").startswith(b"HTTP/1.1 200")
    reader.close()
    child.terminate()
    child.wait()
    allowed = 0.05 + (serve.SHARE + serve.LOOK_SHARE) * lasted
    assert took < 2 * allowed and answered[0] > 10, (took, allowed, answered)


def test_only_the_part_that_changed_is_sent_again() -> None:
    """A curve that stands still, and samples that are known, cost nothing. Oracle: the parts, written out."""
    found = {
        "stages": {"rows": []},
        "curves": {"a": [1], "b": [2]},
        "samples": {"dropped": [], "scored": ["x"]},
    }
    parts = dict(serve.events(found))
    found["curves"]["b"] = [3]
    changed = {name for name, event in serve.events(found) if event != parts[name]}
    assert changed == {"curves b"} and len(parts) == 5
    assert parts["samples scored"] == b'event: samples\ndata: {"scored":["x"]}\n\n'


def test_another_address_needs_the_secret(run: Path) -> None:
    child, address = started(run, "--host", "0.0.0.0")
    found = re.fullmatch(r"http://0\.0\.0\.0:(\d+)/([\w-]{20,})/", address)
    assert found
    port, token = int(found[1]), found[2]
    assert get(port, "/").startswith(b"HTTP/1.1 404") and get(port, "/events").startswith(b"HTTP/1.1 404")
    assert get(port, f"/{token[:-1]}x/").startswith(b"HTTP/1.1 404") and get(port, f"/{token}").startswith(
        b"HTTP/1.1 404"
    )
    assert get(port, f"/{token}/", host="a.b.example").startswith(b"HTTP/1.1 200")
    assert "stages" in events(port, 1, f"/{token}/events")
    child.terminate()
    child.wait()


def test_a_taken_port_and_no_run_are_a_line(run: Path, port: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "neve.cli", "serve"]
    done = subprocess.run([*command, str(run), "--port", str(port)], capture_output=True, text=True)
    assert (
        done.returncode == 1
        and f"--port {port}: cannot be taken" in done.stderr
        and done.stderr.count("\n") == 1
    )
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2 and "no run here" in done.stderr


def test_beside_a_run_it_ends_with_it(run: Path) -> None:
    """Oracle: the process table, once the parent was killed outright."""
    program = (
        "import subprocess, sys, time\n"
        f"c = subprocess.Popen([sys.executable, '-m', 'neve.run.serve', {str(run)!r}, 'main'], stderr=subprocess.PIPE, text=True)\n"
        "print(c.pid, c.stderr.readline().split()[1], flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid, address = parent.stdout.readline().split()  # type: ignore[union-attr]
    assert "stages" in events(int(address.rstrip("/").rpartition(":")[2]), 1)
    assert os.getpriority(os.PRIO_PROCESS, int(pid)) >= serve.NICE
    parent.kill()
    parent.wait()
    for _ in range(100):
        if (
            not Path(f"/proc/{pid}").exists()
            or "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
        ):
            return
        time.sleep(0.1)
    raise AssertionError("still there")


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
def test_who_watches_is_told_the_end(run: Path, ends: signal.Signals) -> None:
    """With a page open when the run ends, or at Ctrl-C. Oracle: the stream's last event, and no traceback."""
    command = [sys.executable, "-m", "neve.run.serve", str(run), "main"]
    if ends == signal.SIGINT:
        command = [sys.executable, "-m", "neve.cli", "serve", str(run), "--port", "0"]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    said = child.stderr if ends == signal.SIGTERM else child.stdout
    assert said is not None
    found = re.search(r":(\d+)/", said.readline())
    assert found
    with socket.create_connection(("127.0.0.1", int(found[1])), timeout=20) as reader:
        reader.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        got = reader.recv(65536)
        child.send_signal(ends)
        while part := reader.recv(65536):
            got += part
    assert child.wait() in (0, 130) and "Traceback" not in child.stderr.read()  # type: ignore[union-attr]
    if ends == signal.SIGTERM:
        assert b"event: stages" in got and got.endswith(b"event: end\ndata: {}\n\n")
