"""Looks after a running program from outside: reads its output, and ends it when it takes too much.

Some things no limit on a process bounds: what all processes of a program hold together, and how many empty
files lie in its /tmp. So the parent looks, 20 times a second from the first twentieth on, at the tree of
processes in /proc, and kills the whole of it. A memory cgroup would bound the same without gaps, but only
root and systemd's own can make one, where a container does not forbid even that; looking works for everyone.
What it costs: between two looks a program can take what the machine can give in a twentieth of a second,
some 100 MB.

Sources: proc_pid_stat(5), proc_pid_smaps(5), proc_tid_children(5).
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

LOOK_SECONDS = 0.05
FILES = 10_000
"""Files that may lie in /tmp at once."""
LAUNCHERS = 2
"""Processes at the tree's root that are not the program's: bwrap and its process 1. The guard of "landlock"
is one."""
_PAGE = os.sysconf("SC_PAGE_SIZE")

Stopped = Literal["timeout", "killed", "stopped"]


def listen(
    process: subprocess.Popen[bytes],
    deadline: float,
    cap: int,
    end: signal.Signals,
    look: Callable[[], str],
    heard: Callable[[bytearray], bool] | None = None,
) -> tuple[tuple[Stopped, str] | None, tuple[bytes, bytes]]:
    """Read both outputs until they end, the deadline passes, one exceeds `cap`, `look` names an excess, or
    `heard`, which is given the standard output as it grows, has heard enough.

    Returns why it was stopped, in a word and in words, or None; and the outputs. The tree is dead
    afterwards: `end` is the signal at which the process takes all others with it.
    """
    assert process.stdout is not None and process.stderr is not None
    chunks: dict[int, bytearray] = {
        process.stdout.fileno(): bytearray(),
        process.stderr.fileno(): bytearray(),
    }
    stopped: tuple[Stopped, str] | None = None
    next_look = time.monotonic() + LOOK_SECONDS
    with process, selectors.DefaultSelector() as selector:  # leaving it closes the pipes and reaps
        try:
            with os.fdopen(os.pidfd_open(process.pid), "rb", buffering=0) as life:
                for descriptor in (*chunks, life.fileno()):
                    selector.register(descriptor, selectors.EVENT_READ)
                while stopped is None and selector.get_map():
                    now = time.monotonic()
                    if now >= deadline:
                        stopped = "timeout", "out of time"
                        break
                    if now >= next_look:
                        next_look = now + LOOK_SECONDS
                        if found := look():
                            stopped = "killed", found
                            break
                    for key, _ in selector.select(max(0.0, min(deadline, next_look) - now)):
                        if key.fd == life.fileno():
                            selector.unregister(key.fd)
                        elif data := os.read(key.fd, 1 << 16):
                            chunks[key.fd] += data
                            if len(chunks[key.fd]) > cap:
                                stopped = "killed", f"more than {cap} bytes of output"
                            elif heard and key.fd == process.stdout.fileno() and heard(chunks[key.fd]):
                                stopped = "stopped", "heard enough"
                        else:
                            selector.unregister(key.fd)
        finally:
            process.send_signal(end)
    out, err = (bytes(part[:cap]) for part in chunks.values())
    return stopped, (out, err)


def excess(root: int, memory_bytes: int, processes: int) -> str:
    """What the program under process `root` has too much of, in words; empty if nothing.

    `memory_bytes` bounds all its processes together, `processes` its processes and threads.
    """
    threads = pages = 0
    tree = _tree(root)[1:]
    for pid in tree:
        if row := _read(Path(f"/proc/{pid}/stat")):
            fields = row.rsplit(")", 1)[1].split()
            threads += int(fields[17])
            pages += int(fields[21])
    if threads > processes + LAUNCHERS - 1:
        return f"more than {processes} processes and threads"
    # Pages that processes share count once for each so far; only now is it worth to ask for the true share.
    if pages * _PAGE > memory_bytes and (held := sum(map(_share, tree))) > memory_bytes:
        return f"{held >> 20} MiB of memory in all its processes"
    if len(tree) >= LAUNCHERS and (files := _files(tree[-1])) > FILES:
        return f"{files} files"
    return ""


def _read(path: Path) -> str:
    """Contents of a file of /proc; empty if its process has gone, or is not ours to ask."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _tree(root: int) -> list[int]:
    """Process `root` and all that descend from it, parents first."""
    found = [root]
    for pid in found:
        try:
            threads = list(Path(f"/proc/{pid}/task").iterdir())
        except OSError:
            continue
        for thread in threads:
            found += map(int, _read(thread / "children").split())
    return found


def _share(pid: int) -> int:
    """Memory of a process in bytes, shared pages divided among those who share them."""
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    return 0


def _files(pid: int) -> int:
    """Files in the /tmp that a process sees, if that is a tmpfs of its own; 0 if it cannot be asked."""
    try:
        folder = Path(f"/proc/{pid}/root/tmp")
        if folder.stat().st_dev == Path("/tmp").stat().st_dev:
            return 0
        place = os.statvfs(folder)
    except OSError:
        return 0
    return place.f_files - place.f_ffree
