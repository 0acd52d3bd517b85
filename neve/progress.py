"""Progress of anything that takes more than a few seconds: a bar in a terminal, a line now and then in a
log.

rich draws the bar; a log gets a line every half minute, since a bar there is noise. Rates are
averages from the start: steadier than rich's recent window, and what a person extrapolates from.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LOG_SECONDS = 30.0


@contextmanager
def bar(label: str, total: float | None = None, unit: str = "it") -> Iterator[Callable[[float], None]]:
    """Show progress of `label` on stderr; yields `advance(n)`, to be called as n more units are done."""
    start = last = time.monotonic()
    done = 0.0

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
                seconds = max(time.monotonic() - start, 1e-9)
                progress.update(task, advance=n, rate=f"{done:,.0f} {unit}, {done / seconds:,.1f}/s")

            try:
                yield advance_bar
            finally:
                progress.remove_task(task)
        return

    def advance(n: float) -> None:
        nonlocal done, last
        done += n
        if time.monotonic() - last >= LOG_SECONDS:
            last = time.monotonic()
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
