"""Exact duplicates: of files with the same text one is kept, the same one whatever order they come in.

Which of several alike documents is kept is the *keeper order*: licence known, shorter path, then repository
and path. The trade-off: the small columns of all files (about 200 bytes a file) are sorted on one machine
rather than shuffled, since every later step needs them there; text is not touched.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def keeper_order(rows: pa.Table, first: np.ndarray | None = None, within: str | None = None) -> np.ndarray:
    """Indices (int64 [n]) of `rows` in keeper order.

    `rows` has source, repo, path, license, language, source_id and doc_id. Rows where `first` (bool [n]) is
    true come before all others; `within` names a column that is sorted by before anything else.
    """
    length = pc.utf8_length(rows["path"])
    keys = {
        **({"_within": rows[within]} if within else {}),
        **({"_later": pa.array(~first)} if first is not None else {}),
        "_unknown": pc.is_null(rows["license"]).cast(pa.int8()),
        "_length": length,
    }
    ties = ["repo", "path", "source", "doc_id", "license", "language", "source_id"]
    table = pa.table({**{k: _plain(v) for k, v in keys.items()}, **{k: rows[k] for k in ties}})
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names])
    return order.to_numpy().astype(np.int64)


def _plain(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values


def duplicates(rows: pa.Table, admitted: np.ndarray | None = None) -> np.ndarray:
    """For each row the row (int64 [n]) that is kept for its text: itself, or the first of its doc_id in
    keeper order.

    Rows whose licence is `admitted` (bool [n]) come first, so that no text is lost with a copy that must go.
    """
    order = keeper_order(rows, admitted, within="doc_id")
    ids = rows["doc_id"].dictionary_encode().combine_chunks().indices.to_numpy()[order]
    starts = np.concatenate([[True], ids[1:] != ids[:-1]])[: len(order)]
    kept = np.empty(len(order), np.int64)
    kept[order] = order[np.flatnonzero(starts)[np.cumsum(starts) - 1]] if len(order) else order
    return kept
