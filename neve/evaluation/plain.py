"""Python values as plain data, so that a candidate's answers can leave its process and be compared elsewhere.

What comes out of `decode` is built-in types only: an `__eq__` that is always true, or any other behaviour of
the candidate's own classes, stays behind. Subclasses become their base (a Counter is a dict), iterators
become fresh iterators over their items; all else becomes an object that equals nothing but itself.
The trade-off: Fraction and Decimal, which can equal a float, are among "all else".

This file also runs inside the sandbox, as text in front of the programs that need it: standard library only.
"""

import json
from collections.abc import Iterable, Set
from itertools import islice
from typing import Any

MAX_ITEMS = 1_000_000
"""Items at most that are taken from an iterator."""
WIDE = 1 << 62
"""Integers from here on are written in hex: Python refuses to write or read very long decimals."""


class Foreign:
    """Stands for a value that is no plain data."""


def encode(value: Any) -> Any:
    """`value` as JSON data; raises ValueError for an endless iterator, RecursionError for a nested or circular one."""
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return value if -WIDE < value < WIDE else ["int", hex(value)]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, bytes | bytearray):
        return ["bytes", value.hex()]
    if isinstance(value, dict):
        return ["dict", [[encode(key), encode(item)] for key, item in value.items()]]
    for name, kind in (("list", list), ("tuple", tuple), ("frozenset", frozenset), ("set", Set)):
        if isinstance(value, kind):
            return [name, [encode(item) for item in value]]
    if isinstance(value, Iterable):
        items = [encode(item) for item in islice(value, MAX_ITEMS + 1)]
        if len(items) > MAX_ITEMS:
            raise ValueError("an iterator without an end")
        return ["iterator", items]
    return ["foreign", type(value).__name__]


def decode(data: Any) -> Any:
    """The value that `encode` wrote; raises ValueError, TypeError or the like for anything it did not write."""
    if not isinstance(data, list):
        if isinstance(data, dict):
            raise ValueError("not encoded")
        return data
    name, *rest = data
    if name == "int":
        return int(rest[0], 16)
    if name == "complex":
        return complex(*rest)
    if name == "bytes":
        return bytes.fromhex(rest[0])
    if name == "dict":
        return {decode(key): decode(item) for key, item in rest[0]}
    if name == "foreign":
        return Foreign()
    kinds: dict[str, Any] = {
        "list": list,
        "tuple": tuple,
        "frozenset": frozenset,
        "set": set,
        "iterator": iter,
    }
    return kinds[name]([decode(item) for item in rest[0]])


def dumps(data: Any) -> bytes:
    return json.dumps(data).encode()
