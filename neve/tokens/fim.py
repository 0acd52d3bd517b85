"""Fill-in-the-middle: a document becomes prefix, suffix and middle, separated by sentinels, or stays as it
is.

Half of the chosen documents are written prefix-suffix-middle, half suffix-prefix-middle in the form that
keeps prefix and middle together. Both add exactly three tokens, so lengths are known before any token is
read. Cuts fall between tokens, so nothing is encoded twice; the price is that at inference the cursor should
be at a token boundary.

Source: Bavarian et al. (arXiv 2207.14255), with StarCoder's sentinels (arXiv 2305.06161).
"""

from __future__ import annotations

import numpy as np

from neve.hashing import key, keyed

EXTRA = 3
"""Number of tokens that the transformation adds."""


def chosen(keys: np.ndarray, lengths: np.ndarray, epoch: int, rate: float) -> np.ndarray:
    """Which documents are transformed in pass `epoch`; bool [documents].

    `keys` are the documents' uint64 hashes, `lengths` their token counts (an empty document is never
    chosen), `rate` the expected share. The choice does not depend on the round, so a stream has the same
    length in every round.
    """
    if rate <= 0:
        return np.zeros(len(keys), dtype=bool)
    draws = (keyed(keys, "fim", epoch) >> np.uint64(11)) * 2.0**-53
    return (draws < rate) & (lengths > 0)


def transform(tokens: np.ndarray, sentinels: tuple[int, ...], *parts: object) -> np.ndarray:
    """`tokens` [n] rearranged around the (prefix, middle, suffix) sentinels, [n + 3], cut by the key of
    `parts`."""
    cut_a, cut_b, order = (key("cut", i, *parts) for i in range(3))
    low, high = sorted((cut_a % (len(tokens) + 1), cut_b % (len(tokens) + 1)))
    prefix, middle, suffix = tokens[:low], tokens[low:high], tokens[high:]
    fim_prefix, fim_middle, fim_suffix = (np.array([s], dtype=tokens.dtype) for s in sentinels)
    if order & 1:
        return np.concatenate([fim_prefix, prefix, fim_suffix, suffix, fim_middle, middle])
    return np.concatenate([fim_prefix, fim_suffix, suffix, fim_middle, prefix, middle])
