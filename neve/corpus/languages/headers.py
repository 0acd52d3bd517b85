"""C headers of C++ projects: a `.h` without a sign of either language has that of the sources around it.

A header of declarations and macros alone may be of both languages, and its text does not say which. Its
place does: `shape.h` beside `shape.cpp` is C++; else the nearest folder above that has sources of either
decides by majority, C where they are as many. The trade-off: a C interface of a C++ library counts as C++,
as the rest of its project does.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

C_SOURCES = r"(?i)\.c$"
HEADER = r"\.h$"


def of_cplusplus(files: pa.Table, told: np.ndarray) -> np.ndarray:
    """Which rows (bool [n]) are headers called C that belong to C++.

    `files`: columns source, repo, path, language. `told` (bool [n]): rows whose language the input gives.
    """
    path = files["path"].combine_chunks()
    named_c, named_cplusplus = (_flags(pc.equal(files["language"], name)) for name in ("C", "C++"))
    c = named_c & _flags(pc.match_substring_regex(path, C_SOURCES))
    unsure = named_c & ~told & _flags(pc.match_substring_regex(path, HEADER))
    if not unsure.any() or not named_cplusplus.any():
        return np.zeros(len(files), bool)
    place = pc.binary_join_element_wise(
        files["source"], files["repo"], path, _text("\0", path)
    ).combine_chunks()
    stem = pc.replace_substring_regex(place, r"\.[^./]*$", "")
    beside_c, beside_cplusplus = (
        _flags(pc.is_in(stem, value_set=stem.filter(pa.array(rows)))) for rows in (c, named_cplusplus)
    )
    folder = pc.replace_substring_regex(place, r"(?s)[^/\0]*$", "")
    here = np.flatnonzero(unsure)
    asked = folder.take(pa.array(here)).dictionary_encode()
    around = _majority(folder, c, named_cplusplus)
    nearest = np.array([_nearest(name, around) for name in asked.dictionary.to_pylist()], bool)[
        asked.indices.to_numpy()
    ]
    alone = beside_c[here] == beside_cplusplus[here]
    found = np.zeros(len(files), bool)
    found[here] = np.where(alone, nearest, beside_cplusplus[here])
    return found


def _majority(folder: pa.Array, c: np.ndarray, cplusplus: np.ndarray) -> dict[str, int]:
    """C++ sources less C sources in each folder, those below counted in; a loop over distinct folders."""
    rows = np.flatnonzero(c | cplusplus)
    coded = folder.take(pa.array(rows)).dictionary_encode()
    counts = np.bincount(coded.indices.to_numpy(), np.where(cplusplus[rows], 1, -1), len(coded.dictionary))
    sums: dict[str, int] = defaultdict(int)
    for name, count in zip(coded.dictionary.to_pylist(), counts.astype(int).tolist(), strict=True):
        for above in _upwards(name):
            sums[above] += count
    return sums


def _nearest(name: str, around: dict[str, int]) -> bool:
    return next((around[above] > 0 for above in _upwards(name) if above in around), False)


def _upwards(folder: str) -> list[str]:
    """The folder and those above it, nearest first: "source\\0repo\\0a/b/" gives itself, "…a/" and "…"."""
    start = folder.rindex("\0") + 1
    parts = folder[start:].split("/")[:-1]
    return [
        folder[:start] + "".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1)
    ]


def _flags(mask: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(mask, False)).astype(bool)


def _text(text: str, like: pa.Array) -> pa.Scalar:
    return pa.scalar(text, like.type)
