"""The command `neve serve`, and what `neve run --serve` starts.

Parse, call, print. Heavy modules are imported inside, so that `--help` answers at once.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

WAIT_SECONDS = 15.0
"""For the server beside a run to answer who has asked, and end."""


def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder, e.g. runs/quickstart")],
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen at; on another than this machine's own the page has a secret in its address."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8321,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="An arm of the run.")] = "main",
) -> None:
    """Show a run in the browser, live, until interrupted.

    Stages with progress and time left, loss and rate, samples of what was dropped, scored and generated. It
    only reads.

    Example: neve serve runs/quickstart; neve run recipes/quickstart.toml --serve
    """
    from neve.run.serve import serve as start
    from neve.store import arm_stages

    arm_stages(folder, arm)
    start(folder, arm, host, port, lambda address: print(f"{address}  (Ctrl-C ends)", flush=True))


@contextmanager
def beside(folder: Path, arm: str, wanted: bool) -> Iterator[None]:
    """A server of the run in a process of its own, if `wanted`; it ends with the block."""
    if not wanted:
        yield
        return
    child = subprocess.Popen(
        [sys.executable, "-m", "neve.run.serve", str(folder), arm], stdin=subprocess.DEVNULL, process_group=0
    )  # a terminal's Ctrl-C is for the run, which ends the server
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
