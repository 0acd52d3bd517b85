"""What is measured about a file: compiled passes over the bytes of an Arrow column, whole columns out.

Each pass reads the column's own buffers (no copy, no Python object per document) and is a module:
`characters` (what they are, lines, encoded runs), `lexing` (comments and strings), `statements` (what lines
do), `repetition` (words and n-grams), `markup` (HTML), `vendored` (by path and marks). A signal may also
name a module of its own in the table. One that does not apply to a file's language, or cannot be computed,
is null; a rule that wants it then gives the verdict "unmeasured".

Sources: The Stack (arXiv 2211.15533), StarCoder (2305.06161), StarCoder2 (2402.19173), OpenCoder
(2411.04905). Not measured, though OpenCoder does without using it: naming styles and modifiers (Java,
JavaScript), statements per line.
"""

from __future__ import annotations

import importlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.signals import characters, lexing, markup, repetition, statements
from neve.corpus.signals.table import SIGNALS
from neve.corpus.text import buffers, plain

TEST_FILE = (
    r"(?i)(^|/)(tests?|spec|__tests__)/|(^|/)(test_[^/]*|conftest)\.py$|_(test|spec)\.[a-z]+$|\.(test|spec)\.[a-z]+$"
    r"|(?-i:Tests?\.(java|kt|cs|scala|swift|php)$)"
)
"""Paths of tests, for `test_file`."""

_HEADER = r"(?i)\.(h|hh|hpp|hxx|h\+\+|inl)$"


def measure(
    contents: pa.Array | pa.ChunkedArray,
    languages: pa.Array | pa.ChunkedArray,
    paths: pa.Array | pa.ChunkedArray,
    others: pa.Array | None = None,
) -> pa.Table:
    """Measure texts (strings or binary, small or large) of these Linguist languages and paths; `others` says
    which lie in another project's folder.

    Returns a table with a float64 column for each of SIGNALS and a row for each text: null for a null text,
    where the signal is not measured for the language, and where the path that it needs is null.
    """
    values, offsets, valid = buffers(contents)
    languages, paths = plain(languages), plain(paths)
    spoken = languages.to_pylist()
    marks = lexing.mark(values, offsets, spoken)
    columns: dict[str, np.ndarray] = {}
    for names, rows in (
        (characters.COLUMNS, characters.measure(values, offsets)),
        (repetition.COLUMNS, repetition.measure(values, offsets, marks)),
        (statements.COLUMNS, statements.measure(values, offsets, marks, spoken)),
        (markup.COLUMNS, markup.measure(values, offsets, spoken)),
    ):
        columns.update(zip(names, rows, strict=True))
    for signal in SIGNALS:
        if signal.module is not None:
            columns[signal.name] = importlib.import_module(signal.module).measure(values, offsets)
    header = _share(pc.match_substring_regex(paths, _HEADER))
    columns["preprocessor_line_share"] = np.where(header == 1, 0.0, columns["preprocessor_line_share"])
    columns["test_file"] = _share(pc.match_substring_regex(paths, TEST_FILE))
    columns["vendored"], marked = _origin(paths, contents)
    if others is not None:
        columns["vendored"] = np.maximum(columns["vendored"], _share(others))
    columns["generated"] = np.maximum(columns["generated"], np.nan_to_num(marked))
    lacking: dict[tuple[str, ...] | None, np.ndarray] = {None: ~valid}
    for signal in SIGNALS:
        if signal.languages not in lacking:
            speaks = np.array([language in (signal.languages or ()) for language in spoken], bool)
            lacking[signal.languages] = ~(valid & speaks)
    return pa.table(
        {
            s.name: pa.array(columns[s.name], mask=lacking[s.languages] | np.isnan(columns[s.name]))
            for s in SIGNALS
        }
    )


def _origin(paths: pa.Array, contents: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    from neve.corpus.languages import generated, vendored

    texts = plain(contents)
    return _share(vendored.vendored(paths, texts)), _share(generated.generated(paths, texts))


def _share(flags: pa.Array) -> np.ndarray:
    """Booleans as 0.0 and 1.0, null as NaN."""
    return pc.cast(flags, pa.float64()).to_numpy(zero_copy_only=False).astype(float)
