"""Which walls this machine has, found out by running a program inside them, and how a program is run there.

The trade-off: the probe starts an interpreter once in each process, and in return no version number is
trusted.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import itertools
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neve.errors import Fault
from neve.sandbox import bubblewrap, landlock, seccomp, visible, watch
from neve.sandbox.visible import Extra, Start

FILE_BYTES = 32 << 20
"""Largest file that a program may write."""
OPEN_FILES = 64
PROCESSES, OUTPUT_BYTES = 8, 1 << 20
GRACE_SECONDS = 2
"""How long after the wall clock the limits come that only guard against our own death."""
NOTHING = Extra()

Tier = Literal["bubblewrap", "landlock", "none"]
_MODULES = {"bubblewrap": bubblewrap, "landlock": landlock}
TIERS: tuple[Tier, ...] = ("bubblewrap", "landlock")
"""Best first."""
PAUSES_S = (0.1, 0.5, 2.0)
"""Between the trials of a tier, while the machine has no room for another process (EAGAIN)."""
FIRST_UID, UIDS = 20_000, 40_000
"""User ids of programs whose caller is root; below 65,536, so that they exist in a container's mapping too.
"""

_PROBE = """
import math, json, random, os, socket  # from shared objects, from the library
open("/dev/null", "w").close()
if os.fork() == 0:
    os._exit(0)
assert os.waitpid(-1, 0)[1] == 0 and os.getuid() != 0
for escape in (lambda: open("/probe", "w"), socket.socket, lambda: os.unlink("/dev/null")):
    try:
        escape()
    except OSError:
        print("holds")
"""

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_BOOT = Path(__file__).with_name("boot.py").read_text(encoding="utf-8")
_serial = itertools.count()


@dataclass(frozen=True)
class Sandbox:
    """What this machine has: `tier` "bubblewrap", "landlock" or "none"; `detail`: which version, or what to
    do."""

    tier: Tier
    detail: str


@dataclass(frozen=True)
class Limits:
    """What a program may use, with all that it starts."""

    timeout_s: float
    """By the clock."""
    memory_bytes: int = 512 << 20
    """Of each process's address space, and of the memory of all together."""
    output_bytes: int = OUTPUT_BYTES
    """On each of stdout and stderr, where it is cut, and the program killed."""
    processes: int = PROCESSES
    """Threads counted."""


@dataclass(frozen=True)
class Result:
    """How a program ended: "ok" (exit status 0), "error" (another), "timeout", "killed" (signal, or an
    excess), or "stopped" by who listened.

    `detail` says what the excess was, where there was one.
    """

    status: Literal["ok", "error", "timeout", "killed", "stopped"]
    stdout: bytes
    stderr: bytes
    seconds: float
    detail: str = ""


@functools.cache
def probe() -> Sandbox:
    """The best sandbox that this machine has, found out once per process by really running a
    program in it."""
    tried = []
    for tier in TIERS:
        place = attempt(tier)
        if place.tier != "none":
            return place
        tried.append(place.detail)
    return Sandbox("none", "; ".join(tried))


@functools.cache
def attempt(tier: Tier) -> Sandbox:
    """The sandbox of one tier, or one of tier "none" whose `detail` says why this machine does
    not have it. A machine that has no room for a process just now is asked again."""
    for pause in (*PAUSES_S, 0.0):
        place = _tried(tier)
        if place.tier != "none" or os.strerror(errno.EAGAIN) not in place.detail:
            break
        time.sleep(pause)
    return place


def _tried(tier: Tier) -> Sandbox:
    if platform.machine() not in seccomp.AUDIT:
        return Sandbox(
            "none", f"no table of system calls for {platform.machine()}, only {', '.join(seccomp.AUDIT)}"
        )
    walls = _MODULES[tier]
    try:
        place = Sandbox(tier, walls.version())
        result = run(_PROBE, sandbox=place, limits=Limits(timeout_s=30.0))
    except (Fault, OSError) as error:
        return Sandbox("none", str(error))
    if result.status == "ok" and result.stdout == b"holds\n" * 3:
        return place
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines() or [result.status]
    return Sandbox("none", f"{place.detail} is here but cannot be used ({lines[-1][:200]}); {walls.BLOCKED}")


def run(
    program: str,
    *,
    sandbox: Sandbox,
    limits: Limits,
    stdin: bytes = b"",
    extra: Extra = NOTHING,
    heard: Callable[[bytearray], bool] | None = None,
) -> Result:
    """Run Python source `program` inside, within `limits`; it sees what all programs see, and `extra`.

    `heard` is given the standard output each time it grows, and ends the program by returning True. Never
    raises for what the program does. Raises Fault without a sandbox.
    """
    if sandbox.tier == "none":
        raise Fault(f"untrusted code is not run without a sandbox: {sandbox.detail}")
    source = _sealed(program.encode("utf-8", "surrogatepass"))
    rules = _sealed(seccomp.program(_MODULES[sandbox.tier].walls(), platform.machine()))
    standard_in = _sealed(stdin)
    try:
        command, passed, end = _command(sandbox, limits, extra, source, rules)
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=standard_in,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            cwd="/",
            env=visible.environment(extra),
            start_new_session=True,
        )
    finally:
        for descriptor in (source, rules, standard_in):
            os.close(descriptor)
    look = functools.partial(watch.excess, process.pid, limits.memory_bytes, limits.processes)
    deadline = start + limits.timeout_s
    stopped, output = watch.listen(process, deadline, limits.output_bytes, end, look, heard)
    seconds = time.monotonic() - start
    if stopped is not None:
        return Result(stopped[0], *output, seconds, stopped[1])
    code = process.returncode
    status: Literal["ok", "error", "killed"] = (
        "ok" if code == 0 else "killed" if code < 0 or code > 128 else "error"
    )
    return Result(status, *output, seconds)


def _command(sandbox: Sandbox, limits: Limits, extra: Extra, source: int, rules: int) -> Start:
    """What starts a program: the interpreter runs boot.py, which takes on the limits of each process."""
    # Distinct for programs that run side by side.
    uid = FIRST_UID + (os.getpid() * 64 + next(_serial)) % UIDS if os.geteuid() == 0 else 0
    walls = _MODULES[sandbox.tier]
    each = {
        "AS": limits.memory_bytes, "CPU": int(limits.timeout_s) + GRACE_SECONDS, "FSIZE": FILE_BYTES,
        "NOFILE": OPEN_FILES, "NPROC": walls.processes(limits.processes), "CORE": 0, "STACK": 8 << 20,
        "MEMLOCK": 0, "MSGQUEUE": 0, "SIGPENDING": 64, "NICE": 0, "RTPRIO": 0,
    }  # fmt: skip
    stated = ",".join(f"{name}={value}" for name, value in each.items())
    inner = [str(visible.interpreter()), *visible.FLAGS, "-c", _BOOT, stated]
    return walls.command(inner, uid, source, rules, extra, limits.timeout_s + GRACE_SECONDS)


def _sealed(data: bytes) -> int:
    """A read-only anonymous file of `data`, at its start."""
    descriptor = os.memfd_create("neve", os.MFD_ALLOW_SEALING)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor
