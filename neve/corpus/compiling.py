"""The first curation on a machine compiles Neve's kernels: says so, and lets a second process do half.

Numba compiles a function when it is first called, one at a time in a process, however many cores there are;
what it has compiled lies in its cache, where any process finds it. So at the first one a second process
starts at the middle of what curation calls, and keeps ahead of the first, which finds the later half done.
The trade-off: where the two meet, a kernel may be compiled twice. Where all are cached, nothing starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

LINE = "  compiling Neve's kernels for this processor: a minute or two, at first use only"

_told = False


def announce() -> None:
    """At the first kernel that this process compiles, if any: print LINE on standard error, and start a
    process for `later_half`."""
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            global _told
            if not _told:
                _told = True
                print(LINE, file=sys.stderr, flush=True)
                if _cores() > 1:  # no pipe is held: whoever reads our output must not wait for it
                    none = subprocess.DEVNULL
                    subprocess.Popen([sys.executable, "-m", __name__], stdin=none, stdout=none, stderr=none)

        def on_end(self, event: Any) -> None:
            pass

    event.register("numba:compile", Listener())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def later_half() -> None:
    """Call what curation calls after a file's signals, in its order, on one small file."""
    import pyarrow as pa

    from neve.corpus.contamination.benchmark_index import Index, unpack
    from neve.corpus.contamination.packaged import PACKED
    from neve.corpus.duplicates import near_duplicates, shingles
    from neve.corpus.duplicates.body import bodies
    from neve.corpus.secrets import redaction
    from neve.recipe.corpus import Near

    texts = pa.array(["def twice(number):\n    return number + number\n"], pa.large_string())
    Index(unpack(PACKED)).check(texts)
    near_duplicates.buckets(bodies(texts), Near())
    shingles.shingles(bodies(texts), Near().ngram)
    redaction.redact(texts, pa.array(["Python"]))


if __name__ == "__main__":
    later_half()
