"""Random choices as pure functions of keys: 64-bit hashes of arrays, keyed permutations, shares that add up.

Whatever is drawn about documents (samples, order, fill-in-the-middle) is a hash of their identity, so it does not
depend on positions, partitions, threads or numpy's version. The n documents with the smallest keys are a uniform
sample, and a document that joins or leaves the table changes the sample by itself alone. splitmix64 is not
cryptographic; it is a few vector instructions a value, and passes BigCrush.

Sources: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014); Black,
Rogaway, "Ciphers with arbitrary finite domains" (CT-RSA 2002) for Feistel networks on any size, with cycle walking.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

FEISTEL_STEPS = 6
"""Times that a digit is moved; four are the least with which such a network is sound."""


def key(*parts: object) -> int:
    """A 64-bit key from any parts with a stable `repr`: `key("fim", 3)`."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "little")


def derived_seed(seed: int, use: str) -> int:
    """A seed of 63 bits for `use`, from the run's seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{use}".encode()).digest()[:8], "big") >> 1


def finalize(values: np.ndarray) -> np.ndarray:
    """splitmix64's finalizer, a bijection: uint64, same shape."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def splitmix64(values: np.ndarray) -> np.ndarray:
    """Hash of each 64-bit value; uint64, same shape."""
    return finalize(np.asarray(values).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))


def keyed(values: np.ndarray, *parts: object) -> np.ndarray:
    """Hash of each 64-bit value under the key of `parts`; uint64, same shape."""
    return splitmix64(np.asarray(values).astype(np.uint64) ^ np.uint64(key(*parts)))


def document_keys(hex_digits: np.ndarray) -> np.ndarray:
    """The first 64 bits of each doc_id: `hex_digits` is uint8 [documents, 32], ASCII; gives uint64 [documents]."""
    digits = hex_digits[:, :16].astype(np.int16)
    nibbles = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0")).astype(np.uint64)
    shifts = np.arange(60, -1, -4, dtype=np.uint64)
    return np.bitwise_or.reduce(nibbles << shifts, axis=1)


def draw_keys(doc_ids: pa.Array | pa.ChunkedArray, seed: int, use: str) -> np.ndarray:
    """The key of each doc_id (32 hex digits) in the draw `use` of a run with `seed`: uint64 [documents]."""
    digits = np.char.encode(doc_ids.to_numpy(zero_copy_only=False).astype("U16"), "ascii")
    keys = np.frombuffer(bytes.fromhex(b"".join(digits.tolist()).decode()), dtype=">u8").astype(np.uint64)
    return finalize(keys ^ np.uint64(derived_seed(seed, use)))


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


def permute(indices: np.ndarray, size: int, *parts: object) -> np.ndarray:
    """Where a keyed bijection of range(size) sends each index; int64, same shape.

    A Feistel network over two digits, of the smallest near-square rectangle that holds `size`: in turn each digit is moved
    by a hash of the other. What lands outside, fewer than one in sqrt(size), walks on until it is inside. No table.
    """
    low_base = math.isqrt(max(1, size) - 1) + 1
    bases = np.uint64(low_base), np.uint64(-(-size // low_base))
    keys = [np.uint64(key(*parts, step)) for step in range(FEISTEL_STEPS)]
    result = np.array(indices, dtype=np.uint64)
    outside = np.ones(result.shape, dtype=bool)
    while outside.any():
        digits = [result[outside] % bases[0], result[outside] // bases[0]]
        for step, step_key in enumerate(keys):
            moved, base = step % 2, bases[step % 2]
            shift = np.remainder(splitmix64(digits[1 - moved] ^ step_key), base)
            digits[moved] = np.remainder(digits[moved] + shift, base)
        result[outside] = digits[0] + digits[1] * bases[0]
        outside = result >= size
    return result.astype(np.int64)
