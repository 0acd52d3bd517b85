"""What files say of their own licence, for columns of files.

Files that cannot speak of a licence are sifted out over the whole column; what is left is read one by one
(`statements`), many of them in processes of their own (`readers`), and of equal notices only the first costs
anything.
"""

from __future__ import annotations

import codecs

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.licenses import readers
from neve.corpus.licenses.spdx import UNREAD
from neve.corpus.licenses.statements import (
    DECLARED_BYTES,
    DECLARED_MARKS,
    NOTICE_BYTES,
    PARAGRAPH,
    SPDX_MARK,
    SPEAKS,
    Head,
    Statement,
)
from neve.corpus.text import buffers, only

_SPEAKING = np.array([2 ** min(len(SPEAKS), 64) - 1, 2 ** max(len(SPEAKS) - 64, 0) - 1], np.uint64)
"""The mask of the words of SPEAKS, which come first."""
_DECLARING = np.array(
    [((1 << len(DECLARED_MARKS)) - 1 << len(PARAGRAPH)) >> shift & 2**64 - 1 for shift in (0, 64)], np.uint64
)
"""That of DECLARED_MARKS, which come after PARAGRAPH."""


def statements(contents: pa.Array) -> dict[int, tuple[Statement, frozenset[str]]]:
    """Row -> (what its file says of its own licence, holders that it names), for the rows that say anything.

    `contents` is binary or text. Files in UTF-16 are read too.
    """
    from neve.corpus.licenses import mentions  # numba, which commands that only look do not need

    contents = contents.cast(pa.large_binary())
    first = pc.binary_slice(contents, 0, 2)
    marks = pa.array([codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE], first.type)
    wide = pc.or_(pc.is_in(first, value_set=marks), pc.match_substring(first, b"\0"))
    words = mentions.masks(contents, (*PARAGRAPH, *DECLARED_MARKS), NOTICE_BYTES)
    speaks = pc.or_(pa.array((words & _SPEAKING).any(axis=1)), wide)
    marked = mentions.holding(contents, SPDX_MARK.encode())
    marked |= (words & _DECLARING).any(axis=1)
    long = np.asarray(pc.fill_null(pc.greater(pc.binary_length(contents), NOTICE_BYTES), False))
    tails = pc.binary_slice(only(contents, long), -DECLARED_BYTES)
    marked |= mentions.masks(tails, DECLARED_MARKS, DECLARED_BYTES).any(axis=1)
    here = pc.indices_nonzero(pc.fill_null(pc.or_(speaks, pa.array(marked)), False)).to_pylist()
    values, offsets, _ = buffers(contents)
    words &= ~_DECLARING
    most = np.where(np.asarray(pc.fill_null(wide, False)), 2 * NOTICE_BYTES, NOTICE_BYTES)
    ends = np.where(marked, offsets[1:], np.minimum(offsets[1:], offsets[:-1] + most))
    heads = [
        Head(values[offsets[row] : ends[row]].tobytes(), bool(marked[row]), int(low) | int(high) << 64)
        for row, (low, high) in zip(here, words[here], strict=True)
    ]
    found = readers.read(heads)
    return {row: said for row, said in zip(here, found, strict=True) if said is not None}


def overriding(given: pa.Array, contents: pa.Array) -> tuple[pa.Array, pa.Array]:
    """(licence of each row, whether the file states it itself), for rows that come with a licence or with
    none.

    A file's own statement is nearer than what was said of its repository; one that is not understood leaves
    no licence.
    """
    own = {row: said.license for row, (said, _) in statements(contents).items() if said.license is not None}
    stated = np.zeros(len(given), bool)
    stated[list(own)] = True
    licenses = [None if UNREAD in license else license for license in own.values()]
    return pc.replace_with_mask(given, pa.array(stated), pa.array(licenses, pa.string())), pa.array(stated)
