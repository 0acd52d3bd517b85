"""What is seen of a tree of processes from outside. Oracle: trees of real processes whose sizes are known."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from neve.sandbox import watch

MIB = 1 << 20


@contextmanager
def tree(program: str) -> Iterator[int]:
    """The process that runs `program`, once it has printed a line; killed with its children afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process.pid
        process.communicate()  # its children see the end of their input


CHILDREN = """
import os, sys
{before}
ready, told = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        {inside}
        os.write(told, b"x")
        sys.stdin.read()
        os._exit(0)
for _ in range(3): os.read(ready, 1)
print("ready", flush=True)
sys.stdin.read()
"""


def test_memory_of_all_processes_is_added_up():
    inside = f"held = bytes(range(256)) * {60 * MIB // 256}"
    with tree(CHILDREN.format(before="pass", inside=inside)) as pid:
        assert "memory" in watch.excess(pid, 150 * MIB, 8)
        assert watch.excess(pid, 400 * MIB, 8) == ""


def test_memory_that_is_shared_counts_once():
    before = f"held = bytes(range(256)) * {100 * MIB // 256}"
    with tree(CHILDREN.format(before=before, inside="pass")) as pid:
        # Three children, each with all of its parent's 100 MiB, shared by four.
        assert watch.excess(pid, 200 * MIB, 8) == ""
        assert "memory" in watch.excess(pid, 70 * MIB, 8)


def test_processes_and_threads_are_counted():
    inside = "import threading, time; [threading.Thread(target=time.sleep, args=(60,), daemon=True).start() for _ in range(4)]"
    with tree(CHILDREN.format(before="pass", inside=inside)) as pid:
        assert watch.excess(pid, 1 << 40, 13) == "more than 13 processes and threads"
        assert watch.excess(pid, 1 << 40, 14) == ""  # 15 beneath the root, one of them allowed to a launcher


def test_a_process_that_has_gone_has_nothing():
    with tree("print('ready', flush=True)") as pid:
        pass
    assert watch.excess(pid, 0, 0) == ""
