"""The tier "bubblewrap": a separate world around each program, made by bwrap.

New namespaces for mounts, processes, network, IPC, host name and cgroups; the file system is an empty tmpfs
with the interpreter, its library and the system's shared libraries bound read-only, four devices, and a
sized tmpfs on /tmp as the only place to write; no /proc, no /sys, no capabilities. bwrap loads the seccomp
filter last.

Where the caller is root the program becomes a user id of its own, because the kernel does not hold root to
RLIMIT_NPROC, not even in a user namespace; so no user namespace is made, and the two capabilities that
changing the id takes are kept until boot.py has changed it. Where the caller is not root, a user namespace
gives the program its rights over its own mounts, and counts its processes apart (Linux 5.14; before, fork
may fail early).

Each mount costs a tenth of a millisecond, so few are made. Source: bwrap(1), user_namespaces(7).
"""

from __future__ import annotations

import functools
import shutil
import signal
import subprocess
from pathlib import Path

from neve.errors import Fault
from neve.sandbox import visible
from neve.sandbox.visible import Extra, Start

TMP_BYTES = 64 << 20
"""Size of /tmp inside."""
INSTALL = "apt-get install -y bubblewrap"
BLOCKED = (
    "in a container, allow user namespaces (`--security-opt seccomp=unconfined` or `--privileged`); "
    "on Ubuntu, `sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
)
PROGRAM = "/program.py"
INSIDE = "/packages"
"""Where a folder of packages is seen."""


@functools.cache
def executable() -> str:
    """bwrap's path; raises Fault where it is not installed."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise Fault(f"bubblewrap is not installed; `{INSTALL}` (as root, Debian or Ubuntu) would do")
    return bwrap


def version() -> str:
    """bwrap's name and version; raises Fault where it is not installed."""
    return subprocess.run([executable(), "--version"], capture_output=True, text=True).stdout.strip()


def walls() -> str:
    """The name of the filter."""
    return "bubblewrap"


def processes(most: int) -> int:
    """What RLIMIT_NPROC must be for `most` processes and threads; bwrap's own are of another user, or not
    counted."""
    return most


def command(inner: list[str], uid: int, source: int, rules: int, extra: Extra, seconds: float) -> Start:
    """How bwrap is started around the interpreter, whose command is `inner`.

    `source` and `rules` are descriptors of the program and of the filter; `uid` is what the program becomes,
    0 where a user namespace sees to that. `seconds` is of no use here: nothing outlives the caller.
    """
    mounted: list[str] = ["--perms", "0755", "--dir", INSIDE] if extra.names else []
    for path in extra.shown():
        mounted += ["--ro-bind", str(path), f"{INSIDE}/{path.name}" if extra.names else INSIDE]
    if extra.tools:
        mounted += ["--setenv", "PATH", visible.environment(extra)["PATH"]]
        for path in visible.TOOLS:
            mounted += (
                ["--symlink", str(path.readlink()), str(path)]
                if path.is_symlink()
                else ["--ro-bind", str(path), str(path)]
            )
    for folder in extra.folders:
        for parent in reversed(folder.parents[:-1]):
            mounted += ["--perms", "0755", "--dir", str(parent)]
        mounted += ["--ro-bind", str(folder), str(folder)]
    arguments = [
        *_world(uid != 0), *mounted, "--perms", "0444", "--file", str(source), PROGRAM, "--remount-ro", "/",
        "--seccomp", str(rules), "--", *inner, str(uid), PROGRAM, INSIDE if extra.packages else "",
    ]  # fmt: skip
    return Start(arguments, (source, rules), signal.SIGKILL)


@functools.cache
def _world(root: bool) -> tuple[str, ...]:
    """bwrap and the arguments that do not change from one program to the next."""
    user = (
        ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        if root
        else ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    )
    arguments = [
        executable(), *user, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
        "--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv",
    ]  # fmt: skip
    for name, value in visible.ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
    interpreter, libraries = visible.interpreter(), visible.libraries()
    inside = (interpreter, *libraries, visible.CACHE, visible.DEVICES / "null", Path(INSIDE) / "x")
    for parent in sorted({parent for path in inside for parent in path.parents} - {Path("/")}):
        arguments += ["--perms", "0755", "--dir", str(parent)]  # bwrap's own would be closed to the user id
    for path in libraries:
        arguments += ["--ro-bind", str(path), str(path)]
    for path in visible.SYSTEM:
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
    arguments += ["--ro-bind-try", str(visible.CACHE), str(visible.CACHE)]
    arguments += ["--ro-bind", str(interpreter), str(interpreter)]
    for name in visible.PACKAGES:
        if (path := visible.stdlib() / name).is_dir():
            arguments += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for name in visible.DEVICE_NAMES:
        arguments += ["--dev-bind", str(visible.DEVICES / name), str(visible.DEVICES / name)]
    arguments += ["--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return tuple(arguments)
