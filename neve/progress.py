"""Progress of anything that takes more than a few seconds: a bar in a terminal, a line now and then in a
log, a file for who watches from outside.

rich draws the bar; a log gets a line every half minute, whoever speaks, since a bar there is noise. Rates
are averages from the start: steadier than rich's recent window, and what a person extrapolates from. The
trade-off of the file: it is written once a second at most and never synced, so it may be a second old, and
says nothing after a crash.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOG_SECONDS = 30.0
FILE = "progress.json"
"""In a run's folder while it is worked on: the stage, since when, by which process, and its bar."""
FILE_SECONDS = 1.0

_spoken = time.monotonic()
_watched: dict[str, Any] | None = None
"""What the file says, and under `path` where it lies; None where nobody asked for it."""


def due() -> bool:
    """Whether a log may have another line now."""
    global _spoken
    if time.monotonic() - _spoken < LOG_SECONDS:
        return False
    _spoken = time.monotonic()
    return True


def staged() -> bool:
    """Whether a stage is worked on, which says its own last line."""
    return _watched is not None


@contextmanager
def stage(folder: Path, name: str, label: str) -> Iterator[None]:
    """Say in a terminal, and in `folder`/progress.json, that a stage is worked on; nothing of both stays."""
    global _watched, _spoken
    _spoken = time.monotonic()
    _watched = {"path": folder / FILE, "stage": name, "since": time.time(), "pid": os.getpid()}
    terminal = sys.stderr.isatty()
    try:
        _publish(None)
        if terminal:
            print(f"\r\033[K{label}", end="", file=sys.stderr, flush=True)
        yield
    finally:
        (folder / FILE).unlink(missing_ok=True)
        _watched = None
        if terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _publish(about: dict[str, Any] | None) -> None:
    """Write the file; one that cannot be written is no reason to stop."""
    watched = _watched
    if watched is None:
        return
    said = {
        **{key: value for key, value in watched.items() if key != "path"},
        "at": time.time(),
        "bar": about,
    }
    temporary = watched["path"].with_name(f".{FILE}.tmp")
    try:
        temporary.write_text(json.dumps(said))
        temporary.replace(watched["path"])
    except OSError:
        pass


@contextmanager
def bar(label: str, total: float | None = None, unit: str = "it") -> Iterator[Callable[[float], None]]:
    """Show progress of `label` on stderr; yields `advance(n)`, to be called as n more units are done."""
    start = time.monotonic()
    told = done = 0.0

    def publish() -> None:
        nonlocal told
        if time.monotonic() - told >= FILE_SECONDS:
            told = time.monotonic()
            _publish({"label": label, "done": done, "total": total, "unit": unit, "seconds": told - start})

    def line() -> str:
        seconds = max(time.monotonic() - start, 1e-9)
        of = f"/{total:,.0f}" if total is not None else ""
        return f"{label}: {done:,.0f}{of} {unit}, {done / seconds:,.1f} {unit}/s, {seconds:.0f} s"

    if sys.stderr.isatty():
        with _display() as progress:
            task = progress.add_task(label, total=total, rate="")

            def advance_bar(n: float) -> None:
                nonlocal done
                done += n
                publish()
                seconds = max(time.monotonic() - start, 1e-9)
                progress.update(task, advance=n, rate=f"{done:,.0f} {unit}, {done / seconds:,.1f}/s")

            try:
                yield advance_bar
            finally:
                progress.remove_task(task)
        return

    def advance(n: float) -> None:
        nonlocal done
        done += n
        publish()
        if due():
            print(f"  {line()}", file=sys.stderr, flush=True)

    yield advance


_lock = threading.Lock()
_shown: list[Any] = []
"""The live display and, after it, one entry for each bar that is open: bars of several threads share a
screen."""


@contextmanager
def _display() -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    with _lock:
        if not _shown:
            columns = (TextColumn("  {task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"))
            times = (TimeElapsedColumn(), TimeRemainingColumn())
            _shown.append(Progress(*columns, *times, console=Console(stderr=True), transient=True))
            _shown[0].start()
        _shown.append(None)
        progress = _shown[0]
    try:
        yield progress
    finally:
        with _lock:
            _shown.pop()
            if len(_shown) == 1:
                _shown.pop().stop()
