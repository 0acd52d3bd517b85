"""Labels: what counts as good, and what it is told from.

Arctic-SnowCoder's annotator (arXiv 2409.02326) learns exemplar files against random files of the pool. Here
positives come from exemplar repositories that the recipe names (curated like the corpus, and kept out of
it), and negatives are training documents drawn by a hash. Tests and examples are neither: an annotator would
learn to tell them from the rest. A large family of repositories (`neve.corpus.ordering.families`) gives at
most its share of the positives, or good would mean "like that project". About a fifth of either kind is held
out to measure annotators on, and folds are dealt, by whole families: an annotator is judged on projects that
it has not seen. Where a kind has fewer than three families, single documents are held out, and the measure
flatters.

Ranking is within each language, so an annotator that merely knows the languages apart would have learnt
nothing of use. Negatives therefore take the positives' language mix as far as the pool has it; what is
missing is filled from the pool at large. The trade-off: a language without positives is ranked by what good
code of the others has taught.

Text is copied beside the labels: some hundred megabytes at the paper's size, and an annotator reads one
folder.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from neve import documents
from neve.corpus.ordering.split import families
from neve.errors import Fault
from neve.hashing import draw_keys, shares
from neve.quality import settings as quality
from neve.quality.annotator import FOLDS

HELDOUT, HELDOUT_MOST = 0.2, 0.3
"""Share of the labels of either kind that is held out at least, as far as families allow, and at most."""
FAMILIES = 3
"""Families of one kind below which single documents are divided."""
APART = (
    r"(?i)(^|/)(tests?|testing|specs?|__tests__|examples?|samples?|demos?)/"
    r"|(^|/)(test_[^/]*|[^/]*_test|conftest|[^/]*\.(test|spec))\.[a-z]+$"
)
"""Paths of tests and examples."""
FEWEST = 10
"""Labels of either kind without which an annotator is not worth the name."""


def build(settings: quality.Labels, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `labels-NAME`: labels/ (LABELS, `language`, `family` and `fold`) and documents/, their text, of
    `exemplars` and `documents`."""
    labels = choose(inputs, settings)
    documents.write(labels, out / "labels", documents.LABELS)
    written = documents.write(_texts(labels, inputs), out / "documents")
    assert written == labels.num_rows, "a label without its text"
    return {
        "positives": int(pc.sum(pc.equal(labels["label"], 1)).as_py()),
        "negatives": int(pc.sum(pc.equal(labels["label"], 0)).as_py()),
    }


def choose(inputs: dict[str, Path], settings: quality.Labels) -> pa.Table:
    """The labelled documents, sorted by doc_id. Raises Fault with too few of either kind."""
    seed = settings.seed
    good = _drawn(_candidates(inputs["exemplars"]), seed, "positive")
    if good.num_rows < FEWEST:
        raise Fault(
            f"labels.positives: {good.num_rows} documents are left of the exemplars after curation, "
            f"at least {FEWEST} are needed; name more or larger exemplar sources"
        )
    pool = _candidates(inputs["documents"], ds.field("split") == "train")
    pool = pool.filter(pc.invert(pc.is_in(pool["doc_id"], good["doc_id"].combine_chunks())))
    good = _capped(good, settings.positives_limit, settings.family_share)
    pool = _drawn(pool, seed, "negative")
    if pool.num_rows < FEWEST:
        raise Fault(
            f"labels.negatives: the corpus has {pool.num_rows} training documents; at least {FEWEST} are needed"
        )

    mix = {row["values"]: row["counts"] for row in pc.value_counts(good["language"]).to_pylist()}
    languages, wanted = pool["language"].to_numpy(), min(settings.negatives, pool.num_rows)
    taken = np.zeros(pool.num_rows, dtype=bool)
    for language, count in shares(mix, wanted).items():
        taken[np.flatnonzero(languages == language)[:count]] = True
    taken[np.flatnonzero(~taken)[: wanted - int(taken.sum())]] = True
    labels = pa.concat_tables(
        [_labelled(good, 1.0, seed), _labelled(pool.filter(pa.array(taken)), 0.0, seed)]
    )
    return labels.sort_by("doc_id").combine_chunks()


def _candidates(stage: Path, rows: Any = None) -> pa.Table:
    """Documents that may be labelled, each with its `family`: all but tests and examples."""
    columns = ["doc_id", "language", "source", "repo", "path"]
    table = documents.read(stage / "documents", columns, rows)
    table = table.filter(pc.invert(pc.match_substring_regex(table["path"], APART)))
    return table.append_column("family", families(table["repo"].combine_chunks()))


def _capped(table: pa.Table, limit: int, share: float) -> pa.Table:
    """The first `limit` rows, in order, of which no family has more than `share`; fewer than FAMILIES are
    not capped."""
    names, codes = np.unique(table["family"].to_numpy(), return_inverse=True)
    if len(names) < FAMILIES:
        return table.slice(0, limit)
    sizes, share = np.bincount(codes), max(share, 1 / len(names))
    most = bisect_right(
        range(1, sizes.max() + 1), 0, key=lambda n: n - share * np.minimum(sizes, n).sum() - 1e-9
    )
    return table.take(pa.array(np.flatnonzero(_position(codes) < most))).slice(0, limit)


def _position(codes: np.ndarray) -> np.ndarray:
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


def _drawn(table: pa.Table, seed: int, use: str) -> pa.Table:
    """Rows in the order in which they are drawn."""
    if not table.num_rows:
        return table
    return table.take(pa.array(np.argsort(draw_keys(table["doc_id"], seed, use), kind="stable")))


def _labelled(table: pa.Table, label: float, seed: int) -> pa.Table:
    """Rows with their labels, whether they are held out, and their folds."""
    heldout, fold = divided(table["family"].to_numpy(), draw_keys(table["doc_id"], seed, "fold"))
    origin = (
        pc.binary_join_element_wise(table["source"], table["repo"], ":")
        if label
        else ["pool"] * table.num_rows
    )
    return pa.table(
        {
            "doc_id": table["doc_id"],
            "label": pa.array(np.full(table.num_rows, label)),
            "split": pa.array(np.where(heldout, "heldout", "train"), pa.string()),
            "origin": origin,
            "language": table["language"],
            "family": table["family"],
            "fold": pa.array(fold),
        }
    )


def _texts(labels: pa.Table, inputs: dict[str, Path]) -> Iterator[pa.Table]:
    """The labelled documents with their text, streamed from the folder that each label was drawn from."""
    for role, label in (("exemplars", 1.0), ("documents", 0.0)):
        wanted = labels.filter(pc.field("label") == label)["doc_id"].combine_chunks()
        for path in sorted((inputs[role] / "documents").glob("*.parquet")):
            columns = ["doc_id", "repo", "path", "language", "content"]
            for batch in pq.ParquetFile(path).iter_batches(256, columns=columns):
                rows = batch.filter(pc.is_in(batch["doc_id"], wanted))
                if rows.num_rows:
                    yield pa.Table.from_batches([rows])
