"""The first program inside: limits, the program's own world, and the guard that ends it all."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from neve import sandbox
from neve.sandbox import boot

BOTH = pytest.mark.parametrize("tier", sandbox.TIERS)


USERS = pytest.mark.parametrize("user", ["root", "plain"])


@BOTH
@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("raise ValueError('x')", "error"),
        ("import sys; sys.exit(3)", "error"),
        ("not python", "error"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("x = 1", "ok"),
    ],
)
def test_how_programs_end(ask, tier, program, status):
    assert ask("plain", tier, program)["attack"]["status"] == status


@USERS
def test_landlock_before_signals_were_kept_inside(ask, user):
    """As on a kernel older than 6.12: the filter refuses signals instead."""
    program = "import os\ntry: os.kill(<PARENT>, 9)\nexcept PermissionError: print('held')\nif os.fork() == 0: os._exit(0)\nos.wait()"
    reply = ask(user, "landlock", program, scopes=99)
    assert (reply["attack"]["stdout"], reply["right"], reply["processes"]) == ("held\n", True, [])
    assert (
        ask(user, "landlock", "while True: pass", timeout_s=1.0, scopes=99)["attack"]["status"] == "timeout"
    )


@BOTH
@USERS
def test_all_dies_with_its_caller(worker_alone, user, tier):
    worker = worker_alone(user)
    program = "import os, time\nos.fork(); os.fork()\nprint(flush=True)\ntime.sleep(1000)"
    worker.begin(tier, program, timeout_s=60.0)
    for _ in range(200):
        # Five of ours: the last fork's children sleep too. A process of bwrap, or a guard, is above them.
        if len(found := worker.descendants()) >= 5 or worker.ended():
            break
        time.sleep(0.05)
    if worker.ended():
        pytest.skip("the machine lacks the tier")
    assert len(found) >= 5
    worker.process.kill()
    worker.process.wait()
    for _ in range(200):
        if not (alive := [pid for pid in found if _alive(pid)]):
            break
        time.sleep(0.05)
    assert not alive


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def booted(
    program: str, tmp_path: Path, limits: str = "CORE=0", packages: str = ""
) -> subprocess.CompletedProcess[str]:
    """The program, started as inside, without walls."""
    (tmp_path / "given.py").write_text(program)
    command = [sys.executable, "-I", boot.__file__, limits, "0", str(tmp_path / "given.py"), packages]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_limits_are_taken_on_before_the_program_runs(tmp_path: Path) -> None:
    program = "import resource as r\nprint([r.getrlimit(x) for x in (r.RLIMIT_CPU, r.RLIMIT_NOFILE, r.RLIMIT_FSIZE)])"
    done = booted(program, tmp_path, "CPU=7,NOFILE=64,FSIZE=1000")
    assert done.stdout == "[(7, 7), (64, 64), (1000, 1000)]\n", done.stderr


def test_a_program_is_its_own_main_and_sees_nothing_of_the_boot(tmp_path: Path) -> None:
    program = (
        "import pickle, sys\nclass Thing: pass\n"
        "print(sys.argv, __name__, sys.modules['__main__'].Thing is Thing, 'confine' in globals())\n"
        "print(type(pickle.loads(pickle.dumps(Thing()))) is Thing)"
    )
    assert booted(program, tmp_path).stdout == "['/program.py'] __main__ True False\nTrue\n"


def test_packages_come_last_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "json.py").write_text("shadowed = True")
    (tmp_path / "packages" / "own.py").write_text("x = 3")
    program = "import json, own\nprint(hasattr(json, 'shadowed'), own.x)"
    assert booted(program, tmp_path, packages=str(tmp_path / "packages")).stdout == "False 3\n"


def test_a_limit_that_cannot_be_taken_on_ends_it_before_the_program(tmp_path: Path) -> None:
    done = booted("print('ran')", tmp_path, "NO_SUCH=1")
    assert done.returncode != 0 and done.stdout == ""
