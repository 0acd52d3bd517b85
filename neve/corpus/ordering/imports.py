"""What each file imports, as names: of Python, JavaScript, TypeScript, Java, Go, C, C++ and their relatives.

The names are read off the bytes by one compiled pass (`imports_kernel`), which looks at nothing but import
statements. It is no parser, and that is the trade-off: hundreds of megabytes a second rather than five; what
a program computes at run time is not seen, and both sides of a condition are.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.ordering import imports_kernel
from neve.corpus.ordering.imports_kernel import GO, JAVA, JAVASCRIPT, PYTHON, C
from neve.corpus.text import read_only

FAMILIES = {
    "Python": PYTHON, "JavaScript": JAVASCRIPT, "TypeScript": JAVASCRIPT, "TSX": JAVASCRIPT, "JSX": JAVASCRIPT,
    "Java": JAVA, "Go": GO, "C": C, "C++": C, "Objective-C": C, "Objective-C++": C, "Cuda": C,
}  # fmt: skip
"""Languages whose files can import each other, by Linguist's names."""
BYTES_A_NAME = 64
"""Text that holds more names than one in so many bytes is read twice: once to count them."""


def imports(contents: pa.Array, languages: pa.Array, paths: pa.Array) -> pa.Array:
    """The names that each text imports, as list<string>; null for a null text, empty where there are none.

    As written: Python dotted (`from ..a import b` gives "..a.b", with a star "..a"), JavaScript and Go what
    stands in the quotes, Java without `static` ("a.b.C", "a.b.*"), C with its angles where it has them
    ("a.h", "<b.h>"). A null language is told by the path's ending.
    """
    values, offsets, valid = read_only(contents)
    kinds = families(languages, paths)
    spans = np.empty((int(offsets[-1] - offsets[0]) // BYTES_A_NAME + 1, 5), np.int64)
    while (n := imports_kernel.scan(values, offsets, kinds, spans)) > len(spans):
        spans = np.empty((n, 5), np.int64)
    spans = spans[:n]
    data, ends = imports_kernel.join(values, spans)
    names = pa.LargeStringArray.from_buffers(len(spans), pa.py_buffer(ends), pa.py_buffer(data))
    starts = np.searchsorted(spans[:, 0], np.arange(len(offsets))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(starts), names.cast(pa.string()), mask=pa.array(~valid))


def families(languages: pa.Array, paths: pa.Array) -> np.ndarray:
    """The family of each file (int8 [n]), 0 where its language is none of these."""
    endings = {
        "py": PYTHON, "pyi": PYTHON, "js": JAVASCRIPT, "jsx": JAVASCRIPT, "mjs": JAVASCRIPT, "cjs": JAVASCRIPT,
        "ts": JAVASCRIPT, "tsx": JAVASCRIPT, "mts": JAVASCRIPT, "java": JAVA, "go": GO, "c": C, "h": C, "cc": C,
        "cpp": C, "cxx": C, "hh": C, "hpp": C, "hxx": C,
    }  # fmt: skip

    def look_up(column: pa.Array, table: dict[str, int]) -> np.ndarray:
        found = pc.index_in(column.cast(pa.string()), value_set=pa.array(list(table), pa.string()))
        codes = np.array([0, *table.values()], np.int8)
        return codes[pc.add(found, 1).fill_null(0).to_numpy(zero_copy_only=False)]

    known = look_up(languages, FAMILIES)
    ending = pc.replace_substring_regex(paths.cast(pa.string()), r"(?s)^.*\.", "")
    return np.where(languages.is_null().to_numpy(zero_copy_only=False), look_up(ending, endings), known)
