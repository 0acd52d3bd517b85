"""Which documents are labelled, and which of the labels are held out: what positives, negatives and judged
documents share.

Tests and examples are no positives. They are among the random documents that are called bad, since a
selection ranks them with the rest, and what an annotator was never shown may come out anywhere: without them
among the negatives, tests were 74 % of what n-grams chose in the quickstart, with them 5 %. A large family
of repositories (`neve.corpus.ordering.families`) gives at most its share of the positives, or good would
mean "like that project". About a fifth of the good and of the bad labels is held out to measure annotators
on, and folds are dealt, by whole families: an annotator is judged on projects that it has not seen. Where
there are fewer than three families, single documents are held out, and the measure flatters.

What is labelled for being in the corpus, random documents as bad and the best of another annotator as good,
is dealt document by document. All families of the corpus are in it alike; were one held out as a whole, the
annotator would learn that all others are bad, and rank that one above them.

The trade-off: candidates are held in memory with where they lie, some 200 bytes a document, and without
their text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neve import documents
from neve.corpus.ordering.split import families
from neve.hashing import draw_keys
from neve.quality.annotator import FOLDS, GOOD, keys, places

HELDOUT, HELDOUT_MOST = 0.2, 0.3
"""Share of the labels of either side that is held out at least, as far as families allow, and at most."""
FAMILIES = 3
"""Families below which single documents are divided."""
APART = (
    r"(?i)(^|/)(tests?|testing|specs?|__tests__|examples?|samples?|demos?)/"
    r"|(^|/)(test_[^/]*|[^/]*_test|conftest|[^/]*\.(test|spec))\.[a-z]+$"
)
"""Paths of tests and examples."""


def candidates(stage: Path, rows: Any = None) -> pa.Table:
    """Documents that may be labelled, each with its `family`."""
    columns = ["doc_id", "language", "source", "repo", "path"]
    table = documents.read(stage / "documents", columns, rows)
    return table.append_column("family", families(table["repo"].combine_chunks()))


def proper(table: pa.Table) -> pa.Table:
    """Candidates that are neither tests nor examples."""
    return table.filter(pc.invert(pc.match_substring_regex(table["path"], APART)))


def drawn(table: pa.Table, seed: int, use: str) -> pa.Table:
    """Rows in the order in which they are drawn."""
    if not table.num_rows:
        return table
    return table.take(pa.array(np.argsort(draw_keys(table["doc_id"], seed, use), kind="stable")))


def without(table: pa.Table, doc_ids: pa.ChunkedArray) -> pa.Table:
    """The rows of other documents."""
    return table.filter(pc.invert(pc.is_in(table["doc_id"], doc_ids.combine_chunks())))


def even(there: Mapping[str, int], total: int) -> dict[str, int]:
    """As many of each language as there are, at most, `total` in all; what one lacks goes to the others.

    >>> even({"C": 2, "Go": 50, "Rust": 50}, 42)
    {'C': 2, 'Go': 20, 'Rust': 20}
    """
    found, left = {}, total
    for at, (name, count) in enumerate(sorted(there.items(), key=lambda item: (item[1], item[0]))):
        found[name] = min(count, left // (len(there) - at))
        left -= found[name]
    return dict(sorted(found.items()))


def evenly(table: pa.Table, total: int) -> pa.Table:
    """The first rows of each language, as `even` deals them."""
    languages = table["language"].to_numpy()
    names, codes = np.unique(languages.astype(str), return_inverse=True)
    sizes = dict(zip(names.tolist(), np.bincount(codes, minlength=len(names)).tolist(), strict=True))
    dealt = even(sizes, total)
    most = np.array([dealt[name] for name in names.tolist()], dtype=np.int64)
    return table.filter(pa.array(position(codes) < most[codes])) if len(names) else table


def capped(table: pa.Table, limit: int, share: float) -> pa.Table:
    """The first `limit` rows, in order, of which no family has more than `share`; fewer than FAMILIES are
    not capped."""
    names, codes = np.unique(table["family"].to_numpy(), return_inverse=True)
    if len(names) < FAMILIES:
        return table.slice(0, limit)
    sizes, share = np.bincount(codes), max(share, 1 / len(names))
    most = bisect_right(
        range(1, sizes.max() + 1), 0, key=lambda n: n - share * np.minimum(sizes, n).sum() - 1e-9
    )
    return table.take(pa.array(np.flatnonzero(position(codes) < most))).slice(0, limit)


def position(codes: np.ndarray) -> np.ndarray:
    """How many rows of the same group come before each row."""
    order = np.argsort(codes, kind="stable")
    place = np.empty(len(codes), dtype=np.int64)
    place[order] = np.arange(len(codes)) - np.searchsorted(codes[order], codes[order])
    return place


def divided(families: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is held out (bool), and the fold of each label, from their families, in whole families.

    Families are held out in the order of their least key, as long as the held-out share stays within
    HELDOUT_MOST, until it reaches HELDOUT; if none fits, the smallest is. The rest goes, the largest first,
    to the smallest fold. Fewer than FAMILIES are divided document by document.
    """
    if len(np.unique(families)) < FAMILIES:
        families = keys
    names, codes, sizes = np.unique(families, return_inverse=True, return_counts=True)
    least = np.full(len(names), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(least, codes, keys)
    out, held = np.zeros(len(names), dtype=bool), 0
    for name in np.argsort(least, kind="stable"):
        if held < int(HELDOUT * len(codes)) and held + sizes[name] <= HELDOUT_MOST * len(codes):
            out[name], held = True, held + int(sizes[name])
    if not held:
        out[np.argmin(sizes)] = True
    load, fold = np.zeros(FOLDS, dtype=np.int64), np.zeros(len(names), dtype=np.int64)
    for name in np.lexsort((least, -sizes)):
        fold[name] = np.argmin(load)
        load[fold[name]] += 0 if out[name] else sizes[name]
    return out[codes], fold[codes]


def labelled(table: pa.Table, label: Any, origin: Any, role: str, alone: bool = False) -> pa.Table:
    """Candidates with their labels (a number, or one each), where these are from, the input that has their
    text, and whether each is dealt `alone`, not with its family."""
    rows = table.num_rows
    values = np.broadcast_to(np.asarray(label, dtype=np.float64), rows)
    table = table.select(["doc_id", "language", "family"])
    table = table.append_column("dealt_as", table["doc_id" if alone else "family"])
    table = table.append_column("label", pa.array(values))
    origin = origin if isinstance(origin, pa.ChunkedArray) else pa.array([origin] * rows, pa.string())
    return table.append_column("origin", origin).append_column("role", pa.array([role] * rows, pa.string()))


def dealt(table: pa.Table, seed: int) -> pa.Table:
    """Labelled rows with `split` and `fold`, good and bad ones divided apart; sorted by doc_id."""
    good = pc.greater(table["label"], GOOD)
    parts = []
    for side in (table.filter(good), table.filter(pc.invert(good))):
        if not side.num_rows:
            continue
        heldout, fold = divided(side["dealt_as"].to_numpy(), draw_keys(side["doc_id"], seed, "fold"))
        split = pa.array(np.where(heldout, "heldout", "train"), pa.string())
        parts.append(side.append_column("split", split).append_column("fold", pa.array(fold)))
    return pa.concat_tables(parts).sort_by("doc_id").combine_chunks()


def shuffled(labels: pa.Table, seed: int) -> pa.Table:
    """The same documents, what may be learnt from with labels dealt out again within each language."""
    values, languages = labels["label"].to_numpy().copy(), labels["language"].to_numpy()
    drawn = draw_keys(labels["doc_id"], seed, "shuffled")
    learnt = pc.equal(labels["split"], "train").to_numpy()
    for language in np.unique(languages):
        mine = np.flatnonzero(learnt & (languages == language))
        values[mine] = values[mine[np.argsort(drawn[mine], kind="stable")]]
    return labels.set_column(labels.column_names.index("label"), "label", pa.array(values))


def write(labels: pa.Table, inputs: Mapping[str, Path], out: Path) -> None:
    """Write labels/ (LABELS, `language`, `family` and `fold`) and documents/, their text, into `out`."""
    columns = ["doc_id", "label", "split", "origin", "language", "family", "fold"]
    documents.write(labels.select(columns), out / "labels", documents.LABELS)
    written = documents.write(_texts(labels, inputs), out / "documents")
    assert written == labels.num_rows, "a label without its text"


def _texts(labels: pa.Table, inputs: Mapping[str, Path]) -> Iterator[pa.Table]:
    """The labelled documents with their text, streamed from the folder that each label was drawn from."""
    for role in labels["role"].unique().to_pylist():
        wanted = np.sort(keys(labels.filter(pc.field("role") == role)["doc_id"]))
        for path in sorted((inputs[role] / "documents").glob("*.parquet")):
            columns = ["doc_id", "repo", "path", "language", "content"]
            for batch in pq.ParquetFile(path).iter_batches(256, columns=columns):
                rows = batch.filter(pa.array(places(keys(batch["doc_id"]), wanted) >= 0))
                if rows.num_rows:
                    yield pa.Table.from_batches([rows])
