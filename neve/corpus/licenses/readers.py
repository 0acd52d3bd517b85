"""Processes that read what files say of their licences, since one interpreter reads one file at a time.

Kernels run in threads that mostly wait for nobody, but expressions over text keep the interpreter's lock:
the first pass of curation stood still for a third of its time while one thread read notices. So heads of
files go to as many processes as there are processors, over a socket each; nothing is forked. The trade-off:
each process reads a notice once for itself. What one cannot answer, since it ended, is read here, and so is
what is not worth the way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from neve.corpus.licenses import statements
from neve.corpus.licenses.statements import Head, Statement

WORTH = 16
"""Fewer heads are read here."""

Said = tuple[Statement, frozenset[str]] | None


def read(heads: list[Head]) -> list[Said]:
    """What each file says, as `statements.read` has it."""
    return _pool.read(heads) if len(heads) >= WORTH else [statements.read(head) for head in heads]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Pool:
    """The processes of this one: at most one a processor."""

    def __init__(self) -> None:
        self.idle: list[_Reader] = []
        self.free = threading.BoundedSemaphore(_processors())

    def read(self, heads: list[Head]) -> list[Said]:
        """By the first process that is free."""
        with self.free:
            try:
                reader = self.idle.pop()
            except IndexError:
                reader = _Reader()
            try:
                found = reader.read(heads)
            except (EOFError, OSError):  # it ended; a text that it cannot read raises here as it did there
                reader.end()
                return [statements.read(head) for head in heads]
            self.idle.append(reader)
            return found


class _Reader:
    """A process, and the socket to it."""

    def __init__(self) -> None:
        self.socket, theirs = Pipe()
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "neve.corpus.licenses.readers", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def read(self, heads: list[Head]) -> list[Said]:
        self.socket.send(heads)
        found: list[Said] = self.socket.recv()
        return found

    def end(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()


def _fresh() -> None:
    """A forked child must not speak into its parent's sockets."""
    global _pool
    _pool = _Pool()


_pool = _Pool()
os.register_at_fork(after_in_child=_fresh)


def main() -> None:
    """Answer on the socket that the command line names, until it is closed."""
    with Connection(int(sys.argv[1])) as socket:
        while True:
            try:
                heads = socket.recv()
            except EOFError:
                return
            socket.send([statements.read(head) for head in heads])


if __name__ == "__main__":
    main()
