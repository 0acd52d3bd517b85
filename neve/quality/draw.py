"""Random draws that depend on what a document is, never on where it lies.

A document's key for a use is a 64-bit mix of its identity with the run's seed and the name of the use. The
n documents with the smallest keys are a uniform sample, the same however the table is partitioned, and a
document that joins or leaves the table changes the sample by itself alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa


def number(seed: int, use: str) -> int:
    """A seed of 63 bits for `use`, from the run's seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{use}".encode()).digest()[:8], "big") >> 1


def keys(doc_ids: pa.Array | pa.ChunkedArray, seed: int, use: str) -> np.ndarray:
    """A key for each doc_id (32 hex digits): uint64, by splitmix64's finalizer over its first 8 bytes."""
    digits = np.char.encode(doc_ids.to_numpy(zero_copy_only=False).astype("U16"), "ascii")
    x = np.frombuffer(bytes.fromhex(b"".join(digits.tolist()).decode()), dtype=">u8").astype(np.uint64)
    x = x ^ np.uint64(number(seed, use))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return x ^ (x >> np.uint64(31))


def shares(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """Split `total` in proportion to `weights` by largest remainders, ties by name; the parts add up to it.

    >>> shares({"Python": 2, "C": 1}, 10)
    {'Python': 7, 'C': 3}
    """
    whole = sum(weights.values())
    if whole <= 0:
        return dict.fromkeys(weights, 0)
    exact = {name: total * weight / whole for name, weight in weights.items()}
    parts = {name: int(value) for name, value in exact.items()}
    left = total - sum(parts.values())
    for name in sorted(exact, key=lambda name: (parts[name] - exact[name], name))[:left]:
        parts[name] += 1
    return parts
