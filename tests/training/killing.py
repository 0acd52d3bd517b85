"""Kill all that trains in a folder, as a machine's end would."""

import contextlib
import os
import signal
import time
from pathlib import Path


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
