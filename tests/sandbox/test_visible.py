"""What of the machine a program sees, in each tier and for each user: no more than all see, and what it was given."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click
import numpy as np
import pytest

from neve import sandbox
from neve.sandbox import visible

BOTH = pytest.mark.parametrize("tier", sandbox.TIERS)


USERS = pytest.mark.parametrize("user", ["root", "plain"])


@BOTH
@USERS
def test_the_environment_and_hashes_are_always_the_same(ask, user, tier):
    program = "import os\nprint(sorted(os.environ), hash('snow'))"
    first, second = (ask(user, tier, program)["attack"] for _ in range(2))
    assert first["stdout"] == second["stdout"]
    assert "SECRET" not in first["stdout"]


@BOTH
@USERS
def test_packages(ask, user, tier):
    program = "import sys\ntry:\n  import click\n  print(click.style('x', fg='red'))\nexcept (ImportError, OSError): print('none')"
    assert ask(user, tier, program)["attack"]["stdout"] == "none\n"
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        shutil.copytree(Path(click.__file__).parent, folder / "click")
        result = ask(user, tier, program, packages=str(folder))["attack"]
        assert result["stdout"] == click.style("x", fg="red") + "\n"
        write = "import click, os\ntry: open(os.path.dirname(click.__file__) + '/x', 'w')\nexcept OSError: print('held')"
        assert ask(user, tier, write, packages=str(folder))["attack"]["stdout"] == "held\n"
        assert not (folder / "click" / "x").exists()
        (folder / "other.py").write_text("print('seen')")
        both = f"{program}\ntry: import other\nexcept (ImportError, OSError): print('none')"
        result = ask(user, tier, both, packages=str(folder), names=["click"])["attack"]
        assert result["stdout"] == click.style("x", fg="red") + "\nnone\n"
    finally:
        shutil.rmtree(folder)


def test_numpy_works_inside():
    place = sandbox.probe()
    if place.tier == "none":
        pytest.skip(place.detail)
    program = "import numpy as np\nprint(np.linalg.inv(np.arange(9).reshape(3, 3) + 3 * np.eye(3)).sum())"
    result = sandbox.run(
        program,
        sandbox=place,
        limits=sandbox.Limits(60, memory_bytes=1 << 30),
        extra=sandbox.Extra(Path(np.__file__).parents[1]),
    )
    assert result.status == "ok", result
    expected = np.linalg.inv(np.arange(9).reshape(3, 3) + 3 * np.eye(3)).sum()
    assert float(result.stdout) == pytest.approx(expected)


@BOTH
@USERS
def test_tools_are_there_if_asked_for(ask, user, tier):
    program = "import subprocess\nprint(subprocess.run('echo a b | tr a-z A-Z', shell=True, capture_output=True, text=True).stdout)"
    assert ask(user, tier, program)["attack"]["status"] == "error"
    assert ask(user, tier, program, tools=True)["attack"]["stdout"] == "A B\n\n"


@BOTH
@USERS
def test_setuid_tools_give_nothing(ask, user, tier):
    """Every setuid or setgid program of this machine's, started with tools there, has no rights but the caller's."""
    program = """
import ctypes, os, stat, subprocess
libc = ctypes.CDLL(None)
found = [f"/usr/bin/{name}" for name in os.listdir("/usr/bin")]
found = [path for path in found if os.path.exists(path) and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)]
for path in found:
    subprocess.run([path, "--help"], capture_output=True, stdin=subprocess.DEVNULL, timeout=5)
ids = subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip()
su = subprocess.run(["su", "root", "-c", "id -u"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
print(libc.prctl(39, 0, 0, 0, 0), ids == str(os.getuid()) != "0", "0" in su.stdout.split())
"""
    reply = ask(user, tier, program, tools=True)
    assert reply["attack"]["stdout"] == "1 True False\n", reply["attack"]
    assert (reply["right"], reply["processes"], reply["changed"]) == (True, [], {})


@BOTH
def test_folders_for_tools_can_be_read_and_not_written_and_processes_may_be_more(tier):
    place = sandbox.attempt(tier)
    if place.tier == "none":
        pytest.skip(place.detail)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a.txt").write_text("here")
        program = f"""
import subprocess, threading, time
print(subprocess.run(["cat", {str(folder / "a.txt")!r}], capture_output=True).stdout)
try:
    open({str(folder / "b.txt")!r}, "w")
except OSError:
    print("closed")
started = 0
try:
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
        started += 1
except RuntimeError:
    pass
print(started == 20)
"""
        limits, shown = (
            sandbox.Limits(20, 4 << 30, processes=64),
            sandbox.Extra(tools=True, folders=(folder,)),
        )
        seen = sandbox.run(program, sandbox=place, limits=limits, extra=shown)
        assert seen.stdout == b"b'here'\nclosed\nTrue\n", seen
        hidden = sandbox.run(
            program, sandbox=place, limits=sandbox.Limits(20), extra=sandbox.Extra(tools=True)
        )
        assert hidden.stdout == b"b''\nclosed\nFalse\n", hidden


def test_packages_are_shown_whole_or_by_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert visible.Extra().shown() == []
    assert visible.Extra(tmp_path).shown() == [tmp_path]
    assert visible.Extra(tmp_path, ("b", "absent")).shown() == [tmp_path / "b"]


def test_libraries_hold_what_the_interpreter_needs_and_no_home() -> None:
    """Every shared object that this process has loaded from the system lies in them, and no package of pip's does."""
    found = visible.libraries()
    assert any(visible.stdlib().is_relative_to(folder) for folder in found)
    assert not any(Path.home().is_relative_to(folder) for folder in found)
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if ".so" in line}
    own = [Path(path) for path in loaded if "site-packages" not in path and "dist-packages" not in path]
    assert own and all(any(path.is_relative_to(folder) for folder in found) for path in own)
    assert all(loader.name.startswith("ld-") for loader in visible.loaders())


def test_a_closed_folder_above_the_interpreter_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(visible, "interpreter", lambda: tmp_path / "shut" / "bin" / "python")
    (tmp_path / "shut" / "bin").mkdir(parents=True)
    opened = {
        parent: parent.stat().st_mode for parent in tmp_path.parents if parent.name.startswith("pytest")
    }
    for parent in (tmp_path, *opened):
        parent.chmod(0o755)
    try:
        first = visible.closed()
        (tmp_path / "shut").chmod(0o700)
        assert visible.closed() == (first or tmp_path / "shut")
    finally:
        for parent, mode in opened.items():
            parent.chmod(mode)
