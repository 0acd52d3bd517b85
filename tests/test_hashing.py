"""Keyed choices. Oracles: splitmix64's published first outputs; hashlib's own digests; a bijection hits everything once;
doc_id's own digits; the law of largest remainders."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.documents import doc_id
from neve.errors import Fault
from neve.hashing import (
    document_keys,
    draw_keys,
    finalize,
    key,
    keyed,
    name_hash,
    permute,
    seed_of,
    shares,
    splitmix64,
)


def test_splitmix64_gives_the_published_sequence() -> None:
    """The generator seeded with 1234567 (Rosetta Code): output i mixes seed + i times the golden gamma."""
    gamma = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + i * gamma) % 2**64 for i in range(5)], dtype=np.uint64)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix64(states).tolist() == expected


@given(st.integers(1, 3000), st.integers())
@settings(max_examples=60, deadline=None)
def test_permute_is_a_bijection(size: int, seed: int) -> None:
    image = permute(np.arange(size), size, seed)
    assert sorted(image.tolist()) == list(range(size))
    assert np.array_equal(permute(np.arange(size)[::-1], size, seed), image[::-1])


def test_permute_looks_random_and_differs_between_keys() -> None:
    """Displacement of a random permutation of n is n / 3 in the mean; fixed points are about one."""
    size = 100_000
    images = [permute(np.arange(size), size, "windows", 1, turn) for turn in range(2)]
    for image in images:
        assert abs(np.abs(image - np.arange(size)).mean() / size - 1 / 3) < 0.01
        assert (image == np.arange(size)).sum() < 10
        assert abs(np.corrcoef(image[:-1], image[1:])[0, 1]) < 0.02
    assert (images[0] == images[1]).sum() < 10


def test_permute_works_far_past_memory() -> None:
    image = permute(np.arange(1000), 10**12, 3)
    assert len(set(image.tolist())) == 1000 and image.min() >= 0 and image.max() < 10**12


def test_document_keys_are_the_first_64_bits_of_doc_id() -> None:
    ids = ["00000000000000010000000000000000", "8fc01225c51c6c9c62ef0ad2b6d1af5f", "f" * 32]
    column = pa.chunked_array([["a" * 32, *ids][1:2], [], ids[1:]], pa.string())
    assert document_keys(column).tolist() == [int(i[:16], 16) for i in ids]
    assert document_keys(pa.array(["a" * 32, *ids]).slice(1)).tolist() == [int(i[:16], 16) for i in ids]
    assert len(document_keys(pa.array([], pa.string()))) == 0
    with pytest.raises(Fault, match="32 hex digits"):
        document_keys(pa.array(["abc"]))


def test_names_and_seeds_are_hashlibs_digests() -> None:
    digest = hashlib.sha256(b"init/7/lm_head.weight").digest()
    assert seed_of("init/7/lm_head.weight") == int.from_bytes(digest[:8], "big") >> 1
    assert seed_of("init/7/lm_head.weight", bits=31) == int.from_bytes(digest[:4], "big") >> 1
    assert (
        name_hash(3, "split", "a\udc80")
        == hashlib.blake2b(b"3\0split\0a\xed\xb2\x80", digest_size=8).digest()
    )


def test_finalize_is_splitmix64_without_its_step() -> None:
    values = np.array([0, 1, 2**64 - 1], np.uint64)
    assert np.array_equal(finalize(values + np.uint64(0x9E3779B97F4A7C15)), splitmix64(values))


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 1000), max_size=6), st.integers(0, 10**6))
def test_shares_add_up_and_are_the_largest_remainders(weights: dict[str, int], total: int) -> None:
    parts, whole = shares(weights, total), sum(weights.values())
    assert sum(parts.values()) == (total if whole else 0) and list(parts) == list(weights)
    if whole:
        extra = {name: parts[name] - total * weight // whole for name, weight in weights.items()}
        left = {name: total * weight % whole for name, weight in weights.items()}
        assert set(extra.values()) <= {0, 1}
        assert max((left[n] for n in left if not extra[n]), default=0) <= min(
            (left[n] for n in left if extra[n]), default=whole
        )


def test_keys_are_stable_and_tell_parts_apart() -> None:
    assert key("fim", 1) == 1531859109557955376
    assert key("fim", 1) != key("fim", 2) != key("fim1")
    values = np.arange(10)
    assert not np.array_equal(keyed(values, "a"), keyed(values, "b"))


@settings(max_examples=20)
@given(st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_keys_belong_to_documents_and_are_spread_evenly(seed, random):
    names = [doc_id(str(i).encode()) for i in range(400)]
    keys = dict(zip(names, draw_keys(pa.array(names), seed, "x").tolist(), strict=True))
    random.shuffle(names)
    assert draw_keys(pa.array(names), seed, "x").tolist() == [keys[n] for n in names]
    below = sum(k < 2**63 for k in keys.values())
    assert 130 < below < 270 and len(set(keys.values())) == 400
    assert keys != dict(zip(names, draw_keys(pa.array(names), seed, "y").tolist(), strict=True))
