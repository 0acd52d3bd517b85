"""`python -m neve.lab FILE --out DIR`: a worker of a laboratory, as its schedule starts it.

Each line of standard input names a cell, {"arm", "seed", "low", "final"}; what is the cell's own is built,
and a line of standard output answers, {"problem": null} or what went wrong. All that cells share must be
there. The worker ends with its input, and with the process that started it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from neve.errors import Fault
from neve.lab import design
from neve.lab.file import load

PDEATHSIG = 1
"""prctl's option that names the signal which a process gets at its parent's end."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m neve.lab", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed is no answer
    lab, base = load(options.file)
    for line in sys.stdin:
        asked = json.loads(line)
        problem = None
        try:
            cell = design.cell(lab, base, options.out, asked["arm"], asked["seed"], asked["low"])
            for name in cell.needed(asked["final"]):
                if not cell.store.done(name):
                    cell.store.run(name)
        except (Fault, OSError) as error:
            problem = str(error)
        answers.write(json.dumps({"problem": problem}) + "\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
