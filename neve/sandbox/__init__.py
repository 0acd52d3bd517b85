"""Runs untrusted Python so that it can neither harm nor read the machine.

    place = sandbox.probe()
    result = sandbox.run("print(1 + 1)", sandbox=place, limits=sandbox.Limits(timeout_s=5.0))

Walls in layers, a module each: bwrap's namespaces (`bubblewrap`) or, where those are forbidden, Landlock
(`landlock`); a filter of system calls in both (`seccomp`, `syscalls`); limits on each process (`boot`); and
the parent, which reads output, looks at the whole and ends it (`watch`). `tiers` tries them on this machine
and puts them together. `docs/sandbox.md` says what each wall stops and what is not promised.

The trade-off: one process, and one interpreter's start, for every program. A server that forks would start
faster, and would let programs share a parent's memory layout and whatever one of them did to it. Where
neither tier works, nothing is run: there is no weaker mode that a person could mistake for these.
"""

from neve.sandbox.tiers import (
    FILE_BYTES,
    OPEN_FILES,
    OUTPUT_BYTES,
    PROCESSES,
    TIERS,
    Limits,
    Result,
    Sandbox,
    attempt,
    probe,
    run,
)
from neve.sandbox.visible import Extra

__all__ = [
    "FILE_BYTES",
    "OPEN_FILES",
    "OUTPUT_BYTES",
    "PROCESSES",
    "TIERS",
    "Extra",
    "Limits",
    "Result",
    "Sandbox",
    "attempt",
    "probe",
    "run",
]
