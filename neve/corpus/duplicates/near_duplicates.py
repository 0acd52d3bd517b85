"""Near duplicates: MinHash finds candidates, true Jaccard decides, and only a document that stays can drop
another.

The permutations of a text's signature are cut into bands, each band is hashed to a bucket, and documents
that share a bucket are candidates: a pair of similarity s with probability 1 − (1 − s^rows)^bands. Then, in
keeper order, a document is compared with the documents *kept* so far that represent its buckets, and dropped
only for one whose true Jaccard similarity of word n-gram sets reaches the threshold; the verdict names that
one. So a chain of neighbours a ~ b ~ c cannot swallow a corpus: once b was dropped for a, c is measured
against a, never against b.

All rounds of grouping are done in one pass: a bucket's first document represents it, the first that fails
against that one represents it too, and so on up to `rounds`; documents that would need more are counted. A
dropped document is represented in its other buckets by the one it was dropped for.

The trade-off: the greedy pass is sequential, hence on one machine, but costs microseconds a pair; the
expensive part (hashing text, grouping buckets) is distributed by Daft. Held in memory: 16 bytes per
candidate and bucket, 4 * rounds per bucket. The n-gram sets (8 bytes per distinct n-gram of a candidate) lie
in a memory-mapped file, of which at most 128 MiB are in memory before all are released. Text is never
shuffled.

Source: Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec, Rajaraman
and Ullman, "Mining of Massive Datasets", chapter 3. Why not transitive clusters: what other tools' users
report of chains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
import pyarrow as pa

from neve.corpus.duplicates import shingles

if TYPE_CHECKING:
    from daft import DataFrame

    from neve.recipe.corpus import Near

BUCKET_ROWS = 2_000_000
"""Rows of (bucket, document) grouped at once; more documents mean fewer bands at a time, not more memory."""
RELEASE_BYTES = 128 << 20
"""Bytes of mapped n-gram sets read after which their memory is given back."""
FAULT_BYTES = 64 << 10
"""What one look at a mapped file brings into memory besides what was looked at: Linux maps 16 pages at a
time."""


# --- kernels


@numba.njit(nogil=True, cache=True)
def _alike(a, b, threshold):
    """Jaccard similarity of two sorted arrays of distinct values, -1 as soon as it cannot reach the
    threshold."""
    least, most = min(len(a), len(b)), max(len(a), len(b))
    if least == 0 or least / most < threshold:
        return -1.0
    needed = np.int64(threshold / (1 + threshold) * (least + most)) - 1  # in common, at least
    i, j, both = 0, 0, 0
    while i < len(a) and j < len(b) and i - both <= len(a) - needed and j - both <= len(b) - needed:
        x, y = a[i], b[j]
        both += x == y
        i += x <= y
        j += y <= x
    value = both / (len(a) + len(b) - both)
    return value if value >= threshold else -1.0


@numba.njit(nogil=True, cache=True)
def _greedy(first, starts, buckets, sets, threshold, state, found):
    """Go through documents from `first` on in keeper order; document i lies in
    `buckets[starts[i]:starts[i+1]]`.

    `state` goes on from call to call: who stands for each bucket (at most `rounds`, a column each), how many
    do, whether one more would have, and the last document that each was compared with. Fills in `found`: for
    each document the one it is dropped for (-1: kept), the similarity, and whether it was kept with a bucket
    of it being full. Stops when RELEASE_BYTES of `sets` have been read. Returns the next document, and how
    many pairs were compared.
    """
    standing, filled, full, seen = state
    values, begins, ends = sets
    dropped_for, value, capped = found
    rounds = standing.shape[1]
    compared, read, i = 0, 0, first
    while i < len(ends) and read < RELEASE_BYTES:
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
                    place = count
                    while place > 0 and others[place - 1] > k:
                        others[place] = others[place - 1]
                        place -= 1
                    others[place] = k
                    count += 1
        mine = values[begins[i] : ends[i]]
        read += FAULT_BYTES + 8 * len(mine)
        for k in others[:count]:
            compared += 1
            read += FAULT_BYTES + 8 * (ends[k] - begins[k])
            alike = _alike(mine, values[begins[k] : ends[k]], threshold)
            if alike >= 0:
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
        i += 1
    return i, compared


# --- over Arrow batches


def buckets(contents: pa.Array | pa.ChunkedArray, settings: Near) -> pa.LargeListArray:
    """Bucket numbers of each text (list of uint64, one a band); null for null, none for a text without
    words.

    A band's number is a multilinear hash of its `rows` places in the signature, and differs from band to
    band.
    """
    count, rows = settings.bands, settings.rows
    signatures, any_words = shingles.signatures(contents, settings.ngram, count * rows)
    factors = shingles.mixed(count + rows)
    summed = signatures[any_words].reshape(-1, count, rows) @ factors[count:]
    offsets = np.concatenate([[0], np.cumsum(any_words * count)])
    present = contents.is_valid().to_numpy(zero_copy_only=False)
    hashed = pa.array((summed ^ factors[:count]).ravel())
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), hashed, mask=pa.array(~present))


def candidates(signatures: DataFrame, documents: int, settings: Near) -> pa.Table:
    """Members of all buckets that hold more than one document: columns bucket and number, both uint64.

    `signatures` has the columns `number` (uint64, the document's) and `bands` (list of uint64); `documents`
    is how many rows that is, about. Grouping runs in Daft, so many bands at a time as keep within
    BUCKET_ROWS.
    """
    from daft import col
    from daft.functions import slice as part

    step = min(settings.bands, max(1, BUCKET_ROWS // max(1, documents)))
    found = []
    for first in range(0, settings.bands, step):
        some = part(col("bands"), first, first + step).alias("bucket")
        members = signatures.select("number", some).explode("bucket").where(col("bucket").not_null())
        counts = members.groupby("bucket").agg(col("number").count().alias("members"))
        shared = counts.where("members > 1")
        found.append(members.join(shared, on="bucket", how="semi").select("bucket", "number").to_arrow())
    kind = pa.schema([("bucket", pa.uint64()), ("number", pa.uint64())])
    return pa.concat_tables([table.cast(kind) for table in found])


# --- the decision


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


def decide(bucket: np.ndarray, document: np.ndarray, sets: shingles.Sets, settings: Near) -> Decision:
    """Which of n documents go, for which that stays.

    `document` int64 [m] numbers documents in keeper order, `bucket` uint64 [m] says in which buckets each
    lies. The order of the m rows, and repetitions, do not matter.
    """
    n = len(sets.ends)
    names, number = np.unique(bucket, return_inverse=True)
    order = np.lexsort((number, document))
    document, number = document[order], number[order]
    new = np.ones(len(order), bool)
    new[1:] = (document[1:] != document[:-1]) | (number[1:] != number[:-1])
    document, number = document[new], number[new]
    starts = np.searchsorted(document, np.arange(n + 1))
    standing = np.empty((len(names), settings.rounds), np.int32)
    state = (standing, np.zeros(len(names), np.int32), np.zeros(len(names), bool), np.full(n, -1, np.int64))
    found = (np.full(n, -1, np.int64), np.zeros(n), np.zeros(n, bool))
    values = np.asarray(sets.values).view()
    values.flags.writeable = False  # wherever they lie: the kernel compiles once
    lists = (values, sets.starts, sets.ends)
    done = compared = 0
    while done < n:
        done, more = _greedy(done, starts, number, lists, settings.threshold, state, found)
        compared += more
        sets.release()
    return Decision(found[0], found[1], compared, int(found[2].sum()))


# --- a few texts at hand


def jaccard(a: str, b: str, ngram: int = 5) -> float:
    """True Jaccard similarity of the word n-gram sets of two texts; 0 where one has no words.

    >>> jaccard("a b c d e f", "a b c d e f g")
    0.6666666666666666
    """
    return float(shingles.similarity(*shingles.of([a, b], ngram)))
