"""The tier "landlock": where user namespaces are forbidden, a program gives up its rights itself.

Landlock takes away the file system: the interpreter, its standard library and the system's shared libraries
can be read, four devices used, and nothing can be written anywhere, not even in /tmp, since nothing here
could bound how much. The filter takes away sockets, changes to files' modes and times, and the way out of
the process group (boot.py: a guard kills that). Landlock also keeps signals inside, from its version 6
(Linux 6.12) on; before, the filter refuses signals altogether.

What is weaker than namespaces: names, sizes and times of files can be asked for, though not what is in them;
process numbers are the machine's. Version 3 (Linux 6.2) is the least, as before it files that can be read
can be cut short.

Sources: landlock(7), landlock_create_ruleset(2), include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import struct
from pathlib import Path

from neve.errors import Fault
from neve.sandbox import visible
from neve.sandbox.visible import Extra, Start

MORE_TASKS = 64
"""How many processes and threads more than now a user may have, where the kernel counts all of them
together."""
LEAST = 3
"""The oldest version of Landlock that holds."""
SCOPES = 6
"""The version from which it keeps signals inside."""

CREATE_RULESET, ADD_RULE = 444, 445
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
HANDLED_FILES = {3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
"""By version, the accesses to files that are taken away; later versions as 5."""
CONNECT_BIND_TCP = 0b11
"""From version 4 on; the filter refuses sockets anyway."""
ABSTRACT_SOCKETS_SIGNALS = 0b11


BLOCKED = "a container's own filter may refuse landlock_create_ruleset"


@functools.cache
def abi() -> int:
    """The kernel's version of Landlock; 0 where it has none, or has it switched off."""
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, 1))


def version() -> str:
    """Landlock's version in words; raises Fault where it is too old, or would not do."""
    if abi() < LEAST:
        raise Fault(f"the kernel has Landlock {abi() or 'not at all'}, and {LEAST} is the least (Linux 6.2)")
    if os.geteuid() == 0 and (closed := visible.closed()):
        raise Fault(f"the interpreter lies beneath {closed}, which is closed to the user id of a program")
    return f"Landlock {abi()}"


def walls() -> str:
    """The name of the filter."""
    return "landlock" if abi() >= SCOPES else "landlock before 6"


def processes(most: int) -> int:
    """What RLIMIT_NPROC must be for `most` processes and threads beside the guard.

    Root's programs have a user id each. Another user's processes are all counted together, so that this
    limit is loose, and watch.py counts.
    """
    return most + 1 if os.geteuid() == 0 else _tasks(os.getuid()) + MORE_TASKS


def command(inner: list[str], uid: int, source: int, rules: int, extra: Extra, seconds: float) -> Start:
    """How the interpreter, whose command is `inner`, is started: `boot.py` puts up the walls from within.

    `source` and `rules` are descriptors of the program and of the filter; `uid` is what the program becomes,
    0 to stay. After `seconds` the guard ends it all, whatever has become of the caller.
    """
    made = ruleset(extra)
    arguments = [str(uid), str(source), str(extra.packages or ""), str(made), str(rules), str(seconds)]
    return Start([*inner, *arguments], (source, rules, made), signal.SIGTERM)


def _tasks(uid: int) -> int:
    """Processes and threads that a user has now."""
    count = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                place = (process / "task").stat()
            except OSError:  # has ended
                continue
            count += (place.st_nlink - 2) * (place.st_uid == uid)
    return count


@functools.cache
def ruleset(extra: Extra) -> int:
    """A descriptor of the ruleset, made once a process for each extra.

    Raises OSError where the kernel refuses.
    """
    known = abi()
    attributes = struct.pack(
        "=QQQ",
        HANDLED_FILES[min(known, max(HANDLED_FILES))],
        CONNECT_BIND_TCP if known >= 4 else 0,
        ABSTRACT_SOCKETS_SIGNALS if known >= SCOPES else 0,
    )
    size = 24 if known >= SCOPES else 16 if known >= 4 else 8
    made = _call(CREATE_RULESET, attributes, size, 0)
    for path, access in _granted(extra):
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # what cannot be opened can be read by nobody
            continue
        try:
            if not path.is_dir():
                access &= ~READ_DIR
            _call(ADD_RULE, made, PATH_BENEATH, struct.pack("=Qi", access, descriptor), 0)
        finally:
            os.close(descriptor)
    return made


def _granted(extra: Extra) -> list[tuple[Path, int]]:
    """(path, accesses) of all that a program may touch; what lies beneath a path follows it."""
    granted = [(path, EXECUTE | READ_FILE) for path in (visible.interpreter(), *visible.loaders())]
    granted.append((visible.CACHE, READ_FILE))
    stdlib = visible.stdlib()
    for folder in visible.libraries():
        # The standard library can have other packages in it or beside it: its parts are granted one by one.
        parts = [folder]
        if stdlib.is_relative_to(folder):
            parts = [path for path in stdlib.iterdir() if path.name not in visible.PACKAGES]
            parts += [path for path in folder.iterdir() if ".so" in path.name]
            granted.append((stdlib, READ_DIR))
        granted += [(part, READ_FILE | READ_DIR) for part in parts]
    granted += [(path, READ_FILE | READ_DIR) for path in extra.shown()]
    if extra.packages is not None:
        granted.append((extra.packages, READ_DIR))  # the import system lists it
    if extra.tools:
        seen = [*(path for path in visible.TOOLS if path.is_dir()), *extra.folders]
        granted += [(path, EXECUTE | READ_FILE | READ_DIR) for path in seen]
    granted += [(visible.DEVICES / "null", READ_FILE | WRITE_FILE)]
    granted += [(visible.DEVICES / name, READ_FILE) for name in visible.DEVICE_NAMES[1:]]
    return granted


def _call(number: int, *arguments: int | bytes) -> int:
    """A raw system call; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    given = [ctypes.c_long(part) if isinstance(part, int) else part for part in arguments]
    result = int(libc.syscall(ctypes.c_long(number), *given))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result
