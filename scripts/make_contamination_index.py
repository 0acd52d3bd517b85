"""Build the packaged contamination index out of benchmark files as published.

    python scripts/make_contamination_index.py FOLDER [OUT]

FOLDER holds the files that `neve.tasks.traits.TABLE` names as indexed; OUT is by default the package's own
`neve/corpus/contamination/contamination.npz`, and its shapes lie beside it. The same files give the same
bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from neve.corpus.contamination import benchmark_index, packaged
from neve.tasks import benchmarks

LIMIT = 1 << 20


def build(folder: Path, out: Path) -> dict[str, np.ndarray]:
    """Write the index of the packaged benchmarks' files in `folder` to `out`; returns its arrays."""
    arrays = benchmark_index.join(
        benchmark_index.hashes(benchmarks.load(name, folder)) for name in packaged.PACKAGED
    )
    benchmark_index.pack(arrays, out)
    for file in (out, packaged.shapes_of(out)):
        if file.stat().st_size >= LIMIT:
            raise SystemExit(
                f"{file}: {file.stat().st_size:,} bytes, but a file of the package must stay under {LIMIT:,}"
            )
    return arrays


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else packaged.PACKED
    built = build(Path(sys.argv[1]), target)
    counts = ", ".join(f"{name} {len(array):,}" for name, array in built.items())
    print(f"{target}: {target.stat().st_size:,} bytes; {counts}")
    print("\n".join(built["files"]))
