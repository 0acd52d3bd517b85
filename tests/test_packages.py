"""Files of releases come with the digest asked for, or not at all.

Needs the package index; what servers do wrong is shown by one of ours, which is also an index.
"""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from neve import packages
from neve.errors import Fault
from neve.packages import fetch, fetch_address

TOOLZ = ("toolz", "1.2.0", "toolz-1.2.0.tar.gz")


def sha(name: str) -> str:
    import tomllib
    from pathlib import Path

    recipe = tomllib.loads((Path(__file__).parents[1] / "recipes" / "quickstart.toml").read_text())
    return next(s["sha256"] for s in recipe["labels"]["exemplars"]["positives"] if s["name"] == name)


def test_fetch_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    path = fetch(*TOOLZ, sha("toolz"))
    inode = path.stat().st_ino
    assert fetch(*TOOLZ, sha("toolz")) == path and path.stat().st_ino == inode
    path.write_bytes(b"tampered with")
    assert fetch(*TOOLZ, sha("toolz")).stat().st_size > 50_000


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((*TOOLZ, "1" * 64), "has sha256 "),
        (("toolz", "1.2.0", "toolz-9.tar.gz", "1" * 64), "no file 'toolz-9.tar.gz'"),
        (("no-such-project-zz9-plural", "1", "x.tar.gz", "1" * 64), "knows no project"),
    ],
)
def test_what_cannot_be_had_is_one_line(asked, said: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    with pytest.raises(Fault, match=said):
        fetch(*asked)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


DATA = bytes(range(256)) * 2000
DIGEST = hashlib.sha256(DATA).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves DATA at /big.whl in pieces of `cut` bytes a connection, and an index that names it."""

    cut = len(DATA)
    resumes = True
    content = DATA

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        if "big.whl" not in self.path:
            page = b'<html><body><a href="/big.whl">big.whl</a></body></html>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            return
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        data = self.server.content
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.resumes else 0
        if wanted and start >= len(data):
            self.send_response(416)
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start : start + self.server.cut])
        self.close_connection = True


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("NEVE_CACHE", str(tmp_path))
    monkeypatch.setattr(packages, "PAUSE_SECONDS", 0.01)
    with Server() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"{made.url}/simple/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield made
        made.shutdown()


def ways(server):
    """A file of a release and a file at an address."""
    yield lambda: fetch("big", "1", "big.whl", DIGEST)
    yield lambda: fetch_address(f"{server.url}/big.whl", DIGEST, 1 << 20, "advice")


def test_a_broken_download_goes_on_where_it_was(server):
    server.cut = 200_000
    for way in ways(server):
        server.asked.clear()
        assert way().read_bytes() == DATA
        first, *later = server.asked
        places = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in later]
        assert first is None and places == sorted(set(places)) and len(places) in (2, 3)
        assert 100_000 < places[0] <= 200_000, "all but the last piece of a broken connection is kept"


def test_a_killed_download_is_resumed_by_the_next_process_and_what_is_no_beginning_is_thrown_away(server):
    for way in ways(server):
        target = way()
        part = target.with_name(f".{target.name}.part")
        for begun, asked in ((DATA[:1000], ["bytes=1000-"]), (DATA, [f"bytes={len(DATA)}-"])):
            target.unlink()
            part.write_bytes(begun)
            server.asked.clear()
            assert way().read_bytes() == DATA and server.asked == asked
        target.unlink()
        part.write_bytes(b"x" * 1000)
        server.asked.clear()
        assert way().read_bytes() == DATA and server.asked == ["bytes=1000-", None]
        assert not part.exists()


def test_a_server_that_does_not_resume_starts_over(server):
    server.cut, server.resumes = 300_000, False
    with pytest.raises(Fault, match="could not be fetched"):
        next(ways(server))()
    server.cut = len(DATA)
    assert next(ways(server))().read_bytes() == DATA


def test_other_bytes_are_refused_and_nothing_of_them_is_left(server, tmp_path):
    server.content = DATA[::-1]
    for way in ways(server):
        with pytest.raises(Fault, match="distrust the server"):
            way()
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    with pytest.raises(Fault, match="holds more than 1,000 bytes"):
        fetch_address(f"{server.url}/big.whl", None, 1000, "advice")
