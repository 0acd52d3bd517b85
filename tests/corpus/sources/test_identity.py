"""What sources from elsewhere are now. Oracle: a store and a web server of a few lines that serve known tags."""

from __future__ import annotations

import hashlib
import http.server
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

from neve.corpus.sources import identity
from neve.errors import Fault
from neve.recipe.sources import Source

OBJECTS = {
    "code/a.parquet": b"one",
    "code/sub/b.parquet": b"two",
    "code/readme": b"x",
    "other/c.parquet": b"c",
}


class Store(http.server.BaseHTTPRequestHandler):
    """As much of S3 as listing and asking for an object's head takes; the bucket is called lake."""

    objects: dict[str, bytes]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = urlparse(self.path)
        bucket, _, name = asked.path.strip("/").partition("/")
        if bucket == "lake" and not name:
            prefix = parse_qs(asked.query).get("prefix", [""])[0]
            rows = "".join(
                f"<Contents><Key>{key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>&quot;{self.tag(data)}&quot;</ETag><Size>{len(data)}</Size></Contents>"
                for key, data in sorted(self.objects.items())
                if key.startswith(prefix)
            )
            said = f"<ListBucketResult><Name>lake</Name><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
            self.answer(200, said.encode(), {"Content-Type": "application/xml"})
        elif (data := self.objects.get(name)) is not None:
            self.answer(
                200, data, {"ETag": f'"{self.tag(data)}"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
            )
        else:
            self.answer(404, b"", {})

    do_HEAD = do_GET

    @staticmethod
    def tag(data: bytes) -> str:
        return hashlib.md5(data).hexdigest()

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    held = dict(OBJECTS)
    handler = type("Held", (Store,), {"objects": held})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        given = {
            "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        for key, value in given.items():
            monkeypatch.setenv(key, value)
        yield held
        server.shutdown()


def table(path: str) -> Source:
    return Source(kind="table", path=path)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("s3://lake/code/*.parquet", {"code/a.parquet"}),
        ("s3://lake/code/**/*.parquet", {"code/a.parquet", "code/sub/b.parquet"}),
        ("s3://lake/{code,other}/[a-c].parquet", {"code/a.parquet", "other/c.parquet"}),
        ("s3://lake/code/a.parquet", {"code/a.parquet"}),
        ("s3://lake/code", {"code/a.parquet", "code/sub/b.parquet", "code/readme"}),
    ],
)
def test_a_listing_counts_by_the_tags_of_what_it_names(
    objects: dict[str, bytes], path: str, seen: set[str]
) -> None:
    """A change of the same length at the same time, an object more: seen where the address names it, and only there."""
    before = identity.of(table(path))
    assert identity.of(table(path)) == before
    for name in OBJECTS:
        objects[name] = OBJECTS[name][::-1] if len(OBJECTS[name]) > 1 else b"?"
        assert (identity.of(table(path)) != before) == (name in seen), name
        objects[name] = OBJECTS[name]
    objects["code/0.parquet"] = b""
    more = path in ("s3://lake/code/*.parquet", "s3://lake/code/**/*.parquet", "s3://lake/code")
    assert (identity.of(table(path)) != before) == more


def test_a_web_address_counts_by_its_tag_or_its_date(objects: dict[str, bytes], monkeypatch) -> None:
    import os

    address = f"{os.environ['AWS_ENDPOINT_URL']}/lake/code/a.parquet"
    before = identity.of(table(address))
    objects["code/a.parquet"] = b"eno"
    assert identity.of(table(address)) != before
    monkeypatch.setattr(Store, "tag", staticmethod(lambda data: ""))


def test_what_cannot_be_listed_is_a_fault(objects: dict[str, bytes]) -> None:
    with pytest.raises(Fault, match=r"s3://lake/none/\*\.parquet: names no file"):
        identity.of(table("s3://lake/none/*.parquet"))
    with pytest.raises(Fault, match="must look like hf://datasets/owner/name"):
        identity.of(table("hf://owner"))
    with pytest.raises(Fault, match="cannot be listed") as fault:
        identity.of(table("http://127.0.0.1:9/x.parquet"))
    assert "\n" not in str(fault.value)


def test_a_branch_counts_by_its_commit(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@localhost", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "one")
    source = Source(kind="git", path=str(tmp_path), commit="main")
    assert source.moves and identity.of(source) == git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "two")
    assert identity.of(source) == git("rev-parse", "HEAD")
    assert not source.model_copy(update={"commit": git("rev-parse", "HEAD")}).moves


def test_the_hub_counts_by_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub cannot be reached in a test: its client is given the answers."""
    import huggingface_hub

    class Api:
        def dataset_info(self, name: str, revision: str | None = None):
            return type("Info", (), {"sha": f"{name}@{revision}"})

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    assert identity.of(Source(kind="hub", path="owner/data")) == "owner/data@None"
    assert identity.of(table("hf://datasets/owner/data/**/*.parquet")) == "owner/data@None"
    assert identity.of(table("hf://datasets/owner/data@v1/*.parquet")) == "owner/data@v1"


@pytest.mark.parametrize(
    ("glob", "fits", "not_fits"),
    [
        ("*.parquet", "a.parquet", "b/a.parquet"), ("**/*.parquet", "b/c/a.parquet", "a.parq"),
        ("a?/[!b].c", "a1/x.c", "a1/b.c"), ("x.(y).c", "x.(y).c", "x_(y).c"),
    ],
)  # fmt: skip
def test_globs(glob: str, fits: str, not_fits: str) -> None:
    pattern = re.compile(identity._pattern(glob))
    assert pattern.fullmatch(fits) and not pattern.fullmatch(not_fits)
