"""The table of system calls. Oracle: the kernel's headers, where they are installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from neve.sandbox import syscalls

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


NEWER = {"fchmodat2", "mseal", "futex_wake", "futex_wait", "futex_requeue", "mlock2"}
"""Calls that headers may be too old for."""


@pytest.mark.parametrize("machine", syscalls.ARCHITECTURES)
def test_numbers_are_the_kernels(machine):
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"no kernel header at {header}")
    rows = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    known = {name: int(number) for name, number in rows}
    known |= {"newfstatat": known["fstatat"]} if "newfstatat" not in known else {}
    for group in syscalls._TABLE:
        for name, number in syscalls.numbers(group, machine).items():
            if name in known or name not in NEWER:
                assert known[name] == number, name


@pytest.mark.parametrize("machine", syscalls.ARCHITECTURES)
def test_no_number_stands_twice(machine):
    numbers = [n for group in syscalls._TABLE for n in syscalls.numbers(group, machine).values()]
    assert len(numbers) == len(set(numbers))
    assert max(numbers) <= syscalls.NEWEST


def test_rows_are_read_by_column() -> None:
    """By hand: two calls of the table, and one that an architecture does not have."""
    assert syscalls.numbers("groups", "x86_64") == {"setsid": 112, "setpgid": 109}
    assert syscalls.numbers("groups", "aarch64") == {"setsid": 157, "setpgid": 154}
    assert syscalls.numbers("processes", "x86_64")["fork"] == 57
    assert "fork" not in syscalls.numbers("processes", "aarch64")
