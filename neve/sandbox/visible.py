"""What of the machine a program may see: an interpreter, its standard library, shared libraries, four
devices.

The base interpreter is taken, not a virtual environment's link to it, and without its site-packages. The
system's folders of shared libraries are seen whole (where there is one for this architecture, as on Debian,
it alone, which leaves out most programs and every setuid one): picking single libraries would be narrower,
and wrong for the next interpreter. They hold no secrets: every user of the machine may read them.
"""

from __future__ import annotations

import functools
import signal
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

SYSTEM = tuple(map(Path, ("/usr/lib", "/usr/lib64", "/lib", "/lib64")))
"""Where systems keep shared libraries."""
CACHE = Path("/etc/ld.so.cache")
DEVICES = Path("/dev")
DEVICE_NAMES = ("null", "zero", "urandom", "random")
PACKAGES = ("site-packages", "dist-packages")
TOOLS = (Path("/usr/bin"), Path("/bin"))
"""The system's programs, seen by those alone whose caller says so."""

FLAGS = ("-s", "-S", "-P", "-B")
"""Of the interpreter: no user's folder, no site-packages, no current folder on the path, no bytecode
written."""

ENVIRONMENT = {
    "PATH": "/nowhere",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    # One thread each: numerical libraries else start one for every core, and processes are few here.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Extra(NamedTuple):
    """What one program sees beyond what all see.

    `packages` is a folder of installed packages, `names` what of it (nothing: all), `tools` the system's
    programs, `folders` what these need to read.
    """

    packages: Path | None = None
    names: tuple[str, ...] = ()
    tools: bool = False
    folders: tuple[Path, ...] = ()

    def shown(self) -> list[Path]:
        """Paths of the packages: the folder, or what is named of it and exists."""
        if self.packages is None:
            return []
        if not self.names:
            return [self.packages]
        return [path for name in self.names if (path := self.packages / name).exists()]


def environment(extra: Extra) -> dict[str, str]:
    """The environment of a program; its PATH leads nowhere where it has no tools."""
    return ENVIRONMENT | ({"PATH": ":".join(map(str, TOOLS))} if extra.tools else {})


class Start(NamedTuple):
    """What starts a program in a tier: the command, descriptors it inherits, the signal that
    ends all of it."""

    command: list[str]
    descriptors: tuple[int, ...]
    end: signal.Signals


@functools.cache
def interpreter() -> Path:
    """The base interpreter."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


@functools.cache
def stdlib() -> Path:
    """Its standard library."""
    return Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))


@functools.cache
def libraries() -> tuple[Path, ...]:
    """Folders of the shared libraries and of the standard library."""
    triplet = str(sysconfig.get_config_var("MULTIARCH"))
    found = [
        folder / triplet if (folder / triplet).is_dir() else folder
        for folder in SYSTEM
        if folder.is_dir() and not folder.is_symlink()
    ]
    if stdlib().parent not in SYSTEM:
        found.append(stdlib().parent)  # shared libraries of its own lie beside it
    elif not any(stdlib().is_relative_to(folder) for folder in found):
        found.append(stdlib())
    return tuple(found)


def loaders() -> list[Path]:
    """The dynamic loaders, which the kernel starts in front of the interpreter."""
    return [path for folder in ("/lib64", "/lib") for path in sorted(Path(folder).glob("ld-*.so*"))]


def closed() -> Path | None:
    """The folder, if any, that keeps other users from the interpreter or its library."""
    folders = {parent for path in (interpreter(), stdlib() / "os.py") for parent in path.parents}
    return next((folder for folder in sorted(folders) if not folder.stat().st_mode & 0o001), None)
