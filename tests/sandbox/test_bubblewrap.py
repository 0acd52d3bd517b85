"""The tier of bwrap: the command, and the one place where a program can write."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from neve.errors import Fault
from neve.sandbox import bubblewrap
from neve.sandbox.visible import Extra

USERS = pytest.mark.parametrize("user", ["root", "plain"])


@USERS
def test_files_in_tmp(ask, user):
    program = """
import os, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a")
    with open(path, "w") as handle: handle.write("x")
    shutil.copy2(path, path + "b"); os.chmod(path, 0o600); os.symlink(path, path + "c"); os.rename(path, path + "d")
    print(sorted(os.listdir(folder)), os.getcwd())
"""
    assert ask(user, "bubblewrap", program)["attack"]["stdout"] == "['ab', 'ac', 'ad'] /tmp\n"


def pairs(command: list[str], option: str) -> list[tuple[str, str]]:
    """(from, to) of an option that takes two."""
    return [(command[at + 1], command[at + 2]) for at, word in enumerate(command) if word == option]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch):
    """command(uid, extra): the command line, whether bwrap is installed here or not."""
    monkeypatch.setattr(bubblewrap, "executable", lambda: "bwrap")
    bubblewrap._world.cache_clear()
    yield lambda uid, extra: bubblewrap.command(["python", "-c", "boot"], uid, 7, 8, extra, 9.0)
    bubblewrap._world.cache_clear()


def test_every_program_has_a_world_of_its_own(command) -> None:
    """Namespaces, no environment, nothing of the host to write to; the descriptors are handed on."""
    start = command(0, Extra())
    line = start.command
    assert {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--clearenv"} <= set(line)
    assert not {"--bind", "--bind-try", "--share-net", "--proc", "--dev"} & set(line)
    assert {at for at, _ in pairs(line, "--dev-bind")} == {
        f"/dev/{name}" for name in ("null", "zero", "urandom", "random")
    }
    assert line[line.index("--seccomp") + 1] == "8" and ("7", "/program.py") in pairs(line, "--file")
    assert line[-6:] == ["python", "-c", "boot", "0", "/program.py", ""]
    assert (start.descriptors, start.end) == ((7, 8), signal.SIGKILL)


def test_a_program_of_roots_keeps_two_capabilities_until_it_is_another_user(command) -> None:
    line = command(20_001, Extra()).command
    kept = [line[at + 1] for at, word in enumerate(line) if word == "--cap-add"]
    assert kept == ["CAP_SETUID", "CAP_SETGID"] and "--unshare-user" not in line and line[-3] == "20001"


def test_what_is_asked_for_is_bound_to_be_read(command, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    line = command(0, Extra(tmp_path, ("a",), tools=True, folders=(tmp_path,))).command
    bound = pairs(line, "--ro-bind")
    assert (str(tmp_path / "a"), "/packages/a") in bound and (str(tmp_path), str(tmp_path)) in bound
    assert ("PATH", "/usr/bin:/bin") in pairs(line, "--setenv") and line[-1] == "/packages"
    assert line.index(str(tmp_path / "a")) < line.index("--remount-ro", line.index(str(tmp_path / "a")))
    assert (str(tmp_path), "/packages") in pairs(command(0, Extra(tmp_path)).command, "--ro-bind")


def test_where_it_is_not_installed_it_says_what_would_do(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    bubblewrap.executable.cache_clear()
    try:
        with pytest.raises(Fault, match="bubblewrap is not installed; `apt-get install"):
            bubblewrap.version()
    finally:
        bubblewrap.executable.cache_clear()
