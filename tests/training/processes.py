"""Processes that train: two that know of each other, and the end of all that train in a folder, as a machine's would be."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def together(program: str, *arguments: str) -> list[subprocess.CompletedProcess[str]]:
    """Two processes of a program that know of each other as they would under torchrun."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    names = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, **names, "RANK": rank, "LOCAL_RANK": rank},
            **pipes,
        )
        for rank in ("0", "1")
    ]
    try:
        outputs = [process.communicate(timeout=120) for process in running]
    finally:
        for process in running:
            process.kill()
    return [
        subprocess.CompletedProcess(p.args, p.returncode, *o) for p, o in zip(running, outputs, strict=True)
    ]


def processes(root: Path) -> list[int]:
    """Those that train in `root`, torchrun and its workers, which outlive it."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = place.read_bytes().split(b"\0")
            if str(root).encode() in words and b"neve.training" in words:
                found.append(int(place.parent.name))
    return found


def kill(root: Path) -> None:
    """SIGKILL to every process that trains in `root`; afterwards they hold no file any more."""
    met: set[int] = set()
    while pids := processes(root):
        met.update(pids)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    while any(map(open_still, met)):
        time.sleep(0.01)


def open_still(pid: int) -> bool:
    """Whether a killed process has a thread left, and so may hold files: it loses its command line before."""
    try:
        states = [
            p.read_text().rpartition(")")[2].split()[0] for p in Path(f"/proc/{pid}/task").glob("*/stat")
        ]
    except OSError:
        return True  # a thread went while it was asked
    return any(state not in "ZX" for state in states)
