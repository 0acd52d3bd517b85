"""Says when kernels are being compiled: without a word the first curation on a machine would look stuck for
a minute or two.

Numba reports each function that it compiles, and none that it loads from its cache. One line is printed, at
the first function: a person wants to know what the machine is doing, not which function it has reached.
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
