"""Bars of several threads share one terminal; a log gets lines instead."""

import contextlib
import os
import pty
import subprocess
import sys

CODE = """
import threading, time
from neve.progress import bar
def work(name):
    with bar(name, total=3, unit="files") as advance:
        for _ in range(3):
            advance(1); time.sleep(0.05)
with bar("outer") as advance:
    threads = [threading.Thread(target=work, args=(f"inner-{i}",)) for i in range(3)]
    [t.start() for t in threads]; [t.join() for t in threads]
    advance(1)
print("done")
"""


def drained(terminal: int) -> bytes:
    """All that was written to a pseudo-terminal until its last writer left, which Linux tells as EIO.

    One read returns at most a page of it, and may cut a character; unread, the terminal fills and its writer waits."""
    parts = []
    with open(terminal, "rb", buffering=0) as reader, contextlib.suppress(OSError):
        while part := reader.read(4096):
            parts.append(part)
    return b"".join(parts)


def test_bars_of_threads_in_a_terminal() -> None:
    """Oracle: a real pseudo-terminal; rich refuses two live displays at once."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=follower, text=True
    ) as child:
        os.close(follower)
        screen = drained(leader).decode()
        assert child.stdout is not None and child.stdout.read() == "done\n"
    assert child.returncode == 0
    assert "inner-0" in screen and "Traceback" not in screen and "Exception" not in screen


def test_a_log_gets_lines(capsys, monkeypatch) -> None:
    from neve import progress

    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    with progress.bar("reading", total=10, unit="files") as advance:
        advance(4)
    assert "reading: 4/10 files" in capsys.readouterr().err
