"""The filter, run by a BPF machine of a few lines for every call of both architectures, and its table's numbers.

Oracles: the kernel's headers for numbers, where they are installed; the machine below, written from the kernel's
seccomp_filter documentation, for what the filter decides. That the kernel agrees, test_attacks.py shows.
"""

import errno
import struct

import pytest

from neve.sandbox import seccomp, syscalls

EVERYWHERE = [(walls, machine) for walls in seccomp.GROUPS for machine in syscalls.ARCHITECTURES]


def decide(program: bytes, number: int, architecture: int, *arguments: int) -> int:
    """What the kernel would make of a call."""
    data = struct.pack(
        "=iIQ6Q",
        number - (1 << 32 if number >> 31 else 0),
        architecture,
        0,
        *arguments,
        *[0] * (6 - len(arguments)),
    )
    code = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        operation, yes, no, operand = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += yes if accumulator == operand else no
            case 0x35:
                at += yes if accumulator >= operand else no
            case 0x25:
                at += yes if accumulator > operand else no
            case 0x06:
                return operand
            case _:
                raise AssertionError(operation)


def refusal(error: int) -> int:
    return seccomp.ERRNO | error


@pytest.mark.parametrize(("walls", "machine"), EVERYWHERE)
def test_what_is_not_in_the_table_is_refused(walls, machine):
    program, audit = seccomp.program(walls, machine), seccomp.AUDIT[machine]
    passing = {n for group in seccomp.GROUPS[walls] for n in syscalls.numbers(group, machine).values()}
    checked = set(syscalls.numbers("checked", machine).values())
    for number in {*range(1100), 0x3FFFFFFF} - checked:
        expected = (
            seccomp.ALLOW
            if number in passing
            else refusal(errno.EPERM if number <= syscalls.NEWEST else errno.ENOSYS)
        )
        assert decide(program, number, audit) == expected, number


@pytest.mark.parametrize(("walls", "machine"), EVERYWHERE)
def test_other_architectures_and_x32_end_the_process(walls, machine):
    program = seccomp.program(walls, machine)
    for audit in (0x40000003, 0x40000028, 0, *seccomp.AUDIT.values()):
        if audit != seccomp.AUDIT[machine]:
            assert {decide(program, number, audit) for number in range(500)} == {seccomp.KILL}
    for number in (0x40000000, 0x40000027, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        assert decide(program, number, seccomp.AUDIT[machine]) == seccomp.KILL


@pytest.mark.parametrize("machine", syscalls.ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("clone", (0x01200011,), None),  # fork
        ("clone", (0x003D0F00,), None),  # a thread
        ("clone", (0x4111,), None),  # vfork, as posix_spawn does
        *[("clone", (flag | 17,), errno.EPERM) for flag in (0x20000, *(1 << bit for bit in range(25, 31)))],
        ("clone3", (0, 88), errno.ENOSYS),
        ("socketpair", (1, 1), None),
        ("socketpair", (1, 1 | 0o2004000), None),  # close on exec, non-blocking
        ("socketpair", (1, 2), errno.EPERM),
        ("socketpair", (1, 5), errno.EPERM),
        ("socketpair", (2, 1), errno.EPERM),
        ("prctl", (15,), None),
        ("prctl", (22,), errno.EINVAL),  # PR_SET_SECCOMP
        ("prctl", (4,), errno.EINVAL),  # PR_SET_DUMPABLE
        ("prctl", (0x59616D61,), errno.EINVAL),  # PR_SET_PTRACER
        ("ioctl", (0, 0x5413), None),
        ("ioctl", (0, 0x5412), errno.ENOTTY),  # TIOCSTI
        ("ioctl", (0, 0x1_0000_5412), errno.ENOTTY),  # the kernel reads the lower half
        ("ioctl", (0, 0x541C), errno.ENOTTY),  # TIOCLINUX
        ("fcntl", (0, 3), None),
        ("fcntl", (0, 1030), None),
        ("fcntl", (0, 8), errno.EPERM),  # F_SETOWN
        ("fcntl", (0, 1031), errno.EPERM),  # F_SETPIPE_SZ
        ("prlimit64", (0, 7), None),
        ("prlimit64", (1, 7), errno.EPERM),
        ("prlimit64", (0xFFFFFFFF, 7), errno.EPERM),
        ("sched_setaffinity", (0,), None),
        ("sched_setaffinity", (4242,), errno.EPERM),
    ],
)
def test_calls_that_pass_by_their_arguments(machine, name, arguments, error):
    number = syscalls.numbers("checked", machine)[name]
    for walls in seccomp.GROUPS:
        decided = decide(seccomp.program(walls, machine), number, seccomp.AUDIT[machine], *arguments)
        assert decided == (seccomp.ALLOW if error is None else refusal(error))


def test_every_checked_call_has_its_check():
    assert set(syscalls.numbers("checked", "x86_64")) == set(seccomp.CHECKS)
    assert set(syscalls._TABLE) == {
        "checked",
        *(group for groups in seccomp.GROUPS.values() for group in groups),
    }
