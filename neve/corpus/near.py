"""Near duplicates: MinHash finds candidates, true Jaccard decides, and only a document that stays can drop another.

Words (`\\w+`) joined by single spaces go to Daft's native MinHash; its permutations are cut into bands, each band
is hashed to a bucket, and documents that share a bucket are candidates. Then, in keeper order, a document is
compared with the documents *kept* so far that stand for its buckets, and dropped only for one whose true Jaccard
similarity of word n-gram sets is at least the threshold; the verdict names that one. So a chain of neighbours
a ~ b ~ c cannot swallow a corpus: when b went for a, c is measured against a, never against b.

This is the design's grouping in rounds done in one pass: a bucket's first document stands for it, the first that
fails against that one is the next to stand for it, and so on up to `rounds`; what would need more is counted.
A dropped document's place in its other buckets is taken by the one it was dropped for.

The trade-off: the greedy pass is sequential, hence on one machine, but costs microseconds a pair; what is dear
(hashing text) is spread by Daft. Held in memory: 16 bytes per candidate and bucket, 4 * rounds per bucket; the
n-gram sets (8 bytes per distinct n-gram of a candidate) lie in a memory-mapped file. Text is never shuffled.

Source: Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3. The chains that transitive clusters make of it: peers' trackers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pyarrow as pa

from neve.corpus import shingles
from neve.corpus.shingles import U64, mix, similarity

if TYPE_CHECKING:
    from daft import DataFrame, Expression

MINHASH_SEED = 1
BUCKET_ROWS = 8_000_000
"""Rows of (bucket, document) grouped at once; more documents mean fewer bands at a time, not more memory."""


def minhash(words: Expression, settings: dict[str, Any]) -> Expression:
    """Signature of `bands * rows` permutations; a text of fewer than `ngram` words is one shingle."""
    from daft.functions import minhash

    return minhash(
        words,
        num_hashes=settings["bands"] * settings["rows"],
        ngram_size=settings["ngram"],
        seed=MINHASH_SEED,
        hash_function="xxhash3_64",
    )


# --- kernels -----------------------------------------------------------------------------------------------------


@numba.njit(nogil=True, cache=True)
def _hash_bands(signatures, bands, rows):
    out = np.empty((signatures.shape[0], bands), np.uint64)
    for i in range(signatures.shape[0]):
        for b in range(bands):
            h = mix(U64(b + 1))
            for r in range(rows):
                h = mix(h ^ U64(signatures[i, b * rows + r])) + U64(0x9E3779B97F4A7C15)
            out[i, b] = h
    return out


@numba.njit(nogil=True, cache=True)
def _greedy(starts, buckets, n_buckets, sets, ends, threshold, rounds):
    """Go through documents 0, 1, … in keeper order; document i lies in `buckets[starts[i]:starts[i+1]]`.

    Returns for each the document it is dropped for (-1: kept), the similarity, whether comparisons were left out
    because a bucket had more than `rounds` documents standing for it, and how many pairs were compared.
    """
    n = len(starts) - 1
    standing, filled = np.empty((n_buckets, rounds), np.int32), np.zeros(n_buckets, np.int32)
    full = np.zeros(n_buckets, np.bool_)
    dropped_for, value = np.full(n, -1, np.int64), np.zeros(n, np.float64)
    capped, seen = np.zeros(n, np.bool_), np.full(n, -1, np.int64)
    compared = 0
    for i in range(n):
        room = 0
        for p in range(starts[i], starts[i + 1]):
            room += filled[buckets[p]]
        others, count = np.empty(room, np.int64), 0
        for p in range(starts[i], starts[i + 1]):
            bucket = buckets[p]
            capped[i] |= full[bucket]
            for r in range(filled[bucket]):
                k = standing[bucket, r]
                if seen[k] != i:
                    seen[k] = i
                    others[count] = k
                    count += 1
        mine = sets[ends[i] : ends[i + 1]]
        for k in np.sort(others[:count]):
            theirs = sets[ends[k] : ends[k + 1]]
            least, most = min(len(mine), len(theirs)), max(len(mine), len(theirs))
            if least == 0 or least / most < threshold:
                continue
            compared += 1
            alike = similarity(mine, theirs)
            if alike >= threshold:
                dropped_for[i], value[i], capped[i] = k, alike, False
                break
        stands = dropped_for[i] if dropped_for[i] >= 0 else i
        for p in range(starts[i], starts[i + 1]):
            bucket = buckets[p]
            known = False
            for r in range(filled[bucket]):
                known |= standing[bucket, r] == stands
            if not known and filled[bucket] < rounds:
                standing[bucket, filled[bucket]] = stands
                filled[bucket] += 1
            elif not known:
                full[bucket] = True
    return dropped_for, value, capped, compared


@numba.njit(nogil=True, cache=True)
def _best(mine, postings, owners, sizes):
    """The owner whose set is most like `mine` (the first of equals) by an inverted index, and its Jaccard."""
    both = np.zeros(len(sizes), np.int64)
    for h in mine:
        p = np.searchsorted(postings, h)
        while p < len(postings) and postings[p] == h:
            both[owners[p]] += 1
            p += 1
    best, most = -1, 0.0
    for k in range(len(sizes)):
        if both[k]:
            alike = both[k] / (len(mine) + sizes[k] - both[k])
            if alike > most:
                best, most = k, alike
    return best, most


# --- over Arrow batches ------------------------------------------------------------------------------------------


def bands(signatures: pa.FixedSizeListArray, settings: dict[str, Any]) -> pa.LargeListArray:
    """Bucket numbers (list of uint64, one a band) of MinHash signatures; null stays null."""
    valid = signatures.is_valid().to_numpy(zero_copy_only=False)
    count, rows = settings["bands"], settings["rows"]
    values = signatures.drop_null().flatten().to_numpy().reshape(-1, count * rows)
    hashed = _hash_bands(values, count, rows).ravel()
    offsets = np.concatenate([[0], np.cumsum(valid * count)])
    mask = pa.array(~valid)
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(hashed), mask=mask)


def candidates(signatures: DataFrame, documents: int, settings: dict[str, Any]) -> pa.Table:
    """Members of all buckets that hold more than one document: columns bucket and number, both uint64.

    `signatures` has the columns `number` (uint64, the document's) and `bands` (list of uint64); `documents` is
    how many rows that is, about. Grouping runs in Daft, so many bands at a time as keep within BUCKET_ROWS.
    """
    from daft import col
    from daft.functions import slice as part

    step = min(settings["bands"], max(1, BUCKET_ROWS // max(1, documents)))
    found = []
    for first in range(0, settings["bands"], step):
        members = signatures.select(
            "number", part(col("bands"), first, first + step).alias("bucket")
        ).explode("bucket")
        counts = members.groupby("bucket").agg(col("number").count().alias("members"))
        shared = counts.where("members > 1")
        found.append(members.join(shared, on="bucket", how="semi").select("bucket", "number").to_arrow())
    kind = pa.schema([("bucket", pa.uint64()), ("number", pa.uint64())])
    return pa.concat_tables([table.cast(kind) for table in found])


# --- the decision ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What became of n documents in keeper order: arrays of length n, and two counts for the report."""

    dropped_for: np.ndarray
    """int64: the document it was dropped for, which is kept; -1 where it is kept itself."""
    jaccard: np.ndarray
    """float64: their true similarity."""
    compared: int
    """Pairs whose similarity was taken."""
    capped: int
    """Documents kept without all comparisons, because a bucket had more than `rounds` to compare with."""


def decide(
    bucket: np.ndarray, document: np.ndarray, sets: shingles.Sets, settings: dict[str, Any]
) -> Decision:
    """Which of n documents go, for which that stays.

    `document` int64 [m] numbers documents in keeper order, `bucket` uint64 [m] says in which buckets each lies. The
    order of the m rows, and what is said twice, is of no account.
    """
    n = len(sets.ends) - 1
    names, number = np.unique(bucket, return_inverse=True)
    order = np.lexsort((number, document))
    document, number = document[order], number[order]
    new = np.ones(len(order), bool)
    new[1:] = (document[1:] != document[:-1]) | (number[1:] != number[:-1])
    document, number = document[new], number[new]
    starts = np.searchsorted(document, np.arange(n + 1))
    dropped_for, value, capped, compared = _greedy(
        starts, number, len(names), sets.values, sets.ends, settings["threshold"], settings["rounds"]
    )
    return Decision(dropped_for, value, int(compared), int(capped.sum()))


# --- a few texts at hand -----------------------------------------------------------------------------------------


def jaccard(a: str, b: str, ngram: int = 5) -> float:
    """True Jaccard similarity of the word n-gram sets of two texts; 0 where one has no words.

    >>> jaccard("a b c d e f", "a b c d e f g")
    0.6666666666666666
    """
    return float(similarity(*shingles.of([a, b], ngram)))


def similar_to(
    texts: list[str], others: list[str], settings: dict[str, Any]
) -> list[tuple[int | None, float]]:
    """For each text the index of the most similar of `others`, None where it is below the threshold, and its Jaccard.

    Exact, by an inverted index over the n-grams of `others`, which are to fit in memory: 16 bytes a word.
    `settings` is the recipe's [corpus.near].
    """
    sets = shingles.of(others, settings["ngram"])
    sizes = np.array([len(s) for s in sets], np.int64)
    postings = np.concatenate([*sets, np.empty(0, np.uint64)])
    owners = np.repeat(np.arange(len(sets)), sizes)
    order = np.argsort(postings, kind="stable")
    postings, owners = postings[order], owners[order]
    found: list[tuple[int | None, float]] = []
    for mine in shingles.of(texts, settings["ngram"]):
        index, value = _best(mine, postings, owners, sizes)
        found.append((int(index) if index >= 0 and value >= settings["threshold"] else None, float(value)))
    return found
