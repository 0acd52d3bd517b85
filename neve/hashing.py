"""Random choices as pure functions of keys: 64-bit hashes of arrays, seeds from names, keyed permutations,
shares.

Whatever Neve draws about documents (samples, order, fill-in-the-middle) is a hash of their identity. So it
does not depend on positions, partitions, threads or numpy's version, and a document that joins or leaves a
table changes a sample by itself alone. The trade-off: splitmix64 is not cryptographic, but it takes a few
vector instructions a value and passes BigCrush.

Compiled kernels keep a copy of `finalize` in their own file: numba caches compiled code by the file it
stands in and would not notice a change here.

Sources: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014); Black, Rogaway,
"Ciphers with arbitrary finite domains" (CT-RSA 2002) for Feistel networks on any size, with cycle walking.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from neve.errors import Fault

if TYPE_CHECKING:
    import pyarrow as pa

GAMMA = 0x9E3779B97F4A7C15
"""Step of splitmix64: 2^64 divided by the golden ratio, made odd."""
FEISTEL_STEPS = 6
"""Times that a digit is moved; four are the least with which such a network is sound."""


# --- keys and seeds


def key(*parts: object) -> int:
    """A 64-bit key from any parts with a stable `repr`: `key("fim", 3)`."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "little")


def name_hash(*names: object) -> bytes:
    """8 bytes of hash of a few names, joined by NUL: `name_hash("git", "octocat/hello", "a.py")`."""
    text = "\0".join(map(str, names))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()


def seed_of(name: str, bits: int = 63) -> int:
    """A seed for a generator or an endpoint, of `bits` bits: the first ones of the SHA-256 of `name`.

    `name` holds the run's seed and says what the seed is for: `seed_of(f"init/{seed}/{parameter}")`.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") >> (256 - bits)


# --- hashes of arrays


def finalize(values: np.ndarray) -> np.ndarray:
    """The finalizer of splitmix64: each bit of a value moves each bit of its hash; uint64, same shape."""
    mixed = np.asarray(values).astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def splitmix64(values: np.ndarray) -> np.ndarray:
    """The generator's output for each 64-bit state; uint64, same shape."""
    return finalize(np.asarray(values).astype(np.uint64) + np.uint64(GAMMA))


def keyed(values: np.ndarray, *parts: object) -> np.ndarray:
    """Hash of each 64-bit value under the key of `parts`; uint64, same shape."""
    return splitmix64(np.asarray(values).astype(np.uint64) ^ np.uint64(key(*parts)))


def document_keys(doc_ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The first 64 bits of each doc_id, from a column of 32 hex digits each: uint64 [documents].

    Raises Fault for a doc_id that has not 32 characters.
    """
    import pyarrow as pa

    try:
        fixed = doc_ids.cast(pa.binary()).cast(pa.binary(32))
    except pa.ArrowInvalid:
        raise Fault("doc_id: every one must be 32 hex digits; see neve.documents.doc_id") from None
    chunks = fixed.chunks if isinstance(fixed, pa.ChunkedArray) else [fixed]
    parts = [
        np.frombuffer(c.buffers()[1], np.uint8)[c.offset * 32 :][: len(c) * 32] for c in chunks if len(c)
    ]
    digits = np.concatenate([np.empty(0, np.uint8), *parts]).reshape(-1, 32)[:, :16].astype(np.int16)
    nibbles = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0")).astype(np.uint64)
    shifts = np.arange(60, -1, -4, dtype=np.uint64)
    return np.bitwise_or.reduce(nibbles << shifts, axis=1)


def draw_keys(doc_ids: pa.Array | pa.ChunkedArray, seed: int, use: str) -> np.ndarray:
    """The key of each doc_id in the draw `use` of a run with `seed`: uint64 [documents].

    The n documents with the smallest keys are a uniform sample.
    """
    return finalize(document_keys(doc_ids) ^ np.uint64(seed_of(f"{seed}\0{use}")))


# --- permutations and shares


def permute(indices: np.ndarray, size: int, *parts: object) -> np.ndarray:
    """Where a keyed bijection of range(size) sends each index; int64, same shape.

    A Feistel network over two digits, of the smallest near-square rectangle that holds `size`: in turn each
    digit is moved by a hash of the other. What lands outside, fewer than one in sqrt(size), walks on until
    it is inside. No table.
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
