"""Two users for the tests of the sandbox: root, and nobody, each with a worker process that runs programs.

Where the tests run as root, the workers live in a mount namespace of their own, in which the interpreter can be
reached by everyone, wherever it lies; where they do not, there is one user, and root's half is skipped.
"""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NEVE = HERE.parents[1] / "neve"
NOBODY = 65534

_OPEN = """
set -e
if [ -n "$CLOSED" ]; then
    mount --bind "$BASE" "$HOLD"
    mount -t tmpfs -o mode=755,size=1m tmpfs "$CLOSED"
    mkdir -p -m 755 "$BASE"
    mount --bind "$HOLD" "$BASE"
fi
cd /
exec "$@"
"""


def start(uid: int, folder: Path) -> subprocess.Popen[str]:
    """A worker under a user id; `folder` is readable by all, and outlives it."""
    package = folder / "neve"
    if not package.exists():
        shutil.copytree(NEVE / "sandbox", package / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(NEVE / "errors.py", package)
        (package / "__init__.py").touch()
        shutil.copy(HERE / "worker.py", folder)
        (folder / "hold").mkdir()
        (folder / "hosts").mkdir()
        (folder / "hosts").chmod(0o1777)
    base = Path(sys.base_prefix).resolve()
    python = Path(sys._base_executable).resolve()
    command = [str(python), "-I", str(folder / "worker.py"), str(folder), str(uid)]
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TMPDIR": str(folder / "hosts")}
    if os.geteuid() == 0:
        closed = next((p for p in [*base.parents][::-1] if not p.stat().st_mode & 0o001), "")
        environment |= {
            "CLOSED": str(closed),
            "BASE": str(base),
            "HOLD": str(folder / "hold"),
            "OWN_MOUNTS": "yes",
        }
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _OPEN, "sh", *command]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    )


@pytest.fixture(scope="session")
def workers() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """By user ("root" or "plain"), its worker, started when first asked for."""
    folder = Path(tempfile.mkdtemp(prefix="neve-workers-"))
    folder.chmod(0o755)
    started: dict[str, subprocess.Popen[str]] = {}

    def worker(user: str) -> subprocess.Popen[str]:
        uid = _uid(user)
        if user not in started:
            started[user] = start(uid, folder)
        return started[user]

    yield worker
    for process in started.values():
        process.communicate()
    shutil.rmtree(folder)


class Alone:
    """A worker that nobody else uses, so that it may be killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def begin(self, tier: str, program: str, **more: Any) -> None:
        """Give it a job, and do not wait."""
        assert self.process.stdin is not None
        print(json.dumps({"tier": tier, "program": program, **more}), file=self.process.stdin, flush=True)

    def ended(self) -> bool:
        """Whether it has answered."""
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def descendants(self) -> list[int]:
        """Process numbers of all beneath it."""
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    found += map(int, (thread / "children").read_text().split())
        return found[1:]


@pytest.fixture
def worker_alone() -> Iterator[Callable[[str], Alone]]:
    """worker_alone(user): a worker of its own; skips where the tests cannot be that user."""
    folder = Path(tempfile.mkdtemp(prefix="neve-workers-"))
    folder.chmod(0o755)
    started = []

    def begin(user: str) -> Alone:
        started.append(start(_uid(user), folder))
        return Alone(started[-1])

    yield begin
    for process in started:
        process.kill()
        process.communicate()
    shutil.rmtree(folder)


def _uid(user: str) -> int:
    """The user id of "root" or "plain"; skips where the tests cannot be that user."""
    if user == "root" and os.geteuid() != 0:
        pytest.skip("the tests do not run as root")
    return 0 if user == "root" else os.getuid() or NOBODY


@pytest.fixture
def ask(workers: Callable[[str], subprocess.Popen[str]]) -> Callable[..., dict[str, Any]]:
    """ask(user, tier, program, **more): the worker's reply; skips where the machine lacks the tier."""

    def asked(user: str, tier: str, program: str, timeout_s: float = 20.0, **more: Any) -> dict[str, Any]:
        worker = workers(user)
        assert worker.stdin is not None and worker.stdout is not None
        job = {"tier": tier, "program": program, "timeout_s": timeout_s, **more}
        print(json.dumps(job), file=worker.stdin, flush=True)
        line = worker.stdout.readline()
        assert line, f"the worker of {user} is dead"
        reply = json.loads(line)
        if "missing" in reply:
            pytest.skip(reply["missing"])
        return reply

    return asked
