"""Which benchmarks the packaged index holds, and which files of a folder are read beside it.

A module of its own, so that planning a run can tell cheaply whether a folder of benchmark files changes the
corpus: published files that equal those of the index change nothing.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from neve.errors import Misuse
from neve.tasks import benchmarks as published
from neve.tasks.traits import TABLE, Traits

PACKED = Path(__file__).with_name("contamination.npz")
PACKAGED = tuple(name for name, traits in TABLE.items() if traits.indexed)
"""The benchmarks that the package's index holds."""


def beside(benchmarks: Sequence[str], data: Path | None) -> list[tuple[Traits, Path]]:
    """Benchmarks, and their files, whose text is searched for beside what the index holds.

    They are those of `benchmarks` that differ from the packaged or are not packaged, and the sets of EvoEval
    in folder `data`, named or not. Raises Misuse for a name that is not known, and one whose file is
    nowhere.
    """
    held = {TABLE[name].file for name in PACKAGED}
    loose = [name for name, traits in TABLE.items() if traits.file not in held and name not in benchmarks]
    files = _files()
    found = []
    for name in [*benchmarks, *(n for n in loose if data is not None and published.place(TABLE[n], data))]:
        traits = published.find(name)
        file = Path(traits.file)
        path = None if data is None and not file.is_absolute() else published.place(traits, data or Path())
        if path is not None:
            if f"{file.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" not in files:
                found.append((traits, path))
        elif name not in PACKAGED:
            raise Misuse(
                f"corpus.decontaminate.benchmarks: {name!r} is not in the package; give the folder that holds "
                f"{file} as --data, or evaluate.data"
            )
    return found


def _files() -> set[str]:
    """ "<name> <sha256>" of the files that the packaged index was built from; nothing else of it
    is unpacked."""
    with zipfile.ZipFile(PACKED) as archive:
        return set(np.load(BytesIO(archive.read("files.npy"))).tolist())


def shapes_of(path: Path) -> Path:
    """The file of shapes beside an index, so that neither is large."""
    return path.with_name(f"{path.stem}-shapes.npz")
