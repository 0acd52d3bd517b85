"""Permissions of files that a library writes for itself alone: the reader's group should see what the umask
grants."""

from __future__ import annotations

import os
from pathlib import Path


def by_umask(path: Path) -> None:
    """Give a file the permissions that a plain write would have given it; safetensors writes 0600."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
