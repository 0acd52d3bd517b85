"""Runs Python that nobody trusts, so that it can neither harm nor read the machine it runs on.

bubblewrap builds a world of its own around each program: new namespaces for processes, network, IPC and
host name; an empty environment; no home; the base interpreter, its standard library and the system's
shared libraries read-only, and nothing else of the file system; a sized tmpfs on /tmp as the only place
to write; no capabilities and no way to gain any. Inside, rlimits bound address space, CPU, file size,
open files and processes. The parent reads output as it comes, stops at a cap, and kills the whole tree
(one PID namespace) when the wall clock runs out.

Where the caller is root the program runs under a user id of its own, because the kernel does not hold
root to RLIMIT_NPROC, not even in a user namespace; where the caller is not, a user namespace gives it.

Trade-offs. A start costs some 30 ms, most of it the interpreter's own. Limits are per process: the most
memory that a program can hold is `PROCESSES` times `memory_bytes` plus `TMP_BYTES`. Before Linux 5.14 a
user namespace does not count processes apart, so there a caller who is not root may see fork fail early.
Without bubblewrap nothing is run at all: there is no weaker mode that a person could mistake for this one.

Source: bubblewrap's own manual (bwrap(1)), user_namespaces(7), getrlimit(2).
"""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
import selectors
import shutil
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neve.errors import Fault

TMP_BYTES = 64 << 20
"""Size of /tmp inside."""
FILE_BYTES = 32 << 20
"""Largest file that a program may write."""
PROCESSES = 8
"""Processes and threads that a program may have at once."""
OPEN_FILES = 64
OUTPUT_BYTES = 1 << 20
"""Output, on each of stdout and stderr, at which a program is killed."""

INSTALL = "apt-get install -y bubblewrap"
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE

# Runs first inside, as trusted code: limits, then the user id (which drops every capability), then the program.
_BOOT = """
import os, resource, sys
memory, cpu, file, files, processes, uid = map(int, sys.argv[1:7])
with open("/program.py", "rb") as handle:
    source = handle.read()
for which, limit in (
    (resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_FSIZE, file),
    (resource.RLIMIT_NOFILE, files), (resource.RLIMIT_NPROC, processes), (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_STACK, 8 << 20), (resource.RLIMIT_MEMLOCK, 0), (resource.RLIMIT_MSGQUEUE, 0),
):
    resource.setrlimit(which, (limit, limit))
if uid:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
sys.argv = ["/program.py"]
exec(compile(source, "/program.py", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
"""

_PROBE = """
import os
import math, json, random  # from shared objects, from the library
open("/dev/null", "w").close()
assert os.getuid() != 0
try:
    open("/probe", "w")
except OSError:
    print("walls hold")
"""

_serial = itertools.count()


@dataclass(frozen=True)
class Sandbox:
    """What this machine has: `tier` "bubblewrap" or "none"; `detail` says which version, or what to do."""

    tier: Literal["bubblewrap", "none"]
    detail: str


@dataclass(frozen=True)
class Result:
    """How a program ended: "ok" (exit status 0), "error" (another), "timeout", or "killed" (signal or output cap)."""

    status: Literal["ok", "error", "timeout", "killed"]
    stdout: bytes
    stderr: bytes
    seconds: float


@functools.cache
def probe() -> Sandbox:
    """Find out, by really running a program once per process, whether this machine has a sandbox."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return Sandbox(
            "none", f"bubblewrap is not installed; `{INSTALL}` (as root, Debian or Ubuntu) would do"
        )
    version = subprocess.run([bwrap, "--version"], capture_output=True, text=True).stdout.strip()
    result = run(_PROBE, sandbox=Sandbox("bubblewrap", version), timeout_s=30.0)
    if result.status == "ok" and result.stdout == b"walls hold\n":
        return Sandbox("bubblewrap", version)
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines() or [result.status]
    return Sandbox(
        "none",
        f"{version} is installed but cannot run here ({lines[-1][:200]}); in a container, allow user namespaces "
        "(`--security-opt seccomp=unconfined` or `--privileged`)",
    )


def run(
    program: str,
    *,
    sandbox: Sandbox,
    timeout_s: float,
    memory_bytes: int = 512 << 20,
    stdin: bytes = b"",
    output_bytes: int = OUTPUT_BYTES,
) -> Result:
    """Run Python source `program` inside; `timeout_s` is wall-clock, `memory_bytes` each process's address space.

    Never raises for what the program does; its output is cut at `output_bytes`. Raises Fault without a sandbox.
    """
    if sandbox.tier != "bubblewrap":
        raise Fault(f"code that nobody trusts is not run without a sandbox: {sandbox.detail}")
    root = os.getuid() == 0
    # Distinct for programs that run side by side; below 65,536 so that it exists in a container's mapping too.
    uid = 20_000 + (os.getpid() * 64 + next(_serial)) % 40_000 if root else 0
    limits = (memory_bytes, int(timeout_s) + 2, FILE_BYTES, OPEN_FILES, PROCESSES, uid)
    source, standard_in = _sealed(program.encode("utf-8", "surrogatepass")), _sealed(stdin)
    try:
        command = [
            *_world(root), "--perms", "0444", "--ro-bind-data", str(source), "/program.py", "--remount-ro", "/", "--",
            _interpreter(), "-s", "-S", "-P", "-B", "-c", _BOOT, *map(str, limits),
        ]  # fmt: skip
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=standard_in,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(source,),
            cwd="/",
        )
    finally:
        os.close(source)
        os.close(standard_in)
    stopped, output = _listen(process, start + timeout_s, output_bytes)
    seconds = time.monotonic() - start
    if stopped is not None:
        return Result(stopped, *output, seconds)
    code = process.returncode
    status: Literal["ok", "error", "killed"] = (
        "ok" if code == 0 else "killed" if code < 0 or code > 128 else "error"
    )
    return Result(status, *output, seconds)


def _listen(
    process: subprocess.Popen[bytes], deadline: float, cap: int
) -> tuple[Literal["timeout", "killed"] | None, tuple[bytes, bytes]]:
    """Read both outputs until they end, the deadline passes or one exceeds `cap`; the tree is dead afterwards."""
    assert process.stdout is not None and process.stderr is not None
    chunks: dict[int, bytearray] = {
        process.stdout.fileno(): bytearray(),
        process.stderr.fileno(): bytearray(),
    }
    stopped: Literal["timeout", "killed"] | None = None
    with process, selectors.DefaultSelector() as selector:  # leaving it closes the pipes and reaps
        try:
            for descriptor in chunks:
                selector.register(descriptor, selectors.EVENT_READ)
            while selector.get_map() and stopped is None:
                for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                    if data := os.read(key.fd, 1 << 16):
                        chunks[key.fd] += data
                    else:
                        selector.unregister(key.fd)
                    if len(chunks[key.fd]) > cap:
                        stopped = "killed"
                if time.monotonic() >= deadline:
                    stopped = stopped or "timeout"
            if stopped is None:
                process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            stopped = "timeout"
        finally:
            process.kill()  # the outer bwrap; its child, process 1 inside, dies with it, and so all others
    out, err = (bytes(part[:cap]) for part in chunks.values())
    return stopped, (out, err)


def _sealed(data: bytes) -> int:
    """A read-only anonymous file of `data`, at its start."""
    descriptor = os.memfd_create("neve", os.MFD_ALLOW_SEALING)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


@functools.cache
def _interpreter() -> str:
    """The base interpreter, not the virtual environment's link to it."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


@functools.cache
def _world(root: bool) -> tuple[str, ...]:
    """bwrap and the arguments that do not change from one program to the next."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise Fault(f"bubblewrap has gone; `{INSTALL}` (as root, Debian or Ubuntu) would do")
    # As root no user namespace is made: one that maps a single id could not drop to another.
    user = (
        ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        if root
        else ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    )
    arguments = [
        bwrap, *user, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
        "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv",
        "--setenv", "PATH", "/nowhere", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8",
        "--setenv", "PYTHONHASHSEED", "0",
    ]  # fmt: skip
    stdlib = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    places = (Path(_interpreter()), stdlib, Path("/usr/lib"), Path("/etc/ld.so.cache"), Path("/dev/null"))
    parents = {parent for place in places for parent in place.parents} - {Path("/")}
    for parent in sorted(parents):  # bubblewrap's own would be closed to the program's user id
        arguments += ["--perms", "0755", "--dir", str(parent)]
    for path in map(Path, ("/usr/lib", "/usr/lib64", "/lib", "/lib64")):
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    arguments += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    arguments += ["--ro-bind", _interpreter(), _interpreter()]
    if not str(stdlib).startswith("/usr/lib/"):
        arguments += ["--ro-bind", str(stdlib.parent), str(stdlib.parent)]
    for name in ("site-packages", "dist-packages"):
        for packages in {stdlib / name, Path("/usr/lib/python3") / name}:
            if packages.is_dir():
                arguments += ["--tmpfs", str(packages), "--remount-ro", str(packages)]
    for device in ("null", "zero", "urandom", "random"):
        arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    arguments += ["--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return tuple(arguments)
