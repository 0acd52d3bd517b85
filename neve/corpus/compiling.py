"""Says when kernels are being compiled: the first curation on a machine is silent for a minute or two
otherwise.

Numba tells of each function that it compiles; what it loads from its cache is not told of. One line is
printed, at the first function, since a person wants to know what the machine does and not which function it
is at.
"""

from __future__ import annotations

import sys
from typing import Any

LINE = "  compiling Neve's kernels for this processor: a minute or two, at first use only"

_told = False


def announce() -> None:
    """Print LINE on standard error when the first kernel is compiled in this process, if one is."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            global _told
            if not _told:
                _told = True
                print(LINE, file=sys.stderr, flush=True)

        def on_end(self, event: Any) -> None:
            pass

    event.register("numba:compile", Listener())
