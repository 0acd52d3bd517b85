"""The held-out split: whole families of repositories, drawn by hashes of their names and the seed, never by
position.

Repositories of one family (the releases, commits and forks of a project, see `families`) share most of their
text, so they fall on the same side. The trade-off: a family is told by its name alone; copies under other
names are left to near-duplicate removal, which drops from `train` whatever is too much like a held-out
document.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from neve.corpus.ordering.families import family
from neve.hashing import name_hash


def families(repos: pa.Array) -> pa.Array:
    """The family of each repository (string), null for null; each distinct name is looked at once."""
    coded = repos.cast(pa.string()).dictionary_encode()
    return pa.array([family(name) for name in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def heldout(repos: pa.Array, seed: int, share: float) -> np.ndarray:
    """Which rows (bool [n]) are held out: those of the `share` of families whose keyed hash is lowest.

    `repos` is the repository of each row. At least one family where there are two or more and share > 0,
    never all.
    """
    encoded = families(repos).dictionary_encode()
    names = encoded.dictionary.to_pylist()
    drawn = sorted(names, key=lambda name: (name_hash(seed, "split", name), name))
    count = min(len(names) - 1, max(1, round(share * len(names)))) if share > 0 and names else 0
    chosen = set(drawn[:count])
    flags = np.array([name in chosen for name in names], bool)
    return flags[encoded.indices.to_numpy()] if len(repos) else np.zeros(0, bool)
