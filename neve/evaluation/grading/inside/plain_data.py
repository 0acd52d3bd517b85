"""Python values as plain data, so that a candidate's answers can leave its process and be compared
elsewhere.

What comes out of `decode` is built-in types, fractions and decimals only: an `__eq__` that is always true,
or any other behaviour of the candidate's own classes, is left out. Subclasses become their base (a Counter
is a dict, NumPy's numbers are Python's), iterators become fresh iterators over their items; all else becomes
an object that equals nothing but itself. Equal text is equal data, but for those foreign objects; the
reverse does not hold (1 and True, two orders of one set), so unequal text has to be decoded and compared.

Long answers leave as a digest: equal digests are equal data of equal types, and then no test's verdict needs
more. Where digests differ, the answer is asked for whole. marshal writes what is hashed, fifty times as fast
as Python could; it is never read back.

This file also runs inside the sandbox, as text before the programs that need it: standard library only, and
little of it. The trade-off: `json`, `collections` and `typing` would double the start of the interpreter, so
what they are made of is imported instead.
"""

from __future__ import annotations

import marshal
import sys
from _collections_abc import Iterable, Set  # type: ignore[import-not-found]
from _json import encode_basestring_ascii, make_encoder  # type: ignore[import-not-found]
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_ITEMS = 1_000_000
"""Items at most that are taken from an iterator."""
WIDE = 1 << 62
"""Integers from here on are written in hex: Python refuses to write or read very long decimals."""
LONG = 1 << 12
"""Bytes from which on an answer is long."""
SELVES = {type(None), bool, float, str}
"""Types whose values are written as they are; a long sequence of them, or of small integers, is written
without looking at each."""
WHOLE = {int}
CONTAINERS = {list, dict}
"""What JSON's containers are read as; a sequence without them is its own value."""
CHUNK = 1024
"""Items of a long sequence that are hashed at once."""
DIGEST = '["digest", '
"""How a long answer begins in text."""
FOREIGN = '["foreign", '
"""How a foreign object begins in text; within a string the quotes would be escaped."""


def module(name: str) -> dict[str, Any]:
    """The namespace of a new module that `sys.modules` knows: dataclasses, pickle and type hints look a
    program up there."""
    made = type(sys)(name)
    sys.modules[name] = made
    return made.__dict__


class Foreign:
    """Stands for a value that is no plain data."""


def encode(value: Any) -> Any:
    """`value` as JSON data; raises ValueError for an endless iterator, RecursionError for a nested or
    circular one."""
    kind = type(value)
    if value is None or kind is float or kind is str or kind is bool:
        return value
    if kind is list or kind is tuple:
        kinds = set(map(type, value))
        if kinds <= SELVES or (kinds == WHOLE and min(value) > -WIDE and max(value) < WIDE):
            return [kind.__name__, list(value)]
        return [kind.__name__, [encode(item) for item in value]]
    if isinstance(value, int) and kind is not bool:
        return value if -WIDE < value < WIDE else ["int", hex(value)]
    if isinstance(value, bool | float | str):
        return value
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, bytes | bytearray):
        return ["bytes", value.hex()]
    if isinstance(value, dict):
        return ["dict", [[encode(key), encode(item)] for key, item in value.items()]]
    for name, base in (("list", list), ("tuple", tuple), ("frozenset", frozenset), ("set", Set)):
        if isinstance(value, base):
            return [name, [encode(item) for item in value]]
    if (fractions := sys.modules.get("fractions")) and kind is fractions.Fraction:
        return ["fraction", encode(value.numerator), encode(value.denominator)]
    if (decimal := sys.modules.get("decimal")) and kind is decimal.Decimal:
        return ["decimal", str(value)]
    if (numpy := sys.modules.get("numpy")) and isinstance(value, numpy.number | numpy.bool_):
        return encode(value.item())
    if isinstance(value, Iterable):
        items = [encode(item) for item in islice(value, MAX_ITEMS + 1)]
        if len(items) > MAX_ITEMS:
            raise ValueError("an iterator without an end")
        return ["iterator", items]
    return ["foreign", kind.__name__]


def decode(data: Any) -> Any:
    """The value that `encode` wrote; raises ValueError, TypeError or the like for anything it
    did not write."""
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
    if name == "fraction":
        from fractions import Fraction

        return Fraction(decode(rest[0]), decode(rest[1]))
    if name == "decimal":
        from decimal import Decimal

        return Decimal(rest[0])
    if name == "foreign":
        return Foreign()
    kinds: dict[str, Any] = {
        "list": list,
        "tuple": tuple,
        "frozenset": frozenset,
        "set": set,
        "iterator": iter,
    }
    items = rest[0]
    return kinds[name](items if CONTAINERS.isdisjoint(map(type, items)) else [decode(item) for item in items])


def arguments(call: list[Any]) -> Any:
    """The arguments of a call: ["call", values, …], ["packed", what marshal made of them], or ["given", the
    text of them as a benchmark has it], which is evaluated.

    Inside the sandbox only, and on a benchmark's own calls only.
    """
    if call[0] == "packed":
        return marshal.loads(call[1])
    return eval(f"[{call[1]}]", {}) if call[0] == "given" else decode(call[1])


_encoder = make_encoder(None, None, encode_basestring_ascii, None, ": ", ", ", False, False, True)  # type: ignore[arg-type]


def text(data: Any) -> str:
    """JSON of what `encode` gives, or of lists, dicts, text and numbers: json.dumps, to the byte."""
    return "".join(_encoder(data, 0))


def dumps(data: Any) -> bytes:
    return text(data).encode()


def digest(value: Any) -> str | None:
    """SHA-256 of a long value; None for a short one, and for one that is not of built-in types
    all through."""
    kind = type(value)
    try:
        if (kind is list or kind is tuple) and len(value) > CHUNK:
            pieces: Iterator[bytes] = (
                marshal.dumps(value[k : k + CHUNK], 2) for k in range(0, len(value), CHUNK)
            )
            first = next(pieces)
        else:
            first, pieces = marshal.dumps(value, 2), iter(())
            if len(first) < LONG:
                return None
        from hashlib import sha256

        hasher = sha256(f"{kind.__name__} {len(first)} ".encode() + first)
        for piece in pieces:
            hasher.update(piece)
    except ValueError:
        return None
    return hasher.hexdigest()


def answer(value: Any, whole: bool) -> str:
    """A value that a candidate returned, as text: ["digest", …] if it is long and not asked for whole, else
    ["value", …]."""
    if not whole and (found := digest(value)) is not None:
        return text(["digest", found])
    return text(["value", encode(value)])
