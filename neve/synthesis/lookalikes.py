"""Documents that a new one may be too much like: those accepted so far, and the corpus.

As in curation, MinHash bands name candidates and the true Jaccard similarity of word 5-grams decides,
both of the texts without the comments and imports that they begin with. Buckets lie in sorted runs that
are merged as a counter's digits are, so n documents cost n log n, and a document 12 bytes a band in
memory, or on disk once a run is long. Texts stay where they are (accepted ones in a file, the corpus in
its Parquet) and are read again for a candidate alone. The trade-off is curation's: a pair of similarity
s is compared with chance 1 − (1 − s^rows)^bands, and no more than `rounds` members of a bucket are.

Source: Broder (1997) for MinHash; O'Neil et al., "The log-structured merge-tree" (1996).
"""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from neve.corpus.duplicates import body, near_duplicates, shingles

if TYPE_CHECKING:
    from neve.recipe.corpus import Near

SPILL = 1 << 22
"""Entries of a run that is kept on disk rather than in memory."""
BATCH_ROWS = 1024


class Found(NamedTuple):
    """A document that a text is like."""

    doc_id: str
    repo: str
    path: str
    jaccard: float


class Kept(NamedTuple):
    """A document on a shelf."""

    doc_id: str
    repo: str
    path: str
    text: str


class Buckets:
    """Which documents lie in which buckets; `folder` takes the runs that are long."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, buckets: np.ndarray, numbers: np.ndarray) -> None:
        """`buckets` uint64 [n] of the documents `numbers` [n]."""
        run = _sorted(buckets, numbers.astype(np.uint32))
        while self._runs and len(self._runs[-1][0]) <= 2 * len(run[0]):
            before = self._runs.pop()
            run = _sorted(np.concatenate([before[0], run[0]]), np.concatenate([before[1], run[1]]))
        self._runs.append(self._kept(run))

    def find(self, buckets: np.ndarray, most: int) -> list[int]:
        """Numbers of the documents in any of `buckets`, at most the first `most` of each, in their order."""
        found: set[int] = set()
        for keys, numbers in self._runs:
            starts, ends = np.searchsorted(keys, buckets), np.searchsorted(keys, buckets, "right")
            for i in np.flatnonzero(starts < ends):
                found.update(numbers[starts[i] : min(ends[i], starts[i] + most)].tolist())
        return sorted(found)

    def _kept(self, run: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        if self._folder is None or len(run[0]) < SPILL:
            return run
        kept = []
        for part in run:
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".npy") as file:
                np.save(file, part)
                file.flush()
                kept.append(np.load(file.name, mmap_mode="r"))  # lives as long as it is mapped
        return kept[0], kept[1]


def _sorted(keys: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((numbers, keys))
    return keys[order], numbers[order]


class Shelf(Protocol):
    """Texts by number."""

    def get(self, number: int) -> Kept: ...


class Written:
    """Texts that were added, in a file that vanishes with the process."""

    def __init__(self, folder: Path | None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  open as long as this is there
        self._ends = array("Q", [0])

    def add(self, kept: Kept) -> int:
        data = "\0".join(kept).encode()
        self._file.seek(self._ends[-1])
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))
        return len(self._ends) - 2

    def get(self, number: int) -> Kept:
        self._file.seek(self._ends[number])
        size = self._ends[number + 1] - self._ends[number]
        return Kept(*self._file.read(size).decode().split("\0", 3))


class Corpus:
    """The documents of a Parquet folder, numbered as they lie; one row group is read at a time."""

    def __init__(self, folder: Path) -> None:
        self._groups: list[tuple[Path, int]] = []
        self._starts: list[int] = []
        rows = 0
        for path in sorted(folder.glob("*.parquet")):
            about = pq.read_metadata(path)
            for group in range(about.num_row_groups):
                self._groups.append((path, group))
                self._starts.append(rows)
                rows += about.row_group(group).num_rows
        self._read = lru_cache(2)(self._group)

    def texts(self) -> Iterator[tuple[int, pa.Array]]:
        """(number of the first, texts), a batch at a time."""
        for start, (path, group) in zip(self._starts, self._groups, strict=True):
            with pq.ParquetFile(path) as file:
                at = start
                for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=["content"]):
                    yield at, batch["content"]
                    at += batch.num_rows

    def get(self, number: int) -> Kept:
        group = bisect_right(self._starts, number) - 1
        row = self._read(group).slice(number - self._starts[group], 1).to_pylist()[0]
        return Kept(row["doc_id"], row["repo"], row["path"], row["content"])

    def _group(self, group: int) -> pa.Table:
        path, number = self._groups[group]
        with pq.ParquetFile(path) as file:
            return file.read_row_group(number, columns=["doc_id", "repo", "path", "content"])


class Lookalikes:
    """What is on the shelves, by MinHash bucket; `corpus` is a folder of documents, `folder` takes what is
    large."""

    def __init__(self, near: Near, corpus: Path | None = None, folder: Path | None = None) -> None:
        self._near, self._folder = near, folder
        self._written = Written(folder)
        self._accepted = Buckets(folder)
        self._corpus: tuple[Buckets, Corpus] | None = None
        if corpus is not None and near.enabled:
            shelf, buckets = Corpus(corpus), Buckets(folder)
            for first, texts in shelf.texts():
                lists = near_duplicates.buckets(_bodies(texts), near)
                sizes = np.diff(lists.offsets.to_numpy())
                buckets.add(lists.values.to_numpy(), np.repeat(first + np.arange(len(sizes)), sizes))
            self._corpus = buckets, shelf

    def beside(self) -> Lookalikes:
        """The same corpus, and nothing accepted so far."""
        made = Lookalikes(self._near, None, self._folder)
        made._corpus = self._corpus
        return made

    def add(self, kept: Kept) -> None:
        """A document that was accepted."""
        if self._near.enabled:
            mine = self._buckets(kept.text)
            self._accepted.add(mine, np.full(len(mine), self._written.add(kept)))

    def nearest(self, text: str, seed: str) -> Found | None:
        """What is most like `text` (the first of equals) with at least the threshold; the document `seed`
        aside, for which kinds have limits of their own."""
        if not self._near.enabled:
            return None
        mine, best = self._buckets(text), None
        shelves: list[tuple[Buckets, Shelf]] = [(self._accepted, self._written)]
        shelves += [self._corpus] if self._corpus else []
        for buckets, shelf in shelves:
            for number in buckets.find(mine, self._near.rounds):
                kept = shelf.get(number)
                if kept.doc_id == seed:
                    continue
                value = alike(text, kept.text, self._near.ngram)
                if value >= self._near.threshold and (best is None or value > best.jaccard):
                    best = Found(kept.doc_id, kept.repo, kept.path, value)
        return best

    def _buckets(self, text: str) -> np.ndarray:
        return near_duplicates.buckets(
            _bodies(pa.array([text], pa.large_string())), self._near
        ).values.to_numpy()


def alike(a: str, b: str, ngram: int) -> float:
    """True Jaccard similarity of two texts without what they begin with by custom."""
    bodies = _bodies(pa.array([a, b], pa.large_string())).to_pylist()
    return float(shingles.similarity(*shingles.of(bodies, ngram)))


def _bodies(texts: pa.Array) -> pa.Array:
    return body.bodies(texts.cast(pa.large_string()))
