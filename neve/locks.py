"""One process per folder: a lock that the kernel lets go of when its process ends, however it ends.

Apart from the store, since a machine that only trains needs no more of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from neve.errors import Fault, Misuse


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for one run; a second one gets a Fault. The lock dies with its process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Misuse(f"{folder}: is, or lies in, a file; name a folder (--out DIR)") from None
    except OSError as error:
        raise Misuse(
            f"{folder}: cannot be made ({error.strerror}); name another folder (--out DIR)"
        ) from None
    with (folder / ".lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            raise Fault(
                f"{folder}: process {handle.read().strip() or '?'} is working here; wait for it to end"
            ) from None
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield
