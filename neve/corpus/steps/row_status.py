"""What is known of each file during curation, and why it stopped: small columns, held in memory.

The trade-off: about 300 bytes a file on one machine, and in return every step is plain Arrow and numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neve.corpus.steps.row_filter import numbers
from neve.documents import VERDICTS
from neve.hashing import GAMMA, finalize

KEYS = ["doc_id", "source", "repo", "path", "language"]
ORDER = ["repo", "path", "source", "doc_id"]


def ordered(table: pa.Table, *more: str) -> pa.Table:
    """Rows sorted by repository and path, ties by what else tells them apart."""
    return table.take(pc.sort_indices(table, sort_keys=[(name, "ascending") for name in [*ORDER, *more]]))


class Rows:
    """n files in a table (`KEYS`, license, source_id, size, key), and a verdict for each that stopped.

    The verdicts are arrays of length n alongside: `stage`, `rule` (None for a row that is alive), `detail`,
    `value`, `limit`, and `kept`, the row that is kept in its place, or -1.
    """

    def __init__(self, table: pa.Table):
        self.table = ordered(table, "license").combine_chunks()
        n = table.num_rows
        self.stage, self.rule, self.detail = (np.full(n, None, object) for _ in range(3))
        self.value, self.limit = np.full(n, np.nan), np.full(n, np.nan)
        self.kept = np.full(n, -1, np.int64)

    def __len__(self) -> int:
        return self.table.num_rows

    def take(self, rows: np.ndarray) -> pa.Table:
        return self.table.take(pa.array(rows, pa.int64()))

    def column(self, name: str, rows: np.ndarray) -> pa.Array:
        return self.table[name].take(pa.array(rows, pa.int64())).combine_chunks()

    def alive(self) -> np.ndarray:
        """Rows (int64) that nothing has stopped."""
        return np.flatnonzero(self.rule == None)  # noqa: E711  (elementwise)

    def stop(self, rows: np.ndarray, stage: Any, rule: Any, **more: Any) -> None:
        """Give `rows` a verdict; each argument is one value, or an array with one for each row."""
        self.stage[rows], self.rule[rows] = stage, rule
        for name, value in more.items():
            getattr(self, name)[rows] = value

    def stop_where(self, rows: np.ndarray, found: pa.Table, stage: str | None = None) -> None:
        """Verdicts that a pass found for `rows`: columns rule (null: none) and error, and stage, value,
        limit, detail."""
        for name, mask in (("rule", pc.is_valid(found["rule"])), ("error", pc.is_valid(found["error"]))):
            here = np.asarray(mask.to_numpy())
            mine = found.filter(mask)
            if name == "error":
                self.stop(rows[here], "curate", "quarantined", detail=_objects(mine["error"]))
                continue
            more = {
                column: mine[column].to_numpy()
                for column in ("value", "limit")
                if column in mine.column_names
            }
            if "detail" in mine.column_names:
                more["detail"] = _objects(mine["detail"])
            self.stop(rows[here], stage or _objects(mine["stage"]), _objects(mine["rule"]), **more)

    def verdicts(self) -> pa.Table:
        """The verdicts of all rows that stopped."""
        return self.verdicts_of(np.flatnonzero(self.rule != None))  # noqa: E711  (elementwise)

    def verdicts_of(self, gone: np.ndarray) -> pa.Table:
        kept = pa.array(self.kept[gone], mask=self.kept[gone] < 0)
        columns = {name: self.column(name, gone) for name in KEYS}
        columns |= {n: pa.array(getattr(self, n)[gone], pa.string()) for n in ("stage", "rule", "detail")}
        columns |= {n: pa.array(getattr(self, n)[gone], from_pandas=True) for n in ("value", "limit")}
        columns |= {f"kept_{name}": self.table[name].take(kept) for name in ("doc_id", "repo", "path")}
        return pa.table(columns).select(VERDICTS.names).cast(VERDICTS)

    def sample(self, each: int, seed: int) -> np.ndarray:
        """At most `each` rows of every rule that stopped any, drawn by a hash of their keys and the seed."""
        gone = np.flatnonzero(self.rule != None)  # noqa: E711  (elementwise)
        names = np.array([f"{s}/{r}" for s, r in zip(self.stage[gone], self.rule[gone], strict=True)], str)
        _, rule = np.unique(names, return_inverse=True)
        drawn = finalize(numbers(self.column("key", gone)) ^ np.uint64((seed + 1) * GAMMA % 2**64))
        order = np.lexsort((drawn, rule))
        first = np.searchsorted(rule[order], rule[order], side="left")
        return gone[order[np.arange(len(order)) - first < each]]

    def clusters(self, largest: int) -> pa.Table:
        """The documents that most near duplicates were dropped for, each with these: one component each."""
        gone = np.flatnonzero(self.rule == "near-duplicate")
        keepers, counts = np.unique(self.kept[gone], return_counts=True)
        first = keepers[np.lexsort((keepers, -counts))][:largest]
        groups = [np.concatenate([[keeper], gone[self.kept[gone] == keeper]]) for keeper in first]
        members = np.concatenate([np.empty(0, np.int64), *groups]).astype(np.int64)
        dropped = self.rule[members] == "near-duplicate"
        columns = {
            "component": pa.array(
                np.repeat(np.arange(len(groups)), [len(group) for group in groups]), pa.int64()
            ),
            **{name: self.column(name, members) for name in ("doc_id", "repo", "path")},
            "kept": pa.array(~dropped),
            "kept_doc_id": self.table["doc_id"].take(pa.array(self.kept[members], mask=~dropped)),
        }
        return pa.table(columns)


def _objects(column: pa.ChunkedArray) -> np.ndarray:
    return np.array([*column.to_pylist(), None], object)[:-1]
