"""What this machine has that decides results: its arithmetic and its sandbox, found out without loading
torch.

`auto` precision is resolved before fingerprints are taken, so that a run that moves to another machine does
not change its numbers in the middle. The trade-off: the flags are read from the system, as torch reads them,
rather than asked of torch, which would take seconds to load; a test compares the two answers.
"""

from __future__ import annotations

import ctypes
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

CPU = Path("/proc/cpuinfo")
BF16_FLAGS = {"avx512_bf16", "amx_tile"}
"""Flags of processors that multiply bf16 natively."""
MAJOR = 75
"""Number of the CUDA device attribute that holds the major compute capability."""
BF16_CAPABILITY = 8
"""Compute capability (major) from which GPUs multiply bf16."""


@dataclass(frozen=True)
class Machine:
    precision: str
    """fp32 or bf16: what `precision = "auto"` means here."""
    sandbox: str
    """Tier of the sandbox; "none" where there is none, or where nothing is to be run."""


def precision() -> str:
    """ "bf16" where the processor that trains multiplies it natively, else "fp32"."""
    major = capability()
    native = major >= BF16_CAPABILITY if major is not None else bool(BF16_FLAGS & _flags())
    return "bf16" if native else "fp32"


def sandbox_tier() -> str:
    from neve import sandbox

    return sandbox.probe().tier


def _flags() -> set[str]:
    try:
        found = re.search(r"^flags\s*:(.*)$", CPU.read_text(encoding="utf-8"), re.M)
    except OSError:
        return set()
    return set(found[1].split()) if found else set()


def capability() -> int | None:
    """Major compute capability of the first GPU that torch would use; None without one, or where torch has
    no CUDA."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        said = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
        if not re.search(r"^cuda\b[^=]*=\s*['\"]", said, re.M):
            return None
        cuda = ctypes.CDLL("libcuda.so.1")
        device, major = ctypes.c_int(), ctypes.c_int()
        asked = (cuda.cuInit(0), cuda.cuDeviceGet(ctypes.byref(device), 0))
        if any(asked) or cuda.cuDeviceGetAttribute(ctypes.byref(major), MAJOR, device):
            return None
    except OSError:
        return None
    return major.value
