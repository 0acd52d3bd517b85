"""C headers among C++ sources. Oracle: a person who sees the project's folders."""

import numpy as np
import pyarrow as pa
import pytest

from neve.corpus.languages.headers import of_cplusplus


def found(files: dict[str, str], told: tuple[str, ...] = ()) -> set[str]:
    """Paths ("repo:path") called C++; `files` are their languages."""
    rows = [(*key.split(":"), language) for key, language in files.items()]
    table = pa.table(
        {
            "source": ["git"] * len(rows),
            **{name: [row[i] for row in rows] for i, name in enumerate(("repo", "path", "language"))},
        }
    )
    table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
    mask = of_cplusplus(table, np.array([key in told for key in files], bool))
    return {key for key, flag in zip(files, mask, strict=True) if flag}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"r:src/a.h": "C", "r:src/a.cpp": "C++", "r:src/b.c": "C"}, {"r:src/a.h"}),  # beside its source
        ({"r:src/a.h": "C", "r:src/a.c": "C", "r:src/b.cpp": "C++", "r:src/d.cc": "C++"}, set()),
        ({"r:include/a.h": "C", "r:src/b.cpp": "C++", "r:lib/z.c": "C", "r:src/d.hpp": "C++"}, {"r:include/a.h"}),  # by the whole
        ({"r:vendor/z/a.h": "C", "r:vendor/z/b.c": "C", "r:b.cpp": "C++", "r:d.cpp": "C++"}, set()),  # by the nearest folder
        ({"r:a.h": "C", "r:b.c": "C", "r:b.cpp": "C++"}, set()),  # as many of each
        ({"r:a.h": "C", "s:b.cpp": "C++"}, set()),  # another repository
        ({"r:a.h": "C", "r:include/b.h": "C++"}, {"r:a.h"}),  # a header with signs counts for its neighbours
        ({"r:a.h": "C", "r:a.py": "Python"}, set()),
        ({"r:a.h": "Objective-C", "r:a.cpp": "C++"}, set()),
        ({"r:a/b.h": "C", "r:a/c/d.cpp": "C++", "r:e.c": "C", "r:f.c": "C"}, {"r:a/b.h"}),
        ({}, set()),
    ],
)  # fmt: skip
def test_by_what_lies_around(files: dict[str, str], expected: set[str]) -> None:
    assert found(files) == expected


def test_a_given_language_stays() -> None:
    files = {"r:a.h": "C", "r:a.cpp": "C++", "r:d.h": "C"}
    assert found(files, told=("r:a.h",)) == {"r:d.h"}
