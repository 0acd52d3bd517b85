"""The seccomp filter: which system calls of a program reach the kernel, as a BPF program assembled here.

A call of another architecture (`int 0x80` on x86_64) or of the x32 kind ends the process: numbers mean
something else there, which is the classical way around a filter. A call of `syscalls.py` passes, some only
by their arguments (`CHECKS`). All others fail with EPERM; clone3, whose arguments a filter cannot see, with
ENOSYS, so that libc falls back to clone.

Numbers are compared as intervals, one after the other. A search tree would be shorter to run and longer to
audit; kernels since 5.11 remember which numbers always pass and do not run the filter for them. Arguments
are compared by their lower 32 bits, which is all that the kernel reads of those that are checked.

Sources: the kernel's Documentation/userspace-api/seccomp_filter.rst,
include/uapi/linux/{bpf_common,filter,seccomp}.h.
"""

from __future__ import annotations

import errno
import functools
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from neve.sandbox import syscalls

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of the architectures that have a filter."""
X32 = 0x40000000
"""From this number on, calls on x86_64 are of the x32 kind; elsewhere there are none."""

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_AT_LEAST, _IF_ABOVE = 0x15, 0x35, 0x25
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data."""

Instruction = tuple[int, int, int, int]
"""code, instructions to skip if true, if false, operand."""


@dataclass(frozen=True)
class Check:
    """A call passes if, for every condition (argument, mask, values), `argument & mask` is one of the
    values."""

    conditions: tuple[tuple[int, int, tuple[int, ...]], ...]
    error: int = errno.EPERM


_ALL = 0xFFFFFFFF
_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""

CHECKS = {
    "clone": Check(((0, _NAMESPACES, (0,)),)),
    "clone3": Check(((0, 0, (1,)),), errno.ENOSYS),  # 0 is not 1: never
    # Connected streams alone: a datagram socket of a pair could still send to any address.
    "socketpair": Check(((0, _ALL, (socket.AF_UNIX,)), (1, 0xF, (socket.SOCK_STREAM,)))),
    # PDEATHSIG, DUMPABLE (asked), NAME, CAPBSET (asked), TIMERSLACK, NO_NEW_PRIVS, THP_DISABLE, names of
    # mappings
    "prctl": Check(((0, _ALL, (1, 2, 3, 15, 16, 23, 29, 30, 38, 39, 41, 42, 0x53564D41)),), errno.EINVAL),
    # TCGETS, its successor, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    "ioctl": Check(((1, _ALL, (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),), errno.ENOTTY),
    # F_DUPFD to F_SETLKW, locks of open files, DUPFD_CLOEXEC, GETPIPE_SZ, GET_SEALS; no F_SETOWN, no
    # F_SETPIPE_SZ
    "fcntl": Check(((1, _ALL, (*range(8), 36, 37, 38, 1030, 1032, 1034)),)),
    "prlimit64": Check(((0, _ALL, (0,)),)),  # of itself
    "sched_setaffinity": Check(((0, _ALL, (0,)),)),
}

_COMMON = ("memory", "files", "waiting", "time", "processes", "identity", "signals")
GROUPS = {
    "bubblewrap": (*_COMMON, "metadata", "signalling", "groups", "drop"),
    # Landlock guards neither modes, owners and times of files, nor (before its version 6) other processes
    # from signals; and whoever cannot leave the process group is killed with it.
    "landlock": (*_COMMON, "signalling"),
    "landlock before 6": _COMMON,
}
"""Which groups of calls pass where."""


@functools.cache
def program(walls: str, architecture: str) -> bytes:
    """The filter for `walls` (a key of GROUPS) as an array of struct sock_filter, in native order.

    Raises KeyError for an architecture without a table.
    """
    calls = [number for group in GROUPS[walls] for number in syscalls.numbers(group, architecture).values()]
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_IF_EQUAL, 1, 0, AUDIT[architecture]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, X32),
        (_RETURN, 0, 0, KILL),
    ]
    for low, high in _intervals(calls):
        code += [(_IF_AT_LEAST, 0, 2, low), (_IF_ABOVE, 1, 0, high), (_RETURN, 0, 0, ALLOW)]
    for name, number in syscalls.numbers("checked", architecture).items():
        block = _checked(CHECKS[name])
        code += [(_IF_EQUAL, 0, len(block), number), *block]
    code += [
        (_IF_ABOVE, 0, 1, syscalls.NEWEST),
        (_RETURN, 0, 0, ERRNO | errno.ENOSYS),
        (_RETURN, 0, 0, ERRNO | errno.EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _checked(check: Check) -> list[Instruction]:
    """Instructions that allow or refuse a call by its arguments."""
    code: list[Instruction] = []
    for argument, mask, values in check.conditions:
        code += [
            (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
            (_AND, 0, 0, mask),
        ]  # little-endian: the lower half
        # A value that fits leads past the others and past the refusal.
        code += [(_IF_EQUAL, len(values) - k, 0, value) for k, value in enumerate(values)]
        code.append((_RETURN, 0, 0, ERRNO | check.error))
    return [*code, (_RETURN, 0, 0, ALLOW)]


def _intervals(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as inclusive intervals, ascending."""
    intervals: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if intervals and intervals[-1][1] == number - 1:
            intervals[-1] = (intervals[-1][0], number)
        else:
            intervals.append((number, number))
    return intervals
