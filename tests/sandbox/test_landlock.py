"""When the tier is refused, and what it grants. Oracle: the file system and /proc of this machine."""

import os
import threading
from pathlib import Path

import pytest

from neve.errors import Fault
from neve.sandbox import landlock, visible


@pytest.mark.parametrize("known", [0, 2])
def test_an_old_kernel_is_refused_by_name(monkeypatch, known):
    monkeypatch.setattr(landlock, "abi", lambda: known)
    with pytest.raises(Fault, match=r"Linux 6\.2"):
        landlock.version()


def test_as_root_a_closed_interpreter_is_refused(monkeypatch, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").touch()
    monkeypatch.setattr(landlock, "abi", lambda: 7)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(visible, "interpreter", lambda: closed / "python")
    with pytest.raises(Fault, match="is closed to the user id"):
        landlock.version()


def test_a_users_threads_are_counted():
    done = threading.Event()
    before = landlock._tasks(os.getuid())
    threads = [threading.Thread(target=done.wait) for _ in range(40)]
    for thread in threads:
        thread.start()
    try:
        # Others of this user come and go meanwhile, but not by the dozen.
        assert 20 < landlock._tasks(os.getuid()) - before < 60
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_what_is_granted_is_little_and_but_one_thing_can_be_written(tmp_path):
    granted = landlock._granted(visible.Extra(tmp_path))
    writable = [
        path
        for path, access in granted
        if access & ~(landlock.EXECUTE | landlock.READ_FILE | landlock.READ_DIR)
    ]
    assert [str(path) for path in writable] == ["/dev/null"]
    executable = {path for path, access in granted if access & landlock.EXECUTE}
    assert executable == {visible.interpreter(), *visible.loaders()}
    readable = [path for path, access in granted if access & landlock.READ_FILE]
    assert tmp_path in readable
    for name in (
        visible.stdlib() / "site-packages" / "x",
        "/etc/passwd",
        "/home",
        "/root/.ssh",
        "/proc",
        "/usr/bin/env",
    ):
        assert not any(Path(name).is_relative_to(path) for path in readable), name
